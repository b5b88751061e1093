"""What do the two pictures of a surface share? Its heights and colours, and what it says when pointed at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.errors import FigureError
from landscape.figures.onplane import PathOnPlane, check_grid
from landscape.figures.scale import CostScale, finite, scale_for
from landscape.figures.style import Colours, Theme, bar
from landscape.layout import Array

# The quantity that is a share from 0 to 1: a logarithm would hide what it has to say.
_SHARE = "accuracy"
# Beyond this ratio of the axes' extents, true proportions would squeeze one of them into a strip.
_MOST_OBLONG = 2.0


@dataclass(frozen=True)
class View:
    """A surface made ready to be drawn: the grid, its heights, and how heights relate to costs."""

    a: Array
    b: Array
    cost: Array
    scale: CostScale
    heights: Array
    low: float
    high: float
    labels: tuple[str, str]
    quantity: str

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest height, never equal."""
        low, high = (float(h) for h in self.scale.heights([self.low, self.high]))
        return (low, high) if high > low else (low - 0.5, low + 0.5)

    @property
    def hover(self) -> NDArray[np.object_]:
        """What each cell says of itself, (nb, na)."""
        one, two = self.labels
        texts = np.empty(self.cost.shape, dtype=object)
        for (j, i), c in np.ndenumerate(self.cost):
            texts[j, i] = f"{self.quantity} {c:.5g}<br>{one}: {self.a[i]:.4g}<br>{two}: {self.b[j]:.4g}"
        return texts

    @property
    def oblong(self) -> float:
        """Height of the grid over its width, kept within what can be drawn well."""
        ratio = (self.b[-1] - self.b[0]) / (self.a[-1] - self.a[0])
        return float(np.clip(ratio, 1 / _MOST_OBLONG, _MOST_OBLONG))


def view_of(
    a: ArrayLike,
    b: ArrayLike,
    cost: ArrayLike,
    path: PathOnPlane | None,
    labels: tuple[str, str],
    quantity: str,
) -> View:
    """Return the surface `cost` (nb, na) ready to be drawn, on a scale that also shows the path."""
    a, b, cost = check_grid(a, b, cost)
    cost = finite(cost)
    others = [path.true_cost, path.surface_cost] if path else []
    scale = CostScale("linear") if quantity == _SHARE else scale_for(cost, *others)
    known = cost[np.isfinite(cost)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return View(a, b, cost, scale, scale.heights(cost), low, high, labels, quantity)


def notes(view: View, path: PathOnPlane | None, note: str) -> list[str]:
    """Return the caller's note and what the picture cannot show."""
    lines = [note]
    masked = int(np.isnan(view.cost).sum())
    if masked:
        lines.append(f"{masked:,} of {view.cost.size:,} cells have no finite {view.quantity} and are left open.")
    if path is not None:
        inside = (view.a[0] <= path.a) & (path.a <= view.a[-1]) & (view.b[0] <= path.b) & (path.b <= view.b[-1])
        if not inside.all():
            lines.append(f"{int((~inside).sum()):,} of {len(path):,} points of the path lie outside the grid.")
    return lines


def colouring(view: View, colours: Colours, theme: Theme) -> dict[str, Any]:
    """Return colour scale and colour bar, whose ticks are costs."""
    heights, texts = view.scale.ticks(view.low, view.high)
    ticks = {"tickvals": heights, "ticktext": texts}
    title = view.quantity if view.quantity == _SHARE else view.scale.title(view.quantity)
    return {
        "colorscale": colours.capitalize(),
        "colorbar": bar(title, theme, **ticks),
    }


def path_texts(path: PathOnPlane) -> list[str]:
    """Return what each point of the path says of itself: (T,)."""
    return [
        f"step {step:,}<br>cost here {here:.5g}<br>"
        + (f"surface below {below:.5g}" if np.isfinite(below) else "outside the grid")
        for step, here, below in zip(path.steps.tolist(), path.true_cost, path.surface_cost, strict=True)
    ]


def position(path: PathOnPlane, at: int) -> int:
    """Return `at` as an index from 0; FigureError when the path has no such point."""
    if not -len(path) <= at < len(path):
        raise FigureError(f"at = {at}: the path has the points 0 to {len(path) - 1}")
    return at % len(path)
