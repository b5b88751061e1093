"""Can the page run what its settings say? If not, which of them is wrong, in words for whoever typed it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from landscape.dashboard.controls import OF_EXPERIMENT
from landscape.errors import ExperimentError
from landscape.experiment import Experiment
from landscape.kinds import Plugin

_MOST_LAYERS, _MOST_UNITS, _MOST_BATCH, _MOST_EPOCHS = 8, 1024, 10_000, 10_000


Messages = dict[tuple[str, str], str]
"""What is wrong with each setting, by slot and field; what belongs to no field has the field ``""``."""


class Settings(NamedTuple):
    """What the controls say: an experiment, or why there is none.

    `errors` has the message for each setting that is wrong; `problem` what belongs to no single one.
    """

    experiment: Experiment | None
    errors: Messages
    problem: str = ""


def judge(values: Mapping[str, Any]) -> Settings:
    """Return the experiment of these `values`, or what is wrong with them."""
    try:
        experiment = Experiment(**values)
    except ExperimentError as error:
        if not isinstance(error.__cause__, ValidationError):
            return Settings(None, {}, str(error))
        return _explain(error.__cause__)
    limits = over_limits(experiment)
    return Settings(None if limits else experiment, limits)


def _explain(error: ValidationError) -> Settings:
    """Return the messages by setting."""
    errors: Messages = {}
    problem = ""
    for found in error.errors():
        where = [str(part) for part in found["loc"]]
        text = _message(found["type"], found["msg"])
        if not where:
            problem = text
        elif where[0] in (*OF_EXPERIMENT, "function"):
            errors[where[0], where[1] if len(where) > 1 else ""] = text
        else:
            errors["experiment", where[0]] = text
    return Settings(None, errors, problem)


def judge_part(slot: str, cls: type[Plugin], values: Mapping[str, Any]) -> tuple[Plugin | None, Messages]:
    """Return the plugin of these `values` and no messages, or None and the messages."""
    try:
        return cls(**values), {}
    except ValidationError as error:
        where = [(str(found["loc"][0]) if found["loc"] else "", found) for found in error.errors()]
        return None, {(slot, field): _message(found["type"], found["msg"]) for field, found in where}
    except Exception as error:  # validators of plugins may raise anything
        return None, {(slot, ""): f"{type(error).__name__}: {error}"}


_PLAIN_WORDS = {
    "float_parsing": "Write a number, such as 0.5",
    "float_type": "Write a number, such as 0.5",
    "finite_number": "Write a number, such as 0.5",
    "int_parsing": "Write a whole number, such as 10",
    "int_type": "Write a whole number, such as 10",
    "int_from_float": "Write a whole number, such as 10",
}


def _message(kind: str, text: str) -> str:
    """Return what a visitor reads of pydantic's complaint of that `kind`."""
    text = text.removeprefix("Value error, ").removeprefix("Input should be ")
    return _PLAIN_WORDS.get(kind, text[:1].upper() + text[1:])


def over_limits(experiment: Experiment) -> Messages:
    """Return what is beyond what one page may ask of the machine, by setting."""
    found: Messages = {}
    if len(experiment.hidden) > _MOST_LAYERS:
        found["experiment", "hidden"] = f"{len(experiment.hidden)} layers: this page trains at most {_MOST_LAYERS}"
    elif max(experiment.hidden, default=0) > _MOST_UNITS:
        found["experiment", "hidden"] = (
            f"{max(experiment.hidden)} units: this page trains layers of at most {_MOST_UNITS}"
        )
    for name, most in (("batch_size", _MOST_BATCH), ("epochs", _MOST_EPOCHS)):
        if getattr(experiment, name) > most:
            found["experiment", name] = f"At most {most:,} on this page"
    return found
