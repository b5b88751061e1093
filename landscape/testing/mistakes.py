"""Which typical mistake explains what is wrong with a cost?"""

from __future__ import annotations

import numpy as np

from landscape.layout import Array
from landscape.testing.calls import number
from landscape.testing.core import fail
from landscape.testing.slopes import Slopes


def wrong_losses(losses: Array, outputs: Array) -> None:
    """Raise CheckFailure for losses of a wrong shape, saying how it may have come about."""
    *lead, n, k = outputs.shape
    reasons = {
        (): "it sums over all examples: leave that to the objective, and sum over the last axis only, axis=-1",
        (*lead, n, 1): "the last axis is still there: leave keepdims away",
        (*lead, n, k): "it does not sum over the outputs: end with .sum(axis=-1)",
        (*lead, k): "it sums over the examples: sum over the outputs, the last axis, axis=-1",
        (n,): "it sums over the leading axes: sum over the last axis only, axis=-1",
    }
    why = reasons.get(losses.shape, "sum over the last axis, axis=-1, and over no other")
    fail(
        f"per_example returned losses of shape {losses.shape} for outputs {outputs.shape} and targets {(n, k)}: they "
        f"must be {outputs.shape[:-1]}, one for each example. Here {why}."
    )


def wrong_gradient(gradient: Array, outputs: Array) -> None:
    """Raise CheckFailure for a gradient of a wrong shape, saying how it may have come about."""
    *lead, n, k = outputs.shape
    reasons = {
        (): "it sums over everything",
        (*lead, k, n): "the axes are transposed",
        (*lead, n): "it sums over the outputs, as only losses do",
        (*lead, n, 1): "it sums over the outputs, as only losses do",
        (*lead, k): "it sums over the examples, which the objective does",
        (*lead, 1, k): "it sums over the examples, which the objective does",
        (n, k): "it sums over the leading axes",
    }
    why = reasons.get(gradient.shape, "return the slope of each loss by each of its outputs")
    fail(
        f"gradient returned shape {gradient.shape} for outputs {outputs.shape} and targets {(n, k)}: it must have the "
        f"outputs' shape. Here {why}."
    )


def diagnose(gradient: Array, slopes: Slopes, scale: float, n: int, k: int) -> str:
    """Return the typical mistake that would explain a wrong gradient of n examples of k outputs."""
    if not gradient.any():
        return "it is 0 everywhere"
    mistakes = {
        "the sign is wrong": -gradient,
        f"it is divided by the number of examples, {n}, which only the objective does": n * gradient,
        "it is divided by the number of examples, and the sign is wrong": -n * gradient,
        f"it is divided by the number of outputs, {k}, but the losses are not": k * gradient,
        f"it is multiplied by the number of outputs, {k}, but the losses are not": gradient / k,
        f"it is divided by the numbers of examples and outputs, {n} and {k}": n * k * gradient,
        "a factor 2 is missing": 2 * gradient,
        "a factor 2 is too much": gradient / 2,
        "a factor 2 is missing, and the sign is wrong": -2 * gradient,
        "its columns are in the wrong order": gradient[:, ::-1],
    }
    for says, corrected in mistakes.items():
        if slopes.admits(corrected, scale).all():
            return says
    large = np.abs(slopes.mid) > 1e-3 * scale
    ratios = gradient[large] / slopes.mid[large]
    if len(ratios) and np.ptp(ratios) < 1e-3 * abs(ratios[0]):
        return f"it is {number(ratios[0])} times what it should be everywhere"
    return "derive per_example anew by that output, all else fixed"
