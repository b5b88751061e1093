"""How is an optimizer written once, in place? What several of them are made of."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from landscape.kinds import Optimizer
from landscape.layout import Array

State = dict[str, Array]


class InPlace(Optimizer):
    """An optimizer made of one in-place method."""

    @abstractmethod
    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` (P,) with the increment and `state` with the next; leave `theta` alone."""

    def update(self, gradient: Array, state: State, theta: Array) -> tuple[Array, State]:
        """Return what to add to `theta` (P,) and the new state; no argument is changed."""
        increment = gradient.copy()
        state = {name: values.copy() for name, values in state.items()}
        self.advance(increment, state, theta)
        return increment, state

    def step(self, gradient: Array, state: State, theta: Array) -> State:
        """Move `theta` in place and return `state`, updated in place; `gradient` is overwritten."""
        self.advance(gradient, state, theta)
        np.add(theta, gradient, out=theta)
        return state


def count(steps: int) -> Array:
    """Return a number of steps as a 0-d int64 array, so that a state holds nothing but arrays."""
    return np.asarray(steps, dtype="int64")


def next_step(state: State) -> int:
    """Count a step in `state` and return its number, 1 for the first."""
    state["step"] += 1
    return int(state["step"])


def decay_weights(gradient: Array, rate: float, theta: Array) -> None:
    """Add ``rate * theta`` to `gradient`, in place."""
    if rate:
        gradient += rate * theta


def average(mean: Array, values: Array, keep: float) -> None:
    """Overwrite the running `mean` with ``keep * mean + (1 - keep) * values``."""
    mean *= keep
    mean += (1 - keep) * values


def remembered(state: State, name: str, theta: Array) -> Array:
    """Return an array of the state, zeros at first use: an option may be turned on while training."""
    if name not in state:
        state[name] = np.zeros_like(theta)
    return state[name]


def accelerate(gradient: Array, state: State, momentum: float) -> None:
    """Overwrite the velocity v with ``momentum * v + gradient``."""
    velocity = remembered(state, "velocity", gradient)
    velocity *= momentum
    velocity += gradient
