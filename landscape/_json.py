"""How is a value said in JSON, which has no infinities and no NaN?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def unsayable(value: object) -> bool:
    """Whether `value` is a number that JSON does not have."""
    return isinstance(value, float) and not math.isfinite(value)


def without_unsayable(value: Any) -> Any:
    """Return plain values, such as a schema, without the entries that are infinite or NaN: they say no limit."""
    if isinstance(value, Mapping):
        return {key: without_unsayable(entry) for key, entry in value.items() if not unsayable(entry)}
    if isinstance(value, list | tuple):
        return [without_unsayable(entry) for entry in value if not unsayable(entry)]
    return value


def sayable(value: Any) -> Any:
    """Return plain values with a text in place of each infinity and NaN.

    >>> sayable({"limit": float("inf"), "width": 2.0})
    {'limit': 'inf', 'width': 2.0}
    """
    if isinstance(value, Mapping):
        return {key: sayable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [sayable(entry) for entry in value]
    return str(value) if unsayable(value) else value


def strict(value: Any) -> str:
    """Return JSON for people and programs to read; ValueError where a number in `value` is not finite."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
