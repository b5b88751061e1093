"""What does the cost look like on a plane? Evaluated in tiles, coarse to fine, stoppable at any time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from landscape._blas import blas_threads
from landscape.errors import LandscapeError
from landscape.layout import Array, IntArray
from landscape.objective import SPLITS, Evaluations, Objective, PlaneEvaluator, PlaneEvaluators, Split, plane_evaluator
from landscape.path import Path
from landscape.plane import Plane, percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Grid points in a tile: the unit of progress, of stopping and of what is handed to a thread.
_TILE = 102
# The levels of refinement: every 8th point first, every point last.
_STRIDES = (8, 4, 2, 1)
_LARGEST = 4096
# Costs too far out to be finite need no warning: they are kept as they are, masked and counted.
_quiet = partial(np.errstate, over="ignore", invalid="ignore")


class GridError(LandscapeError, ValueError):
    """A grid has no points, too many, or points that are not finite and increasing."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where to evaluate: every pair of a coordinate in `a` (na,) and one in `b` (nb,), both increasing."""

    a: Array
    b: Array

    def __post_init__(self) -> None:
        for name, values in (("a", self.a), ("b", self.b)):
            if values.ndim != 1 or not 1 <= values.size <= _LARGEST:
                raise GridError(f"grid axis {name} has shape {values.shape}: give 1 to {_LARGEST} coordinates")
            if not np.isfinite(values).all() or (np.diff(values) <= 0).any():
                raise GridError(f"grid axis {name} must be finite and increasing")

    @classmethod
    def spanning(
        cls,
        a: tuple[float, float] = (-1, 1),
        b: tuple[float, float] = (-1, 1),
        resolution: int | tuple[int, int] = 51,
    ) -> Self:
        """Return evenly spaced points from one end of each range to the other, both included.

        A single point is in the middle. `resolution` is how many: for both axes, or (along a, along b).
        """
        count_a, count_b = resolution if isinstance(resolution, tuple | list) else (resolution, resolution)
        if min(count_a, count_b) < 1:
            raise GridError(f"resolution = {resolution}: a grid needs at least one point along each axis")
        return cls(_spaced(a, count_a), _spaced(b, count_b))

    @classmethod
    def around(cls, plane: Plane, path: Path, resolution: int | tuple[int, int] = 51, margin: float = 0.25) -> Self:
        """Return a grid that holds the projected path with a `margin` of its extent on every side.

        It goes at least as far as the plane's `reach`. Where the path has no extent along an axis, or a small
        part of the other's in θ, the grid takes a quarter of the longer one, so that it never degenerates.
        """
        coordinates = plane.project(path.thetas)
        low, high = coordinates.min(axis=0), coordinates.max(axis=0)
        extent = (high - low) * plane.norms
        longest = extent.max() or float(np.linalg.norm(plane.centre)) or 1.0
        extent = np.maximum(extent, longest / 4) / plane.norms
        middle, half = (low + high) / 2, extent * (0.5 + margin)
        reach = np.asarray(plane.reach)
        ends = np.stack([np.minimum(middle - half, -reach), np.maximum(middle + half, reach)])
        return cls.spanning(tuple(ends[:, 0]), tuple(ends[:, 1]), resolution)

    @property
    def shape(self) -> tuple[int, int]:
        """Points along b and along a: the shape of a surface's arrays."""
        return self.b.size, self.a.size


def _spaced(ends: tuple[float, float], count: int) -> Array:
    values = np.linspace(*ends, count)
    if count % 2:
        values[count // 2] = sum(ends) / 2  # to the last bit, so that a grid around the centre holds it
    return values


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """The cost and the accuracy on a grid of a plane.

    Row j and column i of each (nb, na) array belong to the point (grid.a[i], grid.b[j]).

    Parameters
    ----------
    plane, grid : where.
    split : of the data; `examples` of its `available` examples were used.
    cost : mean loss, float64; NaN where not evaluated, as computed (also NaN or infinite) where it was.
    accuracy : NaN where not evaluated or where there are no labels.
    standard_error : of the cost, from the spread of the losses; zero when all examples were used, NaN for a
        sample of one.
    evaluated : which points were computed.
    rows : (examples,) the sampled examples, or None for all.
    objective : what was evaluated; None for a surface that was read from disk.
    """

    plane: Plane
    grid: Grid
    split: Split
    examples: int
    available: int
    cost: Array
    accuracy: Array
    standard_error: Array
    evaluated: NDArray[np.bool_]
    rows: IntArray | None = None
    objective: Objective | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        done = "" if self.complete else f", {self.evaluated.mean():.0%} computed"
        return f"Surface(plane {self.plane.name!r}, {self.caption()}{done})"

    @property
    def complete(self) -> bool:
        """Whether every point is computed."""
        return bool(self.evaluated.all())

    @property
    def masked(self) -> Array:
        """The cost with NaN wherever it is not finite."""
        return np.where(np.isfinite(self.cost), self.cost, np.nan)

    @property
    def nonfinite(self) -> int:
        """How many points were computed and have no finite cost."""
        return int(np.count_nonzero(self.evaluated & ~np.isfinite(self.cost)))

    def finest(self) -> tuple[IntArray, IntArray]:
        """Return the indices (along b, along a) of the finest level on which every point is computed.

        Empty before the coarsest level is done. While a surface is evaluated, this part can be drawn.
        """
        best: tuple[IntArray, IntArray] = (np.empty(0, np.int64), np.empty(0, np.int64))
        for stride in _STRIDES:
            level = _level(self.grid, stride)
            if not self.evaluated[np.ix_(*level)].all():
                break
            best = level
        return best

    def at(self, thetas: Array) -> Array:
        """Return this surface's cost below each of `thetas` (T, P), bilinear between points: (T,).

        NaN outside the grid and beside a point that is not finite.
        """
        from landscape.figures import interpolate

        return interpolate(self.grid.a, self.grid.b, self.masked, self.plane.project(thetas))

    def true_costs(self, thetas: Array, objective: Objective | None = None) -> Array:
        """Return the cost at each of `thetas` (T, P) itself, on the examples of this surface: (T,).

        It differs from `at` wherever a θ lies off the plane. `objective` may be left out for a surface that
        was evaluated in this process.
        """
        objective = self.objective if objective is None else objective
        if objective is None:
            raise LandscapeError("the surface was read from disk: pass the objective, such as run.objective")
        with blas_threads(1), _quiet():
            return np.array([objective.evaluate(theta, self.split, self.rows).cost for theta in thetas])

    def figure(
        self,
        path: Path | None = None,
        *,
        style: Literal["3d", "contour"] = "3d",
        quantity: Literal["cost", "accuracy"] = "cost",
        objective: Objective | None = None,
        lifted: bool = True,
        theme: Literal["light", "dark"] = "light",
        title: str = "",
    ) -> go.Figure:
        """Return a Plotly figure of this slice, with the path on it when one is given.

        The ball stands at the true cost of the path's last point, with a stem to the surface below; at most
        200 points of the path are drawn, the first and the last among them. With `lifted` False the path lies
        on the surface, as must do where there is no objective to tell its true cost.
        """
        from landscape.figures import contour_figure, path_on_plane, surface_figure

        drawn = None
        grid, values = self.grid, self.masked if quantity == "cost" else self.accuracy
        if path is not None and quantity == "cost":
            part = path.thinned(200)
            costs = self.true_costs(part.thetas, objective) if lifted else self.at(part.thetas)
            drawn = path_on_plane(self.plane, part, costs, grid.a, grid.b, self.masked)
        draw = surface_figure if style == "3d" else contour_figure
        return draw(
            grid.a,
            grid.b,
            values,
            drawn,
            labels=self.plane.labels,
            quantity=quantity,
            note=self.caption(path) + ("" if lifted else " · path drawn on the surface"),
            theme=theme,
            title=title,
        )

    def caption(self, path: Path | None = None) -> str:
        """Return what a reader must know: how much data, how large a grid, how much of the path is captured."""
        used = f"{self.examples:,} {self.split} examples" if self.available > 1 else ""
        if self.examples < self.available:
            errors = self.standard_error[np.isfinite(self.standard_error)]
            used += f" of {self.available:,}"
            used += f", standard error {np.median(errors):.2g}" if errors.size else ""
        size = f"{self.grid.a.size} × {self.grid.b.size} points"
        parts = [used, size, f"axes' cosine {round(self.plane.cosine, 3) + 0.0:.3f}"]
        if path is not None and len(path) > 1:
            walk = self.plane.random_walk
            beside = "" if np.isnan(walk) else f" (of a random walk {percent(walk)})"
            parts.append(f"{percent(self.plane.captured(path.thetas))} of the path captured{beside}")
        return " · ".join(part for part in parts if part)


class Tile(NamedTuple):
    """News of an evaluation: the surface so far (its arrays keep filling), and which points are new.

    `rows` and `columns` (k,) index the surface's arrays; `done` of `total` points are computed.
    """

    surface: Surface
    rows: IntArray
    columns: IntArray
    done: int
    total: int


def tiles(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    *,
    split: Split = "train",
    sample: int | None = None,
    rng: np.random.Generator | None = None,
    accuracy: bool = True,
    workers: int | None = None,
    resume: Surface | None = None,
) -> Generator[Tile]:
    """Evaluate the objective on a grid and yield each tile as it is done, coarse levels first.

    Closing the iterator stops the evaluation after the tiles under way.

    Parameters
    ----------
    sample : use that many examples of the split, drawn without replacement with `rng` (seed 0 by default).
    accuracy : also compute the accuracy, which costs about a quarter more time.
    workers : threads; as many as this process has processors by default. BLAS has one in each.
    resume : a surface of the same plane, grid, split and examples: only its missing points are computed.
    """
    surface = _blank(objective, plane, grid, split, sample, rng) if resume is None else _copy(resume, objective)
    done, total = int(surface.evaluated.sum()), surface.evaluated.size
    if done == total:
        none = np.empty(0, np.int64)
        yield Tile(surface, none, none, done, total)
        return
    with blas_threads(1), _quiet():
        evaluate = _quietly(plane_evaluator(objective, plane, split, surface.rows, accuracy))
    # an evaluator made of the objective's own `evaluate` may not be safe to call from several threads
    threads = (workers or _processors()) if isinstance(objective, PlaneEvaluators) else 1
    with blas_threads(1), ThreadPoolExecutor(threads, "surface") as pool:
        pending = deque[tuple[tuple[IntArray, IntArray], Future[Evaluations]]]()
        try:
            for rows, columns in _missing(surface):
                future = pool.submit(evaluate, grid.a[columns], grid.b[rows])
                pending.append(((rows, columns), future))
            while pending:
                (rows, columns), future = pending.popleft()
                _fill(surface, rows, columns, future.result())
                done += len(rows)
                yield Tile(surface, rows, columns, done, total)
        finally:
            for _, future in pending:
                future.cancel()


def evaluate(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    *,
    split: Split = "train",
    sample: int | None = None,
    rng: np.random.Generator | None = None,
    accuracy: bool = True,
    workers: int | None = None,
    on_progress: Callable[[Tile], None] | None = None,
) -> Surface:
    """Return the whole surface; parameters as for `tiles`."""
    news = tiles(
        objective,
        plane,
        grid,
        split=split,
        sample=sample,
        rng=rng,
        accuracy=accuracy,
        workers=workers,
    )
    for tile in news:
        if on_progress is not None:
            on_progress(tile)
    return tile.surface


def _blank(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    split: Split,
    sample: int | None,
    rng: np.random.Generator | None,
) -> Surface:
    """Return a surface of which nothing is computed."""
    if split not in SPLITS:
        raise GridError(f"split = {split!r}: a surface is computed on {' or '.join(map(repr, SPLITS))}")
    available = objective.examples(split)
    if sample is not None and sample < 1:
        raise GridError(f"sample = {sample}: a surface needs at least one example")
    rows = None
    if sample is not None and sample < available:
        rng = np.random.default_rng(0) if rng is None else rng
        rows = np.sort(rng.choice(available, sample, replace=False))
    cost, accuracy, error = np.full((3, *grid.shape), np.nan)
    evaluated = np.zeros(grid.shape, np.bool_)
    used = available if rows is None else len(rows)
    return Surface(plane, grid, split, used, available, cost, accuracy, error, evaluated, rows, objective=objective)


def _copy(surface: Surface, objective: Objective) -> Surface:
    """Return the surface with arrays of its own, so that the caller's stay as they are."""
    names = ("cost", "accuracy", "standard_error", "evaluated")
    return replace(surface, objective=objective, **{name: getattr(surface, name).copy() for name in names})


def _quietly(evaluate: PlaneEvaluator) -> PlaneEvaluator:
    """Return the evaluator without warnings in whichever thread calls it."""

    def compute(a: Array, b: Array) -> Evaluations:
        with _quiet():
            return evaluate(a, b)

    return compute


def _fill(surface: Surface, rows: IntArray, columns: IntArray, values: Evaluations) -> None:
    """Write the evaluations of a tile into the surface's arrays."""
    surface.cost[rows, columns] = values.cost
    surface.accuracy[rows, columns] = values.accuracy
    # of a mean over a sample without replacement: exact, zero, when the sample is everything
    left_out = 1 - surface.examples / surface.available
    # one example of several has no spread to tell it from
    deviation = values.deviation if surface.examples > 1 or not left_out else np.nan
    surface.standard_error[rows, columns] = deviation * np.sqrt(left_out / surface.examples)
    surface.evaluated[rows, columns] = True


def _level(grid: Grid, stride: int) -> tuple[IntArray, IntArray]:
    """Return every `stride`-th index along b and along a, and the last, so that a level spans the grid."""
    along_b, along_a = (np.union1d(np.arange(0, count, stride), [count - 1]).astype(np.int64) for count in grid.shape)
    return along_b, along_a


def _missing(surface: Surface) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the points to compute, (rows, columns) of a tile at a time, level by level."""
    todo = ~surface.evaluated
    for stride in _STRIDES:
        level = np.zeros_like(todo)
        level[np.ix_(*_level(surface.grid, stride))] = True
        rows, columns = np.nonzero(level & todo)
        todo &= ~level
        for start in range(0, len(rows), _TILE):
            yield rows[start : start + _TILE], columns[start : start + _TILE]


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
