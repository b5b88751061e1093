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
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from landscape.errors import ExperimentError, PluginError, suggest
from landscape.functions import FORMULAS, Function
from landscape.kinds import Activation, Cost, Data, Dataset, KindName, Optimizer, Plugin, Projection
from landscape.network import Initialization, NetworkObjective, Perceptron
from landscape.objective import Objective
from landscape.registry import registry

_PRESETS = Path(__file__).parent / "presets"
# The fields that say nothing when a test function is minimized.
_OF_NETWORKS = ("dataset", "hidden", "activation", "output", "initialization", "cost")
_PURPOSES = ("data", "initial", "order", "projection", "sample")
Purpose = Literal["data", "initial", "order", "projection", "sample"]


def preset_names() -> list[str]:
    """Return the names of the experiments that the package ships."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def build(kind: KindName, part: object) -> Plugin:
    """Return the plugin that `part` says: by name, by a table with a ``name``, or as an object.

    Raises ValueError (pydantic's ValidationError for a field) naming value, rule and remedy.
    """
    if isinstance(part, Plugin):
        if part.kind != kind:
            raise ValueError(f"{part!r} is of the kind {part.kind}, not {kind}")
        if not isinstance(getattr(part, "name", None), str):
            raise ValueError(f'{type(part).__name__} has no name: write one into the class, as name = "mine"')
        return part
    fields = {"name": part} if isinstance(part, str) else part
    if not isinstance(fields, Mapping) or not isinstance(fields.get("name"), str):
        raise ValueError(f'{part!r} names no {kind}: write a name or a table such as {{"name": …}}')
    try:
        cls = registry().find(kind, fields["name"]).cls
    except PluginError as error:
        raise ValueError(str(error)) from error
    values = {key: value for key, value in fields.items() if key != "name"}
    _reject_unknown(cls, values, f"{kind} {cls.name!r}")
    return cls.model_validate(values)


def _reject_unknown(cls: type[BaseModel], values: Mapping[str, object], owner: str) -> None:
    """Raise a ValidationError that suggests the near name for each of `values` that is no field."""
    errors = []
    for name in values.keys() - cls.model_fields.keys():
        known = ", ".join(cls.model_fields) or "none"
        near = _of_a_part(name) if cls is Experiment else ""
        text = f"{owner} has no field {name!r}.{near or suggest(name, cls.model_fields)} Fields: {known}"
        problem = PydanticCustomError("unknown_field", "{text}", {"text": text})
        errors.append(InitErrorDetails(type=problem, loc=(name,), input=values[name]))
    if errors:
        raise ValidationError.from_exception_data(owner, errors)


def _of_a_part(name: str) -> str:
    """Return ``" Did you mean 'optimizer.learning_rate'?"`` when plugins of a kind have a field `name`, or ``""``."""
    kinds: tuple[KindName, ...] = ("optimizer", "cost", "dataset")
    owners = (kind for kind in kinds for p in registry().provided(kind) if name in p.cls.model_fields)
    kind = next(owners, None)
    return f" Did you mean '{kind}.{name}'?" if kind else ""


def part_table(part: Plugin) -> dict[str, Any]:
    """Return the table that says `part`: how it is asked for, and its fields."""
    found = registry()
    pairs = zip(found.names(part.kind), found.provided(part.kind), strict=True)
    name = next((name for name, provided in pairs if provided.cls is type(part)), part.name)
    return {"name": name, **part.model_dump(mode="json")}


class _Schema:
    """Gives a part's JSON schema: a name, or a table of one of the registered plugins; or a list of such parts."""

    def __init__(self, kind: KindName, *, or_list: bool = False) -> None:
        self.kind: KindName = kind
        self.or_list = or_list

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        names = registry().names(self.kind)
        tables = []
        for name, provided in zip(names, registry().provided(self.kind), strict=True):
            # by way of `handler`, what the fields refer to comes to stand where it is looked for
            table = handler.resolve_ref_schema(handler(provided.cls.__pydantic_core_schema__)).copy()
            table["properties"] = {"name": {"const": name}, **table.get("properties", {})}
            tables.append({**table, "required": ["name"]})
        part = {"anyOf": [{"type": "string", "enum": names}, *tables]}
        return {"anyOf": [*part["anyOf"], {"type": "array", "items": part}]} if self.or_list else part


def _parser(kind: KindName) -> BeforeValidator:
    return BeforeValidator(lambda part: build(kind, part))


def _build_activations(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(build("activation", part) for part in value)
    return build("activation", value)


def _activation_tables(value: Activation | tuple[Activation, ...]) -> object:
    return [part_table(part) for part in value] if isinstance(value, tuple) else part_table(value)


def _integers(value: object) -> object:
    """Turn ``"16, 16"``, as typed on a command line, into (16, 16)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if not isinstance(value, str):
        return value
    return tuple(text.strip() for text in value.strip("[]() ").split(",") if text.strip())


def _or_by_name(schema: dict[str, Any]) -> None:
    """Allow the bare name of a test function in the schema."""
    schema["anyOf"].insert(0, {"type": "string", "enum": list(FORMULAS)})


_TABLE = PlainSerializer(part_table)

CostPart: TypeAlias = Annotated[Cost, _parser("cost"), _TABLE, _Schema("cost")]
ActivationPart: TypeAlias = Annotated[Activation, _parser("activation"), _TABLE, _Schema("activation")]
OptimizerPart: TypeAlias = Annotated[Optimizer, _parser("optimizer"), _TABLE, _Schema("optimizer")]
DatasetPart: TypeAlias = Annotated[Dataset, _parser("dataset"), _TABLE, _Schema("dataset")]
ActivationParts: TypeAlias = Annotated[
    Activation | tuple[Activation, ...],
    BeforeValidator(_build_activations),
    PlainSerializer(_activation_tables),
    _Schema("activation", or_list=True),
]
Units: TypeAlias = Annotated[int, Field(ge=1, le=8192)]


class Experiment(BaseModel):
    """What to train, on what, how, and from which seed.

    A part (cost, activation, optimizer, dataset) is given by name, by a table with a ``name`` and fields, or
    as an object. Without arguments this is the classic network on MNIST.

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
    learning_rate_decay: float = Field(
        1.0, gt=0, le=1, description="Factor on the learning rate after every epoch; 1 keeps it constant."
    )
    batch_size: int = Field(10, ge=1, le=1_000_000, description="Examples for each step's gradient.")
    epochs: int = Field(10, ge=0, le=1_000_000, description="Passes through the training examples.")
    seed: int = Field(0, ge=0, lt=2**63, description="Fixes the start, the order of examples and all samples.")
    precision: Literal["float32", "float64"] = Field("float32", description="Precision of all parameters.")
    snapshots: int = Field(500, ge=8, le=100_000, description="Most points kept of the path; a longer one is thinned.")
    function: Function | None = Field(
        None,
        description="A test function to minimize instead of a network's cost; one epoch is one step.",
        json_schema_extra=_or_by_name,
    )

    if not TYPE_CHECKING:  # the model's own signature stays what type checkers and editors see

        def __init__(self, /, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise ExperimentError(_explain(error)) from error

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            _reject_unknown(cls, values, "an experiment")
            if isinstance(values.get("function"), str):
                values = {**values, "function": {"name": values["function"]}}
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if isinstance(self.activation, tuple) and len(self.activation) != len(self.hidden):
            raise ValueError(
                f"activation lists {len(self.activation)}, but there are {len(self.hidden)} hidden layers: "
                "give one for each, or a single one for all"
            )
        if self.learning_rate_decay != 1 and "learning_rate" not in type(self.optimizer).model_fields:
            raise ValueError(
                f"learning_rate_decay = {self.learning_rate_decay}, but {self.optimizer.name} has no learning_rate "
                "to decay: leave it at 1"
            )
        given = self.model_fields_set & set(_OF_NETWORKS)
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
        left_out = () if self.function is None else _OF_NETWORKS
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
        ``optimizer=adam``, starts from that plugin's own defaults.
        """
        values = self.to_dict()
        for override in overrides:
            override_in(values, override)
        return type(self)(**values)

    def rng(self, purpose: Purpose, *more: int) -> np.random.Generator:
        """Return the generator for one purpose, independent of those for others; `more` may be an epoch."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(_PURPOSES.index(purpose), *more)))

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The precision as NumPy says it."""
        return np.dtype(self.precision)

    def data(self) -> Data:
        """Load the data set; PluginError when it returns no data."""
        data: object = self.dataset.load(self.rng("data"))
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
        raise ExperimentError(_explain(error, "projection")) from error
    except ValueError as error:
        raise ExperimentError(f"projection: {error}") from error


def _explain(error: ValidationError, prefix: str = "") -> str:
    """Return one line for each problem: path, what is wrong, and the value that was given."""
    lines = []
    for problem in error.errors():
        path = ".".join(str(part) for part in ((prefix,) if prefix else ()) + problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        shown = problem["type"] in ("unknown_field", "value_error")
        lines.append(f"{path}: {text}" + ("" if shown else f", not {_short(problem['input'])}"))
    return "\n".join(line.removeprefix(": ") for line in lines)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def override_in(values: dict[str, Any], override: str) -> None:
    """Change `values` in place by one ``path=value``."""
    path, separator, text = override.partition("=")
    names = path.strip().split(".")
    if not separator or not all(names):
        raise ExperimentError(f"{override!r} is not an override: write path=value, as optimizer.learning_rate=0.5")
    if names[1:] and names[-1] == "name":
        del names[-1]  # optimizer.name=adam is optimizer=adam
    value, table, is_new = _read(text.strip()), values, names[0] not in values
    for name in names[:-1]:
        inner = table.setdefault(name, {})
        if isinstance(inner, str):  # a part by its name alone
            inner = table[name] = {"name": inner}
        if not isinstance(inner, dict):
            raise ExperimentError(f"{override!r}: {name} has no fields; it is {inner!r}")
        table = inner
    old = table.get(names[-1])
    if isinstance(old, dict) and isinstance(value, str) and old.get("name") == value:
        return  # the same plugin again: its fields stay
    table[names[-1]] = value
    if names == ["optimizer"] and not _has_rate(value):
        values.pop("learning_rate_decay", None)  # it belonged to the optimizer before
    if names[0] == "function" and is_new:
        for name in (*_OF_NETWORKS, "learning_rate_decay"):  # which is per epoch, and a function's is one step
            values.pop(name, None)


def _has_rate(optimizer: object) -> bool:
    """Return whether an optimizer, if it can be built, has a learning rate."""
    try:
        return "learning_rate" in type(build("optimizer", optimizer)).model_fields
    except ValueError:  # which is said when the experiment is built
        return True


def _read(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:  # no TOML, or a number of too many digits
        return text
