"""Which optimizers follow a running mean of the gradient, scaled by its usual size? Adam and its kin."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.layout import Array
from landscape.optimizers._inplace import InPlace, State, average, count, decay_weights, next_step


class _Moments(InPlace):
    """What Adam, AdamW, NAdam and RAdam share: running means m of g and v of g², corrected for starting at zero."""

    learning_rate: float = Field(0.001, gt=0, description="Learning rate η: about how far each parameter moves")
    beta1: float = Field(0.9, ge=0, lt=1, description="Share β₁ of the gradient's running mean that is kept")
    beta2: float = Field(0.999, ge=0, lt=1, description="Share β₂ of the running mean square that is kept")
    epsilon: float = Field(1e-8, ge=1e-30, le=1, description="Added to the root, so that nothing is divided by 0")

    def init(self, theta: Array) -> State:
        """Return both running means (P,), zero, and the number of steps so far."""
        return {"step": count(0), "mean": np.zeros_like(theta), "mean_square": np.zeros_like(theta)}

    def _scaled_mean(self, gradient: Array, state: State) -> None:
        """Overwrite `gradient` with −η m̂ / (√v̂ + ε), and the state with the next.

        With m̂ = m/c₁ and v̂ = v/c₂, that is −(η √c₂/c₁) m / (√v + ε√c₂): two passes fewer.
        """
        t = next_step(state)
        correction1 = 1 - self.beta1**t
        correction2 = math.sqrt(1 - self.beta2**t)
        mean, mean_square = state["mean"], state["mean_square"]
        average(mean, gradient, self.beta1)
        np.multiply(gradient, gradient, out=gradient)
        average(mean_square, gradient, self.beta2)
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
        decay_weights(gradient, self.weight_decay, theta)
        self._scaled_mean(gradient, state)


class AdamW(_Moments):
    """θ ← (1 − ηλ)θ − η m̂ / (√v̂ + ε): as Adam, with a weight decay λ that the scaling leaves alone."""

    name: ClassVar[str] = "adamw"
    source: ClassVar[str] = "Loshchilov & Hutter 2019, arXiv:1711.05101"

    weight_decay: float = Field(0.01, ge=0, description="Decay λ: every step takes the share ηλ off each parameter")

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the running means with the next."""
        self._scaled_mean(gradient, state)
        decay_weights(gradient, -self.learning_rate * self.weight_decay, theta)


class _MomentsWithDecay(_Moments):
    """What NAdam and RAdam share: weight decay as Adam's or, decoupled, as AdamW's."""

    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0")
    decoupled_weight_decay: bool = Field(
        False, description="Take the share ηλ off each parameter, as adamw does, instead of adding λθ to the gradient"
    )

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the state with the next."""
        decoupled = self.decoupled_weight_decay
        decay_weights(gradient, 0.0 if decoupled else self.weight_decay, theta)
        t = next_step(state)
        average(state["mean"], gradient, self.beta1)
        average(state["mean_square"], gradient * gradient, self.beta2)
        self._turn(gradient, state, t)
        decay_weights(gradient, -self.learning_rate * self.weight_decay if decoupled else 0.0, theta)

    @abstractmethod
    def _turn(self, gradient: Array, state: State, t: int) -> None:
        """Overwrite `gradient` with the increment of step `t`, given the running means."""


class NAdam(_MomentsWithDecay):
    """θ ← θ − η [(1 − μₜ)/(1 − Πₜ) g + μₜ₊₁/(1 − Πₜ₊₁) m] / (√v̂ + ε): Adam with Nesterov's look ahead.

    μₜ = β₁(1 − ½ · 0.96^(tψ)) is a momentum that grows from ½β₁ to β₁, and Πₜ = μ₁ ⋯ μₜ, which is kept in float64.
    PyTorch keeps it in its default precision: float32, if it is not told otherwise.
    """

    name: ClassVar[str] = "nadam"
    source: ClassVar[str] = "Dozat 2016, ICLR workshop; momentum: Sutskever et al. 2013, ICML"

    learning_rate: float = Field(0.002, gt=0, description="Learning rate η: about how far each parameter moves")
    momentum_decay: float = Field(0.004, ge=0, description="How fast ψ the momentum grows from half of β₁ to β₁")

    def init(self, theta: Array) -> State:
        """Return the state of Adam and the product of the momenta so far, 1, as a 0-d float64 array."""
        return {**super().init(theta), "momentum_product": np.ones((), "float64")}

    def _turn(self, gradient: Array, state: State, t: int) -> None:
        momentum, following = self._momentum(t), self._momentum(t + 1)
        state["momentum_product"] *= momentum
        product = float(state["momentum_product"])
        gradient *= (1 - momentum) / (1 - product)
        gradient += following / (1 - product * following) * state["mean"]
        root = np.sqrt(state["mean_square"])
        root /= math.sqrt(1 - self.beta2**t)
        root += self.epsilon
        gradient /= root
        gradient *= -self.learning_rate

    def _momentum(self, t: int) -> float:
        """Return μₜ."""
        return self.beta1 * (1 - 0.5 * float(0.96 ** (t * self.momentum_decay)))


class RAdam(_MomentsWithDecay):
    """θ ← θ − η r m̂ √(1 − β₂ᵗ) / (√v + ε), and θ ← θ − η m̂ as long as v is of too few gradients to scale by.

    r² = (ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ) rectifies the variance of the scaling, with ρ∞ = 2/(1 − β₂) − 1 and
    ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), how many gradients v stands for. As in PyTorch, v is used from ρ > 5 on (the paper: 4),
    and ε, which the paper does not have, is added before v is corrected for starting at zero.
    """

    name: ClassVar[str] = "radam"
    source: ClassVar[str] = "Liu et al. 2020, arXiv:1908.03265"

    def _turn(self, gradient: Array, state: State, t: int) -> None:
        rate = self.learning_rate / (1 - self.beta1**t)
        correction = 1 - self.beta2**t
        longest = 2 / (1 - self.beta2) - 1
        length = longest - 2 * t * self.beta2**t / correction
        if length > 5:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            np.sqrt(state["mean_square"], out=gradient)
            gradient += self.epsilon
            np.divide(state["mean"], gradient, out=gradient)
            gradient *= -rate * math.sqrt(rectified * correction)
        else:
            np.multiply(state["mean"], -rate, out=gradient)


class Adamax(InPlace):
    """θ ← θ − η m̂ / u with u ← max(β₂u, |g| + ε): Adam scaled by the largest recent gradient, not by a mean square.

    ε, which the paper does not have, is added to |g| as in PyTorch.
    """

    name: ClassVar[str] = "adamax"
    source: ClassVar[str] = "Kingma & Ba 2015, arXiv:1412.6980, section 7.1"

    learning_rate: float = Field(0.002, gt=0, description="Learning rate η: the most that a parameter usually moves")
    beta1: float = Field(0.9, ge=0, lt=1, description="Share β₁ of the gradient's running mean that is kept")
    beta2: float = Field(0.999, ge=0, lt=1, description="Share β₂ of the largest gradient that is kept")
    epsilon: float = Field(1e-8, ge=1e-30, le=1, description="Added to sizes, so that nothing is divided by 0")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0, before scaling")

    def init(self, theta: Array) -> State:
        """Return the running mean and the largest gradient (P,), zero, and the number of steps so far."""
        return {"step": count(0), "mean": np.zeros_like(theta), "largest": np.zeros_like(theta)}

    def advance(self, gradient: Array, state: State, theta: Array) -> None:
        """Overwrite `gradient` with the increment and the state with the next."""
        decay_weights(gradient, self.weight_decay, theta)
        t = next_step(state)
        mean, largest = state["mean"], state["largest"]
        average(mean, gradient, self.beta1)
        np.abs(gradient, out=gradient)
        gradient += self.epsilon
        largest *= self.beta2
        np.maximum(largest, gradient, out=largest)
        np.divide(mean, largest, out=gradient)
        gradient *= -self.learning_rate / (1 - self.beta1**t)
