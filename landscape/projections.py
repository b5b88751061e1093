"""Which planes can be laid through a path? The built-in projections.

The definitions are those of Li et al. 2018 (arXiv:1712.09913), except where a docstring says otherwise.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from landscape.errors import PlaneError
from landscape.kinds import Projection
from landscape.layout import Array, Block, IntArray
from landscape.objective import Objective
from landscape.path import Path
from landscape.plane import Plane, percent


class Random(Projection):
    """Two random unit vectors through the last point, orthogonal up to chance; axes are distances in θ."""

    name: ClassVar[str] = "random"
    source: ClassVar[str] = "Goodfellow, Vinyals & Saxe 2015, arXiv:1412.6544"

    def plane(self, objective: Objective, path: Path, rng: np.random.Generator) -> Plane:
        """Return the plane through the path's last point along two Gaussian directions of length one."""
        directions = rng.normal(size=(2, path.thetas.shape[1]))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        size = float(np.linalg.norm(path.last)) or 1.0
        labels = "random direction 1", "random direction 2"
        walk = self.random_walk_captured(path)
        return Plane(path.last, directions, labels, self.name, reach=(size, size), random_walk=walk)


class FilterNormalized(Projection):
    """Two random directions through the last point, each filter scaled to the norm of the weights' own filter.

    One unit on an axis changes every weight matrix by its own norm, a 100 % perturbation. The axes are nearly
    orthogonal; they are not made so, since that would undo the normalization.
    """

    name: ClassVar[str] = "filter_normalized"
    source: ClassVar[str] = "Li et al. 2018, arXiv:1712.09913"

    normalization: Literal["filter", "layer"] = Field(
        "filter", description="Scale each filter, or each layer as a whole, to the norm of the weights."
    )
    biases: bool = Field(False, description="Let the directions change biases too, scaled like a layer.")

    def plane(self, objective: Objective, path: Path, rng: np.random.Generator) -> Plane:
        """Return the plane through the path's last point along two normalized Gaussian directions."""
        directions = np.stack([self._direction(objective, path.last, rng) for _ in range(2)])
        labels = "random direction 1 (filter-normalised)", "random direction 2 (filter-normalised)"
        walk = self.random_walk_captured(path)
        return Plane(path.last, directions, labels, self.name, reach=(1.0, 1.0), random_walk=walk)

    def _direction(self, objective: Objective, theta: Array, rng: np.random.Generator) -> Array:
        theta = theta.astype(np.float64)
        direction = rng.normal(size=theta.size)
        for block in objective.layout:
            self._normalize(block, block.view(direction), block.view(theta))
        return direction

    def _normalize(self, block: Block, direction: Array, weights: Array) -> None:
        """Scale `direction` in place to the norms of `weights`, both views of one block."""
        if block.role == "bias" and not self.biases:
            direction[...] = 0
            return
        axis = 1 if block.role == "weight" and self.normalization == "filter" else None
        norm = np.linalg.norm(direction, axis=axis, keepdims=True)
        wanted = np.linalg.norm(weights, axis=axis, keepdims=True)
        direction *= np.divide(wanted, norm, out=np.zeros_like(norm), where=norm > 0)


class PCA(Projection):
    """The two directions in which the path extends most, seen from its last point.

    They are the right singular vectors of θ_t − θ_T, not re-centred on the mean: the plane passes through the
    last point, and the shares belong to this very plane. Computed from the T × T Gram matrix.
    """

    name: ClassVar[str] = "pca"
    source: ClassVar[str] = "Li et al. 2018, arXiv:1712.09913, section 7.2; anchored at the last point"

    def plane(self, objective: Objective, path: Path, rng: np.random.Generator) -> Plane:
        """Return the plane through the path's last point along its two principal directions, unit vectors."""
        offsets = _offsets(path)
        shares, directions = _principal(offsets, 2)
        directions = _complete(directions, offsets.shape[1], rng)
        labels = tuple(f"PC {k} ({percent(share)} of the path)" for k, share in enumerate(shares, 1))
        walk = self.random_walk_captured(path)
        return Plane(path.last, directions, (labels[0], labels[1]), self.name, random_walk=walk)

    def random_walk_captured(self, path: Path, steps: IntArray | None = None) -> float:
        """Return what two principal directions capture of a random walk anchored at its end: about 0.90.

        Exact in the limit of many parameters, for the very steps at which the path was recorded: there the
        walk's Gram matrix is min(T − s, T − t). (For evenly spaced steps 8/π²·(1 + 1/9), after Antognini &
        Sohl-Dickstein 2018, arXiv:1806.08805, whose 6/π²·(1 + 1/4) holds for a walk centred on its mean.)
        """
        gram, cross, extents = _walk_grams(path, steps)
        values, vectors = np.linalg.eigh(gram)
        inside = np.square(cross @ vectors[:, -2:]).sum(axis=0)
        return _share(float(sum(inside[values[-2:] > 0] / values[-2:][values[-2:] > 0])), extents.sum())


class StartEnd(Projection):
    """From the first point to the last, and the largest principal direction of what is left of the path.

    Both ends lie in the plane: the start at (−1, 0), the end at (0, 0); the second axis is a distance in θ.
    """

    name: ClassVar[str] = "start_end"
    source: ClassVar[str] = "Goodfellow, Vinyals & Saxe 2015, arXiv:1412.6544, with a second axis"

    def plane(self, objective: Objective, path: Path, rng: np.random.Generator) -> Plane:
        """Return the plane through both ends of the path."""
        offsets = _offsets(path)
        along = -offsets[0]
        length = float(np.linalg.norm(along))
        if length == 0:
            raise PlaneError("the path ends where it starts: train for a step first, or take another projection")
        unit = along / length
        rest = offsets - np.outer(offsets @ unit, unit)
        # what is left of a straight path is rounding, which has no direction of its own
        _, directions = _principal(rest, 1, extent=float(np.square(offsets).sum()))
        second = _complete(np.concatenate([unit[None], directions]), unit.size, rng)[1]
        labels = "start to end", "PC of the rest"
        walk = self.random_walk_captured(path)
        return Plane(path.last, np.stack([along, second]), labels, self.name, random_walk=walk)

    def random_walk_captured(self, path: Path, steps: IntArray | None = None) -> float:
        """Return what this plane captures of a random walk recorded at the same steps, for many parameters."""
        gram, cross, extents = _walk_grams(path, steps)
        if not gram[0, 0]:
            return float("nan")
        along = np.square(cross[:, 0]).sum() / gram[0, 0]
        # what is left of the walk, and its products with what was seen, without the first direction
        rest = gram - np.outer(gram[0], gram[0]) / gram[0, 0]
        values, vectors = np.linalg.eigh(rest)
        inside = np.square((cross - np.outer(cross[:, 0], gram[0]) / gram[0, 0]) @ vectors[:, -1]).sum()
        return _share(along + (inside / values[-1] if values[-1] > 0 else 0.0), extents.sum())


def _offsets(path: Path) -> Array:
    """Return θ_t − θ_T in float64, (T, P)."""
    return path.thetas.astype(np.float64) - path.last.astype(np.float64)


def _principal(offsets: Array, count: int, extent: float | None = None) -> tuple[list[float], Array]:
    """Return the shares and unit vectors (≤ count, P) of the largest right singular vectors of `offsets`.

    Shares are of `extent`, by default that of the offsets, Σ‖row‖². Fewer vectors come back when the rows span
    fewer dimensions, up to rounding of that extent.
    """
    values, vectors = np.linalg.eigh(offsets @ offsets.T)
    extent = float(values.clip(0).sum()) if extent is None else extent
    chosen = [k for k in range(len(values) - 1, -1, -1) if values[k] > 1e-12 * max(extent, 1e-300)][:count]
    directions = [vectors[:, k] @ offsets for k in chosen]
    units = np.array([_oriented(d / np.linalg.norm(d)) for d in directions]).reshape(-1, offsets.shape[1])
    shares = [float(values[k] / extent) for k in chosen]
    return shares + [0.0] * (count - len(shares)), units


def _oriented(direction: Array) -> Array:
    """Return the direction with the sign that makes its largest entry positive, so that signs never flip."""
    return direction if direction[np.abs(direction).argmax()] > 0 else -direction


def _complete(directions: Array, size: int, rng: np.random.Generator) -> Array:
    """Return two orthogonal directions (2, P): those given, then random ones where a short path spans fewer."""
    found = list(directions)
    while len(found) < 2:
        extra = rng.normal(size=size)
        for unit in found:
            extra -= (extra @ unit) * unit
        found.append(extra / np.linalg.norm(extra))
    return np.stack(found)


def _walk_grams(path: Path, steps: IntArray | None) -> tuple[Array, Array, Array]:
    """Return the expected products of a random walk's points, all seen from its end.

    (T, T) those of the points at the path's steps with each other; (S, T) those of the points at `steps` with
    them; (S,) those of the points at `steps` with themselves. What comes after the end is independent of what
    came before it.
    """
    left = (path.steps[-1] - path.steps).astype(np.float64)
    seen = left if steps is None else (path.steps[-1] - np.asarray(steps)).astype(np.float64)
    return np.minimum.outer(left, left), np.minimum.outer(seen, left).clip(0), np.abs(seen)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
