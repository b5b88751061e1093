"""What does the page show before anything is trained? A recorded run of the classic network, made here.

``python -m landscape.dashboard.recorded`` trains it anew and writes it beside this module.
"""

from __future__ import annotations

import json
from collections import deque
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from landscape.dashboard.payloads import finite, points_payload, surface_payload
from landscape.dashboard.slices import Slice, lay
from landscape.errors import LandscapeError
from landscape.experiment import Experiment, projection
from landscape.objective import Objective
from landscape.path import Path, as_path, snapshot_steps
from landscape.training import Trainer

FILE = "recorded.json"
_STEPS = 12_000
_POINTS = 300
_TESTS = 30


def load() -> dict[str, Any]:
    """Return the recorded run, in the form of a chunk."""
    try:
        text = resources.files("landscape.dashboard").joinpath(FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise LandscapeError(
            f"{FILE} is missing from the installed package ({error.strerror}): install it again"
        ) from error
    found: dict[str, Any] = json.loads(text)
    return found


def make(experiment: Experiment | None = None, steps: int = _STEPS) -> dict[str, Any]:
    """Train for a moment and return the run in the form of a chunk: points, surface, figures."""
    experiment = experiment or Experiment.preset("classic")
    trainer = Trainer(experiment)
    path, batches = _train(trainer, min(steps, trainer.total_steps))
    part = lay(experiment, trainer.objective, projection("pca"), path, ahead=False)
    costs = np.array([part.true_cost(theta) for theta in path.thetas])
    (last,) = deque(part.tiles(), maxlen=1)
    return {
        "key": "recorded",
        "from": 0,
        "to": int(path.steps[-1]) + 1,
        "points": points_payload(path.steps.tolist(), part.rows_of(path.thetas, costs, batches)),
        "surface": surface_payload(last.surface, version="recorded", plane="recorded"),
        "tests": [_test(trainer.objective, part, int(path.steps[k]), path.thetas[k]) for k in _spread(len(path))],
        "changes": [],
        "state": {
            "running": False,
            "busy": False,
            "notice": "",
            "replay": True,
            "label": "",
            "stepsPerEpoch": trainer.steps_per_epoch,
            "slice": {
                "captured": finite(part.plane.captured(path.thetas)),
                "walk": finite(part.walk(path.steps.tolist())),
                "fitted": part.fitted,
                "ahead": False,
                "whole": part.whole,
                "stale": False,
                "cosine": part.plane.cosine,
            },
        },
    }


def _train(trainer: Trainer, steps: int) -> tuple[Path, np.ndarray]:
    """Return the path of `steps` steps, and the cost of the batch before each of its points, NaN at first."""
    due = set(snapshot_steps(steps, _POINTS).tolist())
    taken, thetas, batches = [0], [trainer.theta.copy()], [float("nan")]
    for _ in range(steps):
        cost = trainer.step()
        if trainer.index in due:
            taken.append(trainer.index)
            thetas.append(trainer.theta.copy())
            batches.append(cost)
    return as_path(taken, thetas), np.array(batches)


def _spread(count: int) -> list[int]:
    return [int(k) for k in np.unique(np.linspace(0, count - 1, _TESTS).round())]


def _test(objective: Objective, part: Slice, step: int, theta: np.ndarray) -> dict[str, float | None]:
    here = objective.evaluate(theta, "test")
    train = objective.evaluate(theta, "train", part.rows)
    return {
        "step": step,
        "cost": finite(here.cost),
        "accuracy": finite(here.accuracy),
        "trainAccuracy": finite(train.accuracy),
    }


if __name__ == "__main__":
    FilePath(__file__).with_name(FILE).write_text(json.dumps(make()) + "\n", encoding="utf-8")
