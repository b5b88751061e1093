"""What is on the page? The Train page; further pages would stand beside it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from landscape.dashboard.controls import label_of, with_help
from landscape.dashboard.links import query_of
from landscape.dashboard.pace import SPEEDS
from landscape.dashboard.session import Session
from landscape.dashboard.settings import panel
from landscape.registry import registry

PROJECTION_LABELS = {
    "pca": "PCA of the path",
    "start_end": "Start–end",
    "filter_normalized": "Random (filter-normalised)",
    "random": "Random",
}

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


def page(session: Session, recorded: dict[str, Any] | None) -> dmc.MantineProvider:
    """Return the Train page as `session` stands."""
    live = session.live
    return dmc.MantineProvider(
        [
            html.Div([_bar(session), html.Main(_columns(session), className="columns")], className="page"),
            _help(),
            html.Div(id="live-region", className="visually-hidden", role="status", **aria(live="polite")),
            *_stores(session, None if live else recorded),
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


def aria(**said: str) -> dict[str, Any]:
    """Return attributes for assistive technology, such as ``aria-label``."""
    return {f"aria-{name}": text for name, text in said.items()}


def _glyph(name: str) -> html.Span:
    return html.Span(className=f"glyph {name}", **aria(hidden="true"))


def _button(name: str, text: str, glyph: str, *, kind: str = "", title: str = "", hidden: bool = False) -> html.Button:
    word = html.Span(text, id=f"{name}-text", className="visually-hidden" if hidden else "word")
    said: dict[str, Any] = {"title": title} if title else {}
    return html.Button([_glyph(glyph), word], id=name, className=f"button {kind}".strip(), type="button", **said)


def _bar(session: Session) -> html.Header:
    speed = next(name for name, value in SPEEDS.items() if value == session.speed)
    return html.Header(
        [
            html.Div([html.Span(className="brand-mark"), html.H1("landscape")], className="brand"),
            html.Div(
                [
                    _button("run", "Run", "play", kind="primary", title="Run or pause (Space)"),
                    _button("step", "Step", "step", title="Take one step (S)"),
                    _button("reset", "Reset", "reset", title="Back to the seed's start (R)"),
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
                    _button(
                        "copy-link",
                        "Copy link",
                        "link",
                        kind="icon",
                        title="Copy a link to these settings",
                        hidden=True,
                    ),
                    html.Button("?", id="help", className="button icon", type="button", title="Keys and words (?)"),
                    _button("theme", "Dark or light", "theme", kind="icon", title="Dark or light", hidden=True),
                ],
                className="extras",
            ),
        ],
        className="bar",
    )


def _figure(name: str, text: str, *, strong: bool = False) -> html.Div:
    return html.Div([html.Dt(text), html.Dd("–", id=name)], className="figure strong" if strong else "figure")


def _columns(session: Session) -> list[Any]:
    return [
        html.Aside(
            [
                html.Div(panel(session.experiment), id="settings"),
                html.Div(id="form-note", className="pending-note", role="status"),
            ],
            className="settings panel",
            **aria(label="Settings"),
        ),
        html.Div([_stage(session), _honesty()], className="centre"),
        html.Aside([_cost_chart(), _accuracy_chart()], className="charts panel", **aria(label="Curves")),
    ]


def _stage(session: Session) -> html.Section:
    names = registry().names("projection")
    projections = [{"value": name, "label": PROJECTION_LABELS.get(name, label_of(name))} for name in names]
    views = [
        {"value": "space", "label": "3-D"},
        {"value": "both", "label": "Both"},
        {"value": "contour", "label": "Contour"},
    ]
    bar = html.Div(
        [
            dmc.SegmentedControl(id="view", value="space", data=views, size="xs", **aria(label="View")),
            dmc.Select(
                id="projection",
                value=session.projection,
                data=projections,
                size="xs",
                allowDeselect=False,
                className="projection",
                **aria(label="Projection"),
            ),
            html.Button(
                "Refit",
                id="refit",
                className="button small",
                type="button",
                title="Lay the plane anew, through the path so far",
            ),
            html.Span("computing", className="working"),
            html.Span(className="grow"),
            dmc.Select(
                id="palette",
                value="viridis",
                data=[{"value": "viridis", "label": "Viridis"}, {"value": "cividis", "label": "Cividis"}],
                size="xs",
                allowDeselect=False,
                persistence=True,
                className="palette",
                **aria(label="Colours of the cost"),
            ),
        ],
        className="stage-bar",
    )
    return html.Section(
        [
            bar,
            html.Div(html.Span(id="notice-text"), id="notice", className="notice", role="alert", hidden=True),
            html.Div(
                "This browser draws no WebGL: the contour view shows the same surface.", className="no-webgl-note"
            ),
            html.Div("No answer from the server. Is it still running?", className="silent-note"),
            html.Div(html.Span(id="label-text"), className="label"),
            html.Div("Computing the first surface …", className="waiting"),
            html.Div(
                [
                    html.Div(html.Div(id="space"), id="space-cell", className="view"),
                    html.Div(html.Div(id="contour"), id="contour-cell", className="view"),
                ],
                className="views",
            ),
            html.Div(
                [html.Span("true cost", className="ball-key"), html.Span("down to this slice", className="stem-key")],
                className="legend",
            ),
            html.Div(
                [
                    _button("replay", "Replay", "play", kind="small", title="Roll along the path from its start"),
                    html.Div(id="scrub-mount", className="scrub-mount"),
                    _button("newest", "Newest", "newest", kind="small", title="Follow the newest point"),
                ],
                className="timeline",
            ),
        ],
        id="stage",
        className="stage panel",
        **{"data-view": "space", **aria(label="This slice of the cost")},
    )


def _honest(title: str, text: str, children: list[Any]) -> html.Div:
    term = with_help(html.Div(title, className="help-word", tabIndex="0"), text)
    return html.Div([html.Dt(term), *children], className="honest")


def _value(*children: Any) -> html.Dd:
    return html.Dd(list(children), className="value")


def _detail(*children: Any) -> html.Dd:
    return html.Dd(list(children), className="detail")


def _span(name: str) -> html.Span:
    return html.Span("–", id=name)


def _honesty() -> html.Dl:
    """Return what tells how far to trust the picture."""
    captured = _honest(
        "Path captured",
        "The share of the path's extent, seen from the plane's centre, that lies in this plane. A random walk "
        "recorded at the same steps would reach the orange mark: only what is beyond it says anything.",
        [
            _value(_span("captured")),
            html.Dd(
                [
                    html.Div(id="captured-fill", className="share-fill"),
                    html.Div(id="walk-mark", className="share-mark"),
                ],
                className="share",
            ),
            _detail("random walk ", _span("walk")),
        ],
    )
    off = _honest(
        "Off the plane",
        "How far the point shown lies from the plane, as a share of its distance from the plane's centre, and "
        "as distances in parameter space.",
        [_value(_span("off-plane")), _detail(_span("off-distance"), " of ", _span("extent"))],
    )
    cost = _honest(
        "Cost here | slice below",
        "The ball stands at the cost of its own parameters; the stem goes down, or up, to the cost of the "
        "nearest point of the plane. Both on the same examples.",
        [
            _value(_span("cost-here"), html.Span("|", className="versus"), _span("cost-below")),
            _detail("same examples"),
        ],
    )
    surface = html.Div(
        [
            html.Dt(
                [
                    with_help(
                        html.Div("This slice", className="help-word", tabIndex="0"),
                        "Computed exactly at each grid point from so many training images. Stale: the path has "
                        "left what the plane was fitted to. Ahead: fitted to the path that these settings will "
                        "take, trained in advance.",
                    ),
                    html.Span("stale", id="stale", className="badge", hidden=True),
                ]
            ),
            _detail(_span("images"), " · ", _span("grid")),
            _detail("plane fitted at step ", _span("fitted")),
            html.Dd(id="standard-error", className="detail"),
            html.Dd(id="masked", className="detail"),
        ],
        className="honest",
    )
    return html.Dl([captured, off, cost, surface], className="honesty panel", id="honesty")


def _keys(*names: str) -> html.Div:
    return html.Div(
        [html.Span(name, className=f"key-{name}") for name in names], className="keys", **aria(hidden="true")
    )


def _chart(title: str, name: str, keys: html.Div) -> html.Section:
    return html.Section(
        [
            html.Header([html.H2(title), keys]),
            html.Div(html.Div(id=name), className="plot", role="img", **aria(label=f"{title} over the steps")),
        ],
        className="chart",
    )


def _cost_chart() -> html.Section:
    return _chart("Cost", "cost-curve", _keys("train", "test", "batch"))


def _accuracy_chart() -> html.Section:
    return _chart("Accuracy", "accuracy-curve", _keys("train", "test"))


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
