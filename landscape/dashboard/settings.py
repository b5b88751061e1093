"""What do the settings on the page say? From an experiment to its controls, and from controls to an experiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args

import dash_mantine_components as dmc
from dash import html
from pydantic import BaseModel

from landscape.dashboard.controls import OF_EXPERIMENT, SLOTS, component, controls_of, label_of, read, with_help
from landscape.dashboard.judging import Settings, judge
from landscape.dashboard.parts import aria
from landscape.errors import PluginError
from landscape.experiment import Experiment, preset_names
from landscape.functions import Function, FunctionName
from landscape.registry import BUILTIN, Provided, registry

PLAIN = ("hidden", "initialization", "batch_size", "epochs", "seed", "clip_value", "clip_norm")
_NUMBERS = ("batch_size", "epochs", "seed")
_OF_NETWORKS = ("hidden", "initialization", "batch_size")
NETWORK = "network"
"""The choice, in the slot ``function``, of a network on data instead of a test function."""

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


def model_of(slot: str, part: str) -> type[BaseModel]:
    """Return the model whose fields are set in `slot` when `part` is chosen there."""
    return Function if slot == "function" else registry().find(SLOTS[slot], part).cls


def fields(slot: str, part: str, values: Mapping[str, Any] | None = None) -> list[html.Div]:
    """Return the controls of `part`, showing `values` or else its own defaults."""
    if slot == "function" and part == NETWORK:
        return []
    model = model_of(slot, part)
    shown = values or {}
    controls = [
        component(
            control,
            Identity(slot, part, control.name).id(),
            shown.get(control.name, control.default),
            "whole" if control.widget in ("text", "table") else "third",
        )
        for control in controls_of(model)
        if control.name != "name"
    ]
    return controls if slot == "function" else [*controls, *_origin(registry().find(SLOTS[slot], part))]


def _origin(provided: Provided) -> list[html.Div]:
    """Return a line on where a plugin comes from, none for a built-in one."""
    said = [provided.cls.source, f"{provided.distribution} {provided.version}".strip()]
    text = " · ".join(filter(None, said))
    return [] if provided.distribution == BUILTIN else [html.Div(text, className="part-note")]


def options(slot: str) -> list[dict[str, str]]:
    """Return what there is to choose from in a slot of plugins."""
    return [{"value": name, "label": label_of(name)} for name in registry().names(SLOTS[slot])]


def default_of(slot: str) -> str:
    """Return the part that a slot has when nobody says which."""
    return "pca" if slot == "projection" else str(Experiment.model_fields[slot].default)


def choice(slot: str, label: str, value: str, data: list[dict[str, str]], text: str, width: str) -> html.Div:
    """Return the list in which the part of a slot is chosen; a plugin can be asked about."""
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
    about = [about_button(slot, label)] if slot in SLOTS else []
    return html.Div([with_help(select, text), *about], className=f"{width} choice")


def about_button(slot: str, label: str) -> html.Button:
    """Return the button that tells of the plugin chosen in a slot."""
    words = f"About this {label.lower()}"
    return html.Button(
        "i", id={"type": "about", "slot": slot}, className="about", type="button", title=words, **aria(label=words)
    )


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
            "quarter" if name in _NUMBERS else "half",
        )
        for name, control in plain.items()
    }
    hidden = " hidden" if function else ""
    defaults = Experiment().to_dict()
    slots = {slot: _slot(slot, said.get(slot, defaults[slot])) for slot in OF_EXPERIMENT}
    return [
        _group(
            "Problem",
            [
                preset_choice(experiment),
                _function_choice(function),
                fieldset("function", fields("function", function.get("name", NETWORK), function)),
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
        _group("Optimizer", [*slots["optimizer"], *slots["schedule"], field["clip_value"], field["clip_norm"]]),
        _group(
            "Training",
            [
                field["epochs"],
                field["seed"],
                _of_network("Training", [field["batch_size"]], hidden),
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
    text = Experiment.model_fields[slot].description or ""
    label = _SLOT_LABELS.get(slot, label_of(slot))
    width = "half" if SLOTS[slot] == "activation" else "two-thirds"
    return [
        choice(slot, label, table["name"], options(slot), text, width),
        fieldset(slot, fields(slot, table["name"], table)),
    ]


def fieldset(slot: str, controls: list[html.Div]) -> html.Div:
    """Return the place of the controls of the part that is chosen in a slot, with these in it."""
    return html.Div(controls, id={"type": "fieldset", "slot": slot}, className="fieldset")


def _function_choice(function: Mapping[str, Any]) -> html.Div:
    names = [(NETWORK, "A network"), *((name, label_of(name)) for name in get_args(FunctionName))]
    data = [{"value": name, "label": said} for name, said in names]
    text = "What to minimize: a network's cost on data, or a test function of two parameters."
    return choice("function", "Minimize", function.get("name", NETWORK), data, text, "half")


def read_settings(choices: Mapping[str, str], given: Iterable[tuple[Identity, Any]], base: Experiment) -> Settings:
    """Return what the controls say, judged by the models themselves.

    Parameters
    ----------
    choices : the part chosen in each slot.
    given : what each control shows; controls of parts that are no longer chosen are passed over.
    base : says what the page has no controls for.
    """
    choices = {slot: name for slot, name in choices.items() if slot in (*OF_EXPERIMENT, "function")}
    try:  # at once, as a file that is loaded again at this moment may take away a plugin
        models = {slot: model_of(slot, name) for slot, name in choices.items()}
    except PluginError as error:
        return Settings(None, {}, str(error))
    tables: dict[str, dict[str, Any]] = {slot: {"name": name} for slot, name in choices.items()}
    values: dict[str, Any] = {}
    for identity, value in given:
        if identity.slot == "experiment":
            values[identity.field] = _read(Experiment, identity.field, value)
        elif choices.get(identity.slot) == identity.part:
            tables[identity.slot] |= read_fields(models[identity.slot], {identity.field: value})
    if choices.get("function", NETWORK) == NETWORK:
        tables.pop("function", None)
    else:
        tables = {slot: tables[slot] for slot in ("function", "optimizer", "schedule") if slot in tables}
        values = {name: value for name, value in values.items() if name not in _OF_NETWORKS}
    if "learning_rate" not in models["optimizer"].model_fields:
        tables.pop("schedule", None)  # there is nothing that it could change
    unseen = {name: getattr(base, name) for name in ("precision", "snapshots", "observers")}
    return judge(unseen | tables | values)


def read_fields(model: type[BaseModel], shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what controls show, by field, as `model` wants it; without fields that it has no longer."""
    return {name: _read(model, name, value) for name, value in shown.items() if name in model.model_fields}


def _read(model: type[BaseModel], name: str, value: Any) -> Any:
    """Return what a control shows as the model wants it."""
    (control,) = controls_of(model, (name,))
    return read(control, value)
