"""Does a cost's gradient agree with how its losses rise?"""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.kinds import Cost
from landscape.layout import Array, IntArray
from landscape.testing.calls import array, finite, number
from landscape.testing.core import fail
from landscape.testing.examples import K, Sample, ordinary
from landscape.testing.mistakes import diagnose, wrong_gradient, wrong_losses
from landscape.testing.slopes import Slopes, Truth, slopes_of


def losses_of(cost: Cost, outputs: Array, targets: Array) -> Array:
    """Return the losses; CheckFailure when they are not one for each example."""
    losses = array(cost, "per_example", cost.per_example(outputs, targets))
    if losses.shape != outputs.shape[:-1]:
        wrong_losses(losses, outputs)
    return losses


def gradient_of(cost: Cost, outputs: Array, targets: Array) -> Array:
    """Return the gradient; CheckFailure when it has not the shape of the outputs."""
    gradient = array(cost, "gradient", cost.gradient(outputs, targets))
    if gradient.shape != outputs.shape:
        wrong_gradient(gradient, outputs)
    return gradient


def compare(cost: Cost, sample: Sample, where: str) -> None:
    """Check the gradient against the slopes of the losses."""
    gradient = gradient_of(cost, *sample)
    finite("gradient", gradient, f"{where}, where the outputs are {row_of(sample, gradient)}")
    slopes = _slopes(cost, sample)
    scale = max(_size(slopes), float(np.max(np.abs(gradient_of(cost, *ordinary(cost))))))
    right = slopes.admits(gradient, scale) | _beside_an_edge(cost, sample.outputs)
    if not right.all():
        right |= _right_nearby(cost, sample, gradient, scale, np.asarray(slopes.kinks(scale).any(axis=1)))
        right |= _right_where_pieces_meet(cost, sample, gradient, scale, np.asarray((~right).any(axis=1)))
    if right.all():
        return
    off = np.where(right, -1.0, np.abs(gradient - slopes.mid) / (np.abs(slopes.mid) + 0.01 * scale))
    i, j = (int(x) for x in np.unravel_index(np.argmax(off), off.shape))
    low, high = slopes.low[i, j], slopes.high[i, j]
    kink = slopes.kinks(scale)[i, j]
    fail(
        f"gradient[{i}, {j}] is {number(gradient[i, j])}, but the losses "
        + (
            f"have slopes from {number(low)} to {number(high)} at outputs[{i}, {j}], a kink, and it must be between"
            if kink
            else _rise(slopes.mid[i, j], f"outputs[{i}, {j}]")
        )
        + f": {diagnose(gradient, slopes, scale, *sample.outputs.shape)}.",
        f"This is {where}, where the outputs are {numbers(sample.outputs[i])} and the targets "
        f"{numbers(sample.targets[i])}; {int((~right).sum())} of {right.size} entries are wrong.",
    )


def demand_slopes_in_single(cost: Cost, sample: Sample, gradient: Array, double: Array, where: Truth) -> None:
    """Fail `where` the gradient in float32 is not roughly the slope of the losses in float32 either."""
    slopes = _slopes(cost, sample, np.float32)
    rough = 2e-3 * float(np.max(np.abs(double))) + 3 * slopes.mid_error
    near = (np.abs(gradient - slopes.mid) <= rough) | ((gradient >= slopes.low) & (gradient <= slopes.high))
    wrong = np.argwhere(where & ~near & np.isfinite(slopes.mid_error))
    if len(wrong):
        i, j = (int(x) for x in wrong[0])
        fail(
            f"gradient[{i}, {j}] is {number(gradient[i, j])} in float32, but {number(double[i, j])} in float64, where "
            f"the outputs are {numbers(sample.outputs[i])} and the targets {numbers(sample.targets[i])}, and the "
            f"losses in float32 {_rise(slopes.mid[i, j], f'outputs[{i}, {j}]')}: compute both alike."
        )


def _beside_an_edge(cost: Cost, outputs: Array) -> Truth:
    """Return which outputs are off an end of the cost's range, but by so little that steps of any use lead out."""
    off = [np.abs(outputs - edge) for edge in cost.output_range if np.isfinite(edge)]
    return np.asarray(sum(((x > 0) & (x < 1e-4) for x in off), np.zeros(outputs.shape, bool)))


def demand_no_jumps(cost: Cost, sample: Sample) -> None:
    """Fail where losses jump although the gradient goes on as it was, as where one branch lacks a constant."""
    slopes = _slopes(cost, sample)
    jumps = np.argwhere(np.isneginf(slopes.low) & np.isposinf(slopes.high))
    scale = float(np.max(np.abs(gradient_of(cost, *ordinary(cost)))))
    elsewhere = 0.05 * np.random.default_rng(10).normal(size=K)
    for i, j in jumps.tolist():
        # with the other outputs moved, since at a single point, as where a length is 0, losses may well jump
        around = np.repeat(sample.outputs[i : i + 1] + elsewhere, 2, axis=0)
        around[:, j] = sample.outputs[i, j] + np.array((-1e-4, 1e-4))
        if not np.array_equal(around, np.clip(around, *cost.output_range)):
            continue
        targets = np.repeat(sample.targets[i : i + 1], 2, axis=0)
        below, above = gradient_of(cost, around, targets)[:, j].tolist()
        if abs(below) > 1e-2 * scale and abs(above - below) < 1e-2 * abs(below):
            losses = losses_of(cost, around, targets).tolist()
            if abs(losses[1] - losses[0]) < 1e-3 * abs(below):
                continue
            fail(
                f"the losses jump at outputs[{i}, {j}] = {number(sample.outputs[i, j])}, where the targets are "
                f"{numbers(sample.targets[i])}: from {number(losses[0])} to {number(losses[1])} within 0.0002, though "
                f"the gradient is {number(below)} on both sides.",
                "A constant is wrong in one of the formula's branches: let them meet where they change over.",
            )


def _right_nearby(cost: Cost, sample: Sample, gradient: Array, scale: float, kinked: Truth) -> Truth:
    """Return where, in rows with a kink, the gradient is between slopes at points nearby.

    Where several kinks meet and the loss is not convex, as in the lead of one output over the runner-up, gradients
    nearby are as right as the slopes at the point itself, and not always between them (Clarke 1975).
    """
    rows = np.flatnonzero(kinked)
    if not len(rows):
        return np.zeros(gradient.shape, bool)
    around = _slopes_nearby(cost, sample, rows)
    low, high = np.min([s.low for s in around], axis=0), np.max([s.high for s in around], axis=0)
    found = np.zeros(gradient.shape, bool)
    found[rows] = (gradient[rows] >= low - 1e-3 * scale) & (gradient[rows] <= high + 1e-3 * scale)
    return found


def _right_where_pieces_meet(cost: Cost, sample: Sample, gradient: Array, scale: float, wrong: Truth) -> Truth:
    """Return where, in rows with wrong entries, the gradient is between slopes nearby that differ much.

    Where many pieces meet, as in the median of equal numbers, no single output may show a kink.
    """
    rows, found = np.flatnonzero(wrong), np.zeros(gradient.shape, bool)
    if len(rows):
        around = _slopes_nearby(cost, sample, rows)
        slopes = np.stack([np.where(s.mid_error < 1e-2 * scale, s.mid, np.nan) for s in around])
        low, high = np.fmin.reduce(slopes), np.fmax.reduce(slopes)
        between = (gradient[rows] >= low - 1e-3 * scale) & (gradient[rows] <= high + 1e-3 * scale)
        found[rows] = between & (high - low > 0.1 * scale)
    return found


def _slopes_nearby(cost: Cost, sample: Sample, rows: IntArray) -> list[Slopes]:
    """Return the slopes at some points around the outputs in each of `rows`."""
    rng = np.random.default_rng(9)
    near = [sample.outputs[rows] + 1e-3 * rng.normal(size=(len(rows), sample.outputs.shape[1])) for _ in range(12)]
    return [_slopes(cost, Sample(outputs, sample.targets[rows])) for outputs in near]


def _slopes(cost: Cost, sample: Sample, dtype: Any = np.float64) -> Slopes:
    """Return the slopes (n, k) of each loss by each of its outputs."""
    found = [_column_slopes(cost, sample, j, dtype) for j in range(sample.outputs.shape[1])]
    return Slopes(*(np.stack([getattr(s, name) for s in found], axis=1) for name in Slopes.__dataclass_fields__))


def _column_slopes(cost: Cost, sample: Sample, j: int, dtype: Any) -> Slopes:
    def losses(column: Array) -> Array:
        outputs = sample.outputs.astype(dtype)
        outputs[:, j] = column
        return losses_of(cost, outputs, sample.targets).astype(np.float64)

    return slopes_of(losses, sample.outputs[:, j].astype(np.float64))


def row_of(sample: Sample, values: Array) -> str:
    """Return the outputs and targets of the first example whose `values` are not finite, as they are shown."""
    bad = np.argwhere(~np.isfinite(values))
    i = int(bad[0][0]) if len(bad) else 0
    return " and the targets ".join(map(numbers, (sample.outputs[i], sample.targets[i])))


def numbers(row: Array) -> str:
    """Return a row of numbers as it is shown."""
    return f"[{', '.join(map(number, row))}]"


def _size(slopes: Slopes) -> float:
    """Return how large the slopes are that can be told."""
    return float(np.max(np.abs(slopes.mid), initial=0.0, where=np.isfinite(slopes.mid_error)))


def _rise(slope: Any, of: str) -> str:
    if abs(slope) < 1e-12:
        return f"do not change with {of}"
    return f"{'rise' if slope > 0 else 'fall'} by {number(abs(slope))} for each unit of {of}"
