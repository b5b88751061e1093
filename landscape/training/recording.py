"""How is a whole run trained and recorded?"""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from time import perf_counter
from types import FrameType
from typing import NamedTuple

import numpy as np

from landscape._blas import blas_threads
from landscape.errors import DivergenceError
from landscape.experiment import Experiment
from landscape.layout import Array
from landscape.objective import Objective
from landscape.path import as_path, snapshot_steps
from landscape.runs import Ending, History, Run, RunWriter, provenance
from landscape.training.trainer import Trainer


class Measured(NamedTuple):
    """Costs and accuracies on all training and test examples at the end of an epoch; epoch 0 is the start."""

    epoch: int
    train_cost: float
    test_cost: float
    train_accuracy: float
    test_accuracy: float


class Progress(NamedTuple):
    """Where `fit` is.

    The last step done, with its batch's cost; the last epoch measured, and all those measured since the last
    report; how many examples' gradients were taken in how many seconds of training; and the last step that is
    safe on disk, -1 before anything is and when the run goes to no folder.
    """

    step: int
    total_steps: int
    epochs: int
    cost: float
    measured: Measured
    news: tuple[Measured, ...]
    examples: int
    seconds: float
    saved: int


class DivergenceWarning(UserWarning):
    """Training stopped because a cost or θ was not finite; the run holds what was recorded until then."""


def fit(
    experiment: Experiment,
    *,
    objective: Objective | None = None,
    folder: str | FilePath | None = None,
    threads: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Train to the end and return the run: history, path, θ and timing.

    Ctrl-C ends training and returns the run so far; so does divergence, with a `DivergenceWarning` that says
    at which step and why. `Run.ending` tells which it was.

    Parameters
    ----------
    experiment : what to train.
    objective : what to minimize, when not the experiment's own.
    folder : where to record the run while it trains; it must not exist yet.
    threads : one or two; see `steps`.
    on_progress : called every half second, and at the end; its `Progress.news` leave no epoch out.
    """
    recorder = _Recorder(Trainer(experiment, objective, threads), folder, on_progress)
    ending: Ending = "finished"
    message = ""
    # a diverging run overflows before its cost is seen to be infinite: that is said once, by the divergence
    quiet = np.errstate(over="ignore", invalid="ignore")
    with quiet, blas_threads(1), _deferred_interrupt() as check:
        try:
            recorder.train(check)
        except KeyboardInterrupt:
            ending, message = "interrupted", f"interrupted after step {recorder.trainer.index}"
        except DivergenceError as error:
            ending, message = "diverged", str(error)
        run = recorder.finish(ending, message)
    if ending == "diverged":
        warnings.warn(message, DivergenceWarning, stacklevel=2)
    return run


@contextmanager
def _deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt when Ctrl-C was pressed, so that no step is cut in two.

    A second Ctrl-C is not waited for. Where signals are not ours to handle (in other threads, or when the
    program has a handler of its own) nothing changes.
    """
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield check
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# A path of a large network is thinned further, so that it fits in memory beside the data.
_PATH_BYTES = 1 << 29
_SECONDS_BETWEEN_REPORTS = 0.5
_STEPS_BETWEEN_LOOKS = 16  # at the clock


class _Recorder:
    """Trains to the end while keeping the path and the history, in memory and, as it goes, on disk."""

    def __init__(
        self,
        trainer: Trainer,
        folder: str | FilePath | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.trainer = trainer
        capacity = max(8, min(trainer.experiment.snapshots, _PATH_BYTES // trainer.theta.nbytes))
        self._due = iter(snapshot_steps(trainer.total_steps, capacity).tolist())
        self._next = next(self._due)
        self._steps: list[int] = []
        self._thetas: list[Array] = []
        self._batch_costs: list[float] = []
        self._measured: list[Measured] = []
        self._tell = on_progress
        self._provenance = provenance(trainer.experiment, trainer.objective)
        self._writer = (
            None
            if folder is None
            else RunWriter(folder, trainer.experiment, self._provenance, trainer.theta.size, trainer.theta.dtype)
        )
        self._seconds = 0.0
        self._started: float | None = None
        self._told = 0
        self._reported = perf_counter()
        self._saved = -1

    def train(self, check: Callable[[], None]) -> None:
        """Run all epochs, calling `check` between steps."""
        self._snapshot()
        self._measure()
        while not self.trainer.done:
            self._train_epoch(check)
            self._measure()

    def _train_epoch(self, check: Callable[[], None]) -> None:
        trainer = self.trainer
        self._started = perf_counter()
        try:
            for _ in range(trainer.steps_per_epoch):
                self._batch_costs.append(trainer.step())
                if trainer.index == self._next:
                    trainer.check()
                    self._snapshot()
                if trainer.index % _STEPS_BETWEEN_LOOKS == 0:
                    self._report(force=False)
                check()
        finally:
            self._seconds += perf_counter() - self._started
            self._started = None

    def _snapshot(self) -> None:
        self._steps.append(self.trainer.index)
        self._thetas.append(self.trainer.theta.copy())
        self._next = next(self._due, -1)

    def _measure(self) -> None:
        """Evaluate all examples at the end of an epoch."""
        trainer = self.trainer
        train = trainer.objective.evaluate(trainer.theta, "train")
        test = trainer.objective.evaluate(trainer.theta, "test")
        self._measured.append(Measured(trainer.epoch, train.cost, test.cost, train.accuracy, test.accuracy))
        self._report(force=trainer.done)
        trainer.check(train.cost)

    def _report(self, *, force: bool) -> None:
        """Commit to disk and tell where training is, every half second or when forced."""
        now = perf_counter()
        if not self._measured or (not force and now - self._reported < _SECONDS_BETWEEN_REPORTS):
            return
        self._reported = now
        self._commit()
        if self._tell is not None:
            trainer = self.trainer
            cost = self._batch_costs[-1] if self._batch_costs else self._measured[0].train_cost
            self._tell(
                Progress(
                    trainer.index,
                    trainer.total_steps,
                    trainer.experiment.epochs,
                    cost,
                    self._measured[-1],
                    tuple(self._measured[self._told :]),
                    trainer.examples,
                    self._seconds + (0.0 if self._started is None else now - self._started),
                    self._saved,
                )
            )
            self._told = len(self._measured)

    def _commit(self) -> None:
        """Write what is not yet on disk."""
        if self._writer is None:
            return
        snapshots, batches, epochs = self._writer.saved
        self._writer.record(
            self._steps[snapshots:],
            self._thetas[snapshots:],
            self._batch_costs[batches:],
            self._measured[epochs:],
            seconds=self._seconds,
        )
        self._saved = self._steps[-1]

    def finish(self, ending: Ending, message: str) -> Run:
        """Keep the last θ, commit, and return the run."""
        trainer = self.trainer
        if (not self._steps or self._steps[-1] != trainer.index) and np.isfinite(trainer.theta).all():
            self._snapshot()
        self._commit()
        if self._writer is not None:
            self._writer.finish(ending, message, self._seconds)
        table = np.array(self._measured, np.float64).reshape(-1, 5)
        history = History(np.array(self._batch_costs, np.float64), table[:, 0].astype(np.int64), *table[:, 1:].T)
        return Run(
            experiment=trainer.experiment,
            history=history,
            path=as_path(self._steps, self._thetas),
            seconds=self._seconds,
            provenance=self._provenance,
            ending=ending,
            message=message,
            folder=None if self._writer is None else self._writer.folder,
            objective=trainer.objective,
        )
