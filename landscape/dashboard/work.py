"""What belongs to one run of a session, and goes when it is reset?"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from landscape.dashboard.payloads import finite, surface_payload
from landscape.dashboard.slices import Slice
from landscape.dashboard.trail import Trail, capacity_for
from landscape.errors import RunError
from landscape.experiment import Experiment
from landscape.kinds import Plugin
from landscape.layout import Array
from landscape.objective import Objective
from landscape.path import Path
from landscape.runs import Run
from landscape.surface import Surface, Tile
from landscape.training import Trainer

_MOST_TESTS = 400
_MOST_SHARED = 2


class Snapshot(NamedTuple):
    """θ (P,) after `step`, and the cost of the batch before it."""

    step: int
    theta: Array
    batch_cost: float


@dataclass
class Work:
    """One run: its trainer, its path, its slice, and what has been measured.

    Attributes
    ----------
    number : tells it from the session's other runs.
    experiment : what is being trained, with the changes that were made on the way.
    trainer : None for a finished run that is only shown.
    steps_per_epoch : 0 where that is not known any more.
    shown : the finished run that is shown instead of training, if any.
    label : what the page says of a run that is shown for as long as it is.
    remarks : why a run that is shown ended before its time, and what of it cannot be shown here; empty where all can.
    ahead : the path trained in advance, once it is.
    slice, surface, tiles : the plane; its surface as last sent; the rest of that surface, being computed.
    planes : how many planes there were.
    waiting : snapshots whose figures are not computed yet.
    tests : what was measured on the test examples, by step; `tested` is when the last was.
    changes : the settings that were changed while training, by step.
    refit : whether a new plane is asked for; `fitted_at` is when the last was laid, or was tried.
    walk : the number of the plane and of points for which the share of a random walk was computed, and the share.
    broken : whether computing raised what nobody foresaw, such as an error in a plugin.
    copied_at, copied : when θ was last copied, and after which step.
    batch_cost : of the last batch.
    """

    number: int
    experiment: Experiment
    objective: Objective
    trainer: Trainer | None
    steps_per_epoch: int
    trail: Trail
    shown: Run | None = None
    label: str = ""
    remarks: str = ""
    ahead: Path | None = None
    slice: Slice | None = None
    surface: dict[str, Any] | None = None
    tiles: Iterator[Tile] | None = None
    planes: int = 0
    waiting: deque[Snapshot] = field(default_factory=deque)
    tests: list[dict[str, float | None]] = field(default_factory=list)
    tested: float = 0.0
    changes: list[dict[str, Any]] = field(default_factory=list)
    changed_since_fit: bool = False
    refit: bool = True
    fitted_at: float = 0.0
    walk: tuple[int, int, float] = (-1, 0, float("nan"))
    broken: bool = False
    copied_at: float = 0.0
    copied: int = 0
    batch_cost: float = float("nan")

    @property
    def key(self) -> str:
        """Changes whenever points that were handed out before are no longer right."""
        return f"{self.number}:{self.trail.version}"

    @property
    def taken(self) -> int:
        """How many steps were taken here."""
        return 0 if self.trainer is None else self.trainer.index

    @property
    def done(self) -> bool:
        """Whether all epochs are trained here."""
        return self.trainer is not None and self.trainer.done

    @property
    def newest(self) -> int:
        """The last step whose figures are known, -1 before any."""
        return self.trail.steps[-1] if self.trail.steps else -1

    @property
    def stale(self) -> bool:
        """Whether the path has left what the plane was fitted to."""
        part = self.slice
        if part is None or self.shown is not None or not self.trail.steps:
            return False
        beyond = self.newest > max(1.25 * part.fitted, part.fitted + 10)
        return bool(beyond or self.changed_since_fit or not part.holds(*self.trail.rows[-1][:2]))

    @property
    def outgrown(self) -> bool:
        """Whether the path has run twice as far as its plane knows, or off the grid."""
        part = self.slice
        if part is None or self.shown is not None or not self.trail.steps:
            return False
        return self.newest >= 2 * max(part.fitted, 8) or not part.holds(*self.trail.rows[-1][:2])

    def surface_called(self, name: str) -> Surface:
        """Return the surface of that name that was saved with the run that is shown; RunError without one."""
        if self.shown is None or name not in self.shown.surfaces:
            raise RunError(f"the surface {name!r} was saved with another run: choose a projection")
        return self.shown.surfaces[name]

    def take_slice(self, part: Slice, rows: Array, tiles: Iterator[Tile]) -> None:
        """Show another slice; `rows` (n, 7) are the figures of all points on it."""
        self.slice, self.tiles = part, tiles
        self.surface, self.changed_since_fit = None, False
        self.planes += 1
        self.trail.replace_rows(rows)

    def take_tile(self, tile: Tile, coarsest: int) -> None:
        """Show the surface as of `tile`, when a finer level of at least `coarsest` points is complete."""
        size = tile.surface.finest()[0].size
        if size < coarsest or (self.surface is not None and size <= self.surface["level"]):
            return
        plane = f"{self.number}.{self.planes}"
        payload = surface_payload(tile.surface, version=f"{plane}.{size}", plane=plane)
        self.surface = payload | {"level": size}

    def apply(self, experiment: Experiment) -> None:
        """Apply those of the new settings that can change while training."""
        trainer, old, new = self.trainer, self.experiment.optimizer, experiment.optimizer
        if trainer is None:
            return
        live: dict[str, Any] = {"epochs": experiment.epochs}
        if type(new) is type(old) and new != old:
            live["optimizer"] = trainer.optimizer = new
            self.changed_since_fit = True
            self.changes = [*self.changes, {"step": trainer.index, "what": _difference(old, new)}]
        trainer.total_steps = trainer.steps_per_epoch * experiment.epochs
        self.experiment = self.experiment.model_copy(update=live)

    def take_test(self, step: int, cost: float, accuracy: float, train_accuracy: float) -> None:
        """Keep what was measured on the test examples after `step`; thin the older half when it is long."""
        measured = {"cost": finite(cost), "accuracy": finite(accuracy), "trainAccuracy": finite(train_accuracy)}
        self.tests = [*self.tests, {"step": step, **measured}]
        if len(self.tests) > _MOST_TESTS:
            half = _MOST_TESTS // 2
            self.tests = self.tests[:half:2] + self.tests[half:]

    def _random_walk(self, part: Slice) -> float:
        """Return the share of a random walk that the plane captures, renewed as the path grows by a tenth."""
        plane, count, share = self.walk
        if plane != self.planes or len(self.trail.steps) > 1.1 * count:
            share = part.walk(self.trail.steps)
            self.walk = self.planes, len(self.trail.steps), share
        return share

    def describe(self) -> dict[str, Any]:
        """Return what the page is told of the run besides its points."""
        part = self.slice
        said: dict[str, Any] = {
            "stepsPerEpoch": self.steps_per_epoch,
            "done": self.done,
            "computing": self.refit or self.tiles is not None,
            "replay": self.shown is not None,
            "label": self.label,
            "remarks": self.remarks,
        }
        if part is not None:
            said["slice"] = {
                "captured": finite(self.trail.captured()),
                "walk": finite(self._random_walk(part)),
                "fitted": part.fitted,
                "ahead": part.ahead,
                "whole": part.whole,
                "costless": part.objective is None,
                "stale": self.stale,
                "cosine": part.plane.cosine,
            }
        return said


def _difference(old: Plugin, new: Plugin) -> str:
    """Return which fields changed, and to what."""
    names = [name for name in type(new).model_fields if getattr(new, name) != getattr(old, name)]
    return ", ".join(f"{name} → {getattr(new, name)}" for name in names)


def finished(work: Work) -> str:
    """Return what is said when all is trained."""
    return f"All {work.experiment.epochs} epochs are trained. Raise epochs to go on, or Run to start anew."


_IRRELEVANT = ("optimizer", "schedule", "clip_value", "clip_norm", "batch_size", "epochs", "snapshots", "observers")
_shared: OrderedDict[tuple[Any, ...], Objective] = OrderedDict()
_sharing = threading.Lock()


def _shared_objective(experiment: Experiment) -> Objective:
    """Return the experiment's objective, shared by runs of the same problem: data take time and memory.

    Not where a setting is a text, such as a path: what it names may have changed on disk.
    """
    problem = {name: part for name, part in experiment.to_dict().items() if name not in _IRRELEVANT}
    texts = [name for name, value in problem.get("dataset", {}).items() if isinstance(value, str)]
    if texts != ["name"]:
        return experiment.objective()
    # a class that was loaded again says the same, and is another one
    parts = (experiment.dataset, experiment.cost, experiment.activation, experiment.output)
    key = json.dumps(problem, sort_keys=True), *(type(one) for part in parts for one in _each(part))
    with _sharing:
        if key not in _shared:
            _shared[key] = experiment.objective()
        _shared.move_to_end(key)
        while len(_shared) > _MOST_SHARED:
            _shared.popitem(last=False)
        return _shared[key]


def _each(part: Any) -> tuple[Any, ...]:
    return part if isinstance(part, tuple) else (part,)


def begin(number: int, experiment: Experiment) -> Work:
    """Return a run of `experiment` that waits for its first step; loads its data."""
    objective = _shared_objective(experiment)
    trainer = Trainer(experiment, objective)
    trail = Trail(capacity_for(trainer.theta))
    work = Work(number, experiment, objective, trainer, trainer.steps_per_epoch, trail)
    work.waiting.append(Snapshot(0, trainer.theta.copy(), float("nan")))
    return work
