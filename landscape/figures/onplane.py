"""Where does a path run on a plane, how high is it there, and how high is the surface below it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from landscape.errors import FigureError
from landscape.layout import Array, IntArray
from landscape.path import Path
from landscape.plane import Plane


@dataclass(frozen=True, eq=False)
class PathOnPlane:
    """A path seen from a plane; all arrays are (T,), in order of the steps.

    Parameters
    ----------
    a, b : coordinates of the points' projections on the plane.
    true_cost : cost at the points themselves, on the examples that the surface was computed from.
    surface_cost : the surface's cost at the projections, NaN outside the grid.
    steps : after how many steps each point was recorded.
    """

    a: Array
    b: Array
    true_cost: Array
    surface_cost: Array
    steps: IntArray

    def __post_init__(self) -> None:
        shapes = [np.shape(x) for x in (self.a, self.b, self.true_cost, self.surface_cost, self.steps)]
        if len(set(shapes)) != 1 or len(shapes[0]) != 1 or shapes[0] == (0,):
            raise FigureError(
                "a path on a plane needs a, b, true_cost, surface_cost and steps of one shape (T,), not "
                + ", ".join(map(str, shapes))
            )

    def __len__(self) -> int:
        return len(self.steps)


def check_grid(a: ArrayLike, b: ArrayLike, values: ArrayLike) -> tuple[Array, Array, Array]:
    """Return `a` (na,), `b` (nb,) and `values` (nb, na) as float64.

    Raises FigureError when the shapes do not fit (the row of `values` is b) or coordinates do not increase.
    """
    a, b, values = (np.asarray(x, dtype=np.float64) for x in (a, b, values))
    if a.ndim != 1 or b.ndim != 1 or values.shape != (b.size, a.size):
        raise FigureError(
            f"a grid needs a (na,), b (nb,) and values (nb, na), one row for each b; not {a.shape}, "
            f"{b.shape} and {values.shape}"
        )
    for name, axis in (("a", a), ("b", b)):
        if axis.size < 2 or not (np.diff(axis) > 0).all():
            raise FigureError(f"a grid needs at least two increasing coordinates in {name}, not {axis}")
    return a, b, values


def _cells(axis: Array, x: Array) -> tuple[IntArray, Array]:
    """Return the cell of `axis` that each `x` lies in and its position there, from 0 to 1."""
    cell = np.clip(np.searchsorted(axis, x, side="right") - 1, 0, axis.size - 2)
    return cell, (x - axis[cell]) / (axis[cell + 1] - axis[cell])


def interpolate(a: ArrayLike, b: ArrayLike, values: ArrayLike, points: ArrayLike) -> Array:
    """Return `values` (nb, na) of the grid `a` (na,), `b` (nb,) at `points` (..., 2): (...) float64.

    Bilinear, so the error is of second order in the distance between grid points. NaN outside the grid, and
    wherever a corner that counts is not finite.
    """
    a, b, values = check_grid(a, b, values)
    points = np.asarray(points, dtype=np.float64)
    x, y = points[..., 0], points[..., 1]
    column, s = _cells(a, x)
    row, t = _cells(b, y)
    total = np.zeros(x.shape)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (s if dx else 1 - s) * (t if dy else 1 - t)
        corner = values[row + dy, column + dx]
        # A corner of weight zero does not count, not even when it is NaN or infinite.
        total += weight * np.where(weight == 0, 0, np.where(np.isfinite(corner), corner, np.nan))
    inside = (a[0] <= x) & (x <= a[-1]) & (b[0] <= y) & (y <= b[-1])
    return np.where(inside, total, np.nan)


def path_on_plane(
    plane: Plane, path: Path, true_cost: ArrayLike, a: ArrayLike, b: ArrayLike, cost: ArrayLike
) -> PathOnPlane:
    """Return `path` (T points) projected on `plane`, over the surface `cost` (nb, na) of the grid `a`, `b`.

    `true_cost` (T,) is the cost at the path's points themselves, on the same examples as the surface.
    """
    points = plane.project(path.thetas)
    return PathOnPlane(
        a=points[:, 0],
        b=points[:, 1],
        true_cost=np.asarray(true_cost, dtype=np.float64),
        surface_cost=interpolate(a, b, cost, points),
        steps=path.steps,
    )
