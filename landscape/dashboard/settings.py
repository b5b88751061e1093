"""What do the settings on the page say? From an experiment to its controls, and from controls to an experiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args

import dash_mantine_components as dmc
from dash import html
from pydantic import BaseModel, ValidationError

from landscape.dashboard.controls import SLOTS, component, controls_of, label_of, read, with_help
from landscape.errors import ExperimentError
from landscape.experiment import Experiment, preset_names
from landscape.functions import Function, FunctionName
from landscape.registry import registry

PLAIN = ("hidden", "initialization", "batch_size", "epochs", "seed", "learning_rate_decay")
_OF_NETWORKS = ("hidden", "initialization", "batch_size", "learning_rate_decay")
NETWORK = "network"
"""The choice, in the slot ``function``, of a network on data instead of a test function."""

_MOST_LAYERS, _MOST_UNITS, _MOST_BATCH, _MOST_EPOCHS = 8, 1024, 10_000, 10_000


# Each rolls into a minimum in some hundreds of steps; gradient descent at a network's rate would diverge at once.
_SUITED: dict[str, dict[str, Any]] = {
    "rosenbrock": {"optimizer": {"name": "sgd", "learning_rate": 0.001, "momentum": 0.9}, "epochs": 500},
    "himmelblau": {"optimizer": {"name": "adam", "learning_rate": 0.05}, "epochs": 300},
    "beale": {"optimizer": {"name": "adam", "learning_rate": 0.1}, "epochs": 300},
    "rastrigin": {"optimizer": {"name": "adam", "learning_rate": 0.05}, "epochs": 300},
    "saddle": {"optimizer": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9}, "epochs": 300},
    "ravine": {"optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}, "epochs": 300},
}


def suited(function: str, seed: int) -> Experiment:
    """Return the experiment to begin with when `function`, or a network, is chosen to be minimized."""
    if function == NETWORK:
        return Experiment.preset("classic").model_copy(update={"seed": seed})
    return Experiment(function=function, seed=seed, **_SUITED.get(function, {}))


def function_of(experiment: Experiment) -> str:
    """Return what `experiment` minimizes, as the slot ``function`` says it."""
    return NETWORK if experiment.function is None else experiment.function.name


class Identity(NamedTuple):
    """Which setting a control stands for: a `field` of the plugin `part` in a `slot`."""

    slot: str
    part: str
    field: str

    def id(self) -> dict[str, str]:
        """Return the component's id but for its type."""
        return self._asdict()


class Settings(NamedTuple):
    """What the controls say: an experiment, or why there is none.

    `errors` has the message for each setting that is wrong; `problem` what belongs to no single one.
    """

    experiment: Experiment | None
    errors: dict[tuple[str, str], str]
    problem: str = ""


def model_of(slot: str, part: str) -> type[BaseModel]:
    """Return the model whose fields are set in `slot` when `part` is chosen there."""
    return Function if slot == "function" else registry().find(SLOTS[slot], part).cls


def fields(slot: str, part: str, values: Mapping[str, Any] | None = None) -> list[html.Div]:
    """Return the controls of `part`, showing `values` or else its own defaults."""
    if slot == "function" and part == NETWORK:
        return []
    model = model_of(slot, part)
    shown = values or {}
    return [
        component(
            control,
            Identity(slot, part, control.name).id(),
            shown.get(control.name, control.default),
            "whole" if control.widget == "text" else "third",
        )
        for control in controls_of(model)
        if control.name != "name"
    ]


def choice(slot: str, label: str, value: str, options: Iterable[tuple[str, str]], text: str, width: str) -> html.Div:
    """Return the list in which the part of a slot is chosen."""
    data = [{"value": name, "label": said} for name, said in options]
    select = dmc.Select(
        id={"type": "choice", "slot": slot},
        label=label,
        value=value,
        data=data,
        size="xs",
        allowDeselect=False,
        maxDropdownHeight=320,
        comboboxProps={"withinPortal": True, "width": 220, "position": "bottom-start"},
    )
    return html.Div(with_help(select, text), className=width)


def preset_of(experiment: Experiment) -> str | None:
    """Return the name of the preset that `experiment` is, if it is one."""
    return next((name for name in preset_names() if Experiment.preset(name) == experiment), None)


def preset_choice(experiment: Experiment) -> html.Div:
    """Return the list of presets."""
    names = [{"value": name, "label": label_of(name)} for name in preset_names()]
    select = dmc.Select(
        id="preset", label="Preset", value=preset_of(experiment), data=names, size="xs", placeholder="custom"
    )
    return html.Div(with_help(select, "Settings that go well together, to start from."), className="half")


def panel(experiment: Experiment) -> list[Any]:
    """Return all settings, showing `experiment`."""
    said = experiment.to_dict()
    function = said.get("function") or {}
    plain = {control.name: control for control in controls_of(Experiment, PLAIN)}
    field = {
        name: component(
            control,
            Identity("experiment", "", name).id(),
            said.get(name, control.default),
            "half" if name in ("hidden", "initialization") else "quarter",
        )
        for name, control in plain.items()
    }
    hidden = " hidden" if function else ""
    defaults = Experiment().to_dict()
    slots = {slot: _slot(slot, said.get(slot, defaults[slot])) for slot in SLOTS}
    return [
        _group(
            "Problem",
            [
                preset_choice(experiment),
                _function_choice(function),
                _fieldset("function", function.get("name", NETWORK), function),
                _of_network("Data", slots["dataset"], hidden),
            ],
        ),
        _group(
            "Network",
            [field["hidden"], field["initialization"], *slots["activation"], *slots["output"]],
            hidden,
            "network-only",
        ),
        _group("Cost", slots["cost"], hidden, "network-only"),
        _group("Optimizer", slots["optimizer"]),
        _group(
            "Training",
            [
                field["epochs"],
                field["seed"],
                _of_network("Training", [field["batch_size"], field["learning_rate_decay"]], hidden),
            ],
        ),
    ]


def _of_network(name: str, children: list[Any], hidden: str) -> html.Div:
    """Return settings that are hidden while a test function is minimized."""
    return html.Div(children, className=f"network-only{hidden}", id={"type": "group", "name": name})


def _group(title: str, children: list[Any], more: str = "", kind: str = "") -> html.Section:
    extra: dict[str, Any] = {"id": {"type": "group", "name": title}} if kind else {}
    return html.Section(
        [html.H2(title), html.Div(children, className="fields")], className=f"group {kind}{more}".strip(), **extra
    )


_SLOT_LABELS = {"dataset": "Data set", "activation": "Hidden activation", "output": "Output activation"}


def _slot(slot: str, table: Mapping[str, Any] | list[Any]) -> list[Any]:
    """Return the choice of a part and its fields; of several activations, the first one's."""
    table = table[0] if isinstance(table, list) else table
    names = registry().names(SLOTS[slot])
    text = Experiment.model_fields[slot].description or ""
    label = _SLOT_LABELS.get(slot, label_of(slot))
    width = "half" if SLOTS[slot] == "activation" else "two-thirds"
    return [
        choice(slot, label, table["name"], [(name, label_of(name)) for name in names], text, width),
        _fieldset(slot, table["name"], table),
    ]


def _fieldset(slot: str, part: str, values: Mapping[str, Any]) -> html.Div:
    return html.Div(fields(slot, part, values), id={"type": "fieldset", "slot": slot}, className="fieldset")


def _function_choice(function: Mapping[str, Any]) -> html.Div:
    options = [(NETWORK, "A network"), *((name, label_of(name)) for name in get_args(FunctionName))]
    text = "What to minimize: a network's cost on data, or a test function of two parameters."
    return choice("function", "Minimize", function.get("name", NETWORK), options, text, "half")


def read_settings(choices: Mapping[str, str], given: Iterable[tuple[Identity, Any]], base: Experiment) -> Settings:
    """Return what the controls say, judged by the models themselves.

    Parameters
    ----------
    choices : the part chosen in each slot.
    given : what each control shows; controls of parts that are no longer chosen are passed over.
    base : says what the page has no controls for.
    """
    tables: dict[str, dict[str, Any]] = {slot: {"name": name} for slot, name in choices.items()}
    values: dict[str, Any] = {}
    for identity, value in given:
        if identity.slot == "experiment":
            values[identity.field] = _read(Experiment, identity.field, value)
        elif choices.get(identity.slot) == identity.part:
            model = model_of(identity.slot, identity.part)
            tables[identity.slot][identity.field] = _read(model, identity.field, value)
    if choices.get("function", NETWORK) == NETWORK:
        tables.pop("function", None)
    else:
        tables = {slot: tables[slot] for slot in ("function", "optimizer")}
        values = {name: value for name, value in values.items() if name not in _OF_NETWORKS}
    if "learning_rate" not in model_of("optimizer", choices["optimizer"]).model_fields:
        values.pop("learning_rate_decay", None)  # there is nothing that it could decay
    unseen = {name: getattr(base, name) for name in ("precision", "snapshots")}
    return _judge(unseen | tables | values)


def _read(model: type[BaseModel], name: str, value: Any) -> Any:
    """Return what a control shows as the model wants it."""
    (control,) = controls_of(model, (name,))
    return read(control, value)


def _judge(values: dict[str, Any]) -> Settings:
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
    errors: dict[tuple[str, str], str] = {}
    problem = ""
    for found in error.errors():
        where = [str(part) for part in found["loc"]]
        text = _message(found["type"], found["msg"])
        if not where:
            problem = text
        elif where[0] in (*SLOTS, "function"):
            errors[where[0], where[1] if len(where) > 1 else ""] = text
        else:
            errors["experiment", where[0]] = text
    return Settings(None, errors, problem)


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


def over_limits(experiment: Experiment) -> dict[tuple[str, str], str]:
    """Return what is beyond what one page may ask of the machine, by setting."""
    found: dict[tuple[str, str], str] = {}
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
