"""What do all figures have in common? Colours, templates and the line of notes below them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

import plotly.graph_objects as go

from landscape.errors import FigureError

Theme = Literal["light", "dark"]
Colours = Literal["viridis", "cividis"]

_FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_NOTE_WIDTH = 132
_NOTE_LINE = 17


@dataclass(frozen=True)
class Palette:
    """The colours of one theme; all text on `paper` has a contrast of at least 4.5 to 1."""

    paper: str
    text: str
    muted: str
    grid: str
    train: str
    test: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette("#ffffff", "#1f2430", "#5b6270", "#dfe3ea", "#0b66b0", "#c2410c"),
    "dark": Palette("#14171c", "#e8eaee", "#a3abb8", "#333943", "#5bb4f0", "#ffa94d"),
}

# The path and its ball are drawn on the colour scale, whose colours do not depend on the theme.
PATH = "#ffffff"
OUTLINE = "#10131a"
BALL = "#ff5a36"


def palette(theme: Theme) -> Palette:
    """Return the colours of `theme`; FigureError lists the themes there are."""
    if theme not in PALETTES:
        raise FigureError(f"theme = {theme!r}: choose one of {', '.join(PALETTES)}")
    return PALETTES[theme]


def template(theme: Theme) -> go.layout.Template:
    """Return the Plotly template of `theme`."""
    p = palette(theme)
    axis = {
        "gridcolor": p.grid,
        "linecolor": p.grid,
        "zerolinecolor": p.grid,
        "tickfont": {"color": p.muted, "size": 12},
        "title": {"font": {"color": p.text, "size": 13}},
    }
    scene_axis = axis | {"showbackground": False, "showspikes": False}
    return go.layout.Template(
        layout={
            "paper_bgcolor": p.paper,
            "plot_bgcolor": p.paper,
            "font": {"family": _FONT, "size": 13, "color": p.text},
            "title": {"x": 0.02, "xanchor": "left", "y": 0.975, "yanchor": "top", "font": {"size": 18}},
            "xaxis": axis | {"automargin": True, "zeroline": False},
            "yaxis": axis | {"automargin": True, "zeroline": False},
            "scene": {"xaxis": scene_axis, "yaxis": scene_axis, "zaxis": scene_axis},
            "hoverlabel": {"bgcolor": p.paper, "bordercolor": p.muted, "font": {"color": p.text, "size": 13}},
            "legend": {"bgcolor": "rgba(0,0,0,0)", "font": {"color": p.text}},
        }
    )


def finish(figure: go.Figure, *, title: str, notes: list[str], theme: Theme, legend_height: int = 0) -> go.Figure:
    """Give `figure` its template, title, lines of notes below the title, and margins; return it."""
    lines = [line for note in notes if note for line in wrap(note, _NOTE_WIDTH)]
    subtitle = {"text": "<br>".join(lines), "font": {"size": 12, "color": palette(theme).muted}}
    top = 30 + 30 * bool(title or lines) + _NOTE_LINE * len(lines) + legend_height
    figure.update_layout(
        template=template(theme),
        title={"text": title, "subtitle": subtitle},
        width=1000,
        height=700,
        margin={"l": 64, "r": 24, "t": top, "b": 56},
    )
    return figure


def bar(title: str, theme: Theme, **settings: object) -> dict[str, object]:
    """Return the settings of a colour bar called `title`."""
    p = palette(theme)
    return {
        "title": {"text": title, "side": "top", "font": {"size": 13, "color": p.text}},
        "tickfont": {"size": 12, "color": p.muted},
        "thickness": 14,
        "len": 0.72,
        "outlinewidth": 0,
    } | settings
