"""How does θ move? One step at a time, with `steps`; to the end, recording, with `fit`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from time import perf_counter
from typing import NamedTuple

import numpy as np

from landscape._blas import blas_threads
from landscape.errors import DivergenceError
from landscape.experiment import Experiment
from landscape.kinds import Optimizer
from landscape.layout import Array, IntArray
from landscape.objective import Minibatch, Objective, minibatch
from landscape.path import as_path, snapshot_steps
from landscape.runs import Ending, History, Run, RunWriter, provenance


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of training.

    `index` counts from 1; `epoch` is the pass it belongs to, from 1; `cost` is the batch's, before the step;
    `theta` (P,) is a read-only copy of θ after it.
    """

    index: int
    epoch: int
    cost: float
    theta: Array


class Trainer:
    """The state of training: θ, the optimizer's state, and the place in the order of examples.

    Parameters
    ----------
    experiment : what to train; its seed fixes every number.
    objective : what to minimize, when not the experiment's own.

    Attributes
    ----------
    theta : (P,) the live parameters, changed in place by every step.
    index, epoch : steps done, and the epoch that the last of them belongs to (0 before the first).
    optimizer : may be replaced between steps by another with the same state, such as a smaller rate.
    """

    def __init__(self, experiment: Experiment, objective: Objective | None = None) -> None:
        self.experiment = experiment
        self.objective = experiment.objective() if objective is None else objective
        self.optimizer: Optimizer = experiment.optimizer
        self.theta = self.objective.initial(experiment.rng("initial"))
        self.index = 0
        self._gradient = np.empty_like(self.theta)
        self._state = self.optimizer.init(self.theta)
        self._count = self.objective.examples("train")
        self._size = min(experiment.batch_size, self._count)
        self.steps_per_epoch = -(-self._count // self._size)
        self.total_steps = self.steps_per_epoch * experiment.epochs
        self._minibatches: dict[int, Minibatch] = {}
        self._order: list[IntArray] = []

    @property
    def epoch(self) -> int:
        """The epoch of the last step, from 1; 0 before the first."""
        return -(-self.index // self.steps_per_epoch)

    @property
    def examples(self) -> int:
        """How many examples the steps so far have used, each counted as often as it was used."""
        epochs, batches = divmod(self.index, self.steps_per_epoch)
        return epochs * self._count + batches * self._size

    @property
    def done(self) -> bool:
        """Whether all epochs of the experiment are trained."""
        return self.index >= self.total_steps

    def step(self) -> float:
        """Take one step and return the batch's cost before it.

        Raises
        ------
        DivergenceError
            When that cost is not finite; θ stays as it was.
        """
        position = self.index % self.steps_per_epoch
        if position == 0:
            self._begin_epoch()
        rows = self._order[position]
        cost = self._minibatch(len(rows))(rows)
        if not math.isfinite(cost):
            raise DivergenceError(self.why_diverged(cost))
        self._state = self.optimizer.step(self._gradient, self._state, self.theta)
        self.index += 1
        return cost

    def _begin_epoch(self) -> None:
        """Decay the rate and draw the epoch's batches; each epoch has its own generator."""
        done = self.index // self.steps_per_epoch
        if done and self.experiment.learning_rate_decay != 1:
            rate = vars(self.optimizer)["learning_rate"] * self.experiment.learning_rate_decay
            self.optimizer = self.optimizer.model_copy(update={"learning_rate": rate})
        order = self.experiment.rng("order", done).permutation(self._count)
        starts = range(0, self._count, self._size)
        self._order = [order[start : start + self._size] for start in starts]

    def _minibatch(self, size: int) -> Minibatch:
        """Return the bound gradient for batches of `size`: the usual one, or an epoch's last, smaller one."""
        if size not in self._minibatches:
            self._minibatches[size] = minibatch(self.objective, self.theta, self._gradient, size)
        return self._minibatches[size]

    def why_diverged(self, cost: float) -> str:
        """Return a statement of where a non-finite `cost` arose, and of the likely cause."""
        largest = np.abs(self.theta).max()
        rate = getattr(self.optimizer, "learning_rate", None)
        said = "" if rate is None else f" of {rate:g}"
        cause = (
            f"the learning rate{said} is likely too large: try a tenth of it"
            if self.index
            else "the starting point is outside of where the cost is defined: choose another initialization"
        )
        return (
            f"training diverged at step {self.index + 1} (epoch {self.index // self.steps_per_epoch + 1}): "
            f"the cost is {cost} and the largest parameter {largest:.3g}; {cause}"
        )


def steps(experiment: Experiment, objective: Objective | None = None, *, threads: int = 1) -> Iterator[Step]:
    """Train and yield each step as it is done; stop early by leaving the loop.

    BLAS uses `threads` threads meanwhile: one is the fastest for small batches and does not suffer from what
    else runs on the machine; two pay from about 1000 examples on.

    Raises
    ------
    DivergenceError
        When a batch's cost is not finite; the message says at which step and why, most likely.
    """
    trainer = Trainer(experiment, objective)
    with blas_threads(threads):
        while not trainer.done:
            cost = trainer.step()
            yield Step(trainer.index, trainer.epoch, cost, _frozen(trainer.theta))


def _frozen(theta: Array) -> Array:
    copy = theta.copy()
    copy.flags.writeable = False
    return copy


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
    """Training stopped because a cost was not finite; the run holds what was recorded until then."""


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
    threads : of BLAS; see `steps`.
    on_progress : called every half second, and at the end; its `Progress.news` leave no epoch out.
    """
    recorder = _Recorder(Trainer(experiment, objective), folder, on_progress)
    ending: Ending = "finished"
    message = ""
    with blas_threads(threads):
        try:
            recorder.train()
        except KeyboardInterrupt:
            ending, message = "interrupted", f"interrupted after step {recorder.trainer.index}"
        except DivergenceError as error:
            ending, message = "diverged", str(error)
    run = recorder.finish(ending, message)
    if ending == "diverged":
        warnings.warn(message, DivergenceWarning, stacklevel=2)
    return run


# A path of a large network is thinned further, so that it fits in memory beside the data.
_PATH_BYTES = 1 << 29
_SECONDS_BETWEEN_REPORTS = 0.5


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

    def train(self) -> None:
        """Run all epochs."""
        self._snapshot()
        self._measure()
        while not self.trainer.done:
            self._train_epoch()
            self._measure()

    def _train_epoch(self) -> None:
        trainer = self.trainer
        self._started = perf_counter()
        try:
            for _ in range(trainer.steps_per_epoch):
                self._batch_costs.append(trainer.step())
                if trainer.index == self._next:
                    self._snapshot()
                    self._report(force=False)
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
        if not math.isfinite(train.cost):
            raise DivergenceError(trainer.why_diverged(train.cost))

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
