from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from landscape.builtin import register_optimizers
from landscape.kinds import Optimizer
from landscape.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here: install landscape-explorer[test]")

STEPS, ROWS, P = 200, 16, 12
_rng = np.random.default_rng(0)
INPUTS, WANTED = _rng.normal(size=(STEPS, ROWS, P)), _rng.uniform(-1, 1, size=(STEPS, ROWS))
START = _rng.normal(size=P)

# The same options in our words and in PyTorch's.
ORACLES: list[tuple[Optimizer, Callable]] = [
    (SGD(), lambda p: torch.optim.SGD(p, lr=0.5)),
    (SGD(learning_rate=0.1, weight_decay=0.02), lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.02)),
    (SGD(learning_rate=0.05, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    (
        SGD(learning_rate=0.05, momentum=0.8, weight_decay=0.01),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, weight_decay=0.01),
    ),
    (
        SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    ),
    (
        SGD(learning_rate=0.05, momentum=0.7, nesterov=True, weight_decay=0.03),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.7, nesterov=True, weight_decay=0.03),
    ),
    (Adam(), lambda p: torch.optim.Adam(p)),
    (
        Adam(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-4),
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-4),
    ),
    (Adam(learning_rate=0.02, beta1=0.0), lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.0, 0.999))),
    (
        Adam(learning_rate=0.02, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, lr=0.02, weight_decay=0.1),
    ),
    (AdamW(), lambda p: torch.optim.AdamW(p)),
    (
        AdamW(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-4, weight_decay=0.3),
        lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.3),
    ),
    (
        AdamW(learning_rate=0.02, weight_decay=0.0),
        lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.0),
    ),
    (RMSprop(), lambda p: torch.optim.RMSprop(p, lr=0.001)),
    (
        RMSprop(learning_rate=0.02, smoothing=0.9, epsilon=1e-3, weight_decay=0.05),
        lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.05),
    ),
    (
        RMSprop(learning_rate=0.005, momentum=0.8),
        lambda p: torch.optim.RMSprop(p, lr=0.005, momentum=0.8),
    ),
    (RMSprop(learning_rate=0.01, centered=True), lambda p: torch.optim.RMSprop(p, lr=0.01, centered=True)),
    (
        RMSprop(learning_rate=0.005, momentum=0.5, centered=True, weight_decay=0.01),
        lambda p: torch.optim.RMSprop(p, lr=0.005, momentum=0.5, centered=True, weight_decay=0.01),
    ),
    (Adagrad(), lambda p: torch.optim.Adagrad(p, lr=0.01)),
    (
        Adagrad(learning_rate=0.2, epsilon=1e-3, weight_decay=0.05),
        lambda p: torch.optim.Adagrad(p, lr=0.2, eps=1e-3, weight_decay=0.05),
    ),
    (
        Adagrad(learning_rate=0.2, learning_rate_decay=0.1),
        lambda p: torch.optim.Adagrad(p, lr=0.2, lr_decay=0.1),
    ),
]
EVERY = [optimizer for optimizer, _ in ORACLES]
each = pytest.mark.parametrize("optimizer", EVERY, ids=repr)


def _gradient(t, theta):
    """Return ∂/∂θ of the mean of (tanh(Xθ) − y)² over minibatch `t`, by hand."""
    a = np.tanh(INPUTS[t].astype(theta.dtype) @ theta)
    return (2 / ROWS) * (INPUTS[t].astype(theta.dtype).T @ ((a - WANTED[t].astype(theta.dtype)) * (1 - a * a)))


def _path(optimizer, dtype=np.float64, steps=STEPS):
    """Return θ after each step, made by the pure methods."""
    theta = START.astype(dtype)
    state = optimizer.init(theta)
    path = []
    for t in range(steps):
        increment, state = optimizer.update(_gradient(t, theta), state, theta)
        theta = theta + increment
        path.append(theta)
    return np.array(path)


def _oracle_path(build):
    """Return θ after each step of PyTorch, with PyTorch's gradients."""
    theta = torch.nn.Parameter(torch.from_numpy(START.copy()))
    optimizer = build([theta])
    inputs, wanted = torch.from_numpy(INPUTS), torch.from_numpy(WANTED)
    path = []
    for t in range(STEPS):
        optimizer.zero_grad()
        ((torch.tanh(inputs[t] @ theta) - wanted[t]) ** 2).mean().backward()
        optimizer.step()
        path.append(theta.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize(("optimizer", "build"), ORACLES, ids=[repr(optimizer) for optimizer in EVERY])
def test_two_hundred_steps_agree_with_pytorch(optimizer, build):
    expected = _oracle_path(build)
    assert np.abs(expected[-1] - START).max() > 0.01  # it went somewhere
    np.testing.assert_allclose(_path(optimizer), expected, rtol=1e-10, atol=1e-12)


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

    for other in (SGD(momentum=0.5), SGD(weight_decay=0.1), Halved(), Adam(), Adagrad()):
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
    for name, values in state.items():
        np.testing.assert_array_equal(values, before[1][name])
        assert not np.array_equal(values, new[name])
        assert not np.shares_memory(values, new[name])
    assert not np.shares_memory(increment, gradient)


@each
def test_float32_stays_float32(optimizer):
    path = _path(optimizer, np.float32, steps=20)
    assert path.dtype == np.float32
    theta = START.astype(np.float32)
    increment, state = optimizer.update(_gradient(0, theta), optimizer.init(theta), theta)
    assert increment.dtype == np.float32
    assert {values.dtype for name, values in state.items() if name != "step"} <= {np.dtype(np.float32)}
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
        assert values.shape == state[name].shape == (() if name == "step" else theta.shape)
        assert values.dtype == state[name].dtype == (np.int64 if name == "step" else theta.dtype)
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
    if optimizer.weight_decay == 0:
        np.testing.assert_array_equal(theta, START.astype(dtype))


@pytest.mark.parametrize("cls", register_optimizers(), ids=lambda cls: cls.name)
def test_default_settings_go_downhill(cls):
    def cost(theta):
        return float(((np.tanh(INPUTS @ theta) - WANTED) ** 2).mean())

    path = _path(cls())
    assert cost(path[-1]) < cost(START)


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
