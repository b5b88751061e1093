"""How does θ move, one step at a time?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from landscape._blas import blas_threads
from landscape.errors import DivergenceError, ExperimentError
from landscape.experiment import Experiment
from landscape.kinds import Optimizer, checked_factors
from landscape.layout import Array, IntArray
from landscape.objective import Expectant, Minibatch, Objective, minibatch
from landscape.schedules import Constant
from landscape.training.clipping import Clip

_STEPS_BETWEEN_CHECKS = 16  # of θ: at each one they would take a twentieth of the time of small batches


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
    threads : with two, the next examples are gathered while a step is computed; numbers stay the same.
    norms : whether to measure the gradient's norm at every step.

    Attributes
    ----------
    theta : (P,) the live parameters, changed in place by every step.
    index, epoch : steps done, and the epoch that the last of them belongs to (0 before the first).
    """

    def __init__(
        self,
        experiment: Experiment,
        objective: Objective | None = None,
        threads: int = 1,
        *,
        norms: bool = False,
    ) -> None:
        if not isinstance(experiment, Experiment):
            raise ExperimentError(f"{experiment!r} is no experiment: write Experiment(…), or Experiment(**table)")
        self.experiment = experiment
        self.objective = experiment.objective() if objective is None else objective
        self._clip = Clip(experiment.clip_value, experiment.clip_norm, measures=norms)
        self._factors: list[float] | None = None  # those of the epoch's steps, where they differ
        self._scale = 1.0
        self.optimizer = experiment.optimizer
        # a copy, as every step changes it in place
        self.theta = np.array(self.objective.initial(experiment.rng("initial")), self.objective.dtype)
        self.index = 0
        self._threads = threads
        self._gradient = np.empty_like(self.theta)
        self._state = self.optimizer.init(self.theta)
        self._count = self.objective.examples("train")
        self._size = min(experiment.batch_size, self._count)
        self.steps_per_epoch = -(-self._count // self._size)
        self.total_steps = self.steps_per_epoch * experiment.epochs
        self._minibatches: dict[int, Minibatch] = {}
        self._order: list[IntArray] = []

    @property
    def optimizer(self) -> Optimizer:
        """How θ moves, before the schedule; may be replaced between steps by another with the same state.

        The schedule's factor applies to the learning rate of the new one just as to that of the old.
        """
        return self._base

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        self._use(optimizer, self._scale)

    def _use(self, base: Optimizer, scale: float) -> None:
        """Use the optimizer `base` with its learning rate multiplied by `scale`."""
        optimizer = _scaled(base, scale)
        self._base, self._optimizer, self._scale = base, optimizer, scale
        # what is clipped is the gradient itself; and of a gradient times 0 no norm could be told
        self._factor = None if self._clip.clips else optimizer.factor() or None

    @property
    def learning_rate(self) -> float:
        """The learning rate that the last step used; before any the optimizer's own; NaN where there is none."""
        return _rate_of(self._optimizer)

    @property
    def gradient_norm(self) -> float:
        """The Euclidean norm of the last step's gradient before any clipping; NaN unless `norms` are measured."""
        return self._clip.norm

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
            When that cost is not finite; θ stays as it was. When θ is not; that is looked at every few steps.
        """
        index = self.index
        position = index % self.steps_per_epoch
        if position == 0:
            self._begin_epoch()
        if self._factors is not None and self._factors[position] != self._scale:
            self._use(self._base, self._factors[position])
        rows = self._order[position]
        factor = self._factor
        cost = self._minibatches[len(rows)](rows, 1.0 if factor is None else factor)
        if not math.isfinite(cost):
            raise DivergenceError(self._why_diverged(index + 1, cost))
        if factor is None:
            self._state = self._optimizer.step(self._gradient, self._state, self.theta)
        else:
            np.add(self.theta, self._gradient, self.theta)
        self.index = index = index + 1
        if index % _STEPS_BETWEEN_CHECKS == 1:
            self.check()
        return cost

    def check(self, cost: float | None = None) -> None:
        """Raise DivergenceError when θ, which saturated units may hide, or a `cost` of it is not finite."""
        if not (math.isfinite(cost or 0) and np.isfinite(self.theta).all()):
            raise DivergenceError(self._why_diverged(self.index, cost))

    def _begin_epoch(self) -> None:
        """Take the epoch's factors and draw its batches; each epoch has its own generator."""
        done = self.index // self.steps_per_epoch
        self._take_factors()
        order = self.experiment.rng("order", done).permutation(self._count)
        starts = range(0, self._count, self._size)
        self._order = [order[start : start + self._size] for start in starts]
        for size in {self._size, len(self._order[-1])} - self._minibatches.keys():
            compute = minibatch(self.objective, self.theta, self._gradient, size, self._threads)
            self._minibatches[size] = self._clip.applied(compute, self._gradient)
        compute = self._minibatches[self._size]
        if isinstance(compute, Expectant):
            compute.expect(self._order)

    def _take_factors(self) -> None:
        """Ask the schedule for the factors of the epoch's steps; keep them where they are not all the same."""
        schedule = self.experiment.schedule
        if isinstance(schedule, Constant):
            return
        end = self.index + self.steps_per_epoch
        steps = np.arange(self.index, end, dtype=np.int64)
        factors = checked_factors(schedule, steps, self.steps_per_epoch, max(end, self.total_steps))
        self._factors = None
        if (factors == factors[0]).all():
            self._use(self._base, float(factors[0]))
        else:
            self._factors = factors.tolist()

    def _why_diverged(self, step: int, cost: float | None) -> str:
        """Return a statement of where a cost or parameter that is not finite arose, and of the likely cause."""
        largest = np.abs(self.theta).max()
        said = "" if math.isnan(self.learning_rate) else f" of {self.learning_rate:g}"
        cause = (
            f"the learning rate{said} is likely too large: try a tenth of it"
            if self.index
            else "the starting point is outside of where the cost is defined: choose another initialization"
        )
        return (
            f"training diverged at step {step} (epoch {-(-step // self.steps_per_epoch)}): "
            + ("" if cost is None else f"the cost is {cost} and ")
            + f"the largest parameter is {largest:.3g}; {cause}"
        )


def _scaled(optimizer: Optimizer, scale: float) -> Optimizer:
    """Return `optimizer` with its learning rate multiplied by `scale`; ExperimentError where it has none."""
    if scale == 1:
        return optimizer
    rate = _rate_of(optimizer)
    if math.isnan(rate):
        raise ExperimentError(f"{optimizer.name} has no learning_rate for the schedule to change: take 'constant'")
    return optimizer.model_copy(update={"learning_rate": rate * scale})


def _rate_of(optimizer: Optimizer) -> float:
    """Return the learning rate, NaN where there is none."""
    rate = getattr(optimizer, "learning_rate", None)
    return float(rate) if isinstance(rate, int | float) else math.nan


def steps(experiment: Experiment, objective: Objective | None = None, *, threads: int = 1) -> Iterator[Step]:
    """Train and yield each step as it is done; stop early by leaving the loop.

    With two `threads`, one gathers the next examples while the other computes; the numbers stay the same. BLAS
    has one thread: more gain nothing in small batches, and lose much when the machine has other work.

    Raises
    ------
    DivergenceError
        When a batch's cost or θ is not finite; the message says at which step and why, most likely.
    """
    trainer = Trainer(experiment, objective, threads)
    with blas_threads(1):
        while not trainer.done:
            with np.errstate(over="ignore", invalid="ignore"):  # a divergence is raised as such
                cost = trainer.step()
            trainer.check()
            yield Step(trainer.index, trainer.epoch, cost, _frozen(trainer.theta))


def _frozen(theta: Array) -> Array:
    copy = theta.copy()
    copy.flags.writeable = False
    return copy
