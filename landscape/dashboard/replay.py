"""What is seen of a finished run? Everything, or what does not need the plugins that are missing here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from landscape.dashboard.payloads import POINT_COLUMNS
from landscape.dashboard.trail import Trail, capacity_for
from landscape.dashboard.work import Work
from landscape.errors import PluginError
from landscape.experiment import projection
from landscape.kinds import Projection
from landscape.objective import Objective
from landscape.runs import Costless, Run


class Saved(NamedTuple):
    """A surface that was saved with a run, to be shown as it is; `name` is its own."""

    name: str


def show(number: int, run: Run) -> Work:
    """Return a finished run to be looked at; its figures come with its first plane.

    Where a plugin of it is missing here, whatever does not need that one is shown.
    """
    experiment, objective, trail = run.nearest(), run.stand_in(), Trail(capacity_for(run.theta))
    steps = _steps_per_epoch(run, objective, experiment.batch_size)
    work = Work(number, experiment, objective, None, steps, trail, shown=run)
    then = "Press Run to train it live" if experiment.to_dict() == run.described else "Run trains what the settings say"
    work.label, work.remarks = f"Saved run. {then}.", _remarks(run, objective)
    path, batches = run.path.thinned(trail.capacity), run.history.batch_cost
    for step, theta in zip(path.steps.tolist(), path.thetas, strict=True):
        batch = float(batches[step - 1]) if 0 < step <= len(batches) else float("nan")
        trail.append(step, theta, float("nan"), batch, np.zeros(len(POINT_COLUMNS)))
    for epoch, _, cost, train_accuracy, accuracy in run.history.epochs():
        if epoch == 0 or steps:
            work.take_test(epoch * steps, cost, accuracy, train_accuracy)
    return work


def _steps_per_epoch(run: Run, objective: Objective, batch_size: int) -> int:
    """Return how many steps an epoch of `run` had; 0 where neither its data nor its ending tells."""
    try:
        count = objective.examples("train")
    except Exception:  # the very reason why there are no data, which may be anything that a plugin raises
        whole = run.ending == "finished" and len(run.history.epoch) > 1
        return len(run.history.batch_cost) // int(run.history.epoch[-1]) if whole else 0
    return -(-count // min(batch_size, count))


def _remarks(run: Run, objective: Objective) -> str:
    """Return why `run` ended before its time, what of it cannot be shown here, and what to do about it, in lines."""
    why, shown = run.missing(), []
    if isinstance(objective, Costless):
        there = "path, curves and saved surfaces, with the path drawn on them" if saved_of(run) else "path and curves"
        shown.append(f"The cost cannot be computed here; shown are {there}.")
    if why:
        shown.append("The settings show the defaults in place of what is missing.")
    if isinstance(objective, Costless) and not (why and isinstance(objective.reason, PluginError)):
        why = [*why, str(objective.reason)]
    ended = [] if run.ending == "finished" else [f"Ended: {run.ended}"]
    return "\n".join([*map(_sentence, ended), *filter(None, [" ".join(shown)]), *map(_sentence, why)])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def saved_of(run: Run | None) -> list[str]:
    """Return the names of the surfaces of `run` that can be shown as they were saved."""
    surfaces = {} if run is None else run.surfaces
    return [name for name, one in surfaces.items() if one.complete and min(one.grid.shape) > 1]


def first_view(run: Run | None) -> Projection | Saved:
    """Return what to show first: PCA of the path, or a saved surface where no other can be computed."""
    names = saved_of(run)
    cannot = run is not None and names and isinstance(run.stand_in(), Costless)
    return Saved(names[0]) if cannot else projection("pca")
