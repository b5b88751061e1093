"""What does the cost look like on a plane, and how does the path roll down? In three dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from landscape.figures.onplane import PathOnPlane
from landscape.figures.style import BALL, OUTLINE, PATH, Colours, Theme, finish
from landscape.figures.view import View, colouring, notes, path_texts, position, view_of
from landscape.layout import Array

_LINES = 15
# Lines hover this far above what they are drawn on, or the surface would swallow them; it is _HEIGHT high.
_HOVER = 0.0065
_HEIGHT = 0.8
# A path that is no further than this share of the height from the surface is drawn on it, without a shadow.
_NEAR = 0.02
# How opaque a surface is that has a part of the path below it.
_GLASS = 0.86
# Radius of the ball, where the surface is about 1.25 wide.
_RADIUS = 0.03
# How far the camera stands from the axis through the middle.
_EYE = 2.0


def surface_figure(
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
    """Return the surface in three dimensions, with the path rolling down to its point `at`.

    The centre of the ball is at the true cost of its point, the white path at that of the others; the stem
    leads to the surface below or above the ball, and the dark line on the surface is the path's shadow. To be
    seen where it lies on the surface or just below, the line hovers by 1 % of the height, and by up to 3 %
    where the surface is higher; the ball and the stem never do.

    Parameters
    ----------
    a : (na,) coordinates along the first direction, increasing.
    b : (nb,) coordinates along the second direction, increasing.
    cost : (nb, na), one row for each b; what is not finite is left open and counted in the note.
    path : the path on this plane.
    at : index of the point that the ball is at; later points are drawn faintly.
    labels : what the axes are called, such as ``"PC 1 (61 %)"``.
    quantity : what the heights are; ``"accuracy"`` is drawn on a linear scale.
    note : a line below the title.

    Raises
    ------
    FigureError
        When the shapes do not fit, coordinates do not increase, or the path has no point `at`.
    """
    view = view_of(a, b, cost, path, labels, quantity)
    box = _box(view, path)
    figure = go.Figure(_relief(view, colours, theme))
    if path is not None:
        figure.add_traces(_roll(view, path, position(path, at), box))
        # A path below the surface can only be seen through it.
        figure.update_traces(selector={"name": "surface"}, opacity=_GLASS if _dives(view, path, box) else 1)
    figure.update_layout(showlegend=False, scene=_scene(view, path, box))
    return finish(figure, title=title, notes=notes(view, path, note), theme=theme)


def _relief(view: View, colours: Colours, theme: Theme) -> go.Surface:
    """Return the surface itself, with contour lines."""
    low, high = view.span
    lines = {"show": True, "start": low, "end": high, "size": (high - low) / _LINES}
    return go.Surface(
        name="surface",
        x=view.a,
        y=view.b,
        z=view.heights,
        cmin=low,
        cmax=high,
        # An array: Plotly joins the rows of a list. And not customdata, which is looked up transposed.
        text=view.hover,
        hoverinfo="text",
        contours={"z": lines | {"color": "#dfe8ea", "width": 1, "highlight": False}},
        lighting={"ambient": 0.72, "diffuse": 0.6, "specular": 0.06, "roughness": 0.9, "fresnel": 0.05},
        lightposition={"x": 500, "y": -800, "z": 2000},
        **colouring(view, colours, theme),
    )


def _roll(view: View, path: PathOnPlane, at: int, box: _Box) -> list[Any]:
    """Return the path up to point `at`, what follows, its shadow, the stem and the ball."""
    true, below = view.scale.heights(path.true_cost), view.scale.heights(path.surface_cost)
    on, under = np.stack([path.a, path.b, true]), np.stack([path.a, path.b, below])
    apart = true - below
    near = _NEAR * (box.high[2] - box.low[2])
    drawn = on + [[0], [0], [1]] * np.clip(np.nan_to_num(-apart), 0, near)
    shadow = np.where(np.abs(apart) > near, under, np.nan)
    up = box.lift([0, 0, _HOVER])
    # Behind the path for whoever looks from above, and for the first camera even where the path is upright.
    behind = box.lift([*(-0.4 * _HOVER * _toward(view, path, box)), 0.6 * _HOVER])
    texts = path_texts(path)

    def line(name: str, points: slice, where: Array, colour: str, width: float, **more: Any) -> go.Scatter3d:
        settings = {"mode": "lines", "line": {"color": colour, "width": width}, "hoverinfo": "skip"} | more
        x, y, z = where[:, points]
        return go.Scatter3d(name=name, x=x, y=y, z=z, **settings)

    done, later = slice(0, at + 1), slice(at, None)
    stem = np.stack([on[:, at], under[:, at]], axis=1)
    foot = {"color": BALL, "size": [0, 4]}
    roll = [
        line("shadow", done, shadow + up, OUTLINE, 3),
        line("later", later, drawn + up, PATH, 3, opacity=0.45),
        line("outline", done, drawn + behind, OUTLINE, 12),
        line("path", done, drawn + up, PATH, 5, text=texts[done], hoverinfo="text"),
        line("stem", slice(0, 2), stem, BALL, 6, mode="lines+markers", marker=foot),
    ]
    return [*roll, _ball(on[:, at], texts[at], box)] if np.isfinite(on[:, at]).all() else roll


def _dives(view: View, path: PathOnPlane, box: _Box) -> bool:
    """Return whether a point of the path lies so far below the surface that its line is hidden."""
    depth = view.scale.heights(path.surface_cost) - view.scale.heights(path.true_cost)
    return bool((depth > _NEAR * (box.high[2] - box.low[2])).any())


@dataclass(frozen=True)
class _Box:
    """What the axes of the scene show, (3,) from low to high, and how long they are drawn."""

    low: Array
    high: Array
    drawn: Array

    def lift(self, drawn: ArrayLike) -> Array:
        """Return a way `drawn` (3,), in units of the picture, in units of the axes: (3, 1)."""
        way: Array = np.asarray(drawn) * (self.high - self.low) / self.drawn
        return way[:, None]


def _box(view: View, path: PathOnPlane | None) -> _Box:
    """Return the box that holds the surface and the path."""
    low, high = view.span
    corners = np.array([[view.a[0], view.b[0], low], [view.a[-1], view.b[-1], high]])
    if path is not None:
        points = np.stack([path.a, path.b, view.scale.heights(path.true_cost)], axis=1)
        corners = np.concatenate([corners, points[np.isfinite(points).all(axis=1)]])
    room = np.array([0, 0, 0.04]) * np.ptp(corners, axis=0)
    wide = 1.25 * np.sqrt(2 / (1 + view.oblong**2))
    return _Box(corners.min(axis=0) - room, corners.max(axis=0) + room, np.array([wide, wide * view.oblong, _HEIGHT]))


def _ball(centre: Array, text: str, box: _Box) -> go.Mesh3d:
    """Return a sphere around `centre` (3,): a marker would vanish where the path lies on the surface."""
    polar, around = np.meshgrid(np.linspace(0, np.pi, 13), np.linspace(0, 2 * np.pi, 24, endpoint=False))
    unit = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)])
    points = centre[:, None] + unit.reshape(3, -1) * box.lift([_RADIUS] * 3)
    return go.Mesh3d(
        name="ball",
        x=points[0],
        y=points[1],
        z=points[2],
        alphahull=0,
        color=BALL,
        lighting={"ambient": 0.65, "diffuse": 0.7, "specular": 0.5, "roughness": 0.3},
        lightposition={"x": 500, "y": -800, "z": 2000},
        text=text,
        hoverinfo="text",
    )


def _toward(view: View, path: PathOnPlane | None, box: _Box) -> Array:
    """Return the unit vector (2,) on whose side the camera stands: the lower one, a little to the left.

    Where the path leads, or the surface slopes, the camera sees the near side of a valley and not its back.
    """
    if path is not None and np.ptp(path.a) + np.ptp(path.b) > 0:
        down = np.array([path.a[-1] - path.a[0], path.b[-1] - path.b[0]])
    else:
        known = np.nan_to_num(view.heights - view.span[1])
        down = -np.array([(known * (view.a - view.a.mean())).mean(), (known.T * (view.b - view.b.mean())).mean()])
    x, y = down * (box.drawn / (box.high - box.low))[:2]
    quarter = np.pi / 2
    angle = np.round(np.arctan2(y, x) / quarter - 1) * quarter + np.pi / 4 - 0.04
    return np.array([np.cos(angle), np.sin(angle)])


def _scene(view: View, path: PathOnPlane | None, box: _Box) -> dict[str, Any]:
    """Return axes whose height is marked in cost units, proportions and camera."""
    heights, texts = view.scale.ticks(*(float(view.scale.costs(h)) for h in (box.low[2], box.high[2])))
    ranges = np.stack([box.low, box.high], axis=1).tolist()
    vertical = {"title": {"text": view.quantity}, "tickvals": heights, "ticktext": texts}
    east, north = _EYE * _toward(view, path, box)
    return {
        "xaxis": {"title": {"text": view.labels[0]}, "range": ranges[0], "nticks": 6},
        "yaxis": {"title": {"text": view.labels[1]}, "range": ranges[1], "nticks": 6},
        "zaxis": vertical | {"range": ranges[2]},
        "aspectmode": "manual",
        "aspectratio": dict(zip("xyz", box.drawn.tolist(), strict=True)),
        "camera": {"eye": {"x": east, "y": north, "z": 1.2}, "center": {"x": 0, "y": 0, "z": -0.19}},
    }
