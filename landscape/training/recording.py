"""How is a whole run trained and recorded?"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path as FilePath
from time import perf_counter
from typing import NamedTuple

import numpy as np

from landscape._blas import blas_threads
from landscape._guard import reason
from landscape.errors import DivergenceError, ObserverError, PluginError, RunError
from landscape.experiment import Experiment
from landscape.kinds import EpochEvent, StepEvent, Training
from landscape.layout import Array
from landscape.objective import Objective
from landscape.path import as_path, snapshot_steps
from landscape.runs import Ending, History, Run, RunWriter, provenance
from landscape.training.blame import culprit, stopped, why
from landscape.training.interruption import deferred_interrupt
from landscape.training.trainer import Trainer
from landscape.training.watching import Watchers, live_view


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


class ObserverWarning(UserWarning):
    """An observer raised, which stopped training if it was not at its end; the run holds what was recorded."""


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
    at which step and why, and so does an observer that raises, with an `ObserverWarning` that names it. `Run.ending`
    tells which it was.

    Anything else that is raised, by a cost say, is raised here too. The folder keeps what was recorded until then,
    and says which plugin stopped training, in which line, and why; a note of the exception says so.

    Parameters
    ----------
    experiment : what to train.
    objective : what to minimize, when not the experiment's own.
    folder : where to record the run while it trains; it must not exist yet.
    threads : one or two; see `steps`.
    on_progress : called every half second, and at the end; its `Progress.news` leave no epoch out.

    Raises
    ------
    PluginError
        When a plugin wants to end the program, or breaks its contract.
    """
    trainer = Trainer(experiment, objective, threads, norms=_is_watched(experiment))
    # a diverging run overflows before its cost is seen to be infinite: that is said once, by the divergence
    quiet = np.errstate(over="ignore", invalid="ignore")
    with quiet, blas_threads(1), deferred_interrupt() as check:
        recorder = _Recorder(trainer, folder, on_progress)
        try:
            ending, message = _ending_of(recorder, check)
        except BaseException as error:  # whatever it is, the folder must not say that it is still being trained
            _abandon(recorder, error)
            raise
        failures = recorder.watchers.close(trainer.index)
        if failures:
            ending = "stopped" if ending == "finished" else ending
            message = "; ".join(filter(None, [message, *map(str, failures)]))
        run = recorder.finish(ending, message)
    if ending == "diverged":
        warnings.warn(message, DivergenceWarning, stacklevel=2)
    elif ending == "stopped" or failures:
        warnings.warn(message, ObserverWarning, stacklevel=2)
    return run


def _is_watched(experiment: object) -> bool:
    """Return whether an experiment, if it is one, names observers."""
    return isinstance(experiment, Experiment) and bool(experiment.observers)


def _ending_of(recorder: _Recorder, check: Callable[[], None]) -> tuple[Ending, str]:
    """Train; return how that ended, and what is to be said of it."""
    try:
        recorder.train(check)
    except KeyboardInterrupt:
        return "interrupted", f"interrupted after step {recorder.trainer.index}"
    except DivergenceError as error:
        return "diverged", str(error)
    except ObserverError as error:
        return "stopped", str(error)
    except SystemExit as error:
        plugin = culprit(error)
        if plugin is None:
            raise
        said = f"{plugin.kind} {plugin.name!r} raised {why(plugin, error)}"
        raise PluginError(f"{said}: a plugin must not end the program") from error
    return "finished", ""


def _abandon(recorder: _Recorder, error: BaseException) -> None:
    """Keep what was recorded of a training that `error` ended; say so in the folder, and in a note of the error."""
    step = recorder.trainer.index
    failures = recorder.watchers.close(step)
    message = "; ".join([stopped(error, step), *map(str, failures)])
    try:
        recorder.finish("stopped", message)
    except Exception as worse:  # what ended training, such as too little memory, may keep the rest from being kept
        error.add_note(f"what was not recorded yet is lost: {reason(worse)}")
        recorder.close("stopped", message)
    if recorder.folder is not None:
        error.add_note(f"training stopped after step {step}; what was recorded is kept in {str(recorder.folder)!r}")


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
        self.watchers = Watchers(trainer.experiment.observers)
        self._watched = bool(trainer.experiment.observers)
        self._theta = live_view(trainer.theta)
        self._seconds = 0.0
        self._started: float | None = None
        self._told = 0
        self._reported = perf_counter()
        self._saved = -1
        self._writer = (  # the last that may fail here: there is a folder from now on
            None
            if folder is None
            else RunWriter(folder, trainer.experiment, self._provenance, trainer.theta.size, trainer.theta.dtype)
        )

    @property
    def folder(self) -> FilePath | None:
        """Where the run is recorded, None where it is kept in memory only."""
        return None if self._writer is None else self._writer.folder

    def train(self, check: Callable[[], None]) -> None:
        """Run all epochs, calling `check` between steps."""
        self._snapshot()
        check()
        self._measure()
        self.watchers.open(self._training(), self.trainer.index)
        self._tell_epoch()
        while not self.trainer.done:
            self._train_epoch(check)
            self._measure()

    def _train_epoch(self, check: Callable[[], None]) -> None:
        trainer = self.trainer
        self._started = perf_counter()
        try:
            for _ in range(trainer.steps_per_epoch):
                self._batch_costs.append(trainer.step())
                if self._watched:
                    self._tell_step()
                if trainer.index == self._next:
                    trainer.check()
                    self._snapshot()
                if trainer.index % _STEPS_BETWEEN_LOOKS == 0:
                    self._report(force=False)
                check()
        finally:
            self._seconds += perf_counter() - self._started
            self._started = None

    def _training(self) -> Training:
        """Return what observers are told before the first step."""
        trainer = self.trainer
        return Training(
            trainer.experiment.to_dict(),
            trainer.objective.layout,
            trainer.steps_per_epoch,
            trainer.total_steps,
            self.folder,
        )

    def _tell_step(self) -> None:
        trainer, cost = self.trainer, self._batch_costs[-1]
        rate, norm = trainer.learning_rate, trainer.gradient_norm
        self.watchers.step(StepEvent(trainer.index, trainer.epoch, cost, norm, rate, self._theta))

    def _tell_epoch(self) -> None:
        measured = self._measured[-1]
        self.watchers.epoch(EpochEvent(measured.epoch, self.trainer.index, *measured[1:], self._theta))

    def _snapshot(self) -> None:
        self._thetas.append(self.trainer.theta.copy())  # first, as there may be no memory for it
        self._steps.append(self.trainer.index)
        self._next = next(self._due, -1)

    def _measure(self) -> None:
        """Evaluate all examples at the end of an epoch."""
        trainer = self.trainer
        train = trainer.objective.evaluate(trainer.theta, "train")
        test = trainer.objective.evaluate(trainer.theta, "test")
        self._measured.append(Measured(trainer.epoch, train.cost, test.cost, train.accuracy, test.accuracy))
        self._report(force=trainer.done)
        self._tell_epoch()
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

    def close(self, ending: Ending, message: str) -> None:
        """Say in the folder, if it can be written, how training ended; add nothing to what is recorded."""
        with suppress(RunError):
            self._close(ending, message)

    def _close(self, ending: Ending, message: str) -> None:
        if self._writer is not None:
            self._writer.finish(ending, message, self._seconds)

    def finish(self, ending: Ending, message: str) -> Run:
        """Keep the last θ, commit, and return the run."""
        trainer = self.trainer
        if (not self._steps or self._steps[-1] != trainer.index) and np.isfinite(trainer.theta).all():
            self._snapshot()
        self._commit()
        self._close(ending, message)
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
            folder=self.folder,
            objective=trainer.objective,
        )
