"""Which costs are minus the log of a probability? Those of classes, of yes/no questions and of counts.

What makes probabilities or rates of the outputs is part of the cost: give the network the output activation
`identity`.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.costs._sums import dots
from landscape.kinds import Cost
from landscape.layout import Array


class CrossEntropy(Cost):
    """−Σⱼ tⱼ log pⱼ with p = softmax(o): outputs are logits, targets a distribution over classes.

    Give the network the output activation `identity`. Label smoothing ε replaces t by (1 − ε)t + ε/k.
    """

    name: ClassVar[str] = "cross_entropy"
    source: ClassVar[str] = "Bridle 1990, NeurIPS 2; label smoothing: Szegedy et al. 2016, arXiv:1512.00567"
    nonnegative: ClassVar[bool] = True
    takes_logits: ClassVar[bool] = True
    target_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share ε of each target that is spread evenly over all classes"
    )

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return −Σⱼ tⱼ log pⱼ, (..., n)."""
        return _cross_entropies(outputs, self._smooth(targets))

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


class KLDivergence(Cost):
    """Σⱼ tⱼ (log tⱼ − log pⱼ) with p = softmax(o): how far p is from the distribution t, 0 where they are equal.

    Outputs are logits, targets a distribution over classes, and 0 log 0 = 0. It is `cross_entropy` less the
    targets' entropy: the gradients are the same, and for one-hot targets the losses too. PyTorch's `kl_div` wants
    log p in place of o, and is then the same; a network that puts out log p itself would have no least cost.
    """

    name: ClassVar[str] = "kl_divergence"
    source: ClassVar[str] = "Kullback & Leibler 1951, Annals of Mathematical Statistics 22"
    takes_logits: ClassVar[bool] = True
    target_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ tⱼ (log tⱼ − log pⱼ), (..., n)."""
        logs = np.log(np.where(targets > 0.0, targets, 1.0))
        losses = _cross_entropies(outputs, targets)
        losses += dots(targets, logs)
        return losses

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return pⱼ Σᵢ tᵢ − tⱼ, (..., n, k)."""
        return _softmax_gradient(np.exp(_shifted(outputs)), targets)[1]


class BinaryCrossEntropy(Cost):
    """−Σⱼ [tⱼ log σ(oⱼ) + (1 − tⱼ) log(1 − σ(oⱼ))]: every output is the logit of its own yes/no question.

    Give the network the output activation `identity`; σ, the sigmoid, is part of the cost.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    source: ClassVar[str] = "Bishop 2006, Pattern Recognition and Machine Learning, section 5.2"
    nonnegative: ClassVar[bool] = True
    takes_logits: ClassVar[bool] = True
    target_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

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


# exp(40) = 2·10¹⁷ is more than any count that float64 tells from the next; its square still fits in float32.
_LARGEST_LOG_RATE = 40.0


class Poisson(Cost):
    """Σⱼ exp(oⱼ) − tⱼoⱼ: outputs are logs of expected counts, targets counts (0, 1, 2, …), Poisson distributed.

    It is minus the log-likelihood without its term log t!, which depends on the targets alone, so that it may be
    negative; `full` adds that term as PyTorch does, by Stirling's formula where t > 1. Beyond o = 40, where PyTorch
    goes on and overflows, exp continues along its tangent: the loss stays convex and finite, and the gradient its
    slope.
    """

    name: ClassVar[str] = "poisson"
    source: ClassVar[str] = "Nelder & Wedderburn 1972, Journal of the Royal Statistical Society A 135"
    takes_logits: ClassVar[bool] = True
    target_range: ClassVar[tuple[float, float]] = (0.0, math.inf)

    full: bool = Field(False, description="Add log t!, approximated: a constant that makes costs comparable")

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ exp(oⱼ) − tⱼoⱼ, (..., n), and log tⱼ! where `full`."""
        return self._losses(outputs, targets, _rates(outputs))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return exp(o) − t, (..., n, k)."""
        rates = _rates(outputs)
        rates -= targets
        return rates

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        rates = _rates(outputs)
        total = float(self._losses(outputs, targets, rates).sum())
        rates -= targets
        return total, rates

    def _losses(self, outputs: Array, targets: Array, rates: Array) -> Array:
        """Return the losses (..., n), given exp(o), or its slope beyond 40."""
        losses = np.maximum(outputs, _LARGEST_LOG_RATE)
        losses += 1.0 - _LARGEST_LOG_RATE
        losses *= rates
        losses -= targets * outputs
        if self.full:
            losses += _log_factorials(targets)
        return np.asarray(losses.sum(axis=-1))


def _rates(outputs: Array) -> Array:
    """Return exp(o), no more than exp(40)."""
    rates = np.minimum(outputs, _LARGEST_LOG_RATE)
    np.exp(rates, out=rates)
    return rates


def _log_factorials(counts: Array) -> Array:
    """Return Stirling's t log t − t + ½ log 2πt for log t!, and 0 for t ≤ 1; short by less than 1/(12t)."""
    many = np.maximum(counts, 1.0)
    logs = np.log(many)
    return np.asarray((counts > 1.0) * (many * logs - many + 0.5 * (math.log(2 * math.pi) + logs)))


def _cross_entropies(outputs: Array, targets: Array) -> Array:
    """Return −Σⱼ tⱼ log pⱼ with p = softmax(o), (..., n)."""
    logits = _shifted(outputs)
    # A small loss is log(1 + rest): in float64 up to there, or the 1 would swallow most of the rest's digits.
    rest = np.exp(logits).sum(axis=-1, dtype=np.float64) - 1.0
    losses = np.log1p(rest).astype(logits.dtype)
    losses *= targets.sum(axis=-1)
    losses -= dots(logits, targets)
    return np.asarray(losses)


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
