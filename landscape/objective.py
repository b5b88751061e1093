"""What does θ cost, and which way is down? The one thing that training and exploring know of a problem.

Whatever has these members is an objective: a network on data, a plain function, a model of another
framework. Two optional members make it faster, never different: see `Minibatches` and `PlaneEvaluators`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol, get_args, runtime_checkable

import numpy as np

from landscape.layout import Array, IntArray, Layout
from landscape.plane import Plane

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


class Evaluation(NamedTuple):
    """Cost and accuracy at one θ.

    `cost` is the mean loss over the examples; `accuracy` the share of them whose largest output is the
    label's, NaN where there are no labels; `deviation` the sample standard deviation of the losses.
    """

    cost: float
    accuracy: float
    deviation: float


class Evaluations(NamedTuple):
    """As `Evaluation`, at p points: three float64 arrays (p,)."""

    cost: Array
    accuracy: Array
    deviation: Array


@runtime_checkable
class Objective(Protocol):
    """The cost as a function of one flat vector θ.

    Attributes
    ----------
    layout : the named blocks of θ.
    dtype : the precision of θ, float32 or float64.
    """

    @property
    def layout(self) -> Layout:
        """The named blocks of θ."""
        ...

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The precision of θ."""
        ...

    def examples(self, split: Split) -> int:
        """Return how many examples the split has; a plain function has one."""
        ...

    def initial(self, rng: np.random.Generator) -> Array:
        """Return a fresh starting point, (P,) of `dtype`."""
        ...

    def evaluate(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> Evaluation:
        """Return cost, accuracy and deviation at `theta` (P,), on `rows` of the split or on all of it."""
        ...

    def gradient(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> tuple[float, Array]:
        """Return the cost and its gradient (P,) at `theta` (P,), on `rows` of the split or on all of it."""
        ...


class Minibatch(Protocol):
    """The gradient of one batch, bound to a θ and to an array that it writes to."""

    def __call__(self, rows: IntArray, factor: float = 1.0, /) -> float:
        """Write `factor` times the gradient at the bound θ for the training `rows`; return their cost."""
        ...


PlaneEvaluator = Callable[[Array, Array], Evaluations]
"""Takes coordinates a (p,) and b (p,), returns the evaluations at these points of a plane."""


@runtime_checkable
class Minibatches(Protocol):
    """An objective whose minibatch gradients can reuse their work space."""

    def minibatch(self, theta: Array, gradient: Array, size: int, threads: int = 1) -> Minibatch:
        """Return a function of `size` training rows, bound to `theta` and `gradient`, both (P,).

        It may use `threads` threads. If it has a method `expect`, that is called with a list of rows before
        they are used, one call each, so that it can prepare them.
        """
        ...


@runtime_checkable
class Expectant(Protocol):
    """A minibatch gradient that wants to know which batches come."""

    def expect(self, batches: Sequence[IntArray]) -> None:
        """Announce the rows of the next calls, in this order."""
        ...


@runtime_checkable
class PlaneEvaluators(Protocol):
    """An objective that evaluates many points of one plane faster than one by one."""

    def plane_evaluator(self, plane: Plane, split: Split, rows: IntArray | None, accuracy: bool) -> PlaneEvaluator:
        """Return a thread-safe evaluator of `plane` on `rows` of the split or on all of it."""
        ...


def minibatch(objective: Objective, theta: Array, gradient: Array, size: int, threads: int = 1) -> Minibatch:
    """Return the objective's own minibatch gradient, or one made of its `gradient`."""
    if isinstance(objective, Minibatches):
        return objective.minibatch(theta, gradient, size, threads)

    def compute(rows: IntArray, factor: float = 1.0) -> float:
        cost, found = objective.gradient(theta, "train", rows)
        np.multiply(found, factor, out=gradient)
        return cost

    return compute


def plane_evaluator(
    objective: Objective, plane: Plane, split: Split, rows: IntArray | None, accuracy: bool
) -> PlaneEvaluator:
    """Return the objective's own evaluator of the plane, or one that goes point by point."""
    if isinstance(objective, PlaneEvaluators):
        return objective.plane_evaluator(plane, split, rows, accuracy)

    def evaluate(a: Array, b: Array) -> Evaluations:
        thetas = plane.lift(a, b).astype(objective.dtype)
        table = np.array([objective.evaluate(theta, split, rows) for theta in thetas], np.float64)
        return Evaluations(*table.reshape(-1, 3).T)

    return evaluate
