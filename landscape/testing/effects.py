"""Does every number among a plugin's fields make a difference?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from landscape.kinds import Plugin
from landscape.testing.core import fail, values_of
from landscape.testing.variants import fields_of, other_values, variants


def demand_effects(plugin: Plugin, answer: Callable[[Any], bytes]) -> None:
    """Fail where a field that is a real number changes nothing in what plugins `answer`.

    It is tried beside several values of the other fields, since it may have a say only in one of several modes.
    """
    bases = [plugin, *variants(plugin)]
    for name, options in fields_of(type(plugin)).items():
        if [schema.get("type") for schema in options if schema.get("type") != "null"] != ["number"]:
            continue
        pairs = [(base, moved) for base in bases for moved in _moved(base, name, options)]
        if pairs and not any(_differ(*pair, answer) for pair in pairs):
            tried = sorted({values_of(one)[name] for pair in pairs for one in pair if values_of(one)[name] is not None})
            fail(
                f"{type(plugin).__name__}.{name} makes no difference: with {', '.join(f'{x:g}' for x in tried)} the "
                "numbers are the very same.",
                f"Use self.{name} where it belongs, and keep nothing that is computed of it outside the plugin.",
            )


def _moved(base: Plugin, name: str, options: list[dict[str, Any]]) -> Iterator[Plugin]:
    """Yield `base` with other values of the one field."""
    now = getattr(base, name)
    # far off, too: a limit that is never reached by ordinary numbers is reached where it is less
    far = [now * by for by in (1e-6, 1e-3, 1e3)] if now else [1e-3, 1.0]
    for value in [*other_values(options, now), *far]:
        try:
            yield type(base).model_validate({**values_of(base), name: value})
        except Exception:  # a validator rejects the combination, in whatever way
            continue


def _differ(one: Plugin, two: Plugin, answer: Callable[[Any], bytes]) -> bool:
    try:
        return answer(one) != answer(two)
    except Exception:  # what fails is found by other checks, and is an effect
        return True
