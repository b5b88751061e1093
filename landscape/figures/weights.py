"""What do the units of a layer look for? Their incoming weights as a grid of images."""

from __future__ import annotations

from math import ceil

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from landscape.errors import FigureError
from landscape.figures.style import Theme, bar, finish, palette
from landscape.layout import Array

_MOST_UNITS = 100
# Share of an image's height that is left free above it for its name.
_HEADROOM = 0.16
# Width over height of the room for the images.
_SHEET_ASPECT = 1.35


def weights_figure(
    weights: ArrayLike,
    image_shape: tuple[int, int],
    *,
    title: str = "",
    note: str = "",
    theme: Theme = "light",
) -> go.Figure:
    """Return each unit's incoming weights as an image: red is negative, white zero, blue positive.

    All images share one scale, symmetric about zero. Of more than 100 units, the first 100 are drawn, and the
    note says so.

    Parameters
    ----------
    weights : (units, height · width), one filter a row, pixels row by row.
    image_shape : (height, width).

    Raises
    ------
    FigureError
        When a row of `weights` does not hold height · width numbers.
    """
    weights = np.asarray(weights, dtype=np.float64)
    height, width = image_shape
    if weights.ndim != 2 or weights.shape[1] != height * width:
        raise FigureError(
            f"weights of shape {weights.shape} are not images of {height}×{width}: each row needs "
            f"{height * width} numbers"
        )
    notes = [note]
    if len(weights) > _MOST_UNITS:
        notes.append(f"The first {_MOST_UNITS} of {len(weights):,} units.")
    images = weights[:_MOST_UNITS].reshape(-1, height, width)
    figure = go.Figure(_sheet(images, theme))
    font = {"size": 11, "color": palette(theme).muted}
    names = [
        {"text": f"{unit}", "x": left + (width - 1) / 2, "y": top - 0.7, "yanchor": "bottom", "font": font}
        for unit, (top, left) in enumerate(_corners(images))
    ]
    figure.update_layout(annotations=[name | {"showarrow": False, "borderpad": 0} for name in names])
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", autorange="reversed", constrain="domain")
    return finish(figure, title=title, notes=notes, theme=theme)


def _gap(images: Array) -> int:
    """Return how many pixels are left free between images."""
    height: int = images.shape[1]
    return max(2, ceil(height * _HEADROOM))


def _columns(n: int, oblong: float) -> int:
    """Return in how many columns `n` cells, `oblong` times as high as wide, are drawn largest."""

    def size(columns: int) -> float:
        return min(_SHEET_ASPECT / columns, 1 / (ceil(n / columns) * oblong))

    return max(range(1, n + 1), key=lambda columns: (round(size(columns), 9), -columns))


def _corners(images: Array) -> list[tuple[int, int]]:
    """Return the row and column of each image's first pixel on the sheet."""
    n, height, width = images.shape
    gap = _gap(images)
    columns = _columns(n, (height + gap) / (width + gap))
    return [(gap + k // columns * (height + gap), k % columns * (width + gap)) for k in range(n)]


def _sheet(images: Array, theme: Theme) -> go.Heatmap:
    """Return all images on one sheet, NaN between them; each cell knows its unit and pixel."""
    _, height, width = images.shape
    corners = _corners(images)
    sheet = np.full((max(r for r, _ in corners) + height, max(c for _, c in corners) + width), np.nan)
    where = np.zeros((*sheet.shape, 3), dtype=np.int32)
    rows, columns = np.indices((height, width))
    for unit, ((top, left), image) in enumerate(zip(corners, images, strict=True)):
        cells = np.s_[top : top + height, left : left + width]
        sheet[cells] = image
        where[cells] = np.stack([np.full_like(rows, unit), rows, columns], axis=-1)
    largest = float(np.abs(images[np.isfinite(images)]).max(initial=0)) or 1.0
    return go.Heatmap(
        name="weights",
        z=sheet,
        customdata=where,
        zmin=-largest,
        zmax=largest,
        colorscale="RdBu",
        colorbar=bar("weight", theme),
        hoverongaps=False,
        hovertemplate="unit %{customdata[0]}, row %{customdata[1]}, column %{customdata[2]}"
        "<br>weight %{z:.4g}<extra></extra>",
    )
