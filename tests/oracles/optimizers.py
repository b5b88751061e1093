"""What must the optimizers equal? `torch.optim`, over 200 steps of a small problem with a new minibatch each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from landscape.kinds import Optimizer
from landscape.optimizers import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
)
from oracles import Oracle, largest

STEPS, ROWS, P = 200, 16, 12
_rng = np.random.default_rng(0)
INPUTS, WANTED = _rng.normal(size=(STEPS, ROWS, P)), _rng.uniform(-1, 1, size=(STEPS, ROWS))
START = _rng.normal(size=P)


def gradient(t, theta):
    """Return ∂/∂θ of the mean of (tanh(Xθ) − y)² over minibatch `t`, by hand."""
    a = np.tanh(INPUTS[t].astype(theta.dtype) @ theta)
    return (2 / ROWS) * (INPUTS[t].astype(theta.dtype).T @ ((a - WANTED[t].astype(theta.dtype)) * (1 - a * a)))


def path(optimizer, dtype=np.float64, steps=STEPS):
    """Return θ after each step, made by the pure methods, and the last state."""
    theta = START.astype(dtype)
    state = optimizer.init(theta)
    thetas = []
    for t in range(steps):
        increment, state = optimizer.update(gradient(t, theta), state, theta)
        theta = theta + increment
        thetas.append(theta)
    return np.array(thetas), state


def reference_path(oracle):
    """Return θ after each step of PyTorch, with PyTorch's gradients, and what PyTorch then remembers of it."""
    inputs, wanted = torch.from_numpy(INPUTS), torch.from_numpy(WANTED)
    with _double():
        theta = torch.nn.Parameter(torch.from_numpy(START.copy()))
        optimizer = oracle.reference([theta])
        thetas = []
        for t in range(STEPS):
            optimizer.zero_grad()
            ((torch.tanh(inputs[t] @ theta) - wanted[t]) ** 2).mean().backward()
            optimizer.step()
            thetas.append(theta.detach().numpy().copy())
    return np.array(thetas), optimizer.state[theta]


def differences(oracle):
    """Return the largest difference of θ over all steps."""
    return {"path": largest(path(oracle.plugin)[0], reference_path(oracle)[0])}


@contextmanager
def _double() -> Iterator[None]:
    """Let PyTorch keep numbers such as NAdam's momentum product in float64 too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


# Our words for options, where PyTorch's differ
_WORDS = {
    "learning_rate": "lr",
    "learning_rate_decay": "lr_decay",
    "epsilon": "eps",
    "averaging_start": "t0",
    "power": "alpha",
    "decay": "lambd",
}


def _sgd(**options):
    return _oracle(SGD(**{"learning_rate": 0.05, **options}), "SGD")


def _oracle(optimizer, name, **theirs):
    """Pair `optimizer` with PyTorch's class `name`; `theirs` replaces the options that are not one to one."""
    options = {_WORDS.get(key, key): value for key, value in optimizer.model_dump().items()}
    for ours in theirs.pop("without", ()):
        del options[ours]
    options |= theirs
    return Oracle(optimizer, f"torch.optim.{name}", lambda p: getattr(torch.optim, name)(p, **options))


def _moments(optimizer):
    betas = (optimizer.beta1, optimizer.beta2)
    return _oracle(optimizer, type(optimizer).__name__, without=("beta1", "beta2"), betas=betas)


def _rmsprop(optimizer):
    return _oracle(optimizer, "RMSprop", without=("smoothing",), alpha=optimizer.smoothing)


def _adadelta(optimizer):
    return _oracle(optimizer, "Adadelta", without=("smoothing",), rho=optimizer.smoothing)


def _rprop(optimizer):
    return _oracle(
        optimizer,
        "Rprop",
        without=("shrink", "grow", "smallest_step", "largest_step"),
        etas=(optimizer.shrink, optimizer.grow),
        step_sizes=(optimizer.smallest_step, optimizer.largest_step),
    )


ORACLES: list[Oracle] = [
    _oracle(SGD(), "SGD"),
    _sgd(learning_rate=0.1, weight_decay=0.02),
    _sgd(momentum=0.9),
    _sgd(momentum=0.8, weight_decay=0.01),
    _sgd(momentum=0.9, nesterov=True),
    _sgd(momentum=0.7, nesterov=True, weight_decay=0.03),
    _moments(Adam()),
    _moments(Adam(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-4)),
    _moments(Adam(learning_rate=0.02, beta1=0.0)),
    _moments(Adam(learning_rate=0.02, weight_decay=0.1)),
    _moments(AdamW()),
    _moments(AdamW(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-4, weight_decay=0.3)),
    _moments(AdamW(learning_rate=0.02, weight_decay=0.0)),
    _moments(NAdam()),
    _moments(NAdam(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-4)),
    _moments(NAdam(learning_rate=0.02, beta1=0.0, weight_decay=0.05)),
    _moments(NAdam(learning_rate=0.01, momentum_decay=0.1, weight_decay=0.3, decoupled_weight_decay=True)),
    _moments(NAdam(learning_rate=0.01, momentum_decay=0.0)),
    _moments(RAdam()),
    _moments(RAdam(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-4)),
    _moments(RAdam(learning_rate=0.02, beta1=0.0, weight_decay=0.05)),
    _moments(RAdam(learning_rate=0.01, weight_decay=0.3, decoupled_weight_decay=True)),
    _moments(RAdam(learning_rate=0.02, beta2=0.6)),  # ρ stays below 5
    _moments(Adamax()),
    _moments(Adamax(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-3)),
    _moments(Adamax(learning_rate=0.02, beta1=0.0, beta2=0.0, weight_decay=0.05)),
    _rmsprop(RMSprop()),
    _rmsprop(RMSprop(learning_rate=0.02, smoothing=0.9, epsilon=1e-3, weight_decay=0.05)),
    _rmsprop(RMSprop(learning_rate=0.005, momentum=0.8)),
    _rmsprop(RMSprop(learning_rate=0.01, centered=True)),
    _rmsprop(RMSprop(learning_rate=0.005, momentum=0.5, centered=True, weight_decay=0.01)),
    _oracle(Adagrad(), "Adagrad"),
    _oracle(Adagrad(learning_rate=0.2, epsilon=1e-3, weight_decay=0.05), "Adagrad"),
    _oracle(Adagrad(learning_rate=0.2, learning_rate_decay=0.1), "Adagrad"),
    _adadelta(Adadelta()),
    _adadelta(Adadelta(learning_rate=0.5, smoothing=0.5, epsilon=1e-3)),
    _adadelta(Adadelta(learning_rate=2.0, smoothing=0.99, weight_decay=0.05)),
    _rprop(Rprop()),
    _rprop(Rprop(learning_rate=0.1, shrink=0.3, grow=1.5)),
    _rprop(Rprop(learning_rate=0.05, smallest_step=0.01, largest_step=0.06)),
    _oracle(ASGD(), "ASGD"),
    _oracle(ASGD(learning_rate=0.3, decay=0.1, power=0.9), "ASGD"),
    _oracle(ASGD(learning_rate=0.2, averaging_start=50, weight_decay=0.02), "ASGD"),
    _oracle(ASGD(learning_rate=0.2, decay=0.0, averaging_start=0), "ASGD"),
]
EVERY: list[Optimizer] = [oracle.plugin for oracle in ORACLES]
