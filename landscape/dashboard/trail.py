"""What is kept of a running path? A bounded number of snapshots, each with its figures on the current plane."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from landscape.dashboard.payloads import POINT_COLUMNS
from landscape.layout import Array
from landscape.path import Path, as_path

_MOST = 1200
_FEWEST = 64
_BYTES = 96 << 20
_COLUMN = {name: k for k, name in enumerate(POINT_COLUMNS)}


def capacity_for(theta: Array) -> int:
    """Return how many snapshots of `theta` are kept: 1200, or fewer of a large network."""
    return int(min(_MOST, max(_FEWEST, _BYTES // max(1, theta.nbytes))))


@dataclass
class Trail:
    """Snapshots in the order of their steps, thinned when there are too many, never truncated.

    Not safe for several threads: its owner holds a lock.

    Attributes
    ----------
    steps, thetas : after which step, and θ (P,) there.
    true_costs, batch_costs : at θ, on the surface's examples; and of the last batch, NaN at the start.
    rows : (n, 7) figures on the current plane, in the order of `POINT_COLUMNS`.
    version : rises whenever points that were handed out before change.
    """

    capacity: int
    steps: list[int] = field(default_factory=list)
    thetas: list[Array] = field(default_factory=list)
    true_costs: list[float] = field(default_factory=list)
    batch_costs: list[float] = field(default_factory=list)
    rows: list[Array] = field(default_factory=list)
    version: int = 0

    def __len__(self) -> int:
        return len(self.steps)

    def append(self, step: int, theta: Array, true_cost: float, batch_cost: float, row: Array) -> None:
        """Add a snapshot taken after `step`; one that is already here, or older, is passed over."""
        if self.steps and step <= self.steps[-1]:
            return
        self.steps.append(step)
        self.thetas.append(theta)
        self.true_costs.append(true_cost)
        self.batch_costs.append(batch_cost)
        self.rows.append(row)
        if len(self) > self.capacity:
            self._thin()

    def _thin(self) -> None:
        """Keep the first quarter, where θ moves most, and half as many as fit of the rest, evenly spread in steps."""
        dense = self.capacity // 4
        rest = np.asarray(self.steps[dense:], np.int64)
        even = np.linspace(rest[0], rest[-1], self.capacity // 2)
        kept = [*range(dense), *(dense + np.unique(np.searchsorted(rest, np.floor(even)))).tolist()]
        for name in ("steps", "thetas", "true_costs", "batch_costs", "rows"):
            values = getattr(self, name)
            setattr(self, name, [values[k] for k in kept])
        self.version += 1

    def replace_rows(self, rows: Array) -> None:
        """Take the figures (n, 7) on a new plane for all the points that are here."""
        self.rows = list(rows)
        self.version += 1

    def since(self, step: int) -> tuple[list[int], Array]:
        """Return the steps from `step` on, and their rows (n, 7)."""
        first = int(np.searchsorted(np.asarray(self.steps, np.int64), step))
        rows = np.array(self.rows[first:], np.float64).reshape(-1, len(POINT_COLUMNS))
        return self.steps[first:], rows

    def path(self, most: int) -> Path:
        """Return at most `most` of the snapshots, evenly spread, first and last included."""
        return as_path(self.steps, self.thetas).thinned(most)

    def captured(self) -> float:
        """Return the share of the path's extent from the plane's centre that lies in the plane.

        The same figure as `Plane.captured` of all the thetas; NaN when all coincide with the centre.
        """
        rows = np.array(self.rows, np.float64).reshape(-1, len(POINT_COLUMNS))
        off, extent = rows[:, _COLUMN["off"]], rows[:, _COLUMN["extent"]]
        whole = float(np.square(extent).sum())
        return 1 - float(np.square(off).sum()) / whole if whole else float("nan")
