"""What is a plugin? The seven kinds, each a frozen pydantic model whose fields are its hyperparameters.

A plugin class says its `name`, gives every field a default, a description and, where it is a number, bounds.
That one schema feeds validation, TOML, ``--set``, the documentation and the dashboard's controls.

The abstract methods are all that a plugin needs. The others have defaults made of those; a plugin overrides
them only to be faster, never to be different.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from landscape._json import without_unsayable
from landscape.errors import DataError, PluginError
from landscape.layout import Array, IntArray, Layout
from landscape.objective import Objective, Split
from landscape.path import Path
from landscape.plane import Plane

KindName = Literal["cost", "activation", "optimizer", "schedule", "dataset", "projection", "observer"]


class Plugin(BaseModel):
    """Base of all kinds: immutable, rejects unknown fields, infinities and NaN.

    Attributes
    ----------
    name : what users write to choose it: a lower-case letter, then lower-case letters, digits and underscores.
    source : the paper or reference it follows, shown to the user.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: ClassVar[KindName]
    name: ClassVar[str]
    source: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        """Take a default that is NumPy's number for Python's, which JSON has, and which keeps arrays' precision."""
        super().__init_subclass__(**options)
        for field in inspect.get_annotations(cls):
            said = cls.__dict__.get(field)
            if isinstance(said, np.generic):
                setattr(cls, field, said.item())
            elif isinstance(said, FieldInfo) and isinstance(said.default, np.generic):
                said.default = said._attributes_set["default"] = said.default.item()

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the class's JSON schema, without defaults and bounds that are infinite or NaN, as JSON has none."""
        schema = handler(core)
        said = handler.resolve_ref_schema(schema)
        said["properties"] = without_unsayable(said.get("properties", {}))
        return schema


class Cost(Plugin, ABC):
    """The loss of one example, as a function of the network's outputs (after its output activation).

    Losses are per example: only the objective averages over examples. Leading axes of `outputs` broadcast,
    so that one call evaluates the same examples at many points.

    Attributes
    ----------
    nonnegative : set it to True to promise that no loss is ever below 0.
    takes_logits : set it to True where the cost itself makes probabilities or rates of the outputs, so that the
        network's output activation is to be `identity`.
    output_range : the least and the greatest output that the cost is made for, such as (0.0, 1.0) for probabilities.
    target_range : the least and the greatest target that the cost is made for, such as (1e-6, math.inf).
    """

    kind: ClassVar[KindName] = "cost"
    nonnegative: ClassVar[bool] = False
    takes_logits: ClassVar[bool] = False
    output_range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    target_range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    @abstractmethod
    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return the losses (..., n) of `outputs` (..., n, k) against `targets` (n, k)."""

    @abstractmethod
    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return ∂ per_example / ∂ outputs, (..., n, k)."""

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k); override to share work."""
        gradient = np.asarray(self.gradient(outputs, targets))
        if gradient.shape != outputs.shape:
            raise PluginError(
                f"cost {self.name!r} returned a gradient of shape {gradient.shape} for outputs {outputs.shape}: it "
                "must have the outputs' shape, and not be divided by the number of examples"
            )
        # A copy in the outputs' precision: it is worked on in place, and a cost may return its arguments.
        own: Array = gradient.astype(outputs.dtype)
        return float(checked_losses(self, outputs, targets).sum()), own


def checked_losses(cost: Cost, outputs: Array, targets: Array) -> Array:
    """Return the losses (..., n) of `outputs` (..., n, k); PluginError when the cost gives another shape."""
    losses = np.asarray(cost.per_example(outputs, targets))
    if losses.shape != outputs.shape[:-1]:
        raise PluginError(
            f"cost {cost.name!r} returned losses of shape {losses.shape} for outputs {outputs.shape}: they must be "
            f"{outputs.shape[:-1]}, one for each example, so sum over the last axis (axis=-1) only"
        )
    return losses


class TanhForm(NamedTuple):
    """Says that an activation is ``offset + scale * tanh(slope * z)``."""

    slope: float
    scale: float
    offset: float


TANH = TanhForm(slope=1.0, scale=1.0, offset=0.0)
"""The form of tanh itself."""


class Activation(Plugin, ABC):
    """An elementwise function between layers.

    Attributes
    ----------
    tanh_form : set where the activation is an affine function of tanh, which surfaces then evaluate faster.
    """

    kind: ClassVar[KindName] = "activation"
    tanh_form: ClassVar[TanhForm | None] = None

    @abstractmethod
    def value(self, z: Array) -> Array:
        """Return the activation at `z`, of any shape."""

    @abstractmethod
    def derivative(self, z: Array, a: Array) -> Array:
        """Return the derivative at `z`; `a` is ``value(z)``, to reuse."""

    def value_into(self, z: Array, out: Array) -> None:
        """Write ``value(z)`` into `out`, of the same shape; `z` stays as it is unless it is `out`."""
        out[...] = self.value(z)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write ``derivative(z, a)`` into `out`, of the same shape, neither `z` nor `a`, which stay as they are."""
        out[...] = self.derivative(z, a)


def check_shapes(activation: Activation) -> None:
    """Raise PluginError unless an activation's value and derivative have the shape of what they are taken at."""
    z = np.linspace(0.1, 0.6, 6, dtype=np.float32).reshape(2, 3)
    value = activation.value(z.copy())
    for what, found in (("value", value), ("derivative", activation.derivative(z.copy(), np.array(value)))):
        if not isinstance(found, np.ndarray | np.floating) or found.shape != z.shape:
            said = f"shape {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__
            raise PluginError(
                f"activation {activation.name!r} returned {said} as its {what} at an array {z.shape}: it must return "
                "an array of the shape of z, so apply NumPy's functions to all of z"
            )


class Optimizer(Plugin, ABC):
    """How θ moves, given the gradient. What it remembers lives in a state of named arrays, never in itself."""

    kind: ClassVar[KindName] = "optimizer"

    @abstractmethod
    def init(self, theta: Array) -> dict[str, Array]:
        """Return the state before the first step from `theta` (P,)."""

    @abstractmethod
    def update(self, gradient: Array, state: dict[str, Array], theta: Array) -> tuple[Array, dict[str, Array]]:
        """Return what to add to `theta` (P,) and the new state; no argument is changed."""

    def step(self, gradient: Array, state: dict[str, Array], theta: Array) -> dict[str, Array]:
        """Add the update to `theta` in place and return the new state; `gradient` and `state` may be reused."""
        returned = self.update(gradient, state, theta)
        try:
            increment, state = returned
        except (TypeError, ValueError) as error:
            what = type(returned).__name__
            raise PluginError(
                f"optimizer {self.name!r}: update returned one {what}: return what to add to θ and the new state"
            ) from error
        theta += increment
        return state

    def factor(self) -> float | None:
        """Return f where `step` does nothing but add f times the gradient to θ; else, as is assumed here, None.

        The gradient is then made with that factor in it, and `step` not called: it spares a pass over θ.
        """
        return None


class Schedule(Plugin, ABC):
    """How the learning rate goes during training: a factor on the optimizer's own, for each step."""

    kind: ClassVar[KindName] = "schedule"

    @abstractmethod
    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return what the learning rate is multiplied by, (n,) float64, finite and not negative.

        Parameters
        ----------
        steps : (n,) int64, how many steps were done before each, from 0 to `total_steps` - 1.
        steps_per_epoch, total_steps : of the whole training, at least 1 each.
        """


def checked_factors(schedule: Schedule, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
    """Return the factors (n,) of `schedule` for `steps` (n,); PluginError when they are not as they must be."""
    said = schedule.factors(steps, steps_per_epoch, total_steps)
    try:
        factors = np.array(said, np.float64)
    except (TypeError, ValueError) as error:
        raise PluginError(
            f"schedule {schedule.name!r} returned {type(said).__name__}: return an array of numbers"
        ) from error
    if factors.shape != steps.shape:
        raise PluginError(
            f"schedule {schedule.name!r} returned factors of shape {factors.shape} for steps {steps.shape}: it must "
            "return one for each step"
        )
    wrong = factors[~(np.isfinite(factors) & (factors >= 0))]
    if wrong.size:
        raise PluginError(
            f"schedule {schedule.name!r} returned the factor {wrong[0]:g}: they must be finite and not negative"
        )
    return factors


@dataclass(frozen=True, eq=False)
class Examples:
    """The examples of one split.

    Parameters
    ----------
    inputs : (n, d) float32 or float64.
    targets : (n, k) what the outputs should be; one-hot for classes.
    labels : (n,) class indices 0 … k - 1, or None where the targets are not classes.
    """

    inputs: Array
    targets: Array
    labels: IntArray | None = None

    def __post_init__(self) -> None:
        for what, values in (("inputs", self.inputs), ("targets", self.targets), ("labels", self.labels)):
            if not isinstance(values, np.ndarray) and (what != "labels" or values is not None):
                raise DataError(f"{what} must be a NumPy array, not {type(values).__name__}")
        n = len(self.inputs)
        if self.inputs.ndim != 2 or self.targets.ndim != 2 or len(self.targets) != n or n == 0:
            raise DataError(
                f"inputs and targets must be (n, d) and (n, k) with n ≥ 1, not {self.inputs.shape} and "
                f"{self.targets.shape}"
            )
        if self.labels is None:
            return
        if self.labels.shape != (n,) or not np.issubdtype(self.labels.dtype, np.integer):
            raise DataError(f"labels must be {n} integers, not {self.labels.shape} of {self.labels.dtype}")
        if self.labels.min() < 0 or self.labels.max() >= self.targets.shape[1]:
            raise DataError(
                f"labels run from {self.labels.min()} to {self.labels.max()}, but there are "
                f"{self.targets.shape[1]} outputs: labels count from 0"
            )

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class Data:
    """A data set in memory: what to learn from and what to test on.

    Parameters
    ----------
    train, test : the two splits, of equal numbers of inputs and outputs.
    image_shape : (height, width) when an input is a grey image, row by row.
    classes : what the labels mean, in order.
    """

    train: Examples
    test: Examples
    image_shape: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what in ("inputs", "targets"):
            a, b = (getattr(split, what).shape[1] for split in (self.train, self.test))
            if a != b:
                raise DataError(f"the training {what} have {a} columns and the test {what} {b}: they must agree")

    def __getitem__(self, split: Split) -> Examples:
        return self.train if split == "train" else self.test


class Dataset(Plugin, ABC):
    """Where examples come from."""

    kind: ClassVar[KindName] = "dataset"

    @abstractmethod
    def load(self, rng: np.random.Generator) -> Data:
        """Return the data; the same generator state gives the same bytes."""


class Projection(Plugin, ABC):
    """How to lay a plane through a path."""

    kind: ClassVar[KindName] = "projection"

    @abstractmethod
    def plane(self, objective: Objective, path: Path, rng: np.random.Generator) -> Plane:
        """Return the plane; it passes through the path's last point unless the projection says otherwise."""

    def random_walk_captured(self, path: Path, steps: IntArray | None = None) -> float:
        """Return the share that this projection would capture of a random walk, the yardstick for `Plane.captured`.

        The plane is laid through a walk recorded at the steps of `path`; the share is of the walk's points at
        `steps`, by default the same. For a projection that chooses two directions without looking at the path,
        as is assumed here, it is 2/P.
        """
        return min(1.0, 2 / int(path.thetas.shape[1]))


def checked_plane(projection: Projection, objective: Objective, path: Path, rng: np.random.Generator) -> Plane:
    """Return the plane that `projection` lays; PluginError when it returns something else."""
    plane: Any = projection.plane(objective, path, rng)
    size = int(path.thetas.shape[1])
    if not isinstance(plane, Plane):
        what = "nothing" if plane is None else f"one {type(plane).__name__}"
        raise PluginError(
            f"projection {projection.name!r}: plane returned {what}: return a landscape.Plane, such as "
            "Plane(path.last, directions)"
        )
    if plane.centre.shape != (size,):
        raise PluginError(
            f"projection {projection.name!r} laid a plane in {plane.centre.size} dimensions, but θ has {size} "
            "parameters: let centre and directions be of the size of path.last"
        )
    return plane.laid_by(projection.name)


@dataclass(frozen=True)
class Training:
    """What an observer is told before the first step.

    Parameters
    ----------
    experiment : the experiment as plain values, such as JSON and TOML can say.
    layout : the named blocks of θ.
    steps_per_epoch, total_steps : how many steps there will be, if nothing ends training before.
    folder : where the run is recorded, None where it is kept in memory only.
    """

    experiment: Mapping[str, Any]
    layout: Layout
    steps_per_epoch: int
    total_steps: int
    folder: FilePath | None = None


class StepEvent(NamedTuple):
    """One step of training, as an observer is told of it.

    `step` and `epoch` count from 1; `cost` is the batch's before the step, `gradient_norm` the Euclidean norm of
    its gradient before any clipping; `learning_rate` is what the optimizer used, NaN where it has none; `theta`
    (P,) is θ after the step, read-only and live: copy it to keep it.
    """

    step: int
    epoch: int
    cost: float
    gradient_norm: float
    learning_rate: float
    theta: Array


class EpochEvent(NamedTuple):
    """The measurements on all examples after an epoch; epoch 0 is the start. Accuracies are NaN without labels."""

    epoch: int
    step: int
    train_cost: float
    test_cost: float
    train_accuracy: float
    test_accuracy: float
    theta: Array


class Watcher:
    """Receives the events of one training; override what is of interest. What it raises stops training."""

    def step(self, event: StepEvent) -> None:
        """Take note of a step."""

    def epoch(self, event: EpochEvent) -> None:
        """Take note of the measurements after an epoch, and of those at the start."""

    def close(self) -> None:
        """Finish: training has ended, in whatever way. Called once."""


class Observer(Plugin, ABC):
    """Something that watches training, such as a log. What it remembers lives in its watcher, never in itself."""

    kind: ClassVar[KindName] = "observer"

    @abstractmethod
    def watch(self, training: Training) -> Watcher:
        """Return what receives the events of one training."""


KINDS: dict[KindName, type[Plugin]] = {
    "cost": Cost,
    "activation": Activation,
    "optimizer": Optimizer,
    "schedule": Schedule,
    "dataset": Dataset,
    "projection": Projection,
    "observer": Observer,
}
"""Every kind by name; its hook is ``register_<kind>s``."""
