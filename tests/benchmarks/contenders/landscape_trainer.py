"""landscape, through its plugins: an Experiment that names its parts, and the Trainer that `fit` uses."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from problem import RATE, SIZES, Data, Training

from landscape import Experiment
from landscape._blas import blas_threads
from landscape.objective import Expectant, minibatch
from landscape.training import Trainer


class Replayed:
    """An objective of which the start and the order of examples are given, whatever the trainer asks for."""

    def __init__(self, objective, theta, rows) -> None:
        self._objective, self._theta = objective, theta
        self._rows: Iterator = iter(rows)
        self.layout, self.dtype, self.examples = objective.layout, objective.dtype, objective.examples
        self.evaluate, self.gradient = objective.evaluate, objective.gradient

    def initial(self, rng):
        return self._theta.astype(self.dtype)

    def minibatch(self, theta, gradient, size, threads=1):
        compute = minibatch(self._objective, theta, gradient, size, threads)
        if isinstance(compute, Expectant):
            self._given = list(self._rows)
            self._rows = iter(self._given)
            compute.expect(self._given)
        return lambda rows, factor: compute(next(self._rows), factor)


def start(data: Data, theta, batch: int) -> Training:
    experiment = Experiment(
        hidden=SIZES[1:-1], activation="sigmoid", output="sigmoid", cost="quadratic",
        optimizer={"name": "sgd", "learning_rate": RATE}, batch_size=batch, epochs=1_000_000,
    )  # fmt: skip
    threads = int(os.environ["OMP_NUM_THREADS"])
    blas_threads(1).__enter__()  # for good, as `fit` has it while it trains
    objective = experiment.objective()
    trainer = Trainer(experiment, objective, threads)

    def replay(rows):
        replayed = Trainer(experiment, Replayed(objective, theta, rows), threads)
        return np.array([replayed.step() for _ in rows])

    def epoch():
        return [trainer.step() for _ in range(trainer.steps_per_epoch)]

    return Training(replay, epoch)
