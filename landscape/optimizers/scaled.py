"""Which optimizers scale each parameter's step by the gradients it has seen?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.layout import Array
from landscape.optimizers._inplace import InPlace, State, accelerate, average, count, decay_weights, remembered


class RMSprop(InPlace):
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
        decay_weights(gradient, self.weight_decay, theta)
        mean_square = state["mean_square"]
        average(mean_square, gradient * gradient, self.smoothing)
        scale = mean_square
        if self.centered:
            mean = remembered(state, "mean", theta)
            average(mean, gradient, self.smoothing)
            # A variance is never negative, but its difference of two roundings can be, where g is constant.
            scale = np.maximum(mean_square - mean * mean, 0.0)
        gradient /= np.sqrt(scale) + self.epsilon
        if self.momentum:
            accelerate(gradient, state, self.momentum)
            gradient[...] = state["velocity"]
        gradient *= -self.learning_rate


class Adagrad(InPlace):
    """θ ← θ − ηₜ g / (√s + ε), with s the sum of all g² so far and ηₜ = η / (1 + (t − 1) · decay)."""

    name: ClassVar[str] = "adagrad"
    source: ClassVar[str] = "Duchi, Hazan & Singer 2011, JMLR 12"

    learning_rate: float = Field(0.01, gt=0, description="Learning rate η: how far each parameter moves at first")
    learning_rate_decay: float = Field(0.0, ge=0, description="How much slower each step is than the last")
    epsilon: float = Field(1e-10, ge=1e-30, le=1, description="Added to the root, so that nothing is divided by 0")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0, before scaling")

    def init(self, theta: Array) -> State:
        """Return the sum of squares (P,), zero, and the number of steps so far."""
        return {"step": count(0), "sum_of_squares": np.zeros_like(theta)}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the state with the next."""
        decay_weights(gradient, self.weight_decay, theta)
        rate = self.learning_rate / (1 + int(state["step"]) * self.learning_rate_decay)
        state["step"] += 1
        total = state["sum_of_squares"]
        total += gradient * gradient
        gradient /= np.sqrt(total) + self.epsilon
        gradient *= -rate


class Adadelta(InPlace):
    """θ ← θ − ηd with d = g √(u + ε) / √(s + ε), where s and u are running means of g² and of d².

    Steps have the unit of θ by themselves, so that η is 1 in the paper, as it is here and in PyTorch.
    """

    name: ClassVar[str] = "adadelta"
    source: ClassVar[str] = "Zeiler 2012, arXiv:1212.5701"

    learning_rate: float = Field(1.0, gt=0, description="Learning rate η: a factor on the method's own steps")
    smoothing: float = Field(0.9, ge=0, lt=1, description="Share ρ of both running mean squares that is kept")
    epsilon: float = Field(1e-6, ge=1e-30, le=1, description="Added under both roots; sets how far the first step goes")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0, before scaling")

    def init(self, theta: Array) -> State:
        """Return both running mean squares (P,), zero."""
        return {"mean_square": np.zeros_like(theta), "mean_square_step": np.zeros_like(theta)}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and both running mean squares with the next."""
        decay_weights(gradient, self.weight_decay, theta)
        mean_square, mean_square_step = state["mean_square"], state["mean_square_step"]
        average(mean_square, gradient * gradient, self.smoothing)
        gradient *= np.sqrt(mean_square_step + self.epsilon)
        gradient /= np.sqrt(mean_square + self.epsilon)
        average(mean_square_step, gradient * gradient, self.smoothing)
        gradient *= -self.learning_rate
