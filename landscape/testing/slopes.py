"""How fast does a function rise at a point, to the left and to the right, and how well is that known?

Differences over steps from 0.1 down to 4·10⁻⁷ are extrapolated to step 0 (Richardson), and of all estimates the one
taken whose error is least. The error is made of what the extrapolation still changes, of rounding, and of the noise
that the function itself shows at the smallest steps, so that it holds for functions computed in less precision, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landscape.layout import Array

_STEPS = 0.1 / 4.0 ** np.arange(10)
Truth = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Slopes:
    """The slope at each of some points, with bounds of its error; infinite where it cannot be told.

    Parameters
    ----------
    mid, mid_error : (...) of symmetric differences.
    low, high : (...) between which every slope is right: the two one-sided slopes, widened by their errors. At a
        kink they differ, and at a jump they are infinite.
    """

    mid: Array
    mid_error: Array
    low: Array
    high: Array

    def kinks(self, scale: float) -> Truth:
        """Return where the slopes to both sides differ, beyond doubt and for functions of this `scale` noticeably."""
        return np.asarray(self.high - self.low > 1e-3 * scale)

    def admits(self, slopes: Array, scale: float) -> Truth:
        """Return where `slopes` are right; `scale` is how large slopes of this function ordinarily are.

        The tolerances, 10⁻⁵ relative and 10⁻⁶ of the scale, leave room for a plugin that computes in float32.
        """
        allowed = 1e-5 * np.abs(slopes) + 1e-6 * scale + 1e-12
        near = np.abs(slopes - self.mid) <= 3 * self.mid_error + allowed
        between = (slopes >= self.low - allowed) & (slopes <= self.high + allowed)
        return near | between


def slopes_of(function: Callable[[Array], Array], points: Array) -> Slopes:
    """Return the slopes of an elementwise `function` at float64 `points` of any shape."""
    here = function(points)
    above, below = points + _column(_STEPS, points), points - _column(_STEPS, points)
    rises = np.stack([function(x) for x in above])
    falls = np.stack([function(x) for x in below])
    magnitude = np.fmax.reduce([*np.abs(rises), *np.abs(falls), np.abs(here)])
    mid, right, left = (
        (rises - falls) / (above - below),
        (rises - here) / (above - points),
        (here - falls) / (points - below),
    )
    # Rounding of the function's values, and of where it is taken.
    noise = _EPS * (magnitude + np.abs(points) * np.nan_to_num(np.abs(mid[len(mid) // 2]))) + _scatter(mid)
    best, error = _extrapolate(mid, noise, order=2)
    sides = [_extrapolate(side, noise, order=1) for side in (left, right)]
    lows, highs = ([value + sign * 3 * width for value, width in sides] for sign in (-1, 1))
    low, high = _across_stairs(mid)
    jumps = _jumps(left, magnitude) | _jumps(right, magnitude)
    low, high = np.fmin(np.minimum(*lows), low), np.fmax(np.maximum(*highs), high)
    for side in (left, right):
        steep = _steep(side, magnitude)
        low = np.where(steep & (side[-1] < 0), -np.inf, low)
        high = np.where(steep & (side[-1] > 0), np.inf, high)
    return Slopes(best, error, np.where(jumps, -np.inf, low), np.where(jumps, np.inf, high))


def _steep(side: Array, magnitude: Array) -> Truth:
    """Return where slopes to one side grow down to the smallest step, so that the slope itself is not yet seen.

    Such is a root rounded off at 10⁻⁶: its slope at 0 may be any number beyond that of the smallest step.
    """
    last = np.abs(side[-5:])
    growing = (np.diff(last, axis=0) > 0.05 * last[:-1]).all(axis=0) & (np.abs(side[-1]) > 4 * np.abs(side[4]))
    return np.asarray(growing & (last[-1] * _STEPS[-1] > 1e-5 * magnitude))


def _jumps(side: Array, magnitude: Array) -> Truth:
    """Return where the function jumps beside a point: where slopes to that side go on growing as the step shrinks.

    Noise makes them grow as well, so that the jump must be more than the noise of float32.
    """
    a, b, c = np.abs(side[-3:])
    return np.asarray((c > 3 * b) & (b > 3 * a) & (c * _STEPS[-1] > 1e-5 * magnitude))


def _across_stairs(mid: Array) -> tuple[Array, Array]:
    """Return between which slopes a function rises that is flat over the smallest steps, elsewhere NaN.

    Such are stairs, and what is computed in float32 far from 0: there, 0 is as right as the slope over some stairs.
    """
    flat = (mid[-4:] == 0.0).all(axis=0)
    rises = np.where(flat, np.where(np.isfinite(mid), 1.1 * mid, 0.0), np.nan)
    return np.asarray(rises.min(axis=0)), np.asarray(rises.max(axis=0))


def _column(steps: Array, points: Array) -> Array:
    """Return `steps` along a new first axis before those of `points`."""
    return steps.reshape(-1, *(1,) * points.ndim)


def _scatter(mid: Array) -> Array:
    """Return how much noise the function has, told by how its slopes change between the three smallest steps.

    At such steps a smooth function's slopes change by rounding alone. The median over all points counts as well,
    since the noise at one point may be small by chance.
    """
    changes = np.abs(np.diff(mid[-4:], axis=0)) * _column(_STEPS[-3:], mid[0])
    own = np.max(np.nan_to_num(changes, nan=0.0, posinf=0.0), axis=0)
    return np.asarray(np.maximum(own, np.median(own)))


def _extrapolate(differences: Array, noise: Array, order: int) -> tuple[Array, Array]:
    """Return the best estimate of the limit of `differences` (10, ...) at step 0, and its error.

    `order` is the power of the step in the first term of their error; the next term is one or, for symmetric
    differences, two powers higher.
    """
    once = _eliminate(differences, order)
    twice = _eliminate(once, 2 * order)
    change = np.maximum(np.abs(twice - once[:-1]), np.abs(twice - once[1:]))
    errors = change + 4 * noise / _column(_STEPS[2:], differences[0])
    # A step over which the function is not finite tells nothing.
    errors = np.where(np.isfinite(errors), errors, np.inf)
    best = np.argmin(errors, axis=0)[None]
    value, error = (np.take_along_axis(each, best, axis=0)[0] for each in (twice, errors))
    return np.where(np.isfinite(error), value, 0.0), error


def _eliminate(estimates: Array, power: int) -> Array:
    """Return `estimates` of successive steps, each a quarter of the last, without their error's term in step^power."""
    ratio = 4.0**power
    return np.asarray((ratio * estimates[1:] - estimates[:-1]) / (ratio - 1))
