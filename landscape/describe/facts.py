"""What is there to say of a plugin? Its words, its fields, its provider, and how to use it."""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from landscape._json import sayable, strict
from landscape.errors import PluginError, suggest
from landscape.kinds import KINDS, KindName, Plugin
from landscape.registry import BUILTIN, Provided, registry

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}
_TYPES = {"boolean": "true or false", "null": "none", "object": "table", "string": "text", "number": "number"}
_TYPES |= {"integer": "whole number"}


@dataclass(frozen=True)
class FieldFacts:
    """One hyperparameter: its name, and what may be written for it, in words; `default` is as JSON says it."""

    name: str
    type: str
    default: Any
    bounds: str
    description: str


@dataclass(frozen=True)
class Description:
    """What there is to say of a plugin.

    `name` is how it is asked for, `key` the name that is never ambiguous; `defined_in` names class, file and line;
    `use` is a command that uses it.
    """

    kind: KindName
    name: str
    key: str
    distribution: str
    version: str
    doc: str
    source: str
    defined_in: str
    use: str
    fields: tuple[FieldFacts, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all that as plain values that JSON can say."""
        said: dict[str, Any] = json.loads(strict(sayable(asdict(self))))
        return said


def find(name: str, kind: str | None = None) -> Provided:
    """Return the plugin called `name`, which may be ``distribution:name``; of any kind, where only one has it.

    Raises
    ------
    PluginError
        When there is no such plugin or kind, or several; the message says what to write instead.
    """
    if kind is not None:
        return registry().find(_kind(kind), name)
    kinds = [kind for kind in KINDS if any(name in (p.name, p.key) for p in registry().provided(kind))]
    if len(kinds) == 1:
        return registry().find(kinds[0], name)
    if kinds:
        raise PluginError(f"{name!r} is {' and '.join(map(one, kinds))}: say which, as in '{kinds[0]} {name}'")
    if name in KINDS:
        known = ", ".join(registry().names(_kind(name)))
        raise PluginError(f"{name!r} is a kind: say which {name} you mean, one of {known}")
    known_names = [known for kind in KINDS for known in registry().names(kind)]
    raise PluginError(f"there is no plugin {name!r}.{suggest(name, known_names)} `landscape plugins` lists all")


def _kind(kind: str) -> KindName:
    for known in KINDS:
        if kind == known:
            return known
    raise PluginError(f"there is no kind {kind!r}.{suggest(kind, KINDS)} Kinds: {', '.join(KINDS)}")


def one(kind: str) -> str:
    """Return a kind with its article."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def describe(provided: Provided) -> Description:
    """Return what there is to say of a plugin; PluginError when its class cannot say it."""
    try:
        return _described(provided)
    except Exception as error:  # a class makes its schema and its defaults anew each time, and may be foreign code
        raised = f"its class raised {type(error).__name__}: {error}"
        raise PluginError(f"{provided.cls.kind} {provided.key!r} cannot be described: {raised}") from error


def _described(provided: Provided) -> Description:
    cls = provided.cls
    name = name_of(provided)
    return Description(
        kind=cls.kind,
        name=name,
        key=provided.key,
        distribution=provided.distribution,
        version=provided.version,
        doc=inspect.cleandoc(cls.__dict__.get("__doc__") or ""),
        source=cls.source,
        defined_in=_defined_in(provided),
        use=" ".join(["landscape", *use(cls.kind, name)]),
        fields=tuple(field_facts(cls)),
    )


def name_of(provided: Provided) -> str:
    """Return how a plugin is asked for: by its name, or by its key where the name is taken."""
    kind = provided.cls.kind
    pairs = zip(registry().names(kind), registry().provided(kind), strict=True)
    return next((name for name, other in pairs if other.cls is provided.cls), provided.key)


def use(kind: str, name: str, fields: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the words that follow ``landscape`` in a command that uses a plugin, with `fields` as they are typed."""
    given = (fields or {}).items()
    if kind == "projection":
        return ("surface", "RUN", "--projection", name, *_sets(f"{field}={value}" for field, value in given))
    slot, path = ("observers", "observers.0") if kind == "observer" else (kind, kind)
    return ("train", *_sets([f"{slot}={name}", *(f"{path}.{field}={value}" for field, value in given)]))


def _sets(settings: Iterator[str] | list[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _defined_in(provided: Provided) -> str:
    """Return the class by its module, and its file and line, without the folders of this machine."""
    cls = provided.cls
    # a plugin file's module has a name of our making
    name = cls.__qualname__ if provided.distribution.endswith(".py") else f"{cls.__module__}.{cls.__qualname__}"
    try:
        file, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):  # made by a program, or its file is gone
        return name
    return f"{name}, {Path(file).name} line {line}" if file else name


def field_facts(cls: type[Plugin]) -> Iterator[FieldFacts]:
    """Yield what there is to say of each field of a plugin class."""
    schema = cls.model_json_schema()
    defaults = cls().model_dump(mode="json")
    definitions = schema.get("$defs", {})
    for name, info in cls.model_fields.items():
        field = _resolved(schema["properties"][info.alias or name], definitions)
        yield FieldFacts(name, _type(field), sayable(defaults[name]), _bounds(field), info.description or "")


def value_text(value: object) -> str:
    """Return a value of a field, as JSON says it, as people type it.

    >>> value_text(0.5), value_text(True), value_text("filter"), value_text([1, 2]), value_text(None)
    ('0.5', 'true', 'filter', '[1, 2]', 'none')
    """
    if value is None:
        return "none"
    value = sayable(value)
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _resolved(schema: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field's schema with what it refers to in place of the reference, at the top and in its choices."""
    schema = {**definitions.get(schema.get("$ref", "").rpartition("/")[2], {}), **schema}
    if "anyOf" in schema:
        schema["anyOf"] = [_resolved(choice, definitions) for choice in schema["anyOf"]]
    return schema


def _type(schema: dict[str, Any]) -> str:
    """Return what may be written for a value of this JSON schema."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema or "const" in schema:
        return " or ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}s" if "items" in schema else "list"
    return _TYPES.get(schema.get("type", ""), "any value")


def _bounds(schema: dict[str, Any]) -> str:
    """Return the limits of a value, those of its choices among them."""
    found = [said.format(_limit(schema[key])) for key, said in _BOUNDS.items() if key in schema]
    return ", ".join([*found, *filter(None, map(_bounds, schema.get("anyOf", ())))])


def _limit(value: float) -> str:
    """Return a limit as people write it: 1,000 rather than 1000.0."""
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"


def where_in_plugins(error: BaseException) -> str:
    """Return the last line of a plugin that `error` came through, as ``"my_cost.py, line 7: "``, or ``""``."""
    return line_in_plugins(reversed(list(traceback.walk_tb(error.__traceback__))))


def line_in_plugins(lines: Iterable[tuple[FrameType, int]]) -> str:
    """Return the first of some lines that is a plugin's, as ``"my_cost.py, line 7: "``, or ``""``."""
    foreign = {p.cls.__module__ for kind in KINDS for p in registry().provided(kind) if p.distribution != BUILTIN}
    for frame, line in lines:
        if frame.f_globals.get("__name__") in foreign:
            return f"{Path(frame.f_code.co_filename).name}, line {line}: "
    return ""
