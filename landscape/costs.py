"""How wrong is one example's output? The built-in costs.

Outputs are (..., n, k), targets (n, k); losses are (..., n), sums over the k outputs, in the dtype of the
outputs. Arrays may be strided in any way: temporaries follow the memory order of the arguments, fastest when
both have the same, and nothing is copied to reduce over the last axis.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.kinds import Cost
from landscape.layout import Array

# As an array of no dimensions: half the time of a Python number in a call on few elements. Exact in any dtype.
_TWO = np.array(2, np.float32)


class Quadratic(Cost):
    """Σⱼ (oⱼ − tⱼ)², the sum over outputs of squared differences, divided by neither their number nor 2."""

    name: ClassVar[str] = "quadratic"
    source: ClassVar[str] = "Rumelhart, Hinton & Williams 1986, Nature 323, without their factor ½"

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ (oⱼ − tⱼ)², (..., n)."""
        difference = outputs - targets
        return _dots(difference, difference)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return 2(o − t), (..., n, k)."""
        difference = outputs - targets
        difference *= 2.0
        return difference

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        difference = outputs - targets
        flat = difference.ravel("K")
        total = float(flat.dot(flat))
        np.multiply(difference, _TWO, difference)
        return total, difference


class CrossEntropy(Cost):
    """−Σⱼ tⱼ log pⱼ with p = softmax(o): outputs are logits, targets a distribution over classes.

    Give the network the output activation `identity`. Label smoothing ε replaces t by (1 − ε)t + ε/k.
    """

    name: ClassVar[str] = "cross_entropy"
    source: ClassVar[str] = "Bridle 1990, NeurIPS 2; label smoothing: Szegedy et al. 2016, arXiv:1512.00567"

    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share ε of each target that is spread evenly over all classes"
    )

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return −Σⱼ tⱼ log pⱼ, (..., n)."""
        targets = self._smooth(targets)
        logits = _shifted(outputs)
        # A small loss is log(1 + rest): in float64 up to there, or the 1 would swallow most of the rest's digits.
        rest = np.exp(logits).sum(axis=-1, dtype=np.float64) - 1.0
        losses = np.log1p(rest).astype(logits.dtype)
        losses *= targets.sum(axis=-1)
        losses -= _dots(logits, targets)
        return np.asarray(losses)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return pⱼ Σᵢ tᵢ − tⱼ, (..., n, k)."""
        targets = self._smooth(targets)
        return _softmax_gradient(np.exp(_shifted(outputs)), targets)[1]

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        targets = self._smooth(targets)
        logits = _shifted(outputs)
        log_sums, gradient = _softmax_gradient(np.exp(logits), targets)
        # Both parts are ≥ 0, so that taking the sums apart loses nothing.
        return log_sums - float(np.einsum("ij,ij->", logits, targets)), gradient

    def _smooth(self, targets: Array) -> Array:
        """Return (1 − ε)t + ε/k."""
        epsilon = self.label_smoothing
        return targets * (1 - epsilon) + epsilon / targets.shape[-1] if epsilon else targets


class BinaryCrossEntropy(Cost):
    """−Σⱼ [tⱼ log σ(oⱼ) + (1 − tⱼ) log(1 − σ(oⱼ))]: every output is the logit of its own yes/no question.

    Give the network the output activation `identity`; σ, the sigmoid, is part of the cost.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    source: ClassVar[str] = "Bishop 2006, Pattern Recognition and Machine Learning, section 5.2"

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ max(oⱼ, 0) − oⱼtⱼ + log(1 + exp(−|oⱼ|)), (..., n): the same, without overflow."""
        return np.asarray(_binary_losses(outputs, targets, _decay(outputs)).sum(axis=-1))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return σ(o) − t, (..., n, k)."""
        return _logistic(outputs, _decay(outputs)) - targets

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        decay = _decay(outputs)
        gradient = _logistic(outputs, decay) - targets
        return float(_binary_losses(outputs, targets, decay).sum()), gradient


class Huber(Cost):
    """Σⱼ ½dⱼ² where |dⱼ| ≤ δ, and δ(|dⱼ| − ½δ) beyond, with d = o − t: outliers pull with bounded force.

    With c = d clipped to [−δ, δ], both branches are c(d − ½c), and the gradient is c.
    """

    name: ClassVar[str] = "huber"
    source: ClassVar[str] = "Huber 1964, Annals of Mathematical Statistics 35"

    delta: float = Field(1.0, gt=0, description="Difference δ at which the loss turns from square to straight")

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ cⱼ(dⱼ − ½cⱼ), (..., n)."""
        difference = outputs - targets
        clipped = self._clip(difference)
        difference -= 0.5 * clipped
        return _dots(clipped, difference)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return c, (..., n, k)."""
        return self._clip(outputs - targets)

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        difference = outputs - targets
        clipped = self._clip(difference)
        difference -= 0.5 * clipped
        return _dot(clipped, difference), clipped

    def _clip(self, difference: Array) -> Array:
        """Return `difference` limited to ±δ."""
        clipped = np.maximum(difference, -self.delta)
        np.minimum(clipped, self.delta, out=clipped)
        return clipped


def _dots(a: Array, b: Array) -> Array:
    """Return Σⱼ aⱼbⱼ over the last axis."""
    return np.asarray(np.einsum("...j,...j->...", a, b))


def _dot(a: Array, b: Array) -> float:
    """Return the sum of products of two arrays laid out alike in contiguous memory."""
    return float(np.dot(a.ravel("K"), b.ravel("K")))


def _shifted(outputs: Array) -> Array:
    """Return `outputs` less their largest over the last axis, so that exp cannot overflow."""
    return np.asarray(outputs - outputs.max(axis=-1, keepdims=True))


def _softmax_gradient(exponentials: Array, targets: Array) -> tuple[float, Array]:
    """Return Σ mass · log Σⱼ eⱼ over all examples and, written into `exponentials`, p · mass − t.

    The mass of an example is the sum of its targets: 1 where they are a distribution.
    """
    sums = exponentials.sum(axis=-1, keepdims=True)
    mass = targets.sum(axis=-1, keepdims=True)
    exponentials *= mass / sums
    exponentials -= targets
    return float((mass * np.log(sums)).sum()), exponentials


def _decay(outputs: Array) -> Array:
    """Return exp(−|o|), which is at most 1."""
    return np.asarray(np.exp(-np.abs(outputs)))


def _logistic(outputs: Array, decay: Array) -> Array:
    """Return σ(o) at full relative precision, given exp(−|o|)."""
    return np.asarray(np.where(outputs < 0.0, decay, 1.0) / (1.0 + decay))


def _binary_losses(outputs: Array, targets: Array, decay: Array) -> Array:
    """Return max(o, 0) − o·t + log(1 + exp(−|o|)), given exp(−|o|)."""
    losses = np.maximum(outputs, 0.0)
    losses -= outputs * targets
    losses += np.log1p(decay)
    return np.asarray(losses)
