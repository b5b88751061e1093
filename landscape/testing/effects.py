"""Does every field of a plugin make a difference?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import get_annotations, isfunction
from typing import Any

from landscape.kinds import Plugin
from landscape.testing.core import fail, values_of
from landscape.testing.reading import is_never_read
from landscape.testing.variants import fields_of, other_values, variants


def demand_effects(
    plugin: Plugin, answer: Callable[[Any], bytes], always: frozenset[str] = frozenset({"number"})
) -> None:
    """Fail where a field changes nothing in what plugins `answer`.

    It is tried beside several values of the other fields, since it may have a say only in one of several modes.
    A whole number, a choice or a switch may act later than is tried here, or say how something is computed: it fails
    only where nothing ever reads it (`_is_forgotten`).

    Parameters
    ----------
    always : types of JSON whose fields must change something, even where they are read.
    """
    bases = [plugin, *variants(plugin)]
    for name, options in fields_of(type(plugin)).items():
        types = {str(schema.get("type", "")) for schema in options} - {"null"}
        if not (len(types) == 1 and types <= always) and not _is_forgotten(type(plugin), name, options):
            continue
        pairs = [(base, moved) for base in bases for moved in _moved(base, name, options)]
        if pairs and not any(_differ(*pair, answer) for pair in pairs):
            _complain(plugin, name, [values_of(one)[name] for pair in pairs for one in pair])


def _is_forgotten(cls: type[Plugin], name: str, options: list[dict[str, Any]]) -> bool:
    """Whether a number, a choice or a switch was surely meant to be used where it is declared, and is not.

    What may be left out, a seed, a text and a sequence are not so sure, nor is what a class without methods declares.
    """
    if len(options) != 1 or name == "seed":
        return False
    plain = options[0].get("type") in ("number", "integer", "boolean") or bool({"enum", "const"} & options[0].keys())
    owner = next((base for base in cls.__mro__ if name in get_annotations(base)), cls)
    works = any(isfunction(value) for key, value in vars(owner).items() if not key.startswith("__"))
    return plain and works and is_never_read(cls, name)


def _complain(plugin: Plugin, name: str, tried: list[Any]) -> None:
    values = list(dict.fromkeys(value for value in tried if value is not None))
    if all(isinstance(value, float | int) and not isinstance(value, bool) for value in values):
        values.sort()
    shown = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values[:12])
    unread = is_never_read(type(plugin), name)
    fail(
        f"{type(plugin).__name__}.{name} makes no difference: with {shown} the numbers are the very same"
        f"{f', and nothing in its class reads self.{name}' if unread else ''}.",
        f"Use self.{name} where it belongs, "
        f"{'or leave it out' if unread else 'and keep nothing that is computed of it outside the plugin'}.",
    )


def _moved(base: Plugin, name: str, options: list[dict[str, Any]]) -> Iterator[Plugin]:
    """Yield `base` with other values of the one field."""
    now = getattr(base, name)
    for value in [*other_values(options, now), *_far_off(options, now)]:
        try:
            yield type(base).model_validate({**values_of(base), name: value})
        except Exception:  # a validator rejects the combination, in whatever way
            continue


def _far_off(options: list[dict[str, Any]], now: Any) -> list[float]:
    """Return numbers far from `now`: a limit that is never reached by ordinary numbers is reached where it is less."""
    types = {schema.get("type") for schema in options}
    if "number" in types:
        return [now * by for by in (1e-6, 1e-3, 1e3)] if now else [1e-3, 1.0]
    return [2, 10 * now, 1000 * now] if "integer" in types and now else []


def _differ(one: Plugin, two: Plugin, answer: Callable[[Any], bytes]) -> bool:
    try:
        return answer(one) != answer(two)
    except Exception:  # what fails is found by other checks, and is an effect
        return True
