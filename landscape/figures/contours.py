"""What does the cost look like on a plane, and where does the path run? From above."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from landscape.figures.onplane import PathOnPlane
from landscape.figures.style import BALL, OUTLINE, PATH, Colours, Theme, finish
from landscape.figures.view import View, colouring, notes, path_texts, position, view_of
from landscape.layout import Array

_LEVELS = 24


def contour_figure(
    a: ArrayLike,
    b: ArrayLike,
    cost: ArrayLike,
    path: PathOnPlane | None = None,
    *,
    at: int = -1,
    labels: tuple[str, str] = ("direction 1", "direction 2"),
    quantity: str = "cost",
    title: str = "",
    note: str = "",
    theme: Theme = "light",
    colours: Colours = "viridis",
) -> go.Figure:
    """Return the surface from above, as filled contours, with the path up to its point `at`.

    Parameters, errors and meaning are those of `surface_figure`. Both axes have one scale unless the grid is
    more than twice as long as it is wide.
    """
    view = view_of(a, b, cost, path, labels, quantity)
    figure = go.Figure(_map(view, colours, theme))
    if path is not None:
        figure.add_traces(_track(path, position(path, at)))
    ratio = (view.b[-1] - view.b[0]) / (view.a[-1] - view.a[0])
    equal = {"scaleanchor": "x", "scaleratio": 1} if np.isclose(ratio, view.oblong) else {}
    figure.update_xaxes(title_text=labels[0], range=_extent(view.a, path.a if path else None), constrain="domain")
    figure.update_yaxes(
        title_text=labels[1], range=_extent(view.b, path.b if path else None), constrain="domain", **equal
    )
    figure.update_layout(showlegend=False, hovermode="closest")
    return finish(figure, title=title, notes=notes(view, path, note), theme=theme)


def _extent(axis: Array, points: Array | None) -> list[float]:
    """Return the range that shows the grid and the path."""
    known = axis if points is None else np.append(axis, points[np.isfinite(points)])
    return [float(known.min()), float(known.max())]


def _map(view: View, colours: Colours, theme: Theme) -> go.Contour:
    """Return the filled contours."""
    low, high = view.span
    step = (high - low) / _LEVELS
    return go.Contour(
        name="surface",
        x=view.a,
        y=view.b,
        z=view.heights,
        zmin=low,
        zmax=high,
        contours={"start": low + step, "end": high - step / 2, "size": step},
        line={"color": "rgba(255,255,255,0.30)", "width": 0.6},
        connectgaps=False,
        text=view.hover,
        hoverinfo="text",
        **colouring(view, colours, theme),
    )


def _track(path: PathOnPlane, at: int) -> list[go.Scatter]:
    """Return the path up to point `at`, what follows, its start and the ball."""
    texts = path_texts(path)

    def line(name: str, points: slice, colour: str, width: float, **more: Any) -> go.Scatter:
        settings = {"mode": "lines", "line": {"color": colour, "width": width}, "hoverinfo": "skip"} | more
        return go.Scatter(name=name, x=path.a[points], y=path.b[points], **settings)

    def dot(name: str, points: slice, size: float, colour: str, edge: str) -> go.Scatter:
        marker = {"size": size, "color": colour, "line": {"color": edge, "width": 2}}
        return line(name, points, edge, 0, mode="markers", marker=marker, text=texts[points], hoverinfo="text")

    done, later = slice(0, at + 1), slice(at, None)
    return [
        line("later", later, "rgba(255,255,255,0.45)", 1.5),
        line("outline", done, OUTLINE, 5),
        line("path", done, PATH, 2.2, text=texts[done], hoverinfo="text"),
        dot("start", slice(0, 1), 8, OUTLINE, PATH),
        dot("ball", slice(at, at + 1), 13, BALL, PATH),
    ]
