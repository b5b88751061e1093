"""What is done to a gradient before it is used? It is measured and clipped, as PyTorch's `clip_grad_…_` do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from landscape.layout import Array, IntArray
from landscape.objective import Expectant, Minibatch

_NORM_EPSILON = 1e-6  # PyTorch's, added to the norm: a clipped gradient is that much shorter than was said


def norm_of(gradient: Array) -> float:
    """Return the Euclidean norm of `gradient` (P,), also where its squares are too large or small for its dtype."""
    norm = math.sqrt(float(np.vdot(gradient, gradient)))
    if 1e-15 < norm < math.inf:
        return norm
    largest = float(np.abs(gradient).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = gradient.astype(np.float64) / largest
    return largest * math.sqrt(float(np.vdot(scaled, scaled)))


class Clip:
    """Clips gradients: first every entry by value, then all of them together by norm.

    Parameters
    ----------
    value : the most that an entry may be, either way; None for no limit.
    norm : the most that the Euclidean norm may be; None for no limit.
    measures : whether to measure the norm even if it has no limit.

    Attributes
    ----------
    norm : the norm of the last gradient before any clipping, NaN unless it is measured.
    """

    def __init__(self, value: float | None, norm: float | None, *, measures: bool = False) -> None:
        self._most, self._longest, self._measures = value, norm, measures
        self.norm = math.nan

    @property
    def clips(self) -> bool:
        """Whether gradients may come out changed."""
        return self._most is not None or self._longest is not None

    def applied(self, compute: Minibatch, gradient: Array) -> Minibatch:
        """Return `compute`, which writes to `gradient`, followed by what is to be done to it: itself, if nothing."""
        return _Clipped(self, compute, gradient) if self.clips or self._measures else compute

    def __call__(self, gradient: Array, factor: float) -> None:
        """Measure and clip, in place, a `gradient` (P,) that was multiplied by `factor`, 1 where it is clipped."""
        if self._measures:
            self.norm = norm_of(gradient) / abs(factor)
        if self._most is not None:
            np.clip(gradient, -self._most, self._most, out=gradient)
        if self._longest is not None:
            known = self._measures and self._most is None
            share = self._longest / ((self.norm if known else norm_of(gradient)) + _NORM_EPSILON)
            if share < 1:
                gradient *= share


class _Clipped:
    """A minibatch gradient that is clipped."""

    def __init__(self, clip: Clip, compute: Minibatch, gradient: Array) -> None:
        self._clip, self._compute, self._gradient = clip, compute, gradient

    def expect(self, batches: Sequence[IntArray]) -> None:
        """Announce the rows of the next calls to whom it concerns."""
        if isinstance(self._compute, Expectant):
            self._compute.expect(batches)

    def __call__(self, rows: IntArray, factor: float = 1.0, /) -> float:
        cost = self._compute(rows, factor)
        self._clip(self._gradient, factor)
        return cost
