"""landscape: `evaluate` on the plane, as `Run.surface` does, but cost alone, as the others."""

from __future__ import annotations

import os

from problem import Data, PlaneProblem, Surface

from landscape import Experiment, Plane
from landscape.surface import Grid, evaluate


def start(data: Data, plane: PlaneProblem) -> Surface:
    objective = Experiment().objective()
    workers = int(os.environ["OMP_NUM_THREADS"])
    grid = Grid(plane.ticks, plane.ticks)

    def surface():
        laid = Plane(plane.centre, plane.directions)
        return evaluate(objective, laid, grid, split="test", accuracy=False, workers=workers).cost

    return surface
