"""How is an experiment changed by a few words? By paths and values, such as ``optimizer.learning_rate=0.5``."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from typing import Any

from landscape.errors import ExperimentError
from landscape.parts import build, listed

OF_NETWORKS = ("dataset", "hidden", "activation", "output", "initialization", "cost")
"""The fields of an experiment that say nothing when a test function is minimized."""


def override_in(values: dict[str, Any], override: str) -> None:
    """Change `values` in place by one ``path=value``; a number in the path counts the entries of a list from 0.

    Raises ExperimentError where it is no such thing, or the path leads nowhere.
    """
    names, value = _said(override)
    is_new = names[0] not in values
    table: Any = values
    for name, below in pairwise(names):
        table = _inner(table, _key(table, name, override), below.isdecimal(), override)
    last = _key(table, names[-1], override)
    old = table.get(last) if isinstance(table, dict) else table[last]
    if isinstance(old, dict) and isinstance(value, str) and old.get("name") == value:
        return  # the same plugin again: its fields stay
    table[last] = value
    _drop_what_no_longer_fits(values, names, value, is_new)


def _said(override: str) -> tuple[list[str], Any]:
    """Return the names in the path of an override, and its value."""
    path, separator, text = override.partition("=")
    names = path.strip().split(".")
    if not separator or not all(names):
        raise ExperimentError(f"{override!r} is not an override: write path=value, as optimizer.learning_rate=0.5")
    if names[1:] and names[-1] == "name":
        del names[-1]  # optimizer.name=adam is optimizer=adam
    return names, _read(text.strip())


def _read(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:  # no TOML, or a number of too many digits
        return text


def _key(table: Any, name: str, override: str) -> str | int:
    """Return what `name` is called in a table or, where it may be one more than there are, in a list."""
    if isinstance(table, dict):
        return name
    if not name.isdecimal() or int(name) > len(table):
        raise ExperimentError(f"{override!r}: {name!r} is no entry of a list of {len(table)}; they count from 0")
    if int(name) == len(table):
        table.append({})
    return int(name)


def _inner(table: Any, key: Any, is_list: bool, override: str) -> Any:
    """Return the table or the list that is called `key`, made of a part's name alone where that is there."""
    inner = table.setdefault(key, [] if is_list else {}) if isinstance(table, dict) else table[key]
    if isinstance(inner, str):
        inner = table[key] = listed(inner) if is_list else {"name": inner}
    if not isinstance(inner, dict | list):
        raise ExperimentError(f"{override!r}: {key} has no fields; it is {inner!r}")
    return inner


def _drop_what_no_longer_fits(values: dict[str, Any], names: list[str], value: Any, is_new: bool) -> None:
    """Drop a schedule of the optimizer before, and what belongs to networks once there is a function."""
    if names == ["optimizer"] and not _has_rate(value):
        values.pop("schedule", None)
    if names[0] == "function" and is_new:
        for name in (*OF_NETWORKS, "schedule"):  # which counts epochs, and a function's is one step
            values.pop(name, None)


def _has_rate(optimizer: object) -> bool:
    """Return whether an optimizer, if it can be built, has a learning rate."""
    try:
        return "learning_rate" in type(build("optimizer", optimizer)).model_fields
    except ValueError:  # which is said when the experiment is built
        return True
