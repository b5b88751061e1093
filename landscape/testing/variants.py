"""Which other hyperparameters may a plugin have? Some, moved off what they are, by the bounds of their schema."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from landscape.kinds import Plugin

LIMIT = 7


def variants(plugin: Plugin) -> list[Plugin]:
    """Return up to `LIMIT` plugins of the same class with other values in some or all fields; each is valid.

    All fields are moved together, then each alone, to ordinary values and to bounds that belong to the range.
    Free text is left as it is. A plugin without fields, or whose schema cannot be had, has no variants.
    """
    try:
        moves = {name: other_values(schema, getattr(plugin, name)) for name, schema in fields_of(type(plugin)).items()}
    except Exception:  # a class whose schema raises fails the check of its schema, and has no variants
        return []
    return list(islice(_distinct(plugin, _changes({k: v for k, v in moves.items() if v})), LIMIT))


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


def _options(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas without references or unions that `schema` stands for."""
    if "$ref" in schema:
        yield from _options(definitions.get(schema["$ref"].rpartition("/")[2], {}), definitions)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        for alternative in alternatives:
            yield from _options(alternative, definitions)
    else:
        yield schema


def _changes(moves: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield the fields to change: all to their first values, and so on to their fourth ones, then each alone."""
    turns = range(max(map(len, moves.values()), default=0))
    for turn in turns[:4]:
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


def _sequences(schema: dict[str, Any], value: tuple[Any, ...] | list[Any]) -> list[tuple[Any, ...]]:
    """Return the sequence with every entry moved, and with one entry fewer or more where that is free."""
    entries = schema.get("prefixItems") or [schema.get("items") or {}] * len(value)
    moved = [([*other_values([entry], old)] or [old])[0] for entry, old in zip(entries, value, strict=False)]
    found = [tuple(moved)]
    if "prefixItems" not in schema and len(value) > 0:
        found += [tuple(value[:-1]), (*value, value[-1])]
    return found
