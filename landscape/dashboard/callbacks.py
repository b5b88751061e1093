"""What happens when something on the page is used? Every callback only asks the visitor's session."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from landscape.dashboard.chunks import Known
from landscape.dashboard.judging import Settings, over_limits
from landscape.dashboard.links import experiment_of, query_of
from landscape.dashboard.pace import SPEEDS
from landscape.dashboard.session import Session
from landscape.dashboard.settings import (
    NETWORK,
    Identity,
    function_of,
    panel,
    preset_of,
    read_settings,
    suited,
)
from landscape.dashboard.views import SLOT, fields_of, read_view, value_of, view_options
from landscape.dashboard.visitors import Visitors
from landscape.doubts import doubts
from landscape.errors import LandscapeError, PluginError
from landscape.experiment import Experiment, preset_names
from landscape.registry import BUILTIN, registry

_SLOW = "20 steps/s"  # a test function is over after a few hundred steps
_FAST = "200 steps/s"
FIELDS = {"type": "field", "slot": ALL, "part": ALL, "field": ALL}
FLAGS = {**FIELDS, "type": "flag"}
CHOICES = {"type": "choice", "slot": ALL}
READ = (State(CHOICES, "value"), State(FIELDS, "value"), State(FLAGS, "checked"))
"""The last states of every callback that reads what the controls show."""


class Given(NamedTuple):
    """What the controls show: the part `chosen` in each slot, and the value of each of the `fields`."""

    chosen: dict[str, str]
    fields: list[tuple[Identity, Any]]

    def values_of(self, slot: str, part: str) -> dict[str, Any]:
        """Return the values, by field, of a part that is chosen in a slot."""
        return {identity.field: value for identity, value in self.fields if identity[:2] == (slot, part)}


def given_of() -> Given:
    """Return what the controls show in the callback that is being answered, whose last three states are `READ`."""
    choices, values, flags = ctx.states_list[-3:]
    chosen = {item["id"]["slot"]: item.get("value") for item in choices}
    fields = [
        (Identity(item["id"]["slot"], item["id"]["part"], item["id"]["field"]), item.get("value"))
        for item in (*values, *flags)
    ]
    return Given(chosen, fields)


def register(app: Dash, visitors: Visitors) -> None:
    """Give `app` all its callbacks."""
    _register_clientside(app)
    _register_stream(app, visitors)
    _register_commands(app, visitors)
    _register_settings(app, visitors)


def _register_clientside(app: Dash) -> None:
    def client(name: str, *inputs: Any, output: Any = None) -> None:
        target = [output] if output is not None else []
        app.clientside_callback(ClientsideFunction("landscape", name), *target, *inputs)  # type: ignore[no-untyped-call]

    client("start", Input("recorded", "data"), State("live", "data"))
    client("consume", Input("chunk", "data"))
    client("kick", Input("done", "data"))
    client("kick", Input("done-settings", "data"))
    client("settle", Input("done-settings", "data"), Input("done", "data"))
    client("view", Input("view", "value"))
    client("palette", Input("palette", "value"))
    client("theme", Input("theme", "n_clicks"))
    client("copy", Input("copy-link", "n_clicks"), State("query", "data"))
    client("help", Input("help", "n_clicks"), State("help-box", "opened"), output=Output("help-box", "opened"))


def _register_stream(app: Dash, visitors: Visitors) -> None:
    @app.callback(Output("chunk", "data"), Input("request", "data"), prevent_initial_call=True)
    def next_chunk(request: Any) -> dict[str, Any]:
        asked = request if isinstance(request, dict) else {}
        chunk = visitors.current().chunk(_known(asked))
        # an answer equal to the last one would not reach the page, which would then never ask again
        return chunk | {"asked": asked.get("at")}


def _known(asked: dict[str, Any]) -> Known:
    """Return what the page says that it has; what is not of the right type counts as nothing."""
    kinds = {"key": str, "since": int, "surface": str, "tested": int, "revision": int}
    return Known(**{name: asked[name] for name, kind in kinds.items() if isinstance(asked.get(name), kind)})


def _register_commands(app: Dash, visitors: Visitors) -> None:
    """Run, Step, Reset and Refit take the settings as they are at that moment; wrong ones only let it pause."""

    @app.callback(
        Output("done", "data"),
        Output("form-note", "children", allow_duplicate=True),
        Output("reset", "className", allow_duplicate=True),
        Output("run", "disabled", allow_duplicate=True),
        Output({"type": "choice", "slot": SLOT}, "data", allow_duplicate=True),
        Output({"type": "choice", "slot": SLOT}, "value", allow_duplicate=True),
        *(Input(name, "n_clicks") for name in ("run", "step", "reset", "refit")),
        *READ,
        prevent_initial_call=True,
    )
    def command(*given: Any) -> tuple[Any, ...]:
        session, name = visitors.current(), str(ctx.triggered_id)
        settings, had = settings_of(session), session.saved
        wrong = settings.experiment is None
        if wrong and name != "refit" and not (name == "run" and session.running):
            return no_update, _refusal(settings), "button", True, no_update, no_update
        if settings.experiment is not None:
            session.configure(settings.experiment)
        {"run": session.toggle, "step": session.step, "reset": session.reset, "refit": session.refit}[name]()
        said = (_refusal(settings), "button") if wrong else said_of(session)
        # a surface that was saved with a run goes when that run does
        views = (view_options(session), value_of(session.view)) if had != session.saved else (no_update, no_update)
        return ({"command": name, "clicks": given[:4]}, *said, wrong and not session.running, *views)

    @app.callback(Output("done", "data", allow_duplicate=True), Input("speed", "value"), prevent_initial_call=True)
    def set_speed(name: str) -> dict[str, Any]:
        if name not in SPEEDS:
            raise PreventUpdate
        visitors.current().set_speed(SPEEDS[name])
        return {"speed": name}


def settings_of(session: Session) -> Settings:
    """Return the settings in the callback that is being answered."""
    given = given_of()
    return read_settings(given.chosen, given.fields, session.experiment)


def _register_settings(app: Dash, visitors: Visitors) -> None:
    @app.callback(
        Output({"type": "fieldset", "slot": MATCH}, "children"),
        Input({"type": "choice", "slot": MATCH}, "value"),
        prevent_initial_call=True,
    )
    def other_part(name: str) -> Any:
        try:
            return fields_of(ctx.triggered_id["slot"], name, visitors.current())
        except PluginError as error:  # its file was loaded again without it
            raise PreventUpdate from error

    @app.callback(
        Output({"type": "group", "name": ALL}, "className"),
        Input({"type": "choice", "slot": "function"}, "value"),
        State({"type": "group", "name": ALL}, "className"),
        prevent_initial_call=True,
    )
    def show_groups(function: str, classes: list[str]) -> list[str]:
        more = "" if function == NETWORK else " hidden"
        return [before.removesuffix(" hidden") + more for before in classes]

    @app.callback(
        Output(FIELDS, "error"),
        Output(FLAGS, "error"),
        Output("run", "disabled"),
        Output("step", "disabled"),
        Output("reset", "disabled"),
        Output("reset", "className"),
        Output("form-note", "children"),
        Output("query", "data"),
        Output("preset", "value", allow_duplicate=True),
        Output("done-settings", "data"),
        Output("settings", "children", allow_duplicate=True),
        Output("speed", "value", allow_duplicate=True),
        Input(CHOICES, "value"),
        Input(FIELDS, "value"),
        Input(FLAGS, "checked"),
        *READ,
        prevent_initial_call=True,
    )
    def validate(*_given: Any) -> tuple[Any, ...]:
        session = visitors.current()
        function = _chosen_function()
        if function is not None and function != function_of(session.experiment):
            return _other_function(session, function)
        settings, look = settings_of(session), read_view(*given_of())
        if look.view is not None:
            session.set_view(look.view)
        messages = settings.errors | look.errors
        errors = [
            [messages.get((item["id"]["slot"], item["id"]["field"]), "") for item in items]
            for items in ctx.outputs_list[:2]
        ]
        if settings.experiment is None:
            paused = not session.running
            told = (no_update, no_update, _settled(), no_update, no_update)
            return (*errors, paused, True, True, "button", _refusal(settings), *told)
        session.configure(settings.experiment)
        query = query_of(settings.experiment)
        note, button = said_of(session)
        preset = no_update if preset_of(settings.experiment) else None
        return (*errors, False, False, False, button, note, query, preset, _settled(), no_update, no_update)

    @app.callback(
        Output("settings", "children"),
        Output("form-note", "children", allow_duplicate=True),
        Output("query", "data", allow_duplicate=True),
        Input("address", "search"),
        prevent_initial_call="initial_duplicate",
    )
    def from_address(search: str | None) -> tuple[Any, ...]:
        if not search:
            raise PreventUpdate
        try:
            experiment = experiment_of(search)
        except LandscapeError as error:
            return no_update, f"The address says something that cannot be run. {error}", no_update
        limits = over_limits(experiment)
        if limits:
            return no_update, f"The address asks for too much. {'; '.join(limits.values())}", no_update
        session = visitors.current()
        session.configure(experiment)
        return panel(experiment), said_of(session)[0], query_of(experiment)

    @app.callback(
        Output("settings", "children", allow_duplicate=True),
        Output("form-note", "children", allow_duplicate=True),
        Output("reset", "className", allow_duplicate=True),
        Output("query", "data", allow_duplicate=True),
        Output("speed", "value"),
        Output("done", "data", allow_duplicate=True),
        Input("preset", "value"),
        prevent_initial_call=True,
    )
    def from_preset(name: str | None) -> tuple[Any, ...]:
        if name not in preset_names():
            raise PreventUpdate
        experiment, session = Experiment.preset(name), visitors.current()
        session.configure(experiment)
        pace = no_update if experiment.function is None else _SLOW
        return panel(experiment), *said_of(session), query_of(experiment), pace, {"preset": name}


def _settled() -> dict[str, Any]:
    """Return which choices the page has an answer for now: until then, no command is to read what they leave behind.

    `at` makes it another one than the last, which would not reach the page else.
    """
    return {"chosen": given_of().chosen, "at": perf_counter()}


def said_of(session: Session) -> tuple[str, str]:
    """Return the note below the settings and the look of Reset: what some settings wait for, and what is doubtful."""
    button = session.waits
    note = [f"Applies on {button}"] if button else []
    return ". ".join([*note, *doubts_of(session)]), "button pending" if button == "Reset" else "button"


def doubts_of(session: Session) -> list[str]:
    """Return what in the settings is most likely a mistake, as sentences without a full stop.

    It takes values of the output activation, which is not to be had of a plugin here: no request runs foreign code.
    """
    output = registry().provider_of(session.experiment.output)
    if output is None or output.distribution != BUILTIN:
        return []
    return [f"{text[:1].upper()}{text[1:]}" for text in doubts(session.experiment)]


def _refusal(settings: Settings) -> str:
    """Return why nothing can be run: the messages that have no field of their own, else where to look."""
    unplaced = "; ".join(text for (_, field), text in settings.errors.items() if not field)
    return settings.problem or unplaced or "To run, step or reset, put right what is marked in red."


def _chosen_function() -> str | None:
    """Return what was just chosen to be minimized; None when something else was changed."""
    chosen = [part for part in ctx.triggered_prop_ids.values() if part == {"type": "choice", "slot": "function"}]
    values = [item.get("value") for item in ctx.states_list[-3] if item["id"]["slot"] == "function"]
    return values[0] if chosen and values else None


def _other_function(session: Session, function: str) -> tuple[Any, ...]:
    """Answer the choice of another function with all settings anew, such as suit it."""
    experiment = suited(function, session.experiment.seed)
    session.configure(experiment)
    note, look = said_of(session)
    query = query_of(experiment)
    speed = _FAST if function == NETWORK else _SLOW
    errors = [[no_update] * len(items) for items in ctx.outputs_list[:2]]
    said = (False, False, False, look, note, query, no_update, _settled())
    return (*errors, *said, panel(experiment), speed)
