"""The network's passes against PyTorch and finite differences."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from landscape import Data, Examples, Experiment, NetworkObjective
from landscape.costs import Quadratic
from landscape.errors import DataError, ExperimentError, PluginError
from landscape.kinds import Activation, Cost, TanhForm
from landscape.network import INITIALIZATIONS, Perceptron, initialize
from landscape.network.moments import Moments, hits
from landscape.objective import Minibatches, Objective, PlaneEvaluators
from landscape.registry import registry

torch = pytest.importorskip("torch", reason="PyTorch, the oracle of these tests, is not installed")


def make(activations, cost, *, hidden=(7, 5), n=60, d=6, k=4, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    found = registry()
    labels = rng.integers(k, size=n)
    examples = Examples(rng.normal(size=(n, d)), np.eye(k)[labels], labels)
    layers = tuple(found.find("activation", name).cls() for name in activations)
    network = Perceptron((d, *hidden, k), layers)
    return NetworkObjective(network, found.find("cost", cost).cls(), Data(examples, examples), "glorot", dtype)


TORCH_ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "softplus": torch.nn.functional.softplus,
    "silu": torch.nn.functional.silu,
}
TORCH_COSTS = {
    "quadratic": lambda o, t: ((o - t) ** 2).sum(1),
    "cross_entropy": lambda o, t: torch.nn.functional.cross_entropy(o, t, reduction="none"),
    "binary_cross_entropy": lambda o, t: torch.nn.functional.binary_cross_entropy_with_logits(
        o, t, reduction="none"
    ).sum(1),
}


def torch_losses(objective, theta, inputs, targets):
    a = torch.tensor(np.asarray(inputs, np.float64))
    for activation, weight, bias in zip(
        objective.network.activations, list(objective.layout)[::2], list(objective.layout)[1::2], strict=True
    ):
        rows, length = weight.rows, weight.row_length
        matrix = theta[weight.start : weight.start + rows * length].reshape(rows, length)
        assert bias.start == weight.start
        a = TORCH_ACTIVATIONS[activation.name](a @ matrix[:, :-1].T + matrix[:, -1])
    return TORCH_COSTS[objective.loss.name](a, torch.tensor(np.asarray(targets, np.float64)))


CASES = [
    (("sigmoid", "sigmoid", "sigmoid"), "quadratic", (7, 5)),
    (("relu", "tanh", "identity"), "cross_entropy", (7, 5)),
    (("softplus", "silu", "identity"), "binary_cross_entropy", (7, 5)),
    (("leaky_relu", "sigmoid"), "quadratic", (9,)),
    (("identity",), "cross_entropy", ()),
    (("tanh", "relu", "sigmoid", "tanh", "sigmoid"), "quadratic", (5, 4, 3, 6)),
]


@pytest.mark.parametrize(("activations", "cost", "hidden"), CASES)
def test_cost_and_gradient_equal_pytorch(activations, cost, hidden):
    objective = make(activations, cost, hidden=hidden)
    theta = objective.initial(np.random.default_rng(1))
    parameters = torch.tensor(theta, requires_grad=True)
    data = objective.data.train
    expected = torch_losses(objective, parameters, data.inputs, data.targets)
    expected.mean().backward()
    found, gradient = objective.gradient(theta)
    assert found == pytest.approx(float(expected.detach().mean()), rel=1e-12)
    np.testing.assert_allclose(gradient, parameters.grad.numpy(), rtol=1e-10, atol=1e-14)
    evaluation = objective.evaluate(theta)
    assert evaluation.cost == pytest.approx(found, rel=1e-12)
    assert evaluation.deviation == pytest.approx(float(expected.detach().std()), rel=1e-10)


@pytest.mark.parametrize(("activations", "cost", "hidden"), CASES)
def test_minibatch_gradient_is_the_gradient_on_its_rows(activations, cost, hidden):
    objective = make(activations, cost, hidden=hidden)
    theta = objective.initial(np.random.default_rng(1))
    written = np.empty_like(theta)
    compute = objective.minibatch(theta, written, 8)
    for rows in (np.arange(8), np.array([50, 3, 3, 59, 0, 1, 7, 20])):
        found = compute(rows)
        expected, gradient = objective.gradient(theta, "train", rows)
        assert found == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(written, gradient, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "folds"), [("sigmoid", True), ("halved_tanh", True), ("thirds", False), ("tanh", False), ("relu", False)]
)
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5, 3)])
def test_folding_the_tanh_forms_changes_neither_cost_nor_gradient(name, folds, hidden):
    forms = {
        "halved_tanh": TanhForm(slope=0.25, scale=2, offset=-0.5),
        "thirds": TanhForm(slope=1 / 3, scale=1, offset=0),
    }

    form = forms.get(name)

    class Formed(Activation):
        name: ClassVar[str] = "formed"
        tanh_form: ClassVar[TanhForm | None] = form

        def value(self, z):
            return form.offset + form.scale * np.tanh(form.slope * z)

        def derivative(self, z, a):
            return form.scale * form.slope / np.cosh(form.slope * z) ** 2

    plain = make(("identity",) * (len(hidden) + 1), "quadratic", hidden=hidden)
    activation = Formed() if name in forms else registry().find("activation", name).cls()
    network = Perceptron(plain.network.sizes, (activation,) * (len(hidden) + 1))
    objective = NetworkObjective(network, plain.loss, plain.data, "glorot", np.float64)
    assert (network.folded is not None) is folds

    theta, step = objective.initial(np.random.default_rng(1)), 1e-6
    cost, gradient = objective.gradient(theta)
    assert cost == pytest.approx(objective.evaluate(theta).cost, rel=1e-13)
    for k in range(0, theta.size, 3):
        moved = np.zeros_like(theta)
        moved[k] = step
        slope = (objective.evaluate(theta + moved).cost - objective.evaluate(theta - moved).cost) / (2 * step)
        assert gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_minibatch_gradient_takes_a_factor_and_the_cost_none():
    objective = make(("tanh", "tanh", "sigmoid"), "quadratic")
    theta = objective.initial(np.random.default_rng(1))
    written = np.empty_like(theta)
    compute = objective.minibatch(theta, written, 8)
    cost, gradient = compute(np.arange(8)), written.copy()
    for factor in (-0.5, 3.0, 3.0, 1.0):
        assert compute(np.arange(8), factor) == cost
        np.testing.assert_allclose(written, factor * gradient, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("threads", [1, 2])
def test_announced_unannounced_and_changed_batches_are_gathered_alike(threads, rng):
    objective = make(("sigmoid", "sigmoid", "sigmoid"), "quadratic", n=900)
    theta = objective.initial(np.random.default_rng(1))
    compute = objective.minibatch(theta, np.empty_like(theta), 70, threads)
    announced = [rng.permutation(900)[:70] for _ in range(40)]

    def check(rows):
        assert compute(rows) == pytest.approx(objective.evaluate(theta, rows=rows).cost, rel=1e-12)

    compute.expect(announced)
    for rows in announced[:17]:
        check(rows)
    check(announced[30])
    check(announced[17])
    compute.expect(announced[5:])
    for rows in announced[5:]:
        check(rows)
    check(announced[0])


def test_an_error_while_gathering_ahead_reaches_the_caller():
    objective = make(("sigmoid", "sigmoid", "sigmoid"), "quadratic")
    theta = objective.initial(np.random.default_rng(1))
    compute = objective.minibatch(theta, np.empty_like(theta), 2, 2)
    wrong = np.array(["a", "b"])
    compute.expect([wrong])
    with pytest.raises(TypeError):
        compute(wrong)


def test_minibatch_follows_the_bound_theta():
    objective = make(("sigmoid", "sigmoid", "sigmoid"), "quadratic")
    theta = objective.initial(np.random.default_rng(1))
    compute = objective.minibatch(theta, np.empty_like(theta), 8)
    before = compute(np.arange(8))
    theta += 0.5
    assert compute(np.arange(8)) != before
    assert compute(np.arange(8)) == pytest.approx(objective.evaluate(theta, rows=np.arange(8)).cost, rel=1e-12)


def test_rows_restrict_evaluation(classic):
    theta = classic.initial(np.random.default_rng(0))
    rows = np.arange(5, 2500, 3)
    losses = [classic.evaluate(theta, "train", np.array([row])).cost for row in rows[:40]]
    assert classic.evaluate(theta, "train", rows[:40]).cost == pytest.approx(np.mean(losses), rel=1e-6)
    assert classic.evaluate(theta, "train", rows) != classic.evaluate(theta, "train")


def test_full_gradient_goes_over_every_block(classic):
    theta = classic.initial(np.random.default_rng(0))
    whole = classic.gradient(theta, "train")
    rows = np.random.default_rng(1).permutation(3000)[:2500]
    parts = [classic.gradient(theta, "train", part) for part in (rows, np.setdiff1d(np.arange(3000), rows))]
    weights = np.array([2500, 500]) / 3000
    assert whole[0] == pytest.approx(weights @ [cost for cost, _ in parts], rel=1e-6)
    np.testing.assert_allclose(whole[1], weights @ np.stack([g for _, g in parts]), rtol=1e-3, atol=1e-6)


def test_float32_agrees_with_float64(classic):
    theta = classic.initial(np.random.default_rng(0))
    double = NetworkObjective(classic.network, classic.loss, classic.data, "normal", np.float64)
    assert classic.evaluate(theta).cost == pytest.approx(double.evaluate(theta.astype(float)).cost, rel=1e-6)
    assert classic.gradient(theta)[1].dtype == np.float32
    assert double.gradient(theta)[1].dtype == np.float64


def test_classic_network_has_13002_parameters():
    assert Experiment().hidden == (16, 16)
    assert Perceptron((784, 16, 16, 10), Experiment().objective().network.activations).layout.size == 13_002


def test_arguments_stay_as_they_are(classic):
    theta = classic.initial(np.random.default_rng(0))
    before = theta.copy()
    theta.flags.writeable = False
    classic.gradient(theta)
    classic.evaluate(theta, "test")
    np.testing.assert_array_equal(theta, before)


def test_accuracy_is_the_share_of_largest_outputs(classic):
    theta = classic.initial(np.random.default_rng(0))
    data = classic.data.test
    expected = np.mean(classic.outputs(theta, data.inputs).argmax(1) == data.labels)
    assert classic.evaluate(theta, "test").accuracy == pytest.approx(expected, abs=1e-12)


def test_accuracy_is_nan_without_labels():
    experiment = Experiment(dataset="sine", output="identity")
    objective = experiment.objective()
    assert np.isnan(objective.evaluate(objective.initial(experiment.rng("initial"))).accuracy)


def test_hits_take_the_first_of_equal_outputs():
    outputs = np.array([[[1.0, 1.0, 0.0, np.nan], [1.0, 1.0, 2.0, 0.0]]])
    labels = np.array([0, 1, 1, 1])
    np.testing.assert_array_equal(hits(outputs, outputs[:, labels, np.arange(4)], labels), [2])


def test_moments_equal_numpy_over_uneven_blocks(rng):
    losses = rng.exponential(size=(3, 1000)) + 1e4
    moments = Moments()
    for part in np.split(losses, [1, 400, 401, 990], axis=1):
        moments.add(part)
    np.testing.assert_allclose(moments.mean, losses.mean(1), rtol=1e-14)
    np.testing.assert_allclose(moments.deviation, losses.std(1, ddof=1), rtol=1e-10)


def test_sizes_that_do_not_fit_the_data_are_an_error(classic):
    network = Perceptron((784, 16, 9), classic.network.activations[:2])
    with pytest.raises(ExperimentError, match="9 outputs, the data 784 and 10"):
        NetworkObjective(network, classic.loss, classic.data)


@pytest.mark.parametrize("how", INITIALIZATIONS)
def test_initial_weights_have_the_stated_spread(how):
    network = Perceptron((300, 200), Experiment(hidden=[]).objective().network.activations)
    theta = initialize(network, how, np.random.default_rng(0), np.dtype(np.float64))
    weights, biases = (block.view(theta) for block in network.layout)
    variance = {"glorot": 2 / 500, "he": 2 / 300, "normal": 1 / 300, "uniform": 1 / 900}[how]
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert abs(weights.mean()) < 4 * np.sqrt(variance / weights.size)
    assert (biases != 0).any() == (how == "uniform")
    single = initialize(network, how, np.random.default_rng(0), np.dtype(np.float32))
    np.testing.assert_array_equal(single, theta.astype(np.float32))


def test_a_network_satisfies_the_protocols(classic):
    assert isinstance(classic, Objective)
    assert isinstance(classic, Minibatches)
    assert isinstance(classic, PlaneEvaluators)


def test_layout_covers_theta_once(classic):
    theta = np.zeros(classic.layout.size)
    for block in classic.layout:
        view = block.view(theta)
        view += 1
        assert view.size == block.size
    np.testing.assert_array_equal(theta, 1)
    with pytest.raises(KeyError, match=r"layer1\.weight"):
        classic.layout["layer9.weight"]


def test_ties_count_once_also_beside_an_output_that_is_no_number():
    outputs = np.array([[np.nan, 1.0], [np.nan, 1.0]])
    assert hits(outputs, outputs[[0, 1], [0, 1]], np.array([0, 1])) == 0


def test_gradient_takes_rows_as_evaluation_does(classic):
    theta = classic.initial(np.random.default_rng(0))
    mask = np.zeros(3000, bool)
    mask[[2, 2999]] = True
    for rows in (np.array([2, -1]), [2, 2999], mask):
        cost, gradient = classic.gradient(theta, "train", rows)
        assert cost == pytest.approx(classic.evaluate(theta, "train", np.array([2, 2999])).cost, rel=1e-6)
        np.testing.assert_array_equal(gradient, classic.gradient(theta, "train", np.array([2, 2999]))[1])
    with pytest.raises(IndexError):
        classic.gradient(theta, "train", np.array([3000]))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("what", ["inputs", "targets"])
def test_data_that_are_not_finite_in_the_precision_are_an_error(what, value):
    objective = make(("sigmoid",), "quadratic", hidden=(), dtype=np.float32)
    getattr(objective.data.train, what)[3, 1] = value
    with pytest.raises(DataError, match=f"train {what} hold values that are not finite in float32"):
        objective.gradient(objective.initial(np.random.default_rng(0)))


def test_a_cost_that_writes_into_the_targets_cannot_change_the_data():
    class Careless(Cost):
        name = "careless"

        def per_example(self, outputs, targets):
            targets -= outputs
            return (targets**2).sum(axis=-1)

        def gradient(self, outputs, targets):
            return outputs - targets

    whole = make(("sigmoid",), "quadratic", hidden=())
    objective = NetworkObjective(whole.network, Careless(), whole.data, dtype=np.float64)
    before = whole.data.train.targets.copy()
    with pytest.raises(ValueError, match="read-only"):
        objective.evaluate(whole.initial(np.random.default_rng(0)))
    np.testing.assert_array_equal(whole.data.train.targets, before)


GRADIENTS = {
    "double": lambda outputs, targets: 2 * (outputs.astype(np.float64) - targets),
    "broadcast": lambda outputs, targets: np.broadcast_to(outputs.dtype.type(1), outputs.shape),
    "its argument": lambda outputs, targets: targets,
}


@pytest.mark.parametrize("form", GRADIENTS)
def test_a_cost_may_return_its_gradient_in_any_form(form):
    class Formed(Quadratic):
        name = "formed"
        total_and_gradient = Cost.total_and_gradient

        def gradient(self, outputs, targets):
            return GRADIENTS[form](outputs, targets)

    whole = make(("relu", "sigmoid"), "quadratic", hidden=(5,), dtype=np.float32)
    objective = NetworkObjective(whole.network, Formed(), whole.data)
    theta = objective.initial(np.random.default_rng(0))
    _, gradient = objective.gradient(theta)
    assert gradient.dtype == np.float32
    assert np.isfinite(gradient).all()
    if form == "double":
        np.testing.assert_allclose(gradient, whole.gradient(theta)[1], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("method", ["per_example", "gradient"])
def test_a_cost_that_returns_the_wrong_shape_is_named(method):
    class Wrong(Cost):
        name = "wrong"

        def per_example(self, outputs, targets):
            losses = (outputs - targets) ** 2
            return losses.mean() if method == "per_example" else losses.sum(axis=-1)

        def gradient(self, outputs, targets):
            return (outputs - targets).sum(axis=-1) if method == "gradient" else outputs - targets

    whole = make(("sigmoid",), "quadratic", hidden=())
    objective = NetworkObjective(whole.network, Wrong(), whole.data)
    with pytest.raises(PluginError, match="cost 'wrong' returned"):
        objective.gradient(objective.initial(np.random.default_rng(0)))


def test_examples_that_are_no_arrays_are_an_error():
    ones = np.ones((2, 1))
    for wrong in ({"inputs": [[1.0], [1.0]]}, {"targets": [[1.0], [1.0]]}, {"labels": [0, 0]}):
        with pytest.raises(DataError, match=f"{next(iter(wrong))} must be a NumPy array, not list"):
            Examples(**({"inputs": ones, "targets": ones} | wrong))


@pytest.mark.parametrize(
    ("value", "derivative", "said"),
    [
        (lambda z: None, np.ones_like, "NoneType as its value"),
        (lambda z: z.sum(axis=0), np.ones_like, r"shape \(3,\) as its value"),
        (lambda z: z, lambda z: 1.0, "float as its derivative"),
    ],
)
def test_an_activation_of_another_shape_is_said_before_training(value, derivative, said):
    class Odd(Activation):
        name: ClassVar[str] = "odd"

        def value(self, z):
            return value(z)

        def derivative(self, z, a):
            return derivative(z)

    plain = make(("sigmoid", "sigmoid"), "quadratic", hidden=(3,))
    with pytest.raises(PluginError, match=f"activation 'odd' returned {said}.*must return an array of the shape of z"):
        NetworkObjective(Perceptron(plain.network.sizes, (Odd(), Odd())), plain.loss, plain.data)
