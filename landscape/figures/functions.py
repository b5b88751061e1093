"""How is a function of one number drawn? As curves over it, in panels one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from landscape.errors import FigureError
from landscape.figures.scale import finite
from landscape.figures.style import Theme, finish, palette
from landscape.layout import Array

Curves = Mapping[str, ArrayLike]


def function_figure(
    x: ArrayLike,
    panels: Mapping[str, Curves],
    *,
    x_title: str,
    title: str = "",
    notes: Sequence[str] = (),
    theme: Theme = "light",
) -> go.Figure:
    """Return curves over `x`; where a value is not finite, its curve has a gap.

    Parameters
    ----------
    x : (n,), increasing.
    panels : from the top down, the title of each panel's axis, and its curves (n,) by name. A name that several
        panels share has the same colour in all of them, and one entry in the legend.

    Raises
    ------
    FigureError
        When there is no curve, or one has not as many values as `x`.
    """
    at = finite(x)
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    if not names:
        raise FigureError("there is no curve to draw: give at least one")
    figure = make_subplots(len(panels), 1, shared_xaxes=True, vertical_spacing=0.06)
    shown: set[str] = set()
    for row, (y_title, curves) in enumerate(panels.items(), 1):
        for name, values in curves.items():
            figure.add_trace(_curve(at, name, values, names.index(name), name not in shown, theme), row, 1)
            shown.add(name)
        figure.update_yaxes(title_text=y_title, row=row, col=1)
    figure.update_xaxes(title_text=x_title, row=len(panels), col=1)
    return _finished(figure, title, notes, theme, legend=len(names) > 1)


def _curve(x: Array, name: str, values: ArrayLike, number: int, in_legend: bool, theme: Theme) -> go.Scatter:
    """Return the curve that is the `number`-th by name."""
    y = finite(values)
    if x.ndim != 1 or y.shape != x.shape:
        raise FigureError(f"the curve {name!r} needs a value for each x {x.shape}, not {y.shape}")
    p = palette(theme)
    looks = (p.train, "solid"), (p.test, "dash"), (p.muted, "dot")
    colour, dash = looks[number % len(looks)]
    return go.Scatter(
        name=name,
        x=x,
        y=y,
        mode="lines",
        line={"color": colour, "width": 2.4, "dash": dash, "simplify": False},
        legendgroup=name,
        showlegend=in_legend,
        hovertemplate=f"%{{x:.4g}}<br>{name} %{{y:.5g}}<extra></extra>",
    )


def _finished(figure: go.Figure, title: str, notes: Sequence[str], theme: Theme, *, legend: bool) -> go.Figure:
    """Return the figure with what all have, its legend on top, and lines through zero, which is always in view."""
    figure.update_layout(
        showlegend=legend, legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.005, "yanchor": "bottom"}
    )
    finish(figure, title=title, notes=list(notes), theme=theme, legend_height=22 * legend)
    zero = {"zeroline": True, "zerolinecolor": palette(theme).muted, "zerolinewidth": 1}
    return figure.update_xaxes(zero).update_yaxes(zero, rangemode="tozero")
