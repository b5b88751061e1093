"""Which controls does a plugin need? One for each field of its schema; no plugin brings code for the page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import dash_mantine_components as dmc
from dash import html
from pydantic import BaseModel

from landscape.kinds import KindName

Widget = Literal["decimal", "text", "number", "switch", "choice", "list", "table"]


class Control(NamedTuple):
    """What a field looks like: its widget, label, help, bounds, choices, and default.

    An `optional` one may be left empty, which is shown as the word `empty`: the schema's own ``placeholder``, if any.
    """

    name: str
    widget: Widget
    label: str
    help: str
    default: Any
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    optional: bool = False
    empty: str = "default"


_WRITTEN = {
    "adamw": "AdamW",
    "asgd": "ASGD",
    "clip_norm": "Clip by norm",
    "clip_value": "Clip by value",
    "elu": "ELU",
    "filter_normalized": "Random (filter-normalised)",
    "gelu": "GELU",
    "idx": "IDX files",
    "kl_divergence": "KL divergence",
    "learning_rate": "Learning rate",
    "mnist": "MNIST",
    "nadam": "NAdam",
    "npz": "NPZ file",
    "pca": "PCA of the path",
    "radam": "RAdam",
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "rmsprop": "RMSprop",
    "selu": "SELU",
    "sgd": "SGD",
    "silu": "SiLU",
    "start_end": "Start–end",
    "xor": "XOR",
}


def label_of(name: str) -> str:
    """Return how a field or plugin called `name` is written for readers.

    >>> label_of("batch_size")
    'Batch size'
    """
    distribution, _, plain = name.rpartition(":")
    if distribution:  # which says whose, where several plugins have one name
        return f"{label_of(plain)} ({distribution})"
    return _WRITTEN.get(name, name.replace("_", " ").capitalize())


def controls_of(model: type[BaseModel], only: tuple[str, ...] = ()) -> list[Control]:
    """Return a control for each field of `model`, or for those called `only`, in that order."""
    schema = model.model_json_schema()
    fields = schema.get("properties", {})
    return [_control(name, fields[name], schema.get("$defs", {})) for name in only or fields]


def _control(name: str, field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Control:
    kind, optional = _kind(field, definitions)
    least = kind.get("minimum", kind.get("exclusiveMinimum"))
    most = kind.get("maximum", kind.get("exclusiveMaximum"))
    return Control(
        name=name,
        widget=_widget(kind),
        label=label_of(name),
        help=f"{field.get('description', '')}{_bounds(kind)}".strip(),
        default=field.get("default"),
        choices=tuple(str(choice) for choice in kind.get("enum", ())),
        least=least,
        most=most,
        optional=optional,
        empty=field.get("placeholder", "default"),
    )


def _kind(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Return the schema of the field's value, and whether it may be left empty."""
    options = [option for option in field.get("anyOf", [field]) if option.get("type") != "null"]
    optional = len(options) < len(field.get("anyOf", [field]))
    kind = options[0] if options else field
    reference = kind.get("$ref", "").rpartition("/")[2]
    return definitions.get(reference, kind), optional


_WIDGETS: dict[str, Widget] = {
    "array": "list",
    "boolean": "switch",
    "integer": "number",
    "number": "decimal",
    "object": "table",
}


def _widget(kind: Mapping[str, Any]) -> Widget:
    if "enum" in kind:
        return "choice"
    return _WIDGETS.get(kind.get("type", ""), "text")


def _bounds(kind: Mapping[str, Any]) -> str:
    """Return the bounds as readers write them, such as `` (> 0, ≤ 1)``."""
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    said = [f"{sign} {_number(kind[key])}" for key, sign in signs.items() if key in kind]
    return f" ({', '.join(said)})" if said else ""


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def written(value: Any) -> Any:
    """Return a field's value as its control shows it.

    >>> written((16, 16)), written(0.001), written(1e-08), written(None), written({"depth": 2})
    ('16, 16', '0.001', '1e-08', '', '{"depth": 2}')
    """
    if value is None:
        return ""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(written(item)) for item in value)
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) and float(f"{value:g}") == value else repr(value)
    return value


def read(control: Control, value: Any) -> Any:
    """Return what the control shows as a value for the model, which judges it.

    An exponent such as ``1e-3`` stays text, for the model to read: number inputs garble it.
    """
    if isinstance(value, str):
        value = value.strip()
    if control.optional and value in ("", None):
        return None
    if control.widget == "table" and isinstance(value, str):
        with suppress(json.JSONDecodeError):  # else the text stays, for the model to say what is wrong
            return json.loads(value)
    if control.widget == "list" and isinstance(value, str):
        return [item.strip() for item in value.strip("[]()").split(",") if item.strip()]
    return value


def component(control: Control, identity: Mapping[str, str], value: Any, width: str = "third") -> html.Div:
    """Return the control as a component with `identity`, showing `value`, its help on hover and focus.

    `width` is that of its cell, from a ``quarter`` to the ``whole`` of the panel.
    """
    build = {"switch": _switch, "number": _number_input, "choice": _select}.get(control.widget, _text_input)
    identity = {**identity, "type": "flag" if control.widget == "switch" else "field"}
    cell = f"{width} switch-cell" if control.widget == "switch" else width
    return html.Div(with_help(build(control, identity, value), control.help), className=cell)


def with_help(child: Any, text: str) -> Any:
    """Return `child` with `text` shown beside it while the pointer or the focus is there."""
    if not text:
        return child
    return dmc.Tooltip(
        child if isinstance(child, html.Div) else html.Div(child),
        label=text,
        position="right",
        multiline=True,
        w=230,
        withArrow=True,
        openDelay=350,
        events={"hover": True, "focus": True, "touch": False},
        withinPortal=True,
        boxWrapperProps={"w": "100%"},
    )


def _switch(control: Control, identity: dict[str, str], value: Any) -> Any:
    return dmc.Switch(id=identity, label=control.label, checked=bool(value), size="xs", color="teal")


def _number_input(control: Control, identity: dict[str, str], value: Any) -> Any:
    return dmc.NumberInput(
        id=identity,
        label=control.label,
        value=value,
        size="xs",
        allowDecimal=False,
        clampBehavior="none",
        hideControls=True,
        debounce=300,
        min=control.least,
        max=control.most,
    )


def _select(control: Control, identity: dict[str, str], value: Any) -> Any:
    data = [{"value": choice, "label": label_of(choice)} for choice in control.choices]
    return dmc.Select(id=identity, label=control.label, value=str(value), data=data, size="xs", allowDeselect=False)


def _text_input(control: Control, identity: dict[str, str], value: Any) -> Any:
    return dmc.TextInput(
        id=identity,
        label=control.label,
        value=str(written(value)),
        size="xs",
        debounce=300,
        spellCheck=False,
        autoComplete="off",
        placeholder=control.empty if control.optional else "",
        inputProps={"inputMode": "decimal" if control.widget == "decimal" else "text"},
    )


SLOTS: dict[str, KindName] = {
    "dataset": "dataset",
    "activation": "activation",
    "output": "activation",
    "cost": "cost",
    "optimizer": "optimizer",
    "schedule": "schedule",
    "projection": "projection",
}
"""What is chosen among plugins, and of which kind each is: parts of the experiment, and how to look at it."""

OF_EXPERIMENT = tuple(slot for slot in SLOTS if slot != "projection")
"""The parts of an experiment among them."""
