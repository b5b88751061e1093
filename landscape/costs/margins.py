"""Which costs ask that the right class lead by a margin? The hinge losses of support vector machines.

Outputs are scores of any size, targets one-hot; of other targets, the largest says the right class. With a single
output there is nothing to lead, and the loss is 0. As PyTorch's `multi_margin_loss`, and unlike the other costs,
these divide the sum over classes by their number k.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.costs._sums import dot, dots
from landscape.kinds import Cost
from landscape.layout import Array, IntArray


class Hinge(Cost):
    """(1/k) Σⱼ max(0, m − o_y + oⱼ) over the wrong classes j: 0 as soon as the right one, y, leads each by m.

    Outputs are scores, targets one-hot. Where an output is just at the margin, its slope is taken to be 0.
    """

    name: ClassVar[str] = "hinge"
    source: ClassVar[str] = "Weston & Watkins 1999, ESANN, divided by k as in PyTorch"
    nonnegative: ClassVar[bool] = True

    margin: float = Field(1.0, gt=0, description="How far m the right class should lead each of the others")

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return (1/k) Σⱼ max(0, m − o_y + oⱼ), (..., n)."""
        return np.asarray(_excess(outputs, targets, self.margin).mean(axis=-1))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return 1/k for each wrong class within the margin, and minus their sum for the right one, (..., n, k)."""
        excess = _excess(outputs, targets, self.margin)
        return _gradient(np.greater(excess, 0.0, out=excess), targets)

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        excess = _excess(outputs, targets, self.margin)
        total = float(excess.sum()) / outputs.shape[-1]
        return total, _gradient(np.greater(excess, 0.0, out=excess), targets)


class SquaredHinge(Cost):
    """(1/k) Σⱼ max(0, m − o_y + oⱼ)² over the wrong classes j: as `hinge`, but without its kinks.

    Outputs are scores, targets one-hot. It is PyTorch's `multi_margin_loss` with ``p=2``.
    """

    name: ClassVar[str] = "squared_hinge"
    source: ClassVar[str] = (
        "Weston & Watkins 1999, ESANN, divided by k as in PyTorch; squares: Tang 2013, arXiv:1306.0239"
    )
    nonnegative: ClassVar[bool] = True

    margin: float = Field(1.0, gt=0, description="How far m the right class should lead each of the others")

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return (1/k) Σⱼ max(0, m − o_y + oⱼ)², (..., n)."""
        excess = _excess(outputs, targets, self.margin)
        return np.asarray(dots(excess, excess) / outputs.shape[-1])

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return 2/k times the excess of each wrong class, and minus their sum for the right one, (..., n, k)."""
        excess = _excess(outputs, targets, self.margin)
        return _gradient(np.multiply(excess, 2.0, out=excess), targets)

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        excess = _excess(outputs, targets, self.margin)
        total = dot(excess, excess) / outputs.shape[-1]
        return total, _gradient(np.multiply(excess, 2.0, out=excess), targets)


def _right(targets: Array) -> tuple[IntArray, IntArray]:
    """Return where the outputs of the right classes are, as indices of the last two axes."""
    return np.arange(len(targets)), targets.argmax(axis=-1)


def _excess(outputs: Array, targets: Array, margin: float) -> Array:
    """Return max(0, margin − o_y + oⱼ), 0 for the right class y, (..., n, k)."""
    right = _right(targets)
    excess = outputs - outputs[..., *right][..., None]
    excess += margin
    np.maximum(excess, 0.0, out=excess)
    excess[..., *right] = 0.0
    return excess


def _gradient(slopes: Array, targets: Array) -> Array:
    """Return the gradient, written into the `slopes` of k times the loss by the excesses."""
    slopes /= slopes.shape[-1]
    slopes[..., *_right(targets)] = -slopes.sum(axis=-1)
    return slopes
