import math

import numpy as np
import pytest
from pydantic import ValidationError

from landscape.builtin import register_costs
from landscape.costs import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Poisson,
    Quadratic,
    SquaredHinge,
)

pytest.importorskip("torch", reason="PyTorch is the oracle here: install landscape-explorer[test]")
from oracles import costs as oracles
from oracles.costs import EVERY, ORACLES, N

each = pytest.mark.parametrize("cost", EVERY, ids=repr)
against = pytest.mark.parametrize("oracle", ORACLES, ids=[repr(cost) for cost in EVERY])
targets_of = pytest.mark.parametrize("kind", oracles.TARGETS)
_outputs, _targets = oracles.outputs, oracles.targets


@targets_of
@against
def test_losses_agree_with_pytorch(oracle, kind):
    outputs, targets = _outputs(), _targets(kind)
    expected = oracles.losses(oracle, outputs, targets)
    np.testing.assert_allclose(oracle.plugin.per_example(outputs, targets), expected, rtol=1e-10)


@targets_of
@against
def test_gradients_agree_with_autograd(oracle, kind):
    outputs, targets = _outputs(), _targets(kind)
    expected = oracles.gradient(oracle, outputs, targets)
    np.testing.assert_allclose(oracle.plugin.gradient(outputs, targets), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@targets_of
@each
def test_one_pass_gives_the_same_as_two(cost, kind, dtype):
    outputs, targets = _outputs().astype(dtype), _targets(kind).astype(dtype)
    total, gradient = cost.total_and_gradient(outputs, targets)
    assert type(total) is float
    # The sums run in another order: rounding of a few hundred terms.
    assert total == pytest.approx(cost.per_example(outputs, targets).sum(), rel=30 * float(np.finfo(dtype).eps))
    np.testing.assert_array_equal(gradient, cost.gradient(outputs, targets))


@each
def test_float32_stays_float32(cost):
    outputs, targets = _outputs().astype(np.float32), _targets("one-hot").astype(np.float32)
    losses, gradient = cost.per_example(outputs, targets), cost.gradient(outputs, targets)
    assert losses.dtype == gradient.dtype == cost.total_and_gradient(outputs, targets)[1].dtype == np.float32
    wide = outputs.astype(np.float64), targets.astype(np.float64)
    np.testing.assert_allclose(losses, cost.per_example(*wide), rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(gradient, cost.gradient(*wide), rtol=2e-6, atol=1e-6)


@each
def test_leading_axes_are_many_points_at_once(cost):
    outputs, targets = _outputs(2, 3), _targets("distribution")
    losses, gradient = cost.per_example(outputs, targets), cost.gradient(outputs, targets)
    assert losses.shape == (2, 3, N)
    assert gradient.shape == outputs.shape
    for point in np.ndindex(2, 3):
        np.testing.assert_allclose(losses[point], cost.per_example(outputs[point], targets), rtol=1e-14)
        np.testing.assert_allclose(gradient[point], cost.gradient(outputs[point], targets), rtol=1e-14, atol=1e-16)


def _transposed(values):
    """Return the same numbers, laid out so that the examples are adjacent in memory."""
    return np.ascontiguousarray(values.swapaxes(-1, -2)).swapaxes(-1, -2)


@pytest.mark.parametrize("both", [True, False])
@each
def test_memory_order_does_not_matter(cost, both):
    outputs, targets = _outputs(3), _targets("one-hot")
    turned, matching = _transposed(outputs), _transposed(targets) if both else targets
    losses = cost.per_example(turned, matching)
    np.testing.assert_allclose(losses, cost.per_example(outputs, targets), rtol=1e-14)
    np.testing.assert_allclose(cost.gradient(turned, matching), cost.gradient(outputs, targets), rtol=1e-14, atol=1e-16)
    total, gradient = cost.total_and_gradient(turned[0], matching)
    assert total == pytest.approx(losses[0].sum(), rel=1e-13)
    np.testing.assert_array_equal(gradient, cost.gradient(turned[0], matching))


@each
def test_temporaries_keep_the_memory_order_of_the_outputs(cost):
    gradient = cost.gradient(_transposed(_outputs(3)), _transposed(_targets("one-hot")))
    assert gradient.swapaxes(-1, -2).flags.c_contiguous


@each
def test_arguments_stay_as_they_are_and_gradients_are_fresh(cost):
    outputs, targets = _outputs(), _targets("distribution")
    before = outputs.copy(), targets.copy()
    cost.per_example(outputs, targets)
    gradients = [cost.gradient(outputs, targets), cost.total_and_gradient(outputs, targets)[1]]
    np.testing.assert_array_equal(outputs, before[0])
    np.testing.assert_array_equal(targets, before[1])
    for gradient in gradients:
        assert gradient.flags.writeable
        assert not np.shares_memory(gradient, outputs)
        assert not np.shares_memory(gradient, targets)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("cost", "losses"),
    [
        (Quadratic(), [1e8 + (1e4 - 1) ** 2, 1e8 + (1e4 + 1) ** 2]),
        (CrossEntropy(), [0, 2e4]),
        (CrossEntropy(label_smoothing=0.5), [5e3, 1.5e4]),
        (BinaryCrossEntropy(), [0, 2e4]),
        (Absolute(), [1e4 - 1 + 1e4, 1e4 + 1 + 1e4]),
        (Huber(), [1e4 - 1.5 + 1e4 - 0.5, 1e4 + 0.5 + 1e4 - 0.5]),
        (LogCosh(), [2e4 - 1 - 2 * math.log(2), 2e4 + 1 - 2 * math.log(2)]),
        (KLDivergence(), [0, 2e4]),
        (Poisson(), [math.exp(40) * 9961, math.exp(40) * 9961]),
        (Hinge(), [0, (2e4 + 1) / 2]),
        (SquaredHinge(), [0, (2e4 + 1) ** 2 / 2]),
    ],
    ids=repr,
)
def test_huge_outputs_give_the_limit_without_a_warning(cost, losses, dtype):
    outputs = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    targets = np.array([[1, 0], [1, 0]], dtype)
    rtol = 4 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(cost.per_example(outputs, targets), losses, rtol=rtol)
    total, gradient = cost.total_and_gradient(outputs, targets)
    assert total == pytest.approx(sum(losses), rel=rtol)
    assert np.isfinite(gradient).all()


def test_equal_logits_cost_the_log_of_the_number_of_classes():
    assert CrossEntropy().per_example(np.zeros((1, 10)), np.eye(10)[:1])[0] == pytest.approx(math.log(10))


def test_confident_binary_logits_keep_their_small_loss_and_gradient():
    outputs, targets = np.array([[-40.0]]), np.array([[0.0]])
    assert BinaryCrossEntropy().per_example(outputs, targets)[0] == pytest.approx(math.exp(-40), rel=1e-12)
    assert BinaryCrossEntropy().gradient(outputs, targets)[0, 0] == pytest.approx(math.exp(-40), rel=1e-12)


def test_divergence_is_zero_for_the_targets_own_distribution():
    targets = np.array([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]])
    np.testing.assert_allclose(KLDivergence().per_example(np.log(targets) + 3, targets), 0, atol=1e-15)
    np.testing.assert_allclose(KLDivergence().gradient(np.log(targets) + 3, targets), 0, atol=1e-15)


def test_divergence_from_one_hot_targets_is_the_cross_entropy():
    outputs, targets = _outputs(), _targets("one-hot")
    expected = CrossEntropy().per_example(outputs, targets)
    np.testing.assert_array_equal(KLDivergence().per_example(outputs, targets), expected)


def test_log_cosh_keeps_the_digits_of_small_losses():
    differences = np.geomspace(1e-150, 1e-4, 400)[:, None]
    series = (differences**2 / 2 - differences**4 / 12)[:, 0]
    np.testing.assert_allclose(LogCosh().per_example(differences, np.zeros((400, 1))), series, rtol=1e-14)


def test_log_cosh_goes_on_smoothly_where_it_turns_straight():
    x = np.array([[20 - 1e-9], [20.0], [20 + 1e-9], [300.0]])
    expected = np.logaddexp(x, -x)[:, 0] - math.log(2)
    np.testing.assert_allclose(LogCosh().per_example(x, np.zeros((4, 1))), expected, rtol=1e-15)


def test_poisson_continues_along_its_tangent_beyond_forty():
    outputs = np.array([[40.0], [41.0], [1e4]])
    losses = Poisson().per_example(outputs, np.full((3, 1), 5.0))
    np.testing.assert_allclose(np.diff(losses) / np.diff(outputs[:, 0]), math.exp(40), rtol=1e-15)
    np.testing.assert_allclose(Poisson().gradient(outputs, np.full((3, 1), 5.0)), math.exp(40), rtol=1e-15)


def test_full_poisson_is_nearly_minus_the_log_likelihood():
    counts, rate = np.arange(60.0)[:, None], 7.0
    exact = np.array([rate - t * math.log(rate) + math.lgamma(t + 1) for t in counts[:, 0]])
    losses = Poisson(full=True).per_example(np.full((60, 1), math.log(rate)), counts)
    short = exact - losses
    assert (short >= -1e-12).all()
    assert (short[2:] < 1 / (12 * counts[2:, 0])).all()


def test_hinges_ask_nothing_of_a_class_that_leads_by_the_margin():
    outputs, targets = np.array([[3.0, 1.0, 0.5]]), np.array([[1.0, 0, 0]])
    for cls in (Hinge, SquaredHinge):
        assert cls(margin=2).per_example(outputs, targets)[0] == 0
        np.testing.assert_array_equal(cls(margin=2).gradient(outputs, targets), [[0, 0, 0]])
    np.testing.assert_allclose(Hinge(margin=3).per_example(outputs, targets), [(1 + 0.5) / 3])
    np.testing.assert_allclose(SquaredHinge(margin=3).per_example(outputs, targets), [(1 + 0.25) / 3])


def test_a_single_output_has_no_other_class_to_lead():
    outputs, targets = np.array([[-3.0], [3.0]]), np.ones((2, 1))
    for cost in (Hinge(), SquaredHinge()):
        np.testing.assert_array_equal(cost.per_example(outputs, targets), [0, 0])
        np.testing.assert_array_equal(cost.gradient(outputs, targets), [[0], [0]])


def test_absolute_has_no_slope_where_the_output_is_right():
    assert Absolute().gradient(np.array([[2.0]]), np.array([[2.0]]))[0, 0] == 0


def test_quadratic_is_a_sum_over_outputs_not_a_mean_or_a_half():
    assert Quadratic().per_example(np.array([[1.0, 2.0]]), np.zeros((1, 2)))[0] == 5


@pytest.mark.parametrize(
    "build",
    [
        lambda: CrossEntropy(label_smoothing=1),
        lambda: CrossEntropy(label_smoothing=-0.1),
        lambda: Huber(delta=0),
        lambda: Huber(delta=math.inf),
        lambda: LogCosh(scale=0),
        lambda: Hinge(margin=0),
        lambda: SquaredHinge(margin=-1),
        lambda: Quadratic(delta=1),
    ],
)
def test_hyperparameters_outside_their_bounds_are_refused(build):
    with pytest.raises(ValidationError):
        build()


@pytest.mark.parametrize("cls", register_costs(), ids=lambda cls: cls.name)
def test_every_field_has_a_default_a_description_and_bounds(cls):
    assert cls.__doc__
    for name, field in cls.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name
        assert field.annotation is not float or field.metadata, name


def test_every_cost_of_the_package_is_tested_here():
    assert {type(cost) for cost in EVERY} == set(register_costs())
