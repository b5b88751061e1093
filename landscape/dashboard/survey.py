"""What is computed from the copies of θ? Costs, coordinates, planes, surfaces, accuracies; one piece at a time.

A piece takes a fraction of a second. `lock` makes the context that guards the run; it is entered only while
results are put in place, never while they are computed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter

import numpy as np

from landscape.dashboard.payloads import POINT_COLUMNS
from landscape.dashboard.replay import Saved
from landscape.dashboard.slices import Slice, lay, look_ahead, saved
from landscape.dashboard.work import Work
from landscape.kinds import Projection
from landscape.layout import Array
from landscape.path import Path

Lock = Callable[[], AbstractContextManager[object]]

_FIT_POINTS = 256
_TEST_SECONDS = 1.5
_REFIT_SECONDS = 4.0
_AT_ONCE = 8  # snapshots measured together, so that the page never waits long for the first of them
_COARSEST = 17  # a surface with fewer points along an axis is not worth showing


def survey_due(work: Work, running: bool) -> bool:
    """Whether there is anything to compute."""
    if work.broken or work.refit:
        return not work.broken
    return work.slice is not None and bool(work.waiting or work.tiles is not None or test_due(work, running))


def survey(work: Work, chosen: Projection | Saved, running: bool, lock: Lock) -> None:
    """Compute the most urgent piece: a new plane, then the test examples, then points, then the surface.

    Raises LandscapeError when the projection that is chosen finds no plane.
    """
    if work.refit:
        lay_slice(work, chosen, lock)
    elif test_due(work, running):
        test(work, lock)
    elif work.waiting and work.slice is not None:
        measure(work, work.slice, lock)
    elif work.tiles is not None:
        advance_surface(work, lock)


def measure(work: Work, part: Slice, lock: Lock) -> None:
    """Compute the figures of snapshots that wait, and ask for a new plane where the path has outgrown it."""
    with lock():
        taken = [work.waiting.popleft() for _ in range(min(len(work.waiting), _AT_ONCE))]
    thetas = np.stack([snapshot.theta for snapshot in taken])
    costs = np.array([part.true_cost(theta) for theta in thetas])
    batches = np.array([snapshot.batch_cost for snapshot in taken])
    rows = part.rows_of(thetas, costs, batches)
    with lock():
        for snapshot, cost, row in zip(taken, costs, rows, strict=True):
            work.trail.append(snapshot.step, snapshot.theta, float(cost), snapshot.batch_cost, row)
        if perf_counter() - work.fitted_at > _REFIT_SECONDS and work.outgrown:
            work.refit = True


def lay_slice(work: Work, chosen: Projection | Saved, lock: Lock) -> None:
    """Lay a new plane, and show it with its points and a first surface at the same moment."""
    with lock():
        work.refit = False
    path, ahead = _path_to_fit(work, lock)
    before = work.slice.plane if work.slice is not None else None
    if isinstance(chosen, Saved):
        part = saved(work.surface_called(chosen.name), work.objective, path)
    else:
        part = lay(work.experiment, work.objective, chosen, path, ahead=ahead, before=before)
    tiles = part.tiles()
    first = next(tile for tile in tiles if tile.surface.finest()[0].size >= _coarsest(part))
    rows = _rows_on(work, part)
    with lock():
        work.take_slice(part, rows, tiles)
        work.take_tile(first, _coarsest(part))
        work.fitted_at = perf_counter()


def _coarsest(part: Slice) -> int:
    return min(_COARSEST, part.grid.b.size)


def _path_to_fit(work: Work, lock: Lock) -> tuple[Path, bool]:
    """Return the path to lay a plane through, and whether it is the one trained in advance."""
    if work.ahead is None and work.shown is None:
        work.ahead = look_ahead(work.experiment, work.objective)
    if work.ahead is not None and not work.changes and work.newest < work.ahead.steps[-1]:
        return work.ahead, True
    with lock():
        return work.trail.path(_FIT_POINTS), False


def _rows_on(work: Work, part: Slice) -> Array:
    """Return the figures of all points kept so far on another slice, (n, 7)."""
    trail = work.trail
    if not trail.steps:
        return np.empty((0, len(POINT_COLUMNS)))
    if work.slice is None or not part.on_the_examples_of(work.slice):
        trail.true_costs = [part.true_cost(theta) for theta in trail.thetas]
    return part.rows_of(np.stack(trail.thetas), np.array(trail.true_costs), np.array(trail.batch_costs))


def advance_surface(work: Work, lock: Lock) -> None:
    """Compute one more tile; show the surface when a finer level is complete."""
    tile = next(work.tiles, None) if work.tiles is not None else None
    with lock():
        if tile is None:
            work.tiles = None
        else:
            work.take_tile(tile, _COARSEST)


def test_due(work: Work, running: bool) -> bool:
    """Whether to evaluate the test examples: after a pause, and now and then while training."""
    if work.slice is None or work.shown is not None or not work.trail.steps:
        return False
    known = work.tests[-1]["step"] if work.tests else None
    rested = perf_counter() - work.tested > _TEST_SECONDS if running else not work.waiting
    return work.newest != known and rested


def test(work: Work, lock: Lock) -> None:
    """Evaluate the newest point on all test examples, and its accuracy on the surface's training examples."""
    step, theta = work.trail.steps[-1], work.trail.thetas[-1]
    here = work.objective.evaluate(theta, "test")
    train = work.objective.evaluate(theta, "train", work.slice.rows if work.slice is not None else None)
    with lock():
        work.take_test(step, here.cost, here.accuracy, train.accuracy)
        work.tested = perf_counter()
