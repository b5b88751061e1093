"""How does an address say an experiment? As ``?seed=3&optimizer=adam&optimizer.learning_rate=0.01``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from landscape.errors import ExperimentError
from landscape.experiment import Experiment

LONGEST = 2000
_READS_FILES = ("path", "folder", "file")


def query_of(experiment: Experiment) -> str:
    """Return the query string, ``?…`` or empty, that says how `experiment` differs from the default one."""
    said = _flat(experiment.to_dict())
    default = _flat(Experiment().to_dict())
    names = {path: value for path, value in said.items() if path.endswith(".name")}
    changed = {path for path in names if default.get(path) != names[path]}
    pairs = []
    for path, value in said.items():
        part = path.rpartition(".")[0]
        if path in changed:
            pairs.append((part, value))
        elif f"{part}.name" in changed or default.get(path) != value:
            pairs.append((path, _text(value)))
    return "?" + urlencode(pairs, safe=",[]") if pairs else ""


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return str(value)


def experiment_of(query: str) -> Experiment:
    """Return the experiment that the query string says; settings that it leaves out are the default's.

    Every value passes through the experiment's own models. A data set that reads files cannot be named: an
    address is not to decide which file is opened.

    Raises
    ------
    ExperimentError
        When the query is too long or a setting is not valid.
    """
    if len(query) > LONGEST:
        raise ExperimentError(f"the address has {len(query)} characters of settings: at most {LONGEST} are read")
    values: dict[str, Any] = {}
    for path, text in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        part, _, name = path.partition(".")
        if not name:
            old = values.get(part)
            values[part] = {"name": text, **old} if isinstance(old, dict) else _read(text)
            continue
        if name in _READS_FILES:
            raise ExperimentError(f"{path}: an address cannot name a file; set it on the page instead")
        table = values.setdefault(part, {})
        if not isinstance(table, dict):
            table = values[part] = {"name": table}
        table[name] = _read(text)
    return Experiment(**{part: _named(part, value) for part, value in values.items()})


def _named(part: str, value: Any) -> Any:
    """Add the default plugin's name to a table of fields that leaves it out."""
    if not isinstance(value, dict) or "name" in value:
        return value
    default = Experiment().to_dict().get(part)
    return {"name": default["name"], **value} if isinstance(default, dict) else value


def _read(text: str) -> Any:
    """Return the value as TOML reads it, else the text."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        return text
