"""How does the page follow the plugins? It tells what each is, and takes up those that were loaded again."""

from __future__ import annotations

from typing import Any, NamedTuple

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from landscape.dashboard.about import about
from landscape.dashboard.callbacks import CHOICES, READ, Given, given_of, said_of, settings_of
from landscape.dashboard.controls import SLOTS, label_of
from landscape.dashboard.plugin_files import PluginFile, PluginFiles
from landscape.dashboard.renewal import Replacement, chain, kept
from landscape.dashboard.session import Session
from landscape.dashboard.settings import default_of, fields, options, read_fields
from landscape.dashboard.views import SLOT, saved_name, view_options
from landscape.dashboard.visitors import Visitors
from landscape.errors import PluginError
from landscape.registry import registry

_CLOCK_MS = 500
_FIELDSETS = {"type": "fieldset", "slot": ALL}


def register_plugins(app: Dash, visitors: Visitors, files: PluginFiles | None) -> None:
    """Give `app` the callbacks that tell of plugins and, where there are `files` to follow, those that follow them."""
    _register_about(app)
    if files is not None:
        _register_clock(app, files)
        _register_reload(app, visitors, files)


def stores(files: PluginFiles | None) -> list[Any]:
    """Return what the page needs in order to follow `files`."""
    version = 0 if files is None else files.version
    clock = [] if files is None else [dcc.Interval(id="plugins-clock", interval=_CLOCK_MS)]
    return [
        dcc.Store(id="about-slot"),
        dcc.Store(id="plugins", data=version),
        dcc.Store(id="followed", data=version),
        *clock,
    ]


def notes(files: PluginFiles | None, more: tuple[str, ...] = ()) -> list[html.Div]:
    """Return what is said of the files, mistakes and `more` first; of several without news, in one line."""
    watched = files.files if files else []
    wrong = [html.Div(_mistake(file), className="plugin-note wrong", role="alert") for file in watched if file.problem]
    wrong += [html.Div(text, className="plugin-note wrong", role="alert") for text in more]
    news = [file.said for file in watched if file.reloaded and not file.problem]
    quiet = [file.path.name for file in watched if not (file.reloaded or file.problem)]
    if len(quiet) > 1:
        news.append(f"{len(quiet)} plugin files are watched: save one, and it is loaded again.")
    else:
        news += [f"{name} is watched: save it, and it is loaded again." for name in quiet]
    return wrong + [html.Div(text, className="plugin-note", role="status") for text in news]


def _mistake(file: PluginFile) -> list[Any]:
    text = file.problem if file.problem.endswith((".", "!", "?")) else f"{file.problem}."
    return [html.Strong(text), " The version before stays in force." if file.loaded else ""]


def _register_about(app: Dash) -> None:
    @app.callback(
        Output("about", "opened"),
        Output("about", "title"),
        Output("about", "children"),
        Output("about-slot", "data"),
        Input({"type": "about", "slot": ALL}, "n_clicks"),
        Input("followed", "data"),
        State("about-slot", "data"),
        State("about", "opened"),
        State(CHOICES, "value"),
        prevent_initial_call=True,
    )
    def tell(_clicks: Any, _followed: Any, slot: str | None, opened: bool, _chosen: Any) -> tuple[Any, ...]:
        pressed = ctx.triggered_id
        if isinstance(pressed, dict) and ctx.triggered[0]["value"]:
            slot = pressed["slot"]
        elif pressed != "followed" or not opened:
            raise PreventUpdate
        chosen = {item["id"]["slot"]: item.get("value") for item in ctx.states_list[-1]}
        name = chosen.get(slot)
        if slot not in SLOTS or not isinstance(name, str):
            raise PreventUpdate
        if saved_name(name):
            return (
                True,
                f"Surface {saved_name(name)!r}",
                "It was saved with the run, and is shown as it was computed then.",
                slot,
            )
        try:
            return True, label_of(name), about(slot, name), slot
        except PluginError as error:
            return True, label_of(name), str(error), slot


def _register_clock(app: Dash, files: PluginFiles) -> None:
    @app.callback(
        Output("plugins", "data"),
        Input("plugins-clock", "n_intervals"),
        State("plugins", "data"),
        prevent_initial_call=True,
    )
    def look(_ticks: int, known: int) -> int:
        if known == files.version:
            raise PreventUpdate
        return files.version


def _register_reload(app: Dash, visitors: Visitors, files: PluginFiles) -> None:
    @app.callback(
        Output("plugin-notes", "children"),
        Output("followed", "data"),
        Output(CHOICES, "data"),
        Output(CHOICES, "value"),
        Output(_FIELDSETS, "children", allow_duplicate=True),
        Output("done", "data", allow_duplicate=True),
        Output("form-note", "children", allow_duplicate=True),
        Output("reset", "className", allow_duplicate=True),
        Input("plugins", "data"),
        State("followed", "data"),
        *READ,
        prevent_initial_call=True,
    )
    def follow(_version: int, followed: int, *_read: Any) -> tuple[Any, ...]:
        version, session = files.version, visitors.current()
        replacements, given = files.since(followed), given_of()
        slots = [item["id"]["slot"] for item in ctx.outputs_list[2]]
        news = {slot: _follow(slot, given, replacements) if slot in SLOTS else _Followed() for slot in slots}
        if SLOT in news:
            news[SLOT] = _with_saved(news[SLOT], given.chosen.get(SLOT, ""), session)
        said = tuple(one.said for one in news.values() if one.said)
        return (
            notes(files, said),
            version,
            [news[slot].options for slot in slots],
            [news[slot].name for slot in slots],
            [news.get(item["id"]["slot"], _Followed()).fields for item in ctx.outputs_list[4]],
            {"plugins": version},
            *(said_of(session) if settings_of(session).experiment else (no_update, no_update)),
        )


class _Followed(NamedTuple):
    """What changes in one slot: by default, nothing."""

    options: Any = no_update
    name: Any = no_update
    fields: Any = no_update
    said: str = ""


def _with_saved(news: _Followed, chosen: str, session: Session) -> _Followed:
    """Return what changes in the choice of the view, to which surfaces belong that were saved with the run."""
    listed = view_options(session)
    return _Followed(listed) if saved_name(chosen) else news._replace(options=listed)


def _follow(slot: str, given: Given, replacements: list[Replacement]) -> _Followed:
    """Return how a slot shows the plugins as they are now, keeping what is chosen and filled in where that still is."""
    kind, chosen, listed = SLOTS[slot], given.chosen.get(slot, ""), options(slot)
    became = chain(kind, chosen, replacements)
    name = became.new_name if became and became.new else chosen
    if name not in registry().names(kind):
        default = default_of(slot)
        return _Followed(
            listed, default, said=f"There is no {kind} {chosen!r} any more: {label_of(default)} is chosen."
        )
    if became is None:
        return _Followed(listed)
    new = registry().find(kind, name).cls
    values = kept(new, read_fields(became.old, given.values_of(slot, chosen)), became.old)
    return _Followed(listed, no_update if name == chosen else name, fields(slot, name, values))
