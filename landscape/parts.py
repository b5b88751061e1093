"""How is a part of an experiment said? By name, by a table of its name and fields, or as an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, GetJsonSchemaHandler, PlainSerializer, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from landscape._json import sayable, unsayable
from landscape.errors import PluginError, nearest, suggest
from landscape.kinds import Activation, Cost, Dataset, KindName, Observer, Optimizer, Plugin, Schedule
from landscape.registry import registry


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
    reject_unknown(cls, values, f"{kind} {cls.name!r}", lambda name: _of_another(kind, cls, name))
    return cls.model_validate(values)


def _of_another(kind: KindName, cls: type[Plugin], name: str) -> str:
    """Return which other plugins of a kind have a field `name`, or nearly, where `cls` has none like it."""
    names = zip(registry().names(kind), registry().provided(kind), strict=True)
    fields = {owner: provided.cls.model_fields for owner, provided in names}
    meant = nearest(name, [field for known in fields.values() for field in known], 0.8)
    owners = [repr(owner) for owner, known in fields.items() if meant in known]
    if meant is None or (meant != name and nearest(name, cls.model_fields)):
        return ""
    listed = f"{', '.join(owners[:3])}{', …' if len(owners) > 3 else ''}"
    return f" {meant!r} is a field of {kind} {listed}: name that {kind} first."


def reject_unknown(
    cls: type[BaseModel], values: Mapping[str, object], owner: str, elsewhere: Callable[[str], str] | None = None
) -> None:
    """Raise a ValidationError that suggests the near name for each of `values` that is no field of `cls`.

    `owner` is what has the fields; `elsewhere` may return a better suggestion for a name, or ``""``.
    """
    errors = []
    for name in values.keys() - cls.model_fields.keys():
        known = ", ".join(cls.model_fields) or "none"
        better = elsewhere(name) if elsewhere else ""
        text = f"{owner} has no field {name!r}.{better or suggest(name, cls.model_fields)} Fields: {known}"
        problem = PydanticCustomError("unknown_field", "{text}", {"text": text})
        errors.append(InitErrorDetails(type=problem, loc=(name,), input=values[name]))
    if errors:
        raise ValidationError.from_exception_data(owner, errors)


def part_table(part: Plugin) -> dict[str, Any]:
    """Return the table that says `part`: how it is asked for, and its fields."""
    found = registry()
    pairs = zip(found.names(part.kind), found.provided(part.kind), strict=True)
    name = next((name for name, provided in pairs if provided.cls is type(part)), part.name)
    return {"name": name, **_fields(part)}


def _fields(part: Plugin) -> dict[str, Any]:
    """Return a part's fields, without those that have an infinite default or NaN, for which JSON has no word."""
    fields = part.model_dump(mode="json")
    for field, info in type(part).model_fields.items():
        value = getattr(part, field)
        if unsayable(value):
            fields[field] = sayable(value)
            if unsayable(info.default) and str(info.default) == str(value):
                del fields[field]
    return fields


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
    value = listed(value) if isinstance(value, str) and "," in value else value
    if isinstance(value, list | tuple):
        return tuple(build("activation", part) for part in value)
    return build("activation", value)


def _activation_tables(value: Activation | tuple[Activation, ...]) -> object:
    return [part_table(part) for part in value] if isinstance(value, tuple) else part_table(value)


def listed(value: object) -> object:
    """Return the parts that `value` says as a list: it may be one part, or names with commas between them."""
    if isinstance(value, str):
        return [name.strip() for name in value.strip("[]() ").split(",") if name.strip()]
    return [value] if isinstance(value, Mapping | Plugin) else value


_TABLE = PlainSerializer(part_table)

CostPart: TypeAlias = Annotated[Cost, _parser("cost"), _TABLE, _Schema("cost")]
ActivationPart: TypeAlias = Annotated[Activation, _parser("activation"), _TABLE, _Schema("activation")]
OptimizerPart: TypeAlias = Annotated[Optimizer, _parser("optimizer"), _TABLE, _Schema("optimizer")]
DatasetPart: TypeAlias = Annotated[Dataset, _parser("dataset"), _TABLE, _Schema("dataset")]
SchedulePart: TypeAlias = Annotated[Schedule, _parser("schedule"), _TABLE, _Schema("schedule")]
ObserverPart: TypeAlias = Annotated[Observer, _parser("observer"), _TABLE, _Schema("observer")]
ObserverParts: TypeAlias = Annotated[
    tuple[ObserverPart, ...], BeforeValidator(listed), _Schema("observer", or_list=True)
]
ActivationParts: TypeAlias = Annotated[
    Activation | tuple[Activation, ...],
    BeforeValidator(_build_activations),
    PlainSerializer(_activation_tables),
    _Schema("activation", or_list=True),
]


def explained(error: ValidationError, prefix: str = "") -> str:
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
