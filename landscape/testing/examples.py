"""At which outputs and targets are costs tried? At those of their own kind, as far as that can be told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from landscape.kinds import Cost
from landscape.layout import Array

N, K = 24, 3
"""How many examples and outputs there ordinarily are."""


class Sample(NamedTuple):
    """Outputs (n, k) and targets (n, k)."""

    outputs: Array
    targets: Array

    def astype(self, dtype: Any) -> Sample:
        """Return the same in another precision."""
        return Sample(self.outputs.astype(dtype), self.targets.astype(dtype))


def ordinary(cost: Cost, n: int = N, k: int = K, seed: int = 0) -> Sample:
    """Return outputs such as networks have in training, and one-hot targets."""
    rng = np.random.default_rng((1, n, k))
    targets = _targets(cost, rng, n, k)
    return Sample(_outputs(cost, 1.5 * np.random.default_rng((2, n, k, seed)).normal(size=(n, k))), targets)


def saturated(cost: Cost) -> Sample:
    """Return outputs of ±5 to ±60, right and wrong, some beside ordinary ones."""
    rng = np.random.default_rng(3)
    outputs = rng.uniform(5, 60, (N, K)) * rng.choice((-1.0, 1.0), (N, K))
    outputs[::4, 0] = rng.normal(size=len(outputs[::4]))
    return Sample(_outputs(cost, outputs), _targets(cost, rng, N, K))


def extreme(cost: Cost) -> Sample:
    """Return outputs of ±300, ±1,000 and ±10,000, some beside ordinary ones."""
    rng = np.random.default_rng(4)
    outputs = rng.choice((-1e4, -1e3, -3e2, 3e2, 1e3, 1e4), (N, K))
    outputs[:4] = [[1e4] * K, [-1e4] * K, [1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]
    outputs[4::4, 1] = rng.normal(size=len(outputs[4::4]))
    return Sample(_outputs(cost, outputs), _targets(cost, rng, N, K))


def kinks(cost: Cost, hyperparameters: Iterable[float]) -> Sample:
    """Return outputs where losses often have kinks: ties, whole numbers, and the targets, also off by some numbers."""
    rng = np.random.default_rng(6)
    offsets = [np.full((4, K), 0.0), *(np.full((3, K), sign * h) for h in hyperparameters for sign in (-1, 1))]
    near = np.concatenate(offsets)
    whole = np.concatenate([np.zeros((3, K)), np.ones((3, K)), rng.integers(-2, 3, (18, K)).astype(np.float64)])
    targets = _targets(cost, rng, len(near) + len(whole), K)
    return Sample(_clipped(cost, np.concatenate([near + targets[: len(near)], whole])), targets)


def families(cost: Cost) -> Iterator[tuple[str, Sample]]:
    """Yield what kinds of targets the cost takes beyond one-hot ones, with outputs and targets to try it at.

    A cost takes a kind of targets where it is least at the outputs that say just these targets: the targets
    themselves, their logarithms or their logits. So it does where its gradient says that it rests at the very targets,
    and where its losses depend on nothing but the differences of outputs and targets. It also takes those in its range.
    Nothing is asked of a cost at other targets.
    """
    rng = np.random.default_rng(7)
    positive, share = rng.gamma(2.0, size=(N, K)) + 0.1, rng.uniform(0.05, 0.95, (N, K))
    distribution = rng.dirichlet(np.ones(K) * 2, size=N)
    meanings: tuple[tuple[str, Array, Callable[[Array], Array], bool], ...] = (
        ("any numbers", 2 * rng.normal(size=(N, K)), lambda t: t, True),
        ("positive numbers", positive, lambda t: t, True),
        ("positive numbers", positive, np.log, True),
        ("shares", share, lambda t: t, True),
        ("shares", share, lambda t: np.log(t / (1 - t)), True),
        ("distributions", distribution, np.log, False),
    )
    low, high = cost.target_range
    for name, targets, meaning, unique in meanings:
        within = targets.min() >= low and targets.max() <= high
        if within and (
            _is_least(cost, meaning(targets), targets, unique)
            or _is_at_rest(cost, meaning(targets), targets)
            or (name == "any numbers" and _is_of_differences(cost))
        ):
            yield name, Sample(_outputs(cost, 1.5 * rng.normal(size=(N, K))), targets)
    if math.isfinite(high - low) and (low < 0.0 or high > 1.0):
        coded = np.where(np.eye(K)[rng.integers(K, size=N)] > 0, high, low)
        yield "the ends of its target_range", Sample(_outputs(cost, 1.5 * rng.normal(size=(N, K))), coded)


def _is_least(cost: Cost, outputs: Array, targets: Array, unique: bool) -> bool:
    """Return whether losses rise from `outputs` whichever way one goes; `unique`, also along all outputs at once."""
    if np.any(_clipped(cost, outputs) != outputs):
        return False
    rng = np.random.default_rng(8)
    steps = [size * rng.normal(size=outputs.shape) for size in (0.1, 0.3, 1.0) for _ in range(3)]
    steps += [np.full(outputs.shape, shift) for shift in (-0.5, 0.5)] if unique else []
    try:
        least = np.asarray(cost.per_example(outputs, targets))
        others = [np.asarray(cost.per_example(_clipped(cost, outputs + step), targets)) for step in steps]
    except Exception:  # a cost may refuse such targets in any way
        return False
    return bool(np.isfinite(least).all() and all((other > least).all() for other in others))


def _is_at_rest(cost: Cost, outputs: Array, targets: Array) -> bool:
    """Return whether the gradient is 0 where the outputs are the targets, and nowhere near."""
    if outputs is not targets or np.any(_clipped(cost, outputs) != outputs):
        return False
    away = np.random.default_rng(9).uniform(0.1, 0.3, targets.shape)
    try:
        here = np.asarray(cost.gradient(outputs.copy(), targets))
        around = [np.asarray(cost.gradient(_clipped(cost, outputs + sign * away), targets)) for sign in (-1, 1)]
    except Exception:  # a cost may refuse such targets in any way
        return False
    return not here.any() and all(values.all() for values in around)


def _is_of_differences(cost: Cost) -> bool:
    """Return whether losses stay as they are when outputs and targets are moved together."""
    outputs, targets = ordinary(cost)
    shift = 3 * np.random.default_rng(11).normal(size=targets.shape)
    if np.any(_clipped(cost, outputs + shift) != outputs + shift):
        return False
    try:
        losses = np.asarray(cost.per_example(outputs, targets))
        moved = np.asarray(cost.per_example(outputs + shift, targets + shift))
    except Exception:  # a cost may refuse such targets in any way
        return False
    return losses.shape == moved.shape and bool(np.ptp(losses) > 0 and np.allclose(moved, losses, rtol=1e-9))


def _targets(cost: Cost, rng: np.random.Generator, n: int, k: int) -> Array:
    """Return one-hot targets or, where the cost does not take them, numbers in its range."""
    low, high = cost.target_range
    if low <= 0.0 and high >= 1.0:
        return np.eye(k)[rng.integers(k, size=n)]
    return _within(rng.normal(size=(n, k)), low, high)


def _outputs(cost: Cost, values: Array) -> Array:
    """Return `values` mapped into the range of outputs that the cost takes."""
    return _within(values, *cost.output_range)


def _within(values: Array, low: float, high: float) -> Array:
    """Return `values` mapped into an interval, whose bounds far ones come to lie on."""
    if math.isfinite(low) and math.isfinite(high):
        return np.asarray(low + (high - low) * (0.5 + 0.5 * np.tanh(0.5 * values)))
    if math.isfinite(low):
        return np.asarray(low + np.logaddexp(0.0, values))
    return np.asarray(high - np.logaddexp(0.0, -values)) if math.isfinite(high) else values


def _clipped(cost: Cost, values: Array) -> Array:
    return np.asarray(np.clip(values, *cost.output_range))
