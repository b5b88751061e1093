"""How is the run looked at? By a projection with its fields, or on a surface that was saved with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import dash_mantine_components as dmc
from dash import html

from landscape.dashboard.judging import Messages, judge_part
from landscape.dashboard.parts import aria
from landscape.dashboard.replay import Saved
from landscape.dashboard.session import Session
from landscape.dashboard.settings import (
    Identity,
    about_button,
    fields,
    fieldset,
    model_of,
    options,
    read_fields,
)
from landscape.errors import PluginError
from landscape.kinds import Plugin, Projection
from landscape.parts import part_table

SLOT = "projection"
_SAVED = "saved/"


def view_options(session: Session) -> list[Any]:
    """Return what there is to choose from, in groups where the run came with surfaces."""
    projections = options(SLOT)
    if not session.saved:
        return list(projections)
    kept = [{"value": f"{_SAVED}{name}", "label": f"Saved: {name}"} for name in session.saved]
    return [{"group": "Saved with the run", "items": kept}, {"group": "Projections", "items": projections}]


def value_of(view: Projection | Saved) -> str:
    """Return how the choice says `view`."""
    return f"{_SAVED}{view.name}" if isinstance(view, Saved) else str(part_table(view)["name"])


def saved_name(value: str) -> str:
    """Return the name of the saved surface that a value of the choice means, ``""`` for a projection."""
    return value.removeprefix(_SAVED) if value.startswith(_SAVED) else ""


def view_choice(session: Session) -> html.Div:
    """Return the list of views, with the button that tells of a projection."""
    select = dmc.Select(
        id={"type": "choice", "slot": SLOT},
        value=value_of(session.view),
        data=view_options(session),
        size="xs",
        allowDeselect=False,
        className="projection",
        **aria(label="Projection"),
    )
    return html.Div([select, about_button(SLOT, "projection")], className="choice view-choice")


def view_fields(view: Projection | Saved) -> html.Div:
    """Return the place of the projection's fields."""
    if isinstance(view, Saved):
        return fieldset(SLOT, [])
    table = part_table(view)
    return fieldset(SLOT, fields(SLOT, table["name"], table))


def fields_of(slot: str, value: str, session: Session) -> list[html.Div]:
    """Return the controls of the part chosen in a slot, none for a saved surface.

    They show the values that the session has, where it has this part: it may have been given another name.
    """
    if slot == SLOT and saved_name(value):
        return []
    held = session.view if slot == SLOT else getattr(session.experiment, slot)
    table = part_table(held) if isinstance(held, Plugin) else {}
    return fields(slot, value, table if table.get("name") == value else None)


class Look(NamedTuple):
    """What the page says of how to look at the run: a view, or None and the messages, as in `Settings`."""

    view: Projection | Saved | None
    errors: Messages


def read_view(chosen: Mapping[str, str], given: Iterable[tuple[Identity, Any]]) -> Look:
    """Return the view that the controls say.

    Parameters
    ----------
    chosen : the part chosen in each slot.
    given : what each control shows; those of other parts are passed over.
    """
    value = chosen.get(SLOT, "")
    if saved_name(value):
        return Look(Saved(saved_name(value)), {})
    try:
        cls = model_of(SLOT, value)
    except PluginError:  # its file was loaded again without it
        return Look(None, {})
    shown = {one.field: text for one, text in given if one[:2] == (SLOT, value)}
    part, errors = judge_part(SLOT, cast(type[Projection], cls), read_fields(cls, shown))
    unplaced = errors.get((SLOT, ""), "")  # what is wrong with the whole stands at each of its fields
    return Look(cast(Projection | None, part), {(SLOT, name): unplaced for name in shown if unplaced} | errors)
