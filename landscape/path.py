"""Where has θ been? The recorded path of training, dense at first and bounded in number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.layout import Array, IntArray


@dataclass(frozen=True, eq=False, repr=False)
class Path:
    """Snapshots of θ, in order of the step after which each was taken (step 0 is the start).

    Parameters
    ----------
    steps : (T,) int64, strictly increasing.
    thetas : (T, P) in the precision of the run; row t is θ after `steps[t]` steps.
    """

    steps: IntArray
    thetas: Array

    def __post_init__(self) -> None:
        if self.thetas.ndim != 2 or self.steps.shape != self.thetas.shape[:1]:
            raise ValueError(
                f"a path needs steps (T,) and thetas (T, P), not {self.steps.shape} and {self.thetas.shape}"
            )

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"Path({len(self)} snapshots of {self.thetas.shape[1]:,} parameters)"

    @property
    def first(self) -> Array:
        """The first θ, (P,)."""
        first: Array = self.thetas[0]
        return first

    @property
    def last(self) -> Array:
        """The last θ, (P,)."""
        last: Array = self.thetas[-1]
        return last

    def thinned(self, most: int) -> Path:
        """Return at most `most` ≥ 2 snapshots, evenly spread over the recorded ones, first and last included."""
        if most < 2:
            raise ValueError(f"most = {most}: the first and the last snapshot are two")
        if len(self) <= most:
            return self
        kept = np.unique(np.linspace(0, len(self) - 1, most).round().astype(np.int64))
        return Path(self.steps[kept], self.thetas[kept])


def snapshot_steps(total: int, capacity: int) -> IntArray:
    """Return the steps after which to record, at most `capacity` of them, with 0 and `total` included.

    The first quarter of the capacity goes to the first steps, one by one, where θ moves most per step; from
    there the distance between snapshots grows by a constant factor. So a path of any length is thinned while
    it is recorded and never truncated, and how it is thinned is known before the first step.

    Raises ValueError when `capacity` is below 8 or `total` is negative.

    >>> snapshot_steps(5, 100)
    array([0, 1, 2, 3, 4, 5])
    >>> steps = snapshot_steps(100_000, 64)
    >>> len(steps) <= 64, steps[:4], int(steps[-1])
    (True, array([0, 1, 2, 3]), 100000)
    """
    if capacity < 8:
        raise ValueError(f"capacity = {capacity}: a path needs room for at least 8 snapshots")
    if total < 0:
        raise ValueError(f"total = {total}: the number of steps cannot be negative")
    if total < capacity:
        return np.arange(total + 1)
    dense = capacity // 4
    sparse = np.geomspace(dense, total, capacity - dense)
    return np.unique(np.concatenate([np.arange(dense), np.round(sparse).astype(np.int64)]))


def as_path(steps: Sequence[int], thetas: Sequence[Array]) -> Path:
    """Return the path through `thetas`, each (P,), taken after `steps`."""
    return Path(np.asarray(steps, dtype=np.int64), np.stack(thetas))
