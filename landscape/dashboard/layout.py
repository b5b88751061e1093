"""What is on the page? The Train page; further pages would stand beside it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from landscape.dashboard.callbacks import said_of
from landscape.dashboard.links import query_of
from landscape.dashboard.pace import SPEEDS
from landscape.dashboard.parts import aria, button
from landscape.dashboard.plugin_callbacks import notes, stores
from landscape.dashboard.plugin_files import PluginFiles
from landscape.dashboard.session import Session
from landscape.dashboard.settings import panel
from landscape.dashboard.stage import accuracy_chart, cost_chart, honesty, stage

_THEME = {
    "primaryColor": "teal",
    "fontFamily": "inherit",
    "defaultRadius": "md",
    "cursorType": "pointer",
    "colors": {
        "dark": [
            "#e8edf6",
            "#a3b0c6",
            "#8693aa",
            "#5b677c",
            "#3a4557",
            "#2a3444",
            "#1a212d",
            "#11161f",
            "#0d121a",
            "#0b0e16",
        ]
    },
}


def page(session: Session, recorded: dict[str, Any] | None, files: PluginFiles | None = None) -> dmc.MantineProvider:
    """Return the Train page as `session` stands; it follows the plugin `files`."""
    live = session.live
    return dmc.MantineProvider(
        [
            html.Div([_bar(session), html.Main(_columns(session, files), className="columns")], className="page"),
            _help(),
            _about(),
            html.Div(id="live-region", className="visually-hidden", role="status", **aria(live="polite")),
            *_stores(session, None if live else recorded),
            *stores(files),
        ],
        id="provider",
        theme=_THEME,
        forceColorScheme="dark",
    )


def _stores(session: Session, recorded: dict[str, Any] | None) -> list[Any]:
    return [
        dcc.Location(id="address", refresh=False),
        dcc.Store(id="recorded", data=recorded),
        dcc.Store(id="live", data=session.live),
        dcc.Store(id="request"),
        dcc.Store(id="chunk"),
        dcc.Store(id="done"),
        dcc.Store(id="done-settings"),
        dcc.Store(id="query", data=query_of(session.experiment)),
    ]


def _bar(session: Session) -> html.Header:
    speed = next(name for name, value in SPEEDS.items() if value == session.speed)
    return html.Header(
        [
            html.Div([html.Span(className="brand-mark"), html.H1("landscape")], className="brand"),
            html.Div(
                [
                    button("run", "Run", "play", kind="primary", title="Run or pause (Space)"),
                    button("step", "Step", "step", title="Take one step (S)"),
                    button("reset", "Reset", "reset", title="Back to the seed's start (R)"),
                    dmc.Select(
                        id="speed",
                        value=speed,
                        data=list(SPEEDS),
                        size="xs",
                        allowDeselect=False,
                        className="speed",
                        **aria(label="Training speed"),
                    ),
                ],
                className="commands",
            ),
            html.Dl(
                [
                    _figure("epoch", "Epoch"),
                    _figure("step-count", "Step"),
                    _figure("cost", "Cost"),
                    _figure("accuracy", "Test accuracy", strong=True),
                ],
                className="figures",
            ),
            html.Div(
                [
                    button(
                        "copy-link",
                        "Copy link",
                        "link",
                        kind="icon",
                        title="Copy a link to these settings",
                        hidden=True,
                    ),
                    html.Button("?", id="help", className="button icon", type="button", title="Keys and words (?)"),
                    button("theme", "Dark or light", "theme", kind="icon", title="Dark or light", hidden=True),
                ],
                className="extras",
            ),
        ],
        className="bar",
    )


def _figure(name: str, text: str, *, strong: bool = False) -> html.Div:
    return html.Div([html.Dt(text), html.Dd("–", id=name)], className="figure strong" if strong else "figure")


def _columns(session: Session, files: PluginFiles | None) -> list[Any]:
    return [
        html.Aside(
            [
                html.Div(notes(files), id="plugin-notes", className="plugin-notes"),
                html.Div(panel(session.experiment), id="settings"),
                html.Div(said_of(session)[0], id="form-note", className="pending-note", role="status"),
            ],
            className="settings panel",
            **aria(label="Settings"),
        ),
        html.Div([stage(session), honesty()], className="centre"),
        html.Aside([cost_chart(), accuracy_chart()], className="charts panel", **aria(label="Curves")),
    ]


_HELP: tuple[tuple[Any, str], ...] = (
    (html.Kbd("Space"), "Run or pause"),
    (html.Kbd("S"), "Take one step"),
    (html.Kbd("R"), "Reset to the seed's start"),
    ([html.Kbd("←"), " ", html.Kbd("→")], "Move along the path"),
    ("Cost", "The loss, averaged over examples: what training makes small."),
    ("Step", "One move of all parameters, along the gradient of one batch."),
    ("Epoch", "One pass through all training examples."),
    ("This slice", "The cost on a plane through parameter space. There are thousands of directions more."),
    ("Ball and stem", "The ball is the network now, at its own cost; the stem ends on the slice."),
)


def _help() -> dmc.Modal:
    rows = [part for term, text in _HELP for part in (html.Dt(term), html.Dd(text))]
    return dmc.Modal(
        html.Dl(rows, className="help-list"), id="help-box", title="Keys and words", opened=False, centered=True
    )


def _about() -> dmc.Drawer:
    return dmc.Drawer(
        id="about",
        opened=False,
        position="right",
        size=680,
        closeButtonProps=aria(label="Close"),
        className="about-drawer",
    )
