"""What is an observer told of a training, and where does it work meanwhile?"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import numpy as np

from landscape.experiment import Experiment
from landscape.kinds import EpochEvent, StepEvent, Training
from landscape.layout import Array, Layout, dense_layout, plain_layout
from landscape.testing.talk import Kept


@cache
def _experiments() -> dict[str, dict[str, Any]]:
    """Return the experiments that are watched, as plain values."""
    network = Experiment(dataset={"name": "xor", "train_size": 12, "test_size": 6}, hidden=(2,), epochs=3)
    return {"network": network.to_dict(), "function": Experiment(function="rosenbrock", epochs=12).to_dict()}


class Form(NamedTuple):
    """What a training is like that is watched."""

    name: str
    epochs: int = 3
    steps_per_epoch: int = 4
    dtype: type[np.floating] = np.float32
    labels: bool = True
    rate: float = 0.5
    cost: float = 1.0
    seed: int = 0
    folder: str | None = None
    what: Literal["network", "function"] = "network"
    diverges: bool = False

    @property
    def experiment(self) -> dict[str, Any]:
        """The experiment as plain values, a fresh copy."""
        said = copy.deepcopy(_experiments()[self.what])
        if np.isnan(self.rate):
            said["optimizer"] = {"name": "of_another_distribution"}
        return said

    @property
    def layout(self) -> Layout:
        """The blocks of θ."""
        return dense_layout((2, 2, 2)) if self.what == "network" else plain_layout(2)

    @property
    def training(self) -> Training:
        """What the observer is told at the start; the folder, where there is one, is made."""
        total = self.epochs * self.steps_per_epoch
        folder = None if self.folder is None else Path(self.folder)
        if folder is not None:
            folder.mkdir(parents=True)
        return Training(self.experiment, self.layout, self.steps_per_epoch, total, folder)


USUAL = Form("an ordinary training")
OTHER = Form("another training", seed=1)
FORMS = (
    USUAL,
    Form("a training in float64 without labels", dtype=np.float64, labels=False),
    Form("a training whose optimizer has no learning rate", rate=np.nan),
    Form("a training whose costs, gradient and learning rate are 0", rate=0.0, cost=0.0),
    Form("a training of one step", epochs=1, steps_per_epoch=1),
    Form("a training of one step an epoch", epochs=6, steps_per_epoch=1),
    Form("a training of 1,200 steps", epochs=2, steps_per_epoch=600),
    Form("a training recorded in a folder", folder="runs/first.zarr"),
    Form("a training that diverges", diverges=True),
    Form("the descent of a test function", epochs=12, steps_per_epoch=1, labels=False, what="function"),
)

Event = StepEvent | EpochEvent


def events_of(form: Form, *, live: bool = True) -> Iterator[Event]:
    """Yield the events of a training in their order; unless `live`, each has a θ of its own."""
    rng, total = np.random.default_rng(form.seed), form.epochs * form.steps_per_epoch
    theta = rng.normal(size=form.layout.size).astype(form.dtype)

    def shown() -> Array:
        view = theta.view() if live else theta.copy()
        view.flags.writeable = False
        return view

    yield _epoch_event(form, 0, shown(), rng)
    for step in range(1, total + 1):
        theta += rng.normal(size=theta.size).astype(form.dtype) / 10
        epoch = (step - 1) // form.steps_per_epoch + 1
        cost, norm = form.cost * (1 / step + 0.1 * rng.random()), form.cost * 2 * rng.random()
        if form.diverges and step >= total - 1:
            cost, norm = (cost, np.inf) if step < total else (np.nan, np.nan)
        yield StepEvent(step, epoch, float(cost), float(norm), form.rate, shown())
        if step % form.steps_per_epoch == 0:
            yield _epoch_event(form, epoch, shown(), rng)


def _epoch_event(form: Form, epoch: int, theta: Array, rng: np.random.Generator) -> EpochEvent:
    # the last epoch is not the best one, so that what is kept of the best shows
    costs = form.cost * ((1 if epoch == form.epochs else 1 / (epoch + 1)) + 0.1 * rng.random(2))
    if form.diverges and epoch == form.epochs:
        costs = np.array([np.nan, np.inf])
    right = rng.random(2) if form.labels else np.full(2, np.nan)
    measured = [float(number) for number in (*costs, *right)]
    return EpochEvent(epoch, epoch * form.steps_per_epoch, measured[0], measured[1], measured[2], measured[3], theta)


@contextmanager
def elsewhere() -> Iterator[Path]:
    """Work in an empty folder that is removed afterwards, with what is printed kept from the screen."""
    # where a watcher has not closed its files, some systems cannot remove them; that is found by another check
    with (
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        chdir(folder),
        redirect_stdout(Kept()),
        redirect_stderr(Kept()),
    ):
        yield Path(folder)
