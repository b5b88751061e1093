"""Which other hyperparameters may a plugin have? Some, moved off what they are, by the bounds of their schema."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel

from landscape.kinds import Plugin

P = TypeVar("P", bound=Plugin)

LIMIT = 7
_NEAR = 0.01  # the share of the way from one bound to the other
_LITTLE = 1e-3  # how far off a bound is a little, as a share of the way to the other, which counts for 1 at most
_TINY = 1e-3  # the distance to a bound that is very close
_FARTHEST = 1e9  # where a bound is no longer meant to be reached
_TOGETHER = 4  # how often all fields are moved at once


def variants(plugin: Plugin) -> list[Plugin]:
    """Return up to `LIMIT` plugins of the same class with other values in some or all fields; each is valid.

    All fields are moved together, then each alone, to ordinary values and to bounds that belong to the range.
    Free text is left as it is. There are more where that is needed for every choice of a field.
    A plugin without fields, or whose schema cannot be had, has no variants.
    """
    try:
        schemas = fields_of(type(plugin))
        moves = {name: other_values(schema, getattr(plugin, name)) for name, schema in schemas.items()}
    except Exception:  # a class whose schema raises fails the check of its schema, and has no variants
        return []
    together = max(_TOGETHER, *(len(moves[name]) for name, schema in schemas.items() if _is_choice(schema)), 0)
    changes = _changes({name: values for name, values in moves.items() if values}, together)
    return list(islice(_distinct(plugin, changes), LIMIT + together - _TOGETHER))


def _is_choice(options: list[dict[str, Any]]) -> bool:
    return any("enum" in schema or "const" in schema for schema in options)


def fields_of(cls: type[Plugin]) -> dict[str, list[dict[str, Any]]]:
    """Return the JSON schemas that each field may follow: several for a union, else one."""
    schema = cls.model_json_schema(by_alias=False)
    definitions = schema.get("$defs", {})
    return {name: list(_options(field, definitions)) for name, field in schema.get("properties", {}).items()}


def bounds(schema: dict[str, Any]) -> tuple[float, float]:
    """Return the least and the greatest number that a schema admits or, where it excludes it, ends before."""
    lows = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
    return max(lows, default=-math.inf), min(highs, default=math.inf)


def near_bounds(plugin: P) -> Iterator[P]:
    """Yield the plugin with each number, alone, close to each of two bounds that are not in its range themselves."""
    for name, schema in _schemas_of(plugin):
        low, high = bounds(schema)
        for share in (_NEAR, 1 - _NEAR) if {"exclusiveMinimum", "exclusiveMaximum"} <= schema.keys() else ():
            yield from _with(plugin, {name: low + share * (high - low)})


def at_bounds(plugin: P) -> Iterator[P]:
    """Yield the plugin with each number, alone, at each of its bounds or, where that is excluded, very close to it."""
    for name, schema in _schemas_of(plugin):
        low, high = bounds(schema)
        unit = 1 if schema.get("type") == "integer" else _TINY * min(1.0, high - low)
        for bound, within in ((low, unit), (high, -unit)):
            if abs(bound) <= _FARTHEST:
                excluded = bound in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
                yield from _with(plugin, {name: bound + within * excluded})


def _schemas_of(plugin: Plugin) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each field with each of the schemas that it may follow."""
    for name, options in fields_of(type(plugin)).items():
        yield from ((name, schema) for schema in options)


def _with(plugin: P, change: dict[str, Any]) -> Iterator[P]:
    """Yield the plugin with some fields changed, unless it rejects that."""
    values = {name: getattr(plugin, name) for name in type(plugin).model_fields}
    try:
        changed = type(plugin).model_validate({**values, **change})
    except Exception:  # a validator rejects the combination, in whatever way
        return
    yield changed


def off_bounds(plugin: P) -> Iterator[P]:
    """Yield the plugin with its numbers that are at a bound a little within it: all of them, then each alone."""
    moved: dict[str, float] = {}
    for name, schema in _schemas_of(plugin):
        (low, high), value = bounds(schema), getattr(plugin, name)
        if isinstance(value, float) and value in (low, high):
            off = _LITTLE * min(1.0, high - low)
            moved[name] = value + (off if value == low else -off)
    for change in (moved, *({name: value} for name, value in moved.items() if len(moved) > 1)):
        if change:
            yield from _with(plugin, change)


def _options(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas without references or unions that `schema` stands for."""
    if "$ref" in schema:
        yield from _options(definitions.get(schema["$ref"].rpartition("/")[2], {}), definitions)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        for alternative in alternatives:
            yield from _options(alternative, definitions)
    else:
        yield schema


def _changes(moves: dict[str, list[Any]], together: int) -> Iterator[dict[str, Any]]:
    """Yield the fields to change: all to their first values, and so on `together` times, then each alone."""
    turns = range(max(map(len, moves.values()), default=0))
    for turn in turns[:together]:
        yield {name: values[turn % len(values)] for name, values in moves.items()}
    for turn in turns:
        yield from ({name: values[turn]} for name, values in moves.items() if turn < len(values))


def _distinct(plugin: Plugin, changes: Iterator[dict[str, Any]]) -> Iterator[Plugin]:
    """Yield the valid plugins among the changed ones, each once and none equal to `plugin`."""
    values = {name: getattr(plugin, name) for name in type(plugin).model_fields}
    seen = [values]
    for change in changes:
        try:
            variant = type(plugin).model_validate({**values, **change})
        except Exception:  # a validator rejects the combination, in whatever way
            continue
        new = {name: getattr(variant, name) for name in values}
        if new not in seen:
            seen.append(new)
            yield variant


def other_values(options: list[dict[str, Any]], value: Any) -> list[Any]:
    """Return other values that a field with these schemas may have, the most ordinary first."""
    found: list[Any] = []
    for schema in options:
        if "enum" in schema:
            found += schema["enum"]
        elif "const" in schema:
            found.append(schema["const"])
        elif schema.get("type") == "boolean":
            found += [False, True]
        elif schema.get("type") == "null":
            found.append(None)
        elif schema.get("type") in ("number", "integer"):
            found += _numbers(schema, value)
        elif schema.get("type") == "object" and isinstance(value, BaseModel):
            found += _models(schema, value)
        elif schema.get("type") == "array" and isinstance(value, tuple | list):
            found += _sequences(schema, value)
    return [other for other in found if other != value or isinstance(other, bool) is not isinstance(value, bool)]


def _numbers(schema: dict[str, Any], value: Any) -> list[float]:
    """Return numbers above and below `value` in the range, then the bounds that are not far off."""
    low, high = bounds(schema)
    start = float(value) if isinstance(value, int | float) else min(max(1.0, low), high)
    reach = abs(start) or 1.0
    up = min(start + 0.7 * reach, start + 0.37 * (high - start))
    down = max(start - 0.7 * reach, start - 0.37 * (start - low))
    near = max(100.0, 10 * reach)
    edges = [schema[key] for key in ("minimum", "maximum") if key in schema and abs(schema[key]) <= near]
    found = [up, down, *edges]
    if schema.get("type") == "integer":
        unit = schema.get("multipleOf", 1)
        whole = [unit * math.ceil(up / unit), unit * math.floor(down / unit), *map(int, edges)]
        return list(dict.fromkeys(whole))
    return list(dict.fromkeys(found))


def _models(schema: dict[str, Any], value: BaseModel) -> list[dict[str, Any]]:
    """Return the values of a model within a plugin with every field moved, then with each moved alone."""
    options = {name: list(_options(field, {})) for name, field in schema.get("properties", {}).items()}
    moves = {name: other_values(schemas, getattr(value, name, None)) for name, schemas in options.items()}
    return [{**dict(value), **change} for change in _changes({k: v for k, v in moves.items() if v}, 1)]


def _sequences(schema: dict[str, Any], value: tuple[Any, ...] | list[Any]) -> list[tuple[Any, ...]]:
    """Return the sequence with every entry moved, and with one entry fewer or more where that is free.

    The later an entry is, the more it is moved, so that equal ones come to differ.
    """
    entries = schema.get("prefixItems") or [schema.get("items") or {}] * len(value)
    moved = [([*other_values([entry], old)] or [old])[0] for entry, old in zip(entries, value, strict=False)]
    moved = [
        old + (new - old) * (i + 1) / len(moved) if isinstance(old, float) and isinstance(new, float) else new
        for i, (old, new) in enumerate(zip(value, moved, strict=False))
    ]
    found = [tuple(moved)]
    if "prefixItems" not in schema and len(value) > 0:
        found += [tuple(value[:-1]), (*value, value[-1])]
    return found
