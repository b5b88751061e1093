"""At which height is a cost drawn, and which costs are marked on the axis?"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from landscape.layout import Array

Kind = Literal["log", "symlog", "linear"]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Below this share of the largest cost, a scale that must show zero turns linear.
_SYMLOG_DEPTH = 1e-6


@dataclass(frozen=True)
class CostScale:
    """Maps costs to heights: log₁₀ where all costs are positive, otherwise the nearest honest thing.

    Parameters
    ----------
    kind : ``"log"`` is log₁₀ c; ``"symlog"`` is asinh(c / 2t) / ln 10, which is log₁₀(c / t) far above the
        threshold t and linear around zero; ``"linear"`` is c itself.
    threshold : t of ``"symlog"``, in cost units.
    """

    kind: Kind = "log"
    threshold: float = 1.0

    def heights(self, costs: ArrayLike) -> Array:
        """Return the heights of `costs` of any shape, float64; NaN where there is no finite height."""
        c = finite(costs)
        if self.kind == "linear":
            return c
        if self.kind == "symlog":
            scaled: Array = np.arcsinh(c / (2 * self.threshold)) / np.log(10)
            return scaled
        logs: Array = np.log10(np.where(c > 0, c, np.nan))
        return logs

    def costs(self, heights: ArrayLike) -> Array:
        """Return the costs at `heights` of any shape, float64: the inverse of `heights`."""
        h = np.asarray(heights, dtype=np.float64)
        if self.kind == "linear":
            return h
        costs: Array = 2 * self.threshold * np.sinh(h * np.log(10)) if self.kind == "symlog" else np.power(10.0, h)
        return costs

    def title(self, quantity: str) -> str:
        """Return what to call an axis of `quantity`; whatever is not the plain logarithm is said."""
        if self.kind == "symlog":
            return f"{quantity}<br>(linear below {label(self.threshold)})"
        return quantity if self.kind == "log" else f"{quantity}<br>(linear scale)"

    def ticks(self, low: float, high: float) -> tuple[Array, list[str]]:
        """Return heights (k,) and labels of round costs between the costs `low` and `high`."""
        if self.kind == "symlog":
            positive = log_ticks(max(self.threshold, low), high) if high > self.threshold else []
            # Next to the threshold, labels would run into that of zero.
            values = [0.0, *positive[1:]] if low <= 0 else positive
        elif self.kind == "log":
            values = log_ticks(low, high)
        else:
            values = linear_ticks(low, high)
        return self.heights(values), [label(value) for value in values]


def finite(values: ArrayLike) -> Array:
    """Return `values` as float64 with NaN for whatever is not finite."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array), array, np.nan)


def scale_for(*costs: ArrayLike) -> CostScale:
    """Return the scale for all of `costs`: log; symlog if some are zero; linear if some are negative."""
    values = np.concatenate([finite(c).ravel() for c in costs]) if costs else np.empty(0)
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    if not positive.size or values.min() < 0:
        return CostScale("linear")
    if positive.size == values.size:
        return CostScale("log")
    threshold = max(float(positive.min()), float(positive.max()) * _SYMLOG_DEPTH)
    return CostScale("symlog", float(f"{threshold:.0e}"))


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers from `low` to `high` (both positive), about evenly spaced in their logarithms.

    >>> log_ticks(0.07, 2.5)
    [0.1, 0.2, 0.5, 1.0, 2.0]
    >>> log_ticks(1e-7, 1e3)
    [1e-06, 0.0001, 0.01, 1.0, 100.0]
    """
    decades = log10(high) - log10(low)  # their ratio may overflow
    if decades < 1:
        return linear_ticks(low, high)
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    if decades <= 3:
        digits = (1, 2, 5) if decades > 1.5 else (1, 1.5, 2, 3, 5, 7)
        values = [float(f"{digit}e{k}") for k in exponents for digit in digits]
    else:
        step = ceil(decades / 6)
        values = [float(f"1e{k}") for k in exponents if k % step == 0]
    return [value for value in values if low <= value <= high]


def linear_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return at most `most` multiples of 1, 2 or 5 times a power of ten from `low` to `high`.

    >>> linear_ticks(-0.31, 0.92)
    [-0.2, 0.0, 0.2, 0.4, 0.6, 0.8]
    """
    span = high - low
    # A span at the rounding error of its ends has no round numbers between them.
    if not span > 1e-12 * max(abs(low), abs(high)):
        return [low]
    exponent = floor(log10(span / most))
    steps = (float(f"{digit}e{exponent + k}") for k in (0, 1) for digit in (1, 2, 5))
    step = next(s for s in steps if floor(high / s) - ceil(low / s) < most)
    return [float(f"{k * step:.12g}") for k in range(ceil(low / step), floor(high / step) + 1)]


def label(value: float) -> str:
    """Return a number as people write it: plain between 0.001 and 100,000, otherwise with a power of ten.

    >>> label(0.2), label(3e-7), label(1e6)
    ('0.2', '3×10⁻⁷', '10⁶')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.10g}".replace("-", "−")
    mantissa, exponent = f"{value:.9e}".split("e")
    digits = f"{float(mantissa):g}".replace("-", "−")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if digits == "1" else f"{digits}×{power}"
