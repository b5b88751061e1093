"""What does a plugin look like? An activation over z, a cost over an output, a schedule over training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landscape.describe.facts import one, value_text
from landscape.errors import FigureError, LandscapeError, PluginError
from landscape.kinds import Activation, Cost, Plugin, Schedule, checked_factors, checked_losses
from landscape.layout import Array

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from landscape.figures.style import Theme


_Drawing = tuple[Array, dict[str, dict[str, Array]], tuple[str, ...]]


def figure(plugin: Plugin, *, theme: Theme = "light") -> go.Figure:
    """Return a picture of an activation, a cost or a schedule; FigureError for other kinds.

    An activation is drawn with its derivative, for z from −6 to 6; a cost with its gradient, for one output from
    −4 to 4 of an example that has two; a schedule over ten epochs of a hundred steps.
    """
    from landscape.figures import function_figure

    try:
        x, panels, words = _drawing(plugin)
    except LandscapeError:
        raise
    except Exception as error:  # a plugin is foreign code
        raise PluginError(
            f"{plugin.kind} {plugin.name!r} cannot be drawn, since it raised {type(error).__name__}: {error}; "
            f"`landscape check {plugin.kind} {plugin.name}` says more"
        ) from error
    fields = ", ".join(f"{field} = {value_text(value)}" for field, value in plugin.model_dump(mode="json").items())
    title = f"{plugin.kind} {plugin.name}" + (f" ({fields})" if fields else "")
    return function_figure(x, panels, x_title=words[0], title=title, notes=words[1:], theme=theme)


def _drawing(plugin: Plugin) -> _Drawing:
    """Return where the plugin was evaluated, its curves by panel, and the words for the axis and below the title."""
    if isinstance(plugin, Activation):
        return _activation(plugin)
    if isinstance(plugin, Cost):
        return _cost(plugin)
    if isinstance(plugin, Schedule):
        return _schedule(plugin)
    raise FigureError(
        f"{one(plugin.kind)} has no plot: those of activations, costs and schedules are drawn, and {plugin.name!r} "
        "is none of these"
    )


def _activation(plugin: Activation) -> _Drawing:
    z = np.linspace(-6, 6, 1201)
    value = plugin.value(z.copy())
    return z, {"": {"value": value, "derivative": plugin.derivative(z.copy(), value.copy())}}, ("z",)


def _cost(plugin: Cost) -> _Drawing:
    """Return loss and gradient of two examples: one whose first output should be 1, one where it should be 0.

    Where the cost is made for other outputs or targets, these are the nearest ones.
    """
    x = np.linspace(*_stretch(*plugin.output_range), 1601)
    high, low = (float(target) for target in np.clip([1.0, 0.0], *plugin.target_range))
    losses, slopes = {}, {}
    for target, other in ((high, low), (low, high)):
        targets = np.array([[target, other]])
        # (x, 1, 2): one example, seen at many points
        outputs = np.stack([x, np.full_like(x, np.clip(other, *plugin.output_range))], axis=-1)[:, None, :]
        losses[f"target {target:g}"] = checked_losses(plugin, outputs, targets)[:, 0]
        slopes[f"target {target:g}"] = plugin.gradient(outputs, targets)[:, 0, 0]
    note = (
        f"Of two outputs with targets {high:g} and {low:g}, or {low:g} and {high:g}, the first varies; the second is "
        "what its target is, and adds its part."
    )
    return x, {"loss": losses, "gradient": slopes}, ("first output", note)


def _stretch(low: float, high: float) -> tuple[float, float]:
    """Return where to draw a function that is defined from `low` to `high`: from −4 to 4, or near that."""
    start, stop = max(low, -4.0), min(high, 4.0)
    return (start, stop) if start < stop else (max(low, high - 8), high) if high < 4 else (low, min(high, low + 8))


def _schedule(plugin: Schedule) -> _Drawing:
    steps = np.arange(1000)
    factors = checked_factors(plugin, steps.copy(), 100, 1000)
    note = "For a training of 10 epochs of 100 steps each; the learning rate is the optimizer's, times this factor."
    return steps / 100, {"factor on the learning rate": {"factor": factors}}, ("epoch", note)
