import numpy as np
import pytest
from pydantic import ValidationError

from landscape.builtin import register_optimizers
from landscape.errors import PluginError
from landscape.kinds import Optimizer
from landscape.optimizers import ASGD, SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RAdam, RMSprop, Rprop

pytest.importorskip("torch", reason="PyTorch is the oracle here: install landscape-explorer[test]")
import torch
from oracles import optimizers as oracles
from oracles.optimizers import EVERY, INPUTS, ORACLES, START, WANTED

each = pytest.mark.parametrize("optimizer", EVERY, ids=repr)
_gradient = oracles.gradient
SCALARS = {"step": np.int64, "momentum_product": np.float64}


def _path(optimizer, dtype=np.float64, steps=oracles.STEPS):
    return oracles.path(optimizer, dtype, steps)[0]


@pytest.mark.parametrize("oracle", ORACLES, ids=[repr(optimizer) for optimizer in EVERY])
def test_two_hundred_steps_agree_with_pytorch(oracle):
    expected = oracles.reference_path(oracle)[0]
    assert np.abs(expected[-1] - START).max() > 0.01  # it went somewhere
    np.testing.assert_allclose(_path(oracle.plugin), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("oracle", [oracle for oracle in ORACLES if isinstance(oracle.plugin, ASGD)], ids=repr)
def test_average_of_asgd_agrees_with_pytorch(oracle):
    average = oracles.path(oracle.plugin)[1]["average"]
    expected = oracles.reference_path(oracle)[1]["ax"].numpy()
    np.testing.assert_allclose(average, expected, rtol=1e-10, atol=1e-12)


def test_asgd_averages_all_that_comes_after_its_start():
    asgd = ASGD(learning_rate=0.2, decay=0, averaging_start=50)
    path, state = oracles.path(asgd)
    # the step after the first 50 is the first in the average, and the next replaces it, as in PyTorch
    np.testing.assert_allclose(state["average"], path[51:].mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_step_in_place_equals_update_bit_for_bit(optimizer, dtype):
    theta = START.astype(dtype)
    state = optimizer.init(theta)
    for t, expected in enumerate(_path(optimizer, dtype, steps=30)):
        state = optimizer.step(_gradient(t, theta), state, theta)
        np.testing.assert_array_equal(theta, expected)


@each
def test_a_factor_says_all_that_a_step_does(optimizer):
    factor = optimizer.factor()
    if factor is None:
        return
    theta, gradient = np.random.default_rng(0).normal(size=(2, 50))
    increment, state = optimizer.update(gradient, optimizer.init(theta), theta)
    assert state == {}
    np.testing.assert_allclose(increment, factor * gradient, rtol=1e-15)


def test_only_plain_gradient_descent_has_a_factor():
    assert SGD(learning_rate=0.25).factor() == -0.25

    class Halved(SGD):
        def advance(self, gradient, state, theta):
            super().advance(gradient, state, theta)
            gradient *= 0.5

    for other in (SGD(momentum=0.5), SGD(weight_decay=0.1), Halved(), *(cls() for cls in register_optimizers()[1:])):
        assert other.factor() is None


@each
def test_update_changes_none_of_its_arguments(optimizer):
    theta = START.copy()
    _, state = optimizer.update(_gradient(0, theta), optimizer.init(theta), theta)
    gradient = _gradient(1, theta)
    before = gradient.copy(), {name: values.copy() for name, values in state.items()}
    increment, new = optimizer.update(gradient, state, theta)
    np.testing.assert_array_equal(theta, START)
    np.testing.assert_array_equal(gradient, before[0])
    assert state.keys() == before[1].keys() == new.keys()
    assert state == {} or any(not np.array_equal(values, new[name]) for name, values in state.items())
    for name, values in state.items():
        np.testing.assert_array_equal(values, before[1][name])
        assert not np.shares_memory(values, new[name])
        assert not np.shares_memory(values, theta)
    assert not np.shares_memory(increment, gradient)


@each
def test_float32_stays_float32(optimizer):
    path = _path(optimizer, np.float32, steps=20)
    assert path.dtype == np.float32
    theta = START.astype(np.float32)
    increment, state = optimizer.update(_gradient(0, theta), optimizer.init(theta), theta)
    assert increment.dtype == np.float32
    assert {values.dtype for name, values in state.items() if name not in SCALARS} <= {np.dtype(np.float32)}
    # 20 steps of rounding, where Adam's first ones divide by roots of differences that float32 rounds.
    np.testing.assert_allclose(path, _path(optimizer, steps=20), rtol=1e-3, atol=1e-4)


@each
def test_state_is_named_arrays_and_nothing_else(optimizer):
    theta = START.copy()
    state = optimizer.init(theta)
    _, later = optimizer.update(_gradient(0, theta), state, theta)
    for values in [*state.values(), *later.values()]:
        assert isinstance(values, np.ndarray)
    for name, values in later.items():
        assert values.shape == state[name].shape == (() if name in SCALARS else theta.shape)
        assert values.dtype == state[name].dtype == SCALARS.get(name, theta.dtype)
    if "step" in state:
        assert int(later["step"]) == int(state["step"]) + 1 == 1


@each
def test_saved_state_continues_to_the_same_numbers(optimizer):
    theta = START.copy()
    state = optimizer.init(theta)
    for t in range(10):
        state = optimizer.step(_gradient(t, theta), state, theta)
    theta, state = theta.copy(), {name: np.array(values.tolist(), values.dtype) for name, values in state.items()}
    for t in range(10, 20):
        state = optimizer.step(_gradient(t, theta), state, theta)
    np.testing.assert_array_equal(theta, _path(optimizer, steps=20)[-1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_parameter_without_gradient_stays_finite(optimizer, dtype):
    theta = START.astype(dtype)
    state = optimizer.init(theta)
    for _ in range(5):
        state = optimizer.step(np.zeros_like(theta), state, theta)
    assert np.isfinite(theta).all()
    if getattr(optimizer, "weight_decay", 0) == getattr(optimizer, "decay", 0) == 0:
        np.testing.assert_array_equal(theta, START.astype(dtype))


@pytest.mark.parametrize("cls", register_optimizers(), ids=lambda cls: cls.name)
def test_default_settings_go_downhill(cls):
    def cost(theta):
        return float(((np.tanh(INPUTS @ theta) - WANTED) ** 2).mean())

    path = _path(cls())
    assert cost(path[-1]) < cost(START)


def test_rprop_rests_where_the_gradient_turned_and_shortens_its_step():
    rprop = Rprop(learning_rate=0.1)
    theta = np.zeros(3)
    state = rprop.init(theta)
    for gradient in ([1.0, 1.0, 0.0], [-1.0, 2.0, 0.0], [-1.0, 1e-30, -3.0]):
        increment, state = rprop.update(np.array(gradient), state, theta)
    np.testing.assert_allclose(increment, [0.05, -0.144, 0.1], rtol=1e-15)
    np.testing.assert_array_equal(state["sign"], [-1, 1, -1])


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_rprop_looks_at_signs_only_also_where_products_of_gradients_would_vanish_or_overflow(size):
    def path(size):
        theta, thetas = np.zeros(4, np.float32), []
        state = Rprop().init(theta)
        for gradient in np.random.default_rng(1).normal(size=(20, 4)):
            state = Rprop().step((size * gradient).astype(np.float32), state, theta)
            thetas.append(theta.copy())
        return thetas

    np.testing.assert_array_equal(path(size), path(1.0))


def test_rprop_keeps_steps_within_limits_that_are_in_order():
    with pytest.raises(ValidationError, match=r"smallest_step = 0\.1 is above largest_step = 0\.01: set"):
        Rprop(smallest_step=0.1, largest_step=0.01)


def test_radam_steps_unscaled_until_it_has_seen_enough_gradients():
    radam = RAdam(learning_rate=1.0, beta1=0.0)
    theta = np.zeros(2)
    state = radam.init(theta)
    sizes = []
    for _ in range(7):
        increment, state = radam.update(np.array([1e-3, 1e3]), state, theta)
        sizes.append(increment)
    np.testing.assert_allclose(sizes[:5], np.tile([-1e-3, -1e3], (5, 1)), rtol=1e-12)
    assert (np.abs(sizes[5:]) < 1).all()  # ρ is above 5 from the sixth step on


def test_centred_rmsprop_survives_a_constant_gradient():
    optimizer = RMSprop(centered=True, smoothing=0.5)
    theta = np.ones(50)
    state = optimizer.init(theta)
    for _ in range(200):
        state = optimizer.step(np.linspace(0.1, 3, 50), state, theta)
    # Here is what the optimizer guards against: a variance that rounding made negative, whose root is NaN.
    assert (state["mean_square"] - state["mean"] ** 2).min() < 0
    assert np.isfinite(theta).all()


@pytest.mark.parametrize(
    ("before", "after"),
    [(SGD(), SGD(momentum=0.9)), (RMSprop(), RMSprop(momentum=0.9, centered=True))],
    ids=["sgd", "rmsprop"],
)
def test_options_can_be_turned_on_while_training(before, after):
    theta = START.copy()
    state = before.step(_gradient(0, theta), before.init(theta), theta)
    state = after.step(_gradient(1, theta), state, theta)
    assert "velocity" in state
    assert np.isfinite(theta).all()


def test_an_update_without_its_state_is_refused_with_the_remedy():
    class Forgetful(Optimizer):
        """θ ← θ − g."""

        name = "forgetful"

        def init(self, theta):
            return {}

        def update(self, gradient, state, theta):
            return -gradient

    with pytest.raises(PluginError, match="optimizer 'forgetful': update returned one ndarray: return what to add"):
        Forgetful().step(np.ones(3), {}, np.zeros(3))


def test_nesterov_without_momentum_is_refused_with_the_remedy():
    with pytest.raises(ValidationError, match=r"nesterov = True .* momentum = 0 .* set momentum above 0"):
        SGD(nesterov=True)


@pytest.mark.parametrize(
    "build",
    [
        lambda: SGD(learning_rate=0),
        lambda: SGD(momentum=1),
        lambda: SGD(weight_decay=-1),
        lambda: Adam(beta1=1),
        lambda: Adam(beta2=-0.1),
        lambda: AdamW(epsilon=0),
        lambda: RMSprop(smoothing=1),
        lambda: Adagrad(learning_rate_decay=-1),
        lambda: NAdam(momentum_decay=-1),
        lambda: RAdam(beta2=1),
        lambda: Adamax(epsilon=0),
        lambda: Adadelta(smoothing=1),
        lambda: Rprop(grow=1),
        lambda: Rprop(shrink=1),
        lambda: ASGD(averaging_start=-1),
        lambda: SGD(rate=1),
    ],
)
def test_hyperparameters_outside_their_bounds_are_refused(build):
    with pytest.raises(ValidationError):
        build()


@pytest.mark.parametrize("cls", register_optimizers(), ids=lambda cls: cls.name)
def test_every_field_has_a_default_a_description_and_bounds(cls):
    assert cls.__doc__
    for name, field in cls.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name
        assert field.annotation is not float or field.metadata, name


def test_every_optimizer_of_the_package_is_tested_here():
    assert {type(optimizer) for optimizer in EVERY} == set(register_optimizers())


@pytest.mark.parametrize("cls", register_optimizers(), ids=lambda cls: cls.name)
def test_defaults_are_those_of_pytorch_but_for_two_learning_rates(cls):
    oracle = next(oracle for oracle in ORACLES if oracle.plugin == cls())
    made = oracle.reference([torch.nn.Parameter(torch.zeros(1))])
    theirs = type(made)([torch.nn.Parameter(torch.zeros(1))]).defaults
    differing = {option for option, value in made.defaults.items() if value != theirs[option]}
    assert differing == ({"lr"} if cls in (SGD, RMSprop) else set())
