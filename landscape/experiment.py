"""What exactly is to be run? One frozen description, from Python, TOML or the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, cast

import numpy as np
import tomli_w
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from landscape.errors import DataError, ExperimentError, PluginError, nearest, suggest
from landscape.functions import FORMULAS, Function
from landscape.kinds import (
    Activation,
    Cost,
    Data,
    Dataset,
    KindName,
    Observer,
    Optimizer,
    Projection,
    Schedule,
)
from landscape.network import Initialization, NetworkObjective, Perceptron
from landscape.objective import Objective
from landscape.overrides import OF_NETWORKS, apply_overrides
from landscape.parts import (
    ActivationPart,
    ActivationParts,
    CostPart,
    DatasetPart,
    ObserverParts,
    OptimizerPart,
    SchedulePart,
    build,
    explained,
    reject_unknown,
)
from landscape.registry import registry
from landscape.schedules import Constant

_PRESETS = Path(__file__).parent / "presets"
_PURPOSES = ("data", "initial", "order", "projection", "sample")
Purpose = Literal["data", "initial", "order", "projection", "sample"]


def preset_names() -> list[str]:
    """Return the names of the experiments that the package ships."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def _of_a_part(name: str) -> str:
    """Return ``" Did you mean 'optimizer.learning_rate'?"`` when plugins of a kind have such a field, or ``""``."""
    if name == "learning_rate_decay":
        return " That is schedule = 'exponential' and schedule.gamma now."
    kinds: tuple[KindName, ...] = ("optimizer", "cost", "dataset", "schedule", "activation")
    owners = [(field, kind) for kind in kinds for p in registry().provided(kind) for field in p.cls.model_fields]
    own = nearest(name, Experiment.model_fields)
    meant = name if own else nearest(name, [field for field, _ in owners], 0.8)
    kind = next((kind for field, kind in owners if field == meant), None)
    return f" Did you mean '{kind}.{meant}'?" if kind else ""


def _integers(value: object) -> object:
    """Turn ``"16, 16"``, as typed on a command line, into (16, 16)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if not isinstance(value, str):
        return value
    return tuple(text.strip() for text in value.strip("[]() ").split(",") if text.strip())


def _named(function: object) -> object:
    """Turn the name of a test function into its table; a field that it does not have is an error."""
    if isinstance(function, Mapping):
        reject_unknown(Function, function, "a function")
    return {"name": function} if isinstance(function, str) else function


def _or_by_name(schema: dict[str, Any]) -> None:
    """Allow the bare name of a test function in the schema."""
    schema["anyOf"].insert(0, {"type": "string", "enum": list(FORMULAS)})


def _of_first_runs(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `values` with a schedule for what the first runs on disk call ``learning_rate_decay``."""
    if "learning_rate_decay" not in values or "schedule" in values:
        return values
    values = dict(values)
    decay = values.pop("learning_rate_decay")
    return values if decay == 1 else {**values, "schedule": {"name": "exponential", "gamma": decay}}


Units: TypeAlias = Annotated[int, Field(ge=1, le=8192)]


class Experiment(BaseModel):
    """What to train, on what, how, and from which seed.

    A part (cost, activation, optimizer, schedule, dataset, observer) is given by name, by a table with a ``name``
    and fields, or as an object. Without arguments this is the classic network on MNIST.

    Raises
    ------
    ExperimentError
        When anything is not as described below; it names the path, the value and the near name.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, arbitrary_types_allowed=True
    )

    dataset: DatasetPart = Field(cast(Dataset, "mnist"), description="The examples to learn from and test on.")
    hidden: Annotated[tuple[Units, ...], BeforeValidator(_integers)] = Field(
        (16, 16),
        max_length=32,
        description="Units of each hidden layer, such as 16, 16; none for a linear model.",
    )
    activation: ActivationParts = Field(
        cast(Activation, "sigmoid"), description="Activation of the hidden layers, or a list of one for each."
    )
    output: ActivationPart = Field(
        cast(Activation, "sigmoid"), description="Activation of the output layer; identity for logits."
    )
    initialization: Initialization = Field("uniform", description="How the weights are drawn at the start.")
    cost: CostPart = Field(cast(Cost, "quadratic"), description="The loss that is averaged over examples.")
    optimizer: OptimizerPart = Field(cast(Optimizer, "sgd"), description="How a gradient becomes a step.")
    schedule: SchedulePart = Field(
        cast(Schedule, "constant"), description="How the learning rate goes during training."
    )
    clip_value: float | None = Field(
        None,
        gt=0,
        description="Most that an entry of the gradient may be, either way; larger ones are cut to it.",
        json_schema_extra={"placeholder": "none"},
    )
    clip_norm: float | None = Field(
        None,
        gt=0,
        description="Most that the gradient's Euclidean norm may be, after clip_value; a longer one is scaled down.",
        json_schema_extra={"placeholder": "none"},
    )
    batch_size: int = Field(10, ge=1, le=1_000_000, description="Examples for each step's gradient.")
    epochs: int = Field(10, ge=0, le=1_000_000, description="Passes through the training examples.")
    seed: int = Field(0, ge=0, lt=2**63, description="Fixes the start, the order of examples and all samples.")
    precision: Literal["float32", "float64"] = Field("float32", description="Precision of all parameters.")
    snapshots: int = Field(500, ge=8, le=100_000, description="Most points kept of the path; a longer one is thinned.")
    observers: ObserverParts = Field(
        cast(tuple[Observer, ...], ()), description="What watches training, such as a log: one, or a list of them."
    )
    function: Annotated[Function | None, BeforeValidator(_named)] = Field(
        None,
        description="A test function to minimize instead of a network's cost; one epoch is one step.",
        json_schema_extra=_or_by_name,
    )

    if not TYPE_CHECKING:  # the model's own signature stays what type checkers and editors see

        def __init__(self, /, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise ExperimentError(explained(error)) from error

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            values = _of_first_runs(values)
            reject_unknown(cls, values, "an experiment", _of_a_part)
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if isinstance(self.activation, tuple) and len(self.activation) != len(self.hidden):
            raise ValueError(
                f"activation lists {len(self.activation)}, but there are {len(self.hidden)} hidden layers: "
                "give one for each, or a single one for all"
            )
        if not isinstance(self.schedule, Constant) and "learning_rate" not in type(self.optimizer).model_fields:
            raise ValueError(
                f"schedule = {self.schedule.name!r}, but {self.optimizer.name} has no learning_rate to change: "
                "leave it at 'constant'"
            )
        given = self.model_fields_set & set(OF_NETWORKS)
        if self.function is not None and given:
            raise ValueError(f"a function has no {', '.join(sorted(given))}: leave out either it or these")
        return self

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Return the experiment that the TOML file at `path` says."""
        path = Path(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ExperimentError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
        except ValueError as error:
            raise ExperimentError(f"{str(path)!r} is not TOML: {error}") from error
        return cls(**values)

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return the experiment that the package ships under `name`; see `preset_names`."""
        if name not in preset_names():
            known = ", ".join(preset_names())
            raise ExperimentError(f"there is no preset {name!r}.{suggest(name, preset_names())} Known: {known}")
        return cls.from_toml(_PRESETS / f"{name}.toml")

    @model_serializer(mode="wrap")
    def _what_counts(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what says nothing when a function is minimized."""
        left_out = () if self.function is None else OF_NETWORKS
        return {name: value for name, value in handler(self).items() if name not in left_out}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `Experiment(**values)` turns back into an equal experiment."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        """Return the experiment as TOML; a field that is None, which TOML cannot say, is left out."""
        return tomli_w.dumps(_without_none(self.to_dict()))

    def with_overrides(self, overrides: Iterable[str]) -> Self:
        """Return the experiment changed by overrides such as ``optimizer.learning_rate=0.5``, in order.

        A value is read as TOML where it is some, else as text. Naming another plugin, as in
        ``optimizer=adam``, starts from that plugin's own defaults, and comes before what sets its fields.
        """
        values = self.to_dict()
        apply_overrides(values, overrides)
        return type(self)(**values)

    def rng(self, purpose: Purpose, *more: int) -> np.random.Generator:
        """Return the generator for one purpose, independent of those for others; `more` may be an epoch."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(_PURPOSES.index(purpose), *more)))

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The precision as NumPy says it."""
        return np.dtype(self.precision)

    def data(self) -> Data:
        """Load the data set.

        Raises
        ------
        DataError
            When it is absent, damaged or of the wrong shape; the message names it.
        PluginError
            When what it returns is no data.
        """
        try:
            data: object = self.dataset.load(self.rng("data"))
        except DataError as error:  # raised where an array is looked at, which knows nothing of data sets
            name = repr(self.dataset.name)
            if name in str(error):
                raise
            raise DataError(f"dataset {name}: {error}") from error
        if not isinstance(data, Data):
            raise PluginError(f"dataset {self.dataset.name!r} returned {type(data).__name__}: load must return a Data")
        return data

    def objective(self) -> Objective:
        """Return the cost as a function of θ; loads the data."""
        if self.function is not None:
            return self.function.objective(self.dtype)
        data = self.data()
        hidden = self.activation if isinstance(self.activation, tuple) else (self.activation,) * len(self.hidden)
        sizes = (data.train.inputs.shape[1], *self.hidden, data.train.targets.shape[1])
        network = Perceptron(sizes, (*hidden, self.output))
        return NetworkObjective(network, self.cost, data, self.initialization, self.dtype)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


def projection(part: str | Mapping[str, Any] | Projection) -> Projection:
    """Return the projection that `part` says: by name, table or object.

    Raises ExperimentError naming the value, the rule and the remedy.
    """
    try:
        return cast(Projection, build("projection", part))
    except ValidationError as error:
        raise ExperimentError(explained(error, "projection")) from error
    except ValueError as error:
        raise ExperimentError(f"projection: {error}") from error
