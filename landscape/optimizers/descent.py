"""Which optimizers step along the gradient itself, or along its sign?"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from landscape.layout import Array
from landscape.optimizers._inplace import InPlace, State, accelerate, count, decay_weights, next_step


class SGD(InPlace):
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
        decay_weights(gradient, self.weight_decay, theta)
        direction = gradient
        if self.momentum:
            accelerate(gradient, state, self.momentum)
            if self.nesterov:
                gradient += self.momentum * state["velocity"]
            else:
                direction = state["velocity"]
        np.multiply(direction, -self.learning_rate, out=gradient)


class ASGD(InPlace):
    """θ ← θ − ηₜ(g + λθ) with ηₜ = η / (1 + ληt)^α for t = 0, 1, …, and the average of late θ besides.

    The average is what the method is about. It lives in the state as `average`, while the path shows θ itself, as
    PyTorch leaves θ in the parameters and the average in `ax`. It is of what θ is after step t₀ + 2 and each later
    one, and θ itself before. PyTorch keeps ηₜ in its default precision: float32, if it is not told otherwise.
    """

    name: ClassVar[str] = "asgd"
    source: ClassVar[str] = "Polyak & Juditsky 1992, SIAM J. Control and Optimization 30; ηₜ: Xu 2011, arXiv:1107.2490"

    learning_rate: float = Field(0.01, gt=0, description="Learning rate η: how far the first step goes down")
    decay: float = Field(1e-4, ge=0, description="Pull λ of every parameter towards 0, and how fast steps shorten")
    power: float = Field(0.75, ge=0, le=1, description="Exponent α of the shortening; 0 keeps the learning rate")
    averaging_start: int = Field(1_000_000, ge=0, description="After how many steps t₀ averaging begins")
    weight_decay: float = Field(0.0, ge=0, description="Pull towards 0 on top of λ's; steps shorten no faster")

    def init(self, theta: Array) -> State:
        """Return the average (P,), which is θ, and the number of steps so far."""
        return {"step": count(0), "average": theta.copy()}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the average with that of the θ it leads to."""
        done = next_step(state) - 1
        decay_weights(gradient, self.weight_decay + self.decay, theta)
        gradient *= -self.learning_rate / (1 + self.decay * self.learning_rate * done) ** self.power
        average, share = state["average"], 1 / max(1, done - self.averaging_start)
        following = theta + gradient
        if share == 1:
            average[...] = following
        else:
            following -= average
            following *= share
            average += following


class Rprop(InPlace):
    """θ ← θ − s · sign g: each parameter has its own step size s, and the size of its gradient does not matter.

    Where g keeps its sign, s grows; where it turns, s shrinks and the parameter rests for a step. It is for whole
    batches: from one minibatch to the next, signs turn by chance. The learning rate is the first s and nothing else,
    as in PyTorch: neither a schedule nor a change while training has any effect.
    """

    name: ClassVar[str] = "rprop"
    source: ClassVar[str] = "Riedmiller & Braun 1993, IEEE International Conference on Neural Networks"

    learning_rate: float = Field(0.01, gt=0, description="Learning rate: how far every parameter moves at first")
    shrink: float = Field(0.5, gt=0, lt=1, description="What a step size is multiplied by where the gradient turned")
    grow: float = Field(1.2, gt=1, le=10, description="What a step size is multiplied by where it did not turn")
    smallest_step: float = Field(1e-6, ge=0, description="Lower limit of step sizes")
    largest_step: float = Field(50.0, gt=0, description="Upper limit of step sizes")

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.smallest_step > self.largest_step:
            raise ValueError(
                f"smallest_step = {self.smallest_step} is above largest_step = {self.largest_step}: set a smaller "
                "smallest_step or a larger largest_step"
            )
        return self

    def init(self, theta: Array) -> State:
        """Return the step sizes and the signs of the gradient so far, 0, each (P,)."""
        return {"step_size": np.full_like(theta, self.learning_rate), "sign": np.zeros_like(theta)}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment, and the state with the step sizes and signs just used."""
        size, sign = state["step_size"], state["sign"]
        np.sign(gradient, out=gradient)
        agreement = gradient * sign
        turned = agreement < 0
        np.multiply(size, self.grow, out=size, where=agreement > 0)
        np.multiply(size, self.shrink, out=size, where=turned)
        np.maximum(size, self.smallest_step, out=size)
        np.minimum(size, self.largest_step, out=size)
        gradient[turned] = 0.0
        sign[...] = gradient
        gradient *= size
        np.negative(gradient, out=gradient)
