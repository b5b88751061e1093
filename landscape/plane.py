"""Which flat piece of ℝᴾ do we look at? Lifting points to θ, projecting θ to points, and what is left over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from landscape.errors import PlaneError
from landscape.layout import Array

# Below this relative size of the second singular value, two float64 directions are parallel to rounding.
_PARALLEL = 1e-7

UNNAMED = "custom"
"""What a plane is called whose maker gave it no name."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane {centre + a·u + b·v}, in coordinates (a, b).

    Parameters
    ----------
    centre : (P,) the point with coordinates (0, 0).
    directions : (2, P) u and v; they need be neither unit vectors nor orthogonal.
    labels : what each axis is called, such as ``"PC 1 (61 %)"``.
    name : the projection that laid the plane.
    random_walk : the share of a random walk that such a plane captures, the yardstick for `captured`; NaN if unknown.
    reach : how far from the centre to look along each axis at least, in the axis's own units.

    All arithmetic is done in float64, whatever the precision of the arrays.

    Raises
    ------
    PlaneError
        When shapes do not fit, a number is not finite, or the directions are parallel or zero.
    """

    centre: Array
    directions: Array
    labels: tuple[str, str] = ("direction 1", "direction 2")
    name: str = UNNAMED
    reach: tuple[float, float] = (0.0, 0.0)
    random_walk: float = float("nan")

    def __post_init__(self) -> None:
        if self.centre.ndim != 1 or self.directions.shape != (2, self.centre.size):
            raise PlaneError(
                f"a plane needs a centre (P,) and directions (2, P), not {self.centre.shape} and "
                f"{self.directions.shape}"
            )
        for what, values in (("centre", self.centre), ("directions", self.directions)):
            if not np.isfinite(values).all():
                raise PlaneError(f"the plane's {what} holds a value that is not finite")
        norms = self.norms
        if norms.min() == 0:
            raise PlaneError(f"direction {int(norms.argmin()) + 1} of the plane is zero: choose another")
        if 1 - abs(self.cosine) < _PARALLEL:
            raise PlaneError(
                f"the plane's directions are parallel (cosine {self.cosine:.9f}): choose another second one"
            )

    def laid_by(self, projection: str) -> Plane:
        """Return the plane with the name of the projection that laid it, where it has none of its own."""
        return replace(self, name=projection) if self.name == UNNAMED else self

    @cached_property
    def _basis(self) -> Array:
        """Directions in float64, (2, P)."""
        return self.directions.astype(np.float64)

    @cached_property
    def norms(self) -> Array:
        """Euclidean lengths ‖u‖ and ‖v‖ in θ-space, (2,): one unit on the axis is that far in θ."""
        return np.asarray(np.linalg.norm(self._basis, axis=1))

    @cached_property
    def cosine(self) -> float:
        """Cosine of the angle between the directions, as measured."""
        u, v = self._basis / self.norms[:, None]
        return float(u @ v)

    @cached_property
    def _dual(self) -> Array:
        """Rows w₁, w₂ with wᵢ·dⱼ = δᵢⱼ, so that w·(θ − centre) are least-squares coordinates, (2, P)."""
        unit = self._basis / self.norms[:, None]
        q, r = np.linalg.qr(unit.T)
        return np.linalg.solve(r, q.T) / self.norms[:, None]

    def lift(self, a: Array | float, b: Array | float) -> Array:
        """Return θ at coordinates `a`, `b` of any equal shape (...): (..., P), float64."""
        weights = np.stack(np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64)), axis=-1)
        lifted: Array = self.centre.astype(np.float64) + weights @ self._basis
        return lifted

    def _offsets(self, thetas: Array) -> Array:
        return np.asarray(thetas, np.float64) - self.centre.astype(np.float64)

    def project(self, thetas: Array) -> Array:
        """Return the least-squares coordinates (a, b) of `thetas` (..., P): (..., 2), float64."""
        coordinates: Array = self._offsets(thetas) @ self._dual.T
        return coordinates

    def off_plane(self, thetas: Array) -> Array:
        """Return how far each of `thetas` (..., P) lies from the plane, ‖θ − its projection‖: (...)."""
        offsets = self._offsets(thetas)
        residuals = offsets - (offsets @ self._dual.T) @ self._basis
        return np.asarray(np.linalg.norm(residuals, axis=-1))

    def captured(self, thetas: Array) -> float:
        """Return 1 − Σ‖r_t‖² / Σ‖θ_t − centre‖², the share of the path's extent that lies in the plane.

        `thetas` is (T, P). NaN when all of them coincide with the centre.
        """
        extent = missed = 0.0
        for theta in thetas:  # one by one: all offsets of a large network in float64 may not fit in memory
            extent += float(np.square(self._offsets(theta)).sum())
            missed += float(self.off_plane(theta)) ** 2
        return 1 - missed / extent if extent else float("nan")


def percent(share: float) -> str:
    """Return a share as it is shown, with a decimal where it would be rounded to all.

    >>> percent(0.613), percent(0.998)
    ('61 %', '99.8 %')
    """
    return f"{100 * share:.0f} %" if share < 0.995 else f"{100 * share:.1f} %"
