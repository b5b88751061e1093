"""What does descent do on a plain function of a few parameters? An objective without a network or data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

from landscape.errors import ExperimentError, suggest
from landscape.layout import Array, IntArray, Layout, plain_layout
from landscape.objective import Evaluation, Evaluations, PlaneEvaluator, Split
from landscape.plane import Plane

# Every formula below is a polynomial of degree 8 at most (or grows more slowly), so that up to here no
# intermediate result leaves float64; beyond, the cost is infinite and no warning needs to be hidden.
FAR = 1e30


class Formula(NamedTuple):
    """A test function: `value` maps θ (..., P) to (...), `gradient` maps it to (..., P), both in float64."""

    value: Callable[[Array], Array]
    gradient: Callable[[Array], Array]
    start: tuple[float, ...]
    text: str
    source: str
    only_two: bool = False


def _rosenbrock(theta: Array) -> Array:
    x, y = theta[..., :-1], theta[..., 1:]
    return _sum(100 * (y - x * x) ** 2 + (1 - x) ** 2)


def _rosenbrock_gradient(theta: Array) -> Array:
    x, y = theta[..., :-1], theta[..., 1:]
    gradient = np.zeros_like(theta)
    gradient[..., :-1] = -400 * x * (y - x * x) - 2 * (1 - x)
    gradient[..., 1:] += 200 * (y - x * x)
    return gradient


def _himmelblau(theta: Array) -> Array:
    x, y = theta[..., 0], theta[..., 1]
    value: Array = (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2
    return value


def _himmelblau_gradient(theta: Array) -> Array:
    x, y = theta[..., 0], theta[..., 1]
    p, q = x * x + y - 11, x + y * y - 7
    return np.stack([4 * x * p + 2 * q, 2 * p + 4 * y * q], axis=-1)


_BEALE = ((1, 1.5), (2, 2.25), (3, 2.625))


def _beale(theta: Array) -> Array:
    x, y = theta[..., 0], theta[..., 1]
    return _sum(np.stack([(c - x + x * y**k) ** 2 for k, c in _BEALE], axis=-1))


def _beale_gradient(theta: Array) -> Array:
    x, y = theta[..., 0], theta[..., 1]
    residuals = [(k, c - x + x * y**k) for k, c in _BEALE]
    along_x = [2 * r * (y**k - 1) for k, r in residuals]
    along_y = [2 * r * k * x * y ** (k - 1) for k, r in residuals]
    return np.stack([sum(along_x), sum(along_y)], axis=-1)


def _rastrigin(theta: Array) -> Array:
    # 10 - 10·cos(2πx) written as 20·sin²(πx), which stays exact near the minimum.
    return _sum(theta * theta + 20 * np.sin(np.pi * theta) ** 2)


def _rastrigin_gradient(theta: Array) -> Array:
    gradient: Array = 2 * theta + 20 * np.pi * np.sin(2 * np.pi * theta)
    return gradient


def _saddle(theta: Array) -> Array:
    return _sum(theta[..., :-1] ** 2) / 2 + (theta[..., -1] ** 2 - 1) ** 2 / 4


def _saddle_gradient(theta: Array) -> Array:
    gradient = theta.copy()
    gradient[..., -1] *= theta[..., -1] ** 2 - 1
    return gradient


def _ravine(theta: Array) -> Array:
    return _sum(_ravine_gradient(theta) * theta) / 2


def _ravine_gradient(theta: Array) -> Array:
    gradient: Array = np.geomspace(0.01, 1, theta.shape[-1]) * theta
    return gradient


def _sum(terms: Array) -> Array:
    """Return the sum over the last axis."""
    return np.asarray(terms.sum(axis=-1))


FunctionName = Literal["rosenbrock", "himmelblau", "beale", "rastrigin", "saddle", "ravine"]

FORMULAS: dict[FunctionName, Formula] = {
    "rosenbrock": Formula(
        _rosenbrock,
        _rosenbrock_gradient,
        (-1.2, 1.0),
        "Σ 100·(θᵢ₊₁ − θᵢ²)² + (1 − θᵢ)², with its minimum 0 at (1, …, 1)",
        "Rosenbrock (1960), The Computer Journal 3(3)",
    ),
    "himmelblau": Formula(
        _himmelblau,
        _himmelblau_gradient,
        (0.0, 0.0),
        "(x² + y − 11)² + (x + y² − 7)², with four minima 0, one of them at (3, 2)",
        "Himmelblau (1972), Applied Nonlinear Programming",
        only_two=True,
    ),
    "beale": Formula(
        _beale,
        _beale_gradient,
        (1.0, 1.0),
        "Σ (cₖ − x + x·yᵏ)² for c = 1.5, 2.25, 2.625, with its minimum 0 at (3, 0.5)",
        "Beale (1958), On an Iterative Method for Finding a Local Minimum",
        only_two=True,
    ),
    "rastrigin": Formula(
        _rastrigin,
        _rastrigin_gradient,
        (3.3, -2.3),
        "Σ θᵢ² + 10 − 10·cos(2πθᵢ), with its minimum 0 at the origin and another in every unit cell",
        "Rastrigin (1974), Systems of Extremal Control",
    ),
    "saddle": Formula(
        _saddle,
        _saddle_gradient,
        (1.0, 0.01),
        "½·Σ x² + ¼·(y² − 1)², y the last parameter: a saddle at the origin between the minima 0 at y = ±1",
        "The double well, bounded below so that descent arrives somewhere",
    ),
    "ravine": Formula(
        _ravine,
        _ravine_gradient,
        (-10.0, 1.0),
        "½·Σ cᵢ·θᵢ² with curvatures c from 0.01 to 1, with its minimum 0 at the origin",
        "The ill-conditioned quadratic of every textbook, condition number 100",
    ),
}


class Function(BaseModel):
    """A test function to descend, and where to start. A bare name stands for the one of that name.

    Raises pydantic's ValidationError when `start` has a length that the function does not take.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: FunctionName = Field(default="rosenbrock", description="Which test function.")
    start: tuple[Annotated[float, Field(ge=-1000, le=1000)], ...] | None = Field(
        default=None,
        min_length=2,
        max_length=1000,
        description="Where to start; its length is the number of parameters. Empty: the classical point.",
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        """Take a bare name, and suggest a near one for a name that is unknown."""
        given = {"name": given} if isinstance(given, str) else given
        name = given.get("name") if isinstance(given, dict) else None
        known = get_args(FunctionName)
        if isinstance(name, str) and name not in known:
            raise ValueError(f"{name!r} is not a test function; there are {', '.join(known)}.{suggest(name, known)}")
        return given

    @model_validator(mode="after")
    def _fits(self) -> Function:
        if self.formula.only_two and self.start is not None and len(self.start) != 2:
            raise ValueError(f"start has {len(self.start)} numbers, but {self.name} has 2 parameters: give two")
        return self

    @property
    def formula(self) -> Formula:
        """The function's value, gradient, text and source."""
        return FORMULAS[self.name]

    def objective(self, dtype: DTypeLike = np.float32) -> FunctionObjective:
        """Return the objective in precision `dtype`.

        Where a parameter is beyond ±1e30, the cost is infinite and the gradient NaN: past that, the formulas
        would overflow.
        """
        value, gradient = self.formula.value, self.formula.gradient

        def cost(theta: Array) -> Array:
            return np.where(_far(theta), np.inf, value(np.clip(theta, -FAR, FAR)))

        def slope(theta: Array) -> Array:
            return np.where(_far(theta)[..., None], np.nan, gradient(np.clip(theta, -FAR, FAR)))

        start = self.formula.start if self.start is None else self.start
        return FunctionObjective(cost, slope, start, dtype, name=self.name, vectorized=True)


def _far(theta: Array) -> Array:
    return np.asarray((np.abs(theta) > FAR).any(axis=-1))


class FunctionObjective:
    """A function of a few parameters as an objective: one example, the same to train and to test on.

    Costs are computed in float64 from θ in `dtype`; the gradient is returned in `dtype`. A cost too large for
    `dtype`, or an OverflowError from `value`, counts as infinite, and the gradient there is NaN; so training
    stops at that step instead of carrying on with numbers that have lost their meaning. There are no labels:
    the accuracy is NaN.

    Parameters
    ----------
    value : takes θ (P,) in float64 and returns the cost.
    gradient : takes θ (P,) in float64 and returns the gradient (P,). None: central differences of `value`,
        with an error of about 1e-10 relative to the scale of a smooth function, at the price of 2·P values.
    start : (P,) where to start, P ≥ 2: a plane needs two directions.
    dtype : float32 or float64.
    name : what the function is called.
    vectorized : `value` also takes θ (..., P) and then returns (...); surfaces are computed faster.

    Raises
    ------
    ExperimentError
        When `start`, `dtype`, or the shape of a value or gradient at `start` is not as said above.

    Examples
    --------
    >>> bowl = FunctionObjective(lambda theta: (theta**2).sum(), lambda theta: 2 * theta, [1, 2])
    >>> bowl.evaluate(np.array([3.0, 4.0])).cost
    25.0
    """

    def __init__(
        self,
        value: Callable[[Array], Any],
        gradient: Callable[[Array], ArrayLike] | None,
        start: Sequence[float] | Array,
        dtype: DTypeLike = np.float32,
        *,
        name: str = "function",
        vectorized: bool = False,
    ) -> None:
        self.dtype = _precision(dtype)
        self.name = name
        self._value, self._gradient, self._vectorized = value, gradient, vectorized
        self._start = np.array(start, np.float64)
        self._check()
        self.layout: Layout = plain_layout(self._start.size)

    def _check(self) -> None:
        start = self._start
        if start.ndim != 1 or start.size < 2 or not np.isfinite(start).all():
            raise ExperimentError(
                f"start = {start.tolist()}: it must be a list of two or more finite numbers, one for each parameter"
            )
        shapes: dict[str, tuple[Any, Any]] = {"value": (np.shape(self._value(start)), ())}
        if self._gradient is not None:
            shapes["gradient"] = np.shape(self._gradient(start)), start.shape
        if self._vectorized:
            shapes["vectorized value"] = np.shape(self._value(np.stack([start] * 3))), (3,)
        for what, (found, expected) in shapes.items():
            if found != expected:
                raise ExperimentError(f"the {what} of {self.name} has shape {found}: it must be {expected}")

    def examples(self, split: Split) -> int:
        """Return 1."""
        return 1

    def initial(self, rng: np.random.Generator) -> Array:
        """Return `start`, (P,) of `dtype`; nothing is drawn from `rng`."""
        return self._start.astype(self.dtype)

    def evaluate(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> Evaluation:
        """Return the cost at `theta` (P,), accuracy NaN and deviation 0; split and rows change nothing."""
        cost = self._representable(self._cost(np.asarray(theta, np.float64)))
        return Evaluation(float(cost), float("nan"), 0.0)

    def gradient(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> tuple[float, Array]:
        """Return the cost and its gradient (P,) at `theta` (P,); split and rows change nothing."""
        point = np.asarray(theta, np.float64)
        cost = float(self._representable(self._cost(point)))
        if not np.isfinite(cost):
            return cost, np.full(point.shape, np.nan, self.dtype)
        gradient = self._differences(point) if self._gradient is None else self._gradient(point)
        return cost, self._representable(np.asarray(gradient, np.float64)).astype(self.dtype)

    def plane_evaluator(self, plane: Plane, split: Split, rows: IntArray | None, accuracy: bool) -> PlaneEvaluator:
        """Return an evaluator of points on `plane`, all of them in one call where `value` is vectorized."""

        def evaluate(a: Array, b: Array) -> Evaluations:
            thetas = plane.lift(a, b)  # in float64: near a minimum, rounding θ would show in the cost
            costs = self._value(thetas) if self._vectorized else [self._cost(theta) for theta in thetas]
            cost = self._representable(np.asarray(costs, np.float64))
            return Evaluations(cost, np.full(cost.shape, np.nan), np.zeros(cost.shape))

        return evaluate

    def _cost(self, theta: Array) -> float:
        """Return the value at one θ (P,) of float64."""
        try:
            return float(self._value(theta))
        except OverflowError:  # what Python's own math functions raise where NumPy's return infinity
            return float("inf")

    def _representable(self, values: Array | float) -> Array:
        """Return float64 `values`, infinite where too large for `dtype`: a cast would warn of them."""
        given = np.asarray(values, np.float64)
        return np.where(np.abs(given) > np.finfo(self.dtype).max, np.copysign(np.inf, given), given)

    def _differences(self, theta: Array) -> Array:
        """Return central differences of the value: steps of ∛ε balance truncation against rounding."""
        steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1, np.abs(theta))
        moves = np.diag(steps)
        slopes = [(self._cost(theta + move) - self._cost(theta - move)) for move in moves]
        gradient: Array = np.array(slopes) / (2 * steps)
        return gradient


def _precision(dtype: DTypeLike) -> np.dtype[np.floating]:
    for known in (np.float32, np.float64):
        if np.dtype(dtype) == known:
            return np.dtype(known)
    raise ExperimentError(f"dtype = {dtype}: an objective computes in float32 or float64")
