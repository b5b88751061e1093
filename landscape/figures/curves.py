"""How do cost and accuracy change while training?"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from landscape.errors import FigureError
from landscape.figures.scale import finite, label, linear_ticks, log_ticks
from landscape.figures.style import Theme, finish, palette
from landscape.layout import Array, IntArray

# More points than this would be drawn on top of each other.
_MOST_POINTS = 4000


def cost_figure(
    batch_cost: ArrayLike,
    epochs: ArrayLike,
    train_cost: ArrayLike,
    test_cost: ArrayLike,
    train_accuracy: ArrayLike | None = None,
    test_accuracy: ArrayLike | None = None,
    *,
    steps_per_epoch: float | None = None,
    title: str = "",
    note: str = "",
    theme: Theme = "light",
) -> go.Figure:
    """Return the cost of each batch and, per epoch, the cost and accuracy on train and test.

    The cost axis is logarithmic unless a cost is zero or negative, which its title then says. The panel of
    accuracies is left out when there are none.

    Parameters
    ----------
    batch_cost : (steps,) cost of each step's batch; of many, the least and greatest of each stretch.
    epochs : (E,) after how many epochs the other figures were taken; 0 is the start.
    train_cost, test_cost : (E,).
    train_accuracy, test_accuracy : (E,) shares from 0 to 1, or None, or NaN.
    steps_per_epoch : by default, as many as `batch_cost` and the last of `epochs` imply.

    Raises
    ------
    FigureError
        When the arrays per epoch differ in length.
    """
    epochs, batches = np.asarray(epochs, dtype=np.float64), finite(batch_cost)
    costs = _per_epoch(epochs, train_cost, test_cost)
    accuracies = _per_epoch(epochs, train_accuracy, test_accuracy)
    panels = 2 if np.isfinite(accuracies).any() else 1
    figure = make_subplots(panels, 1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.62, 0.38][:panels])
    figure.add_trace(_batches(batches, steps_per_epoch or _implied(batches.size, epochs), theme), 1, 1)
    figure.add_traces(_lines(epochs, costs, "cost", theme), 1, 1)
    figure.update_yaxes(row=1, col=1, **_cost_axis(batches, *costs))
    if panels == 2:
        figure.add_traces(_lines(epochs, accuracies, "accuracy", theme), 2, 1)
        figure.update_yaxes(title_text="accuracy", tickformat=".0%", row=2, col=1)
    figure.update_xaxes(title_text="epoch", row=panels, col=1)
    figure.update_layout(legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.005, "yanchor": "bottom"})
    return finish(figure, title=title, notes=[note], theme=theme, legend_height=14)


def _per_epoch(epochs: Array, train: ArrayLike | None, test: ArrayLike | None) -> list[Array]:
    """Return both as finite float64 arrays of the shape of `epochs`; None becomes NaN."""
    arrays = [np.full(epochs.shape, np.nan) if values is None else finite(values) for values in (train, test)]
    for name, values in zip(("train", "test"), arrays, strict=True):
        if epochs.ndim != 1 or values.shape != epochs.shape:
            raise FigureError(f"{name} needs one value for each of the epochs {epochs.shape}, not {values.shape}")
    return arrays


def _implied(steps: int, epochs: Array) -> float:
    """Return how many steps an epoch has if the last of `epochs` ended with the last step."""
    return steps / float(epochs[-1]) if epochs.size and epochs[-1] > 0 else max(steps, 1)


def thin(values: Array, most: int) -> IntArray:
    """Return at most `most` indices of `values` (n,), increasing: the least and the greatest of each stretch.

    All of them when n ≤ `most`. Thinning by every k-th would hide just the spikes that one looks for.
    """
    if values.size <= most:
        return np.arange(values.size)
    stretches = np.array_split(np.arange(values.size), most // 2)
    known = [s[np.isfinite(values[s])] for s in stretches]
    ends = [(s[values[s].argmin()], s[values[s].argmax()]) for s in known if s.size]
    return np.unique(np.array(ends, dtype=np.int64))


def _batches(batches: Array, steps_per_epoch: float, theme: Theme) -> go.Scatter:
    """Return the batches' costs, thin and faint, over the epoch in which each was met."""
    shown = thin(batches, _MOST_POINTS)
    every = f" (least and greatest of each {2 * batches.size // _MOST_POINTS})" if shown.size < batches.size else ""
    return go.Scatter(
        name=f"batch{every}",
        x=(shown + 1) / steps_per_epoch,
        y=batches[shown],
        customdata=shown + 1,
        mode="lines",
        line={"color": palette(theme).muted, "width": 0.7},
        opacity=0.35,
        hovertemplate="step %{customdata:,}<br>batch cost %{y:.5g}<extra></extra>",
    )


def _lines(epochs: Array, pair: list[Array], what: str, theme: Theme) -> list[go.Scatter]:
    """Return the curves on train (solid) and test (dashed)."""
    p = palette(theme)
    number = "%{y:.2%}" if what == "accuracy" else "%{y:.5g}"
    return [
        go.Scatter(
            name=name,
            x=epochs,
            y=values,
            mode="lines+markers",
            line={"color": colour, "width": 2.4, "dash": dash},
            marker={"color": colour, "size": 6, "symbol": symbol},
            legendgroup=name,
            showlegend=what == "cost",
            hovertemplate=f"epoch %{{x}}<br>{name} {what} {number}<extra></extra>",
        )
        for name, values, colour, dash, symbol in (
            ("train", pair[0], p.train, "solid", "circle"),
            ("test", pair[1], p.test, "dash", "diamond"),
        )
    ]


def _cost_axis(*costs: Array) -> dict[str, Any]:
    """Return the settings of the cost axis: logarithmic if all costs are positive, ticks at round costs."""
    known = np.concatenate(costs)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low <= 0:
        ticks = linear_ticks(low, high)
        why = "linear scale: not all are positive" if known.size else "none finite"
        return {"title_text": f"cost ({why})", "tickvals": ticks, "ticktext": [label(t) for t in ticks]}
    ticks = log_ticks(low / 1.1, high * 1.1)
    axis_range = [float(np.log10(low / 1.1)), float(np.log10(high * 1.1))]
    return {
        "title_text": "cost",
        "type": "log",
        "range": axis_range,
        "tickvals": ticks,
        "ticktext": [label(t) for t in ticks],
    }
