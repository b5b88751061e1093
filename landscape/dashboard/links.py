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
    """Return the query string, ``?…`` or empty, that says how `experiment` differs from the preset ``classic``."""
    said = {path: value for path, value in _flat(experiment.to_dict()).items() if path != "observers"}
    default = _flat(_default())
    names = {path: value for path, value in said.items() if path.endswith(".name")}
    changed = {path for path in names if default.get(path) != names[path]}
    pairs = []
    # a function first, since naming one resets what belongs to networks
    for path, value in sorted(said.items(), key=lambda item: not item[0].startswith("function.")):
        part = path.rpartition(".")[0]
        if path in changed:
            pairs.append((part, value))
        elif f"{part}.name" in changed or default.get(path) != value:
            pairs.append((path, _text(value)))
    return "?" + urlencode(pairs, safe=",[]") if pairs else ""


def _default() -> dict[str, Any]:
    return Experiment.preset("classic").to_dict()


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
        if part == "observers":
            raise ExperimentError(f"{path}: an address cannot name what watches training, as that may write files")
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
    return Experiment(**_over(_default(), values))


def _over(default: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default experiment's table with `values` in place of what they name."""
    if "function" in values:  # it starts afresh: of the default, nothing but the optimizer makes sense for it
        default = {"optimizer": default["optimizer"]}
    return default | {part: _merged(default.get(part), value) for part, value in values.items()}


def _merged(old: Any, value: Any) -> Any:
    """Return a part's table with the fields that `value` leaves out, if it is of the same plugin."""
    value = {"name": value} if isinstance(old, dict) and isinstance(value, str) else value
    same = isinstance(old, dict) and isinstance(value, dict) and value.get("name", old["name"]) == old["name"]
    return {**old, **value} if same else value


def _read(text: str) -> Any:
    """Return the value as TOML reads it, else the text."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        return text
