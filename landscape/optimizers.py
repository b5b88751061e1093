"""How does θ move, given the gradient? The built-in optimizers, with the semantics of `torch.optim`.

Each is written once, in place: `advance` turns the gradient into the increment. `update`, pure, and `step`,
in place, are made of that and give the same numbers. With g the gradient, η the learning rate and λ the
weight decay, weight decay means g ← g + λθ, except in AdamW.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from landscape.kinds import Optimizer
from landscape.layout import Array

State = dict[str, Array]


class _InPlace(Optimizer):
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


class SGD(_InPlace):
    """θ ← θ − ηg, or with momentum μ: v ← μv + g and θ ← θ − ηv (Nesterov: θ ← θ − η(g + μv))."""

    name: ClassVar[str] = "sgd"
    source: ClassVar[str] = "Robbins & Monro 1951; momentum: Polyak 1964, Sutskever et al. 2013 (ICML)"

    learning_rate: float = Field(0.5, gt=0, description="Learning rate η: how far a step goes down the gradient")
    momentum: float = Field(0.0, ge=0, lt=1, description="Share μ of the velocity that is kept at every step")
    nesterov: bool = Field(False, description="Look ahead along the velocity; needs momentum")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError(
                "nesterov = True looks ahead along the velocity, but momentum = 0 keeps none: set momentum "
                "above 0, such as 0.9, or nesterov = False"
            )
        return self

    def init(self, theta: Array) -> State:
        """Return the state before the first step: a velocity (P,) of zeros if there is momentum."""
        return {"velocity": np.zeros_like(theta)} if self.momentum else {}

    def factor(self) -> float | None:
        """Return −η where there is neither momentum nor weight decay, nor a subclass that may step otherwise."""
        plain = type(self) is SGD and not self.momentum and not self.weight_decay
        return -self.learning_rate if plain else None

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the velocity with the next."""
        _decay_weights(gradient, self.weight_decay, theta)
        direction = gradient
        if self.momentum:
            _accelerate(gradient, state, self.momentum)
            if self.nesterov:
                gradient += self.momentum * state["velocity"]
            else:
                direction = state["velocity"]
        np.multiply(direction, -self.learning_rate, out=gradient)


class _Moments(_InPlace):
    """What Adam and AdamW share: running means m of g and v of g², corrected for starting at zero."""

    learning_rate: float = Field(0.001, gt=0, description="Learning rate η: about how far each parameter moves")
    beta1: float = Field(0.9, ge=0, lt=1, description="Share β₁ of the gradient's running mean that is kept")
    beta2: float = Field(0.999, ge=0, lt=1, description="Share β₂ of the running mean square that is kept")
    epsilon: float = Field(1e-8, ge=1e-30, le=1, description="Added to the root, so that nothing is divided by 0")

    def init(self, theta: Array) -> State:
        """Return both running means (P,), zero, and the number of steps so far."""
        return {"step": _count(0), "mean": np.zeros_like(theta), "mean_square": np.zeros_like(theta)}

    def _scaled_mean(self, gradient: Array, state: State) -> None:
        """Overwrite `gradient` with −η m̂ / (√v̂ + ε), and the state with the next.

        With m̂ = m/c₁ and v̂ = v/c₂, that is −(η √c₂/c₁) m / (√v + ε√c₂): two passes fewer.
        """
        state["step"] += 1
        t = int(state["step"])
        correction1 = 1 - self.beta1**t
        correction2 = math.sqrt(1 - self.beta2**t)
        mean, mean_square = state["mean"], state["mean_square"]
        _average(mean, gradient, self.beta1)
        np.multiply(gradient, gradient, out=gradient)
        _average(mean_square, gradient, self.beta2)
        np.sqrt(mean_square, out=gradient)
        gradient += self.epsilon * correction2
        np.divide(mean, gradient, out=gradient)
        gradient *= -self.learning_rate * correction2 / correction1


class Adam(_Moments):
    """θ ← θ − η m̂ / (√v̂ + ε), with m and v running means of g and g², m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ)."""

    name: ClassVar[str] = "adam"
    source: ClassVar[str] = "Kingma & Ba 2015, arXiv:1412.6980"

    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0, before scaling")

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the running means with the next."""
        _decay_weights(gradient, self.weight_decay, theta)
        self._scaled_mean(gradient, state)


class AdamW(_Moments):
    """θ ← (1 − ηλ)θ − η m̂ / (√v̂ + ε): as Adam, with a weight decay λ that the scaling leaves alone."""

    name: ClassVar[str] = "adamw"
    source: ClassVar[str] = "Loshchilov & Hutter 2019, arXiv:1711.05101"

    weight_decay: float = Field(0.01, ge=0, description="Decay λ: every step takes the share ηλ off each parameter")

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the running means with the next."""
        self._scaled_mean(gradient, state)
        _decay_weights(gradient, -self.learning_rate * self.weight_decay, theta)


class RMSprop(_InPlace):
    """θ ← θ − ηg / (√s + ε), with s a running mean of g² (centred: less the square of the running mean of g).

    With momentum μ: v ← μv + g / (√s + ε) and θ ← θ − ηv.
    """

    name: ClassVar[str] = "rmsprop"
    source: ClassVar[str] = "Tieleman & Hinton 2012, Coursera lecture 6.5; centred: Graves 2013, arXiv:1308.0850"

    learning_rate: float = Field(0.001, gt=0, description="Learning rate η: about how far each parameter moves")
    smoothing: float = Field(0.99, ge=0, lt=1, description="Share α of the running mean square that is kept")
    epsilon: float = Field(1e-8, ge=1e-30, le=1, description="Added to the root, so that nothing is divided by 0")
    momentum: float = Field(0.0, ge=0, lt=1, description="Share μ of the velocity that is kept at every step")
    centered: bool = Field(False, description="Scale by the gradient's standard deviation, not its root mean square")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0, before scaling")

    def init(self, theta: Array) -> State:
        """Return what is to be remembered, each (P,) of zeros."""
        names = {"mean_square": True, "mean": self.centered, "velocity": self.momentum > 0}
        return {name: np.zeros_like(theta) for name, needed in names.items() if needed}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the state with the next."""
        _decay_weights(gradient, self.weight_decay, theta)
        mean_square = state["mean_square"]
        _average(mean_square, gradient * gradient, self.smoothing)
        scale = mean_square
        if self.centered:
            mean = _remembered(state, "mean", theta)
            _average(mean, gradient, self.smoothing)
            # A variance is never negative, but its difference of two roundings can be, where g is constant.
            scale = np.maximum(mean_square - mean * mean, 0.0)
        gradient /= np.sqrt(scale) + self.epsilon
        if self.momentum:
            _accelerate(gradient, state, self.momentum)
            gradient[...] = state["velocity"]
        gradient *= -self.learning_rate


class Adagrad(_InPlace):
    """θ ← θ − ηₜ g / (√s + ε), with s the sum of all g² so far and ηₜ = η / (1 + (t − 1) · decay)."""

    name: ClassVar[str] = "adagrad"
    source: ClassVar[str] = "Duchi, Hazan & Singer 2011, JMLR 12"

    learning_rate: float = Field(0.01, gt=0, description="Learning rate η: how far each parameter moves at first")
    learning_rate_decay: float = Field(0.0, ge=0, description="How much slower each step is than the last")
    epsilon: float = Field(1e-10, ge=1e-30, le=1, description="Added to the root, so that nothing is divided by 0")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0, before scaling")

    def init(self, theta: Array) -> State:
        """Return the sum of squares (P,), zero, and the number of steps so far."""
        return {"step": _count(0), "sum_of_squares": np.zeros_like(theta)}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the state with the next."""
        _decay_weights(gradient, self.weight_decay, theta)
        rate = self.learning_rate / (1 + int(state["step"]) * self.learning_rate_decay)
        state["step"] += 1
        total = state["sum_of_squares"]
        total += gradient * gradient
        gradient /= np.sqrt(total) + self.epsilon
        gradient *= -rate


def _count(steps: int) -> Array:
    """Return a number of steps as a 0-d int64 array, so that a state holds nothing but arrays."""
    return np.asarray(steps, dtype="int64")


def _decay_weights(gradient: Array, rate: float, theta: Array) -> None:
    """Add ``rate * theta`` to `gradient`, in place."""
    if rate:
        gradient += rate * theta


def _average(mean: Array, values: Array, keep: float) -> None:
    """Overwrite the running `mean` with ``keep * mean + (1 - keep) * values``."""
    mean *= keep
    mean += (1 - keep) * values


def _remembered(state: State, name: str, theta: Array) -> Array:
    """Return an array of the state, zeros at first use: an option may be turned on while training."""
    if name not in state:
        state[name] = np.zeros_like(theta)
    return state[name]


def _accelerate(gradient: Array, state: State, momentum: float) -> None:
    """Overwrite the velocity v with ``momentum * v + gradient``."""
    velocity = _remembered(state, "velocity", gradient)
    velocity *= momentum
    velocity += gradient
