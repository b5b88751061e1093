"""Which slice of the cost is shown? A plane through the path, the surface on it, and every point's figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from time import thread_time

import numpy as np

from landscape.errors import DivergenceError
from landscape.experiment import Experiment
from landscape.kinds import Projection, checked_plane
from landscape.layout import Array
from landscape.objective import Objective, PlaneEvaluator, plane_evaluator
from landscape.path import Path, as_path, snapshot_steps
from landscape.plane import Plane
from landscape.runs import Costless
from landscape.surface import Grid, Surface, Tile, tiles
from landscape.training import Trainer

RESOLUTION = 65  # levels of 9, 17, 33 and 65 points along each axis
EXAMPLES = 4000  # few enough for a first surface within a second, enough for a standard error near 1 %
_LOOK_AHEAD_STEPS = 6000
_LOOK_AHEAD_SECONDS = 1.0  # of this thread, so that a busy machine does not shorten it
_LOOK_AHEAD_POINTS = 160
# Below this share of the path, a plane ignores it, and a grid around the path would show next to nothing.
_IGNORES_PATH = 0.1
_SURROUNDINGS = 1.5  # how much of a function is seen around the path's end at least: a few wells of the closest


@dataclass(frozen=True, eq=False)
class Slice:
    """A plane with what it takes to compute points and a surface on it.

    Attributes
    ----------
    surface : the plane, its grid, the examples used, and what is computed of the surface already.
    objective : what is evaluated; None where it cannot be had: then there is no more than that surface.
    fitted : the last step of the path that the plane was fitted to.
    ahead : whether that path was trained in advance, before the visitor's own run.
    projection, path : what laid the plane, None for one of a saved surface; and through what.
    """

    surface: Surface
    objective: Objective | None
    fitted: int
    ahead: bool
    projection: Projection | None
    path: Path

    @property
    def plane(self) -> Plane:
        """The plane."""
        return self.surface.plane

    @property
    def grid(self) -> Grid:
        """Where the surface is computed."""
        return self.surface.grid

    @property
    def rows(self) -> np.ndarray | None:
        """The examples used, (n,), or None for all."""
        return self.surface.rows

    @cached_property
    def _evaluator(self) -> PlaneEvaluator | None:
        if self.objective is None:
            return None
        return plane_evaluator(self.objective, self.plane, self.surface.split, self.rows, False)

    def walk(self, steps: list[int]) -> float:
        """Return the share of a random walk's points at `steps` that such a plane would capture."""
        if self.whole:
            return 1.0
        if self.projection is None:
            return self.plane.random_walk
        return self.projection.random_walk_captured(self.path, np.asarray(steps, np.int64))

    @property
    def whole(self) -> bool:
        """Whether the plane is all there is: the plane of two parameters."""
        return self.plane.centre.size == 2

    def on_the_examples_of(self, other: Slice) -> bool:
        """Whether costs on this slice and on the other are of the same examples, and may be compared."""
        return self.surface.split == other.surface.split and np.array_equal(self.rows, other.rows)  # type: ignore[arg-type]

    def true_cost(self, theta: Array) -> float:
        """Return the cost at `theta` (P,) itself, on the surface's examples; NaN without an objective."""
        if self.objective is None:
            return float("nan")
        return self.objective.evaluate(theta, self.surface.split, self.rows).cost

    def _under(self, thetas: Array, a: Array, b: Array) -> Array:
        """Return the cost of the plane's points (a, b) below `thetas`, (n,); without an objective, the surface's."""
        return self.surface.at(thetas) if self._evaluator is None else self._evaluator(a, b).cost

    def rows_of(self, thetas: Array, true_costs: Array, batch_costs: Array) -> Array:
        """Return the figures of points `thetas` (n, P), in the order of `POINT_COLUMNS`: (n, 7)."""
        a, b = self.plane.project(thetas).T
        under = self._under(thetas, a, b)
        off = self.plane.off_plane(thetas)
        extent = np.linalg.norm(np.asarray(thetas, np.float64) - self.plane.centre.astype(np.float64), axis=1)
        return np.stack([a, b, true_costs, under, off, extent, batch_costs], axis=1)

    def holds(self, a: float, b: float) -> bool:
        """Whether the point lies on the grid."""
        grid = self.grid
        return bool(grid.a[0] <= a <= grid.a[-1] and grid.b[0] <= b <= grid.b[-1])

    def tiles(self) -> Iterator[Tile]:
        """Evaluate what is missing of the surface, coarse first; closing the iterator stops it."""
        if self.objective is None:
            none = np.empty(0, np.int64)
            return iter([Tile(self.surface, none, none, self.surface.evaluated.size, self.surface.evaluated.size)])
        return tiles(self.objective, self.plane, self.grid, resume=self.surface, accuracy=False, workers=1)


def _blank(plane: Plane, grid: Grid, rows: np.ndarray | None, objective: Objective | None) -> Surface:
    """Return a surface with nothing computed yet; without an objective, one that is all holes."""
    cost, accuracy, error = np.full((3, *grid.shape), np.nan)
    available = 0 if objective is None else objective.examples("train")
    return Surface(
        plane=plane,
        grid=grid,
        split="train",
        examples=available if rows is None else len(rows),
        available=available,
        cost=cost,
        accuracy=accuracy,
        standard_error=error,
        evaluated=np.full(grid.shape, objective is None),
        rows=rows,
        objective=objective,
    )


def look_ahead(experiment: Experiment, objective: Objective) -> Path:
    """Return the path that the experiment will take, as far as can be trained in a moment.

    Training is deterministic, so that this is the very path that the visitor's run takes: its plane can be
    laid and its surface drawn before the first step. A later change of the learning rate, of course, leads
    away from it.
    """
    trainer = Trainer(experiment, objective)
    total = min(trainer.total_steps, _LOOK_AHEAD_STEPS)
    due = set(snapshot_steps(total, _LOOK_AHEAD_POINTS).tolist())
    steps, thetas = [0], [trainer.theta.copy()]
    started = thread_time()
    while trainer.index < total and thread_time() - started < _LOOK_AHEAD_SECONDS:
        try:
            trainer.step()
        except DivergenceError:  # the visitor's own run will meet it, and say so
            break
        if trainer.index in due:
            steps.append(trainer.index)
            thetas.append(trainer.theta.copy())
    return as_path(steps, thetas)


def sample_rows(experiment: Experiment, objective: Objective) -> np.ndarray | None:
    """Return the training examples that surfaces are computed from, fixed by the seed; None for all."""
    available = objective.examples("train")
    if available <= EXAMPLES:
        return None
    return np.sort(experiment.rng("sample").choice(available, EXAMPLES, replace=False))


def lay(
    experiment: Experiment,
    objective: Objective,
    projection: Projection,
    path: Path,
    *,
    ahead: bool,
    before: Plane | None = None,
) -> Slice:
    """Return the slice that `projection` lays through `path`, its axes turned the way they were `before`.

    Two parameters are a plane themselves, and are shown as they are, whatever the projection. Where `objective`
    is `Costless`, the slice has no surface.

    Raises PlaneError when the projection finds no plane there, and what a `Costless` objective raises when it takes
    the cost.
    """
    two = path.last.size == 2
    plane = _parameters(path) if two else _laid(projection, objective, path, experiment)
    plane = plane if before is None else _like(plane, before)
    evaluated = None if isinstance(objective, Costless) else objective
    rows = None if evaluated is None else sample_rows(experiment, evaluated)
    return Slice(
        surface=_blank(plane, _grid(plane, path), rows, evaluated),
        objective=evaluated,
        fitted=int(path.steps[-1]),
        ahead=ahead,
        projection=projection,
        path=path,
    )


def saved(surface: Surface, objective: Objective, path: Path) -> Slice:
    """Return the slice of a surface that was saved with a run of `path`."""
    evaluated = None if isinstance(objective, Costless) else objective
    return Slice(surface, evaluated, int(path.steps[-1]), ahead=False, projection=None, path=path)


def _laid(projection: Projection, objective: Objective, path: Path, experiment: Experiment) -> Plane:
    return checked_plane(projection, objective, path, experiment.rng("projection"))


def _parameters(path: Path) -> Plane:
    """Return the plane whose axes are the two parameters, counted from the last point of `path`."""
    labels, reach = ("parameter 1", "parameter 2"), (_SURROUNDINGS, _SURROUNDINGS)
    return Plane(path.last, np.eye(2), labels, "parameters", reach=reach, random_walk=1.0)


def _like(plane: Plane, before: Plane) -> Plane:
    """Return `plane` with each direction reversed that runs against its counterpart `before`."""
    if before.name != plane.name or before.centre.size != plane.centre.size:
        return plane
    along = (plane.directions.astype(np.float64) * before.directions.astype(np.float64)).sum(axis=1)
    return replace(plane, directions=plane.directions * np.where(along < 0, -1, 1)[:, None])


def _grid(plane: Plane, path: Path) -> Grid:
    """Return a grid around the path or, for a plane that ignores it, as wide as θ is long."""
    if plane.captured(path.thetas) >= _IGNORES_PATH or len(path) < 2:
        return Grid.around(plane, path, RESOLUTION)
    half = float(np.linalg.norm(plane.centre.astype(np.float64))) / plane.norms
    return Grid.spanning((-half[0], half[0]), (-half[1], half[1]), RESOLUTION)
