"""Are a plugin's fields fit for users? They have defaults, descriptions and bounds, and reject what is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import ValidationError

from landscape._keywords import strays
from landscape.kinds import Plugin
from landscape.testing.core import Check, fail, first_line, sentence, values_of
from landscape.testing.variants import bounds, fields_of

P = TypeVar("P", bound=Plugin)


_WITHIN = "Choose a default that the field's type and bounds, and the validators, accept."


def broken(error: ValidationError, when: str = "") -> str:
    """Return which field has which value `when`, and which rule it breaks, as the end of a sentence."""
    first = error.errors()[0]
    rule = sentence(first["msg"].removeprefix("Value error, "))
    where = ".".join(map(str, first["loc"]))
    return f"{where} = {first['input']!r}{when}, but {rule}" if where else rule


def remade(plugin: P) -> P:
    """Return another plugin of the same class and fields, without anything that `plugin` may have kept.

    Fails where the fields are not such as the class accepts, which defaults need not be.
    """
    try:
        return type(plugin).model_validate(values_of(plugin))
    except ValidationError as error:
        name = type(plugin).__name__
        fail(f"{name} cannot be made again of its own fields: {broken(error)}", _WITHIN)


def _says_its_schema(plugin: Plugin) -> None:
    cls = type(plugin)
    for stray in strays(cls):
        if stray.misspelt:
            fail(f"{stray.says}.")
    try:
        json.dumps(cls.model_json_schema(), allow_nan=False)
    except Exception as error:  # pydantic's errors, and those of foreign types
        fail(
            f"{cls.__name__}.model_json_schema() raises {type(error).__name__}: {first_line(error)}.",
            "Use field types that JSON has: numbers, text, booleans, choices (Literal), tuples of these.",
        )


def _has_defaults(plugin: Plugin) -> None:
    cls = type(plugin)
    required = [name for name, info in cls.model_fields.items() if info.is_required()]
    if required:
        fail(
            f"{cls.__name__} has no default for {', '.join(required)}.",
            "Every field needs one, so that the name alone says a whole plugin.",
        )
    default = cls()
    if values_of(default) != values_of(cls()):
        fail(f"{cls.__name__}() is not the same each time: let no default depend on chance, time or earlier calls.")
    try:
        validated = cls.model_validate(values_of(default))
    except ValidationError as error:
        fail(f"{cls.__name__}() breaks its own rules: {broken(error, ' by default')}", _WITHIN)
    if values_of(validated) != values_of(default):
        fail(
            f"the defaults of {cls.__name__} change when they are given: {values_of(default)} becomes "
            f"{values_of(validated)}.",
            "Write each default in the form and type that validation gives it.",
        )


def _describes_its_fields(plugin: Plugin) -> None:
    for name, info in type(plugin).model_fields.items():
        if not (info.description or "").strip():
            fail(
                f"{type(plugin).__name__}.{name} has no description.",
                f'Give it one, as in {name}: … = Field(…, description="…"): it is the help of its control.',
            )


def _bounds_its_numbers(plugin: Plugin) -> None:
    for name, options in fields_of(type(plugin)).items():
        for schema in options:
            if schema.get("type") not in ("number", "integer") or "enum" in schema or "const" in schema:
                continue
            low, high = bounds(schema)
            if math.isinf(low) and math.isinf(high):
                fail(
                    f"{type(plugin).__name__}.{name} is a number without bounds.",
                    "Say which values make sense, as in Field(…, ge=0) or Field(…, gt=0, le=10), in the field itself: "
                    "controls and error messages are made of it.",
                )
            if low > high:
                fail(f"{type(plugin).__name__}.{name} admits no number: its least, {low:g}, exceeds {high:g}.")


def _rejects_bad_values(plugin: Plugin) -> None:
    for name, options in fields_of(type(plugin)).items():
        for bad, why in _bad_values(options):
            _demand_rejection(plugin, name, bad, why)


def _demand_rejection(plugin: Plugin, name: str, bad: Any, why: str) -> None:
    cls = type(plugin)
    try:
        made = cls.model_validate({**values_of(plugin), name: bad})
    except ValidationError:
        return
    except Exception as error:  # a validator of the plugin's own
        fail(
            f"{cls.__name__}({name}={bad!r}) raises {type(error).__name__}: {first_line(error)}, which no user can "
            "tell from a defect.",
            "Validators reject by raising ValueError.",
        )
    fail(
        f"{cls.__name__} accepts {name} = {bad!r}, {why}, and makes it {getattr(made, name)!r}.",
        "Give the field the type and the bounds that it needs, and let nothing correct what users write.",
    )


def _bad_values(options: list[dict[str, Any]]) -> Iterable[tuple[Any, str]]:
    """Yield values that a field with these schemas must reject, and why."""
    kinds = {schema.get("type") for schema in options}
    yield object(), "which is no value at all"
    if kinds <= {"number", "integer", "boolean", "null"}:
        yield "no such value", "which is text"
    if "null" not in kinds:
        yield None, "which says nothing"
    if any("enum" in schema or "const" in schema for schema in options):
        yield "no such choice", "which is none of the choices"
    numbers = [schema for schema in options if schema.get("type") in ("number", "integer")]
    if len(numbers) == 1 and kinds <= {numbers[0]["type"], "null"}:
        yield from _out_of_bounds(numbers[0])
    if "number" in kinds:
        yield from ((bad, "which is not a finite number") for bad in (math.nan, math.inf, -math.inf))
    if "integer" in kinds and "number" not in kinds:
        yield 1.5, "which is not whole"


def _out_of_bounds(schema: dict[str, Any]) -> Iterable[tuple[float, str]]:
    """Yield numbers beyond the bounds that a schema states, and the bounds themselves where it excludes them."""
    cast = int if schema.get("type") == "integer" else float
    for key, sign in (("minimum", -1), ("maximum", 1)):
        if key in schema:
            edge = schema[key]
            yield cast(edge + sign * max(1, abs(edge))), f"beyond the bound {edge:g} that its schema states"
    for key in ("exclusiveMinimum", "exclusiveMaximum"):
        if key in schema:
            yield cast(schema[key]), "a bound that its schema excludes"


def _rejects_unknown_fields(plugin: Plugin) -> None:
    cls = type(plugin)
    try:
        cls.model_validate({**values_of(plugin), "no_such_field": 1})
    except ValidationError:
        return
    fail(
        f"{cls.__name__}(no_such_field=1) is accepted, so that users' misspellings would go unnoticed.",
        'Keep the configuration of landscape.Plugin, extra="forbid".',
    )


CHECKS: tuple[Check, ...] = (
    Check("says_its_schema", "The fields can be said as a JSON schema.", _says_its_schema),
    Check("has_defaults", "Every field has a default that is valid and always the same.", _has_defaults),
    Check("describes_its_fields", "Every field has a description.", _describes_its_fields),
    Check("bounds_its_numbers", "Every field that is a number has bounds.", _bounds_its_numbers),
    Check("rejects_bad_values", "Values of a wrong type or out of bounds are rejected.", _rejects_bad_values),
    Check("rejects_unknown_fields", "Fields that are not there are rejected.", _rejects_unknown_fields),
)
