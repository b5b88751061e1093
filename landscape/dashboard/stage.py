"""What shows the run? The slice in space and from above, the timeline, the honesty strip, the curves."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from landscape.dashboard.controls import with_help
from landscape.dashboard.parts import aria, button
from landscape.dashboard.session import Session
from landscape.dashboard.views import view_choice, view_fields


def stage(session: Session) -> html.Section:
    """Return the slice with its path, the choices of how to see it, and the timeline."""
    views = [
        {"value": "space", "label": "3-D"},
        {"value": "both", "label": "Both"},
        {"value": "contour", "label": "Contour"},
    ]
    bar = html.Div(
        [
            dmc.SegmentedControl(id="view", value="space", data=views, size="xs", **aria(label="View")),
            view_choice(session),
            html.Span(
                "The two parameters",
                className="whole-note",
                title="There are no more: the plane leaves nothing out, and needs no projection",
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
            html.Div(view_fields(session.view), className="view-fields"),
            html.Div(
                html.Div(html.Span(id="notice-text"), id="notice", className="notice", role="alert", hidden=True),
                className="notice-anchor",
            ),
            html.Div(id="remarks", className="remarks", role="note", hidden=True),
            html.Div(
                "This browser draws no WebGL: the contour view shows the same surface.", className="no-webgl-note"
            ),
            html.Div("No answer from the server. Is it still running?", className="silent-note"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span("true cost", className="ball-key"),
                            html.Span("down to this slice", className="stem-key"),
                        ],
                        className="legend",
                    ),
                    html.Div(html.Span(id="label-text"), className="label"),
                ],
                className="stage-notes",
            ),
            html.Div("Computing the first surface …", className="waiting"),
            html.Div(
                [
                    html.Div(html.Div(id="space"), id="space-cell", className="view"),
                    html.Div(html.Div(id="contour"), id="contour-cell", className="view"),
                ],
                className="views",
            ),
            html.Div(
                [
                    button("replay", "Replay", "play", kind="small", title="Roll along the path from its start"),
                    html.Div(id="scrub-mount", className="scrub-mount"),
                    button("newest", "Newest", "newest", kind="small", title="Follow the newest point"),
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


def honesty() -> html.Dl:
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
            _detail(_span("images"), " ", _span("grid")),
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


def cost_chart() -> html.Section:
    """Return the place of the cost over the steps."""
    return _chart("Cost", "cost-curve", _keys("train", "test", "batch"))


def accuracy_chart() -> html.Section:
    """Return the place of the accuracy over the steps."""
    return _chart("Accuracy", "accuracy-curve", _keys("train", "test"))
