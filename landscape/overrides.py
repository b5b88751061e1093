"""How is an experiment changed by a few words? By paths and values, such as ``optimizer.learning_rate=0.5``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from landscape.errors import ExperimentError
from landscape.parts import build, listed

OF_NETWORKS = ("dataset", "hidden", "activation", "output", "initialization", "cost")
"""The fields of an experiment that say nothing when a test function is minimized."""


def apply_overrides(values: dict[str, Any], overrides: Iterable[str]) -> None:
    """Change `values` in place by each ``path=value``; a number in the path counts the entries of a list from 0.

    Raises ExperimentError where one is no such thing, leads nowhere, or undoes one before it.
    """
    earlier: list[str] = []
    for each in overrides:
        _override(values, each, earlier)
        earlier.append(each)


def _override(values: dict[str, Any], override: str, earlier: list[str]) -> None:
    names, value = _said(override)
    is_new = names[0] not in values
    table: Any = values
    for name, below in pairwise(names):
        table = _inner(table, _key(table, name, override, is_last=False), below.isdecimal(), override)
    last = _key(table, names[-1], override)
    old = table.get(last) if isinstance(table, dict) else table[last]
    if isinstance(old, dict) and isinstance(value, str) and old.get("name") == value:
        return  # the same plugin again: its fields stay
    for lost in earlier:
        if _said(lost)[0][: len(names)] == names != _said(lost)[0]:
            raise ExperimentError(f"{override!r} starts from defaults, and would drop {lost!r}: put it before that")
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


def _key(table: Any, name: str, override: str, *, is_last: bool = True) -> str | int:
    """Return what `name` is called in a table or, where it may be one more than there are, in a list."""
    if isinstance(table, dict):
        return name
    count = len(table)
    if name.isdecimal() and int(name) < count + is_last:
        if int(name) == count:
            table.append({})
        return int(name)
    before, _, after = override.partition("=")[0].partition(f".{name}")
    remedy = f"the first is {before}.0, and the next would be {before}.{count}"
    if not count:
        remedy = f"name one first, as {before}=NAME"
    elif not name.isdecimal():
        field = f".{name}{after}" if isinstance(table[0], dict | str) else ""
        remedy = f"write {before}.0{field} for the first"
    raise ExperimentError(f"{override!r}: {name!r} is no entry of a list of {count}; they count from 0: {remedy}")


def _inner(table: Any, key: Any, is_list: bool, override: str) -> Any:
    """Return the table or the list that is called `key`, made of a part's name alone where that is there."""
    inner = table.setdefault(key, [] if is_list else {}) if isinstance(table, dict) else table[key]
    if isinstance(inner, str):
        inner = table[key] = listed(inner) if is_list else {"name": inner}
    if not isinstance(inner, dict | list):
        raise ExperimentError(
            f"{override!r}: {key} has no fields, it is {inner!r}: write {key}=VALUE, with nothing between"
        )
    if is_list and isinstance(inner, dict) and key == "activation":
        raise ExperimentError(
            f"{override!r}: {key} is no list, but {inner.get('name')!r} for all layers: "
            f"list one for each hidden layer first, as {key}=tanh,relu"
        )
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
