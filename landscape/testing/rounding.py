"""Does an optimizer train in the precision of θ, and in each as in the other?"""

from __future__ import annotations

import numpy as np

from landscape.kinds import Optimizer
from landscape.layout import Array
from landscape.testing.core import fail
from landscape.testing.precision import demand_all_digits
from landscape.testing.probe import identical
from landscape.testing.updates import PRECISIONS, a_theta, some_gradients, walk


def uses_all_of_float64(optimizer: Optimizer) -> None:
    """Fail where training in float64 is rounded to float32, or to less."""
    gradients = some_gradients(3, 16)
    change = 1e-9 * np.random.default_rng(8).uniform(0.5, 1, gradients.shape)  # too little for float32
    ends = []
    for given in (gradients, gradients * (1 + change)):
        thetas, _ = walk(optimizer, given, np.zeros(16))
        ends.append(thetas[-1])
    by_size = len(np.unique(np.abs(ends[0]))) > 8  # and not by signs alone, for instance
    if by_size and identical(*ends) and not _on_a_grid(np.diff([np.zeros(16), *thetas], axis=0)):
        fail(
            "trained in float64, gradients that differ by a billionth lead to the very same θ.",
            "Do nothing in another precision than that of θ and of the gradient: a state in float32 or float16 "
            "rounds them.",
        )
    direction = np.random.default_rng(9).uniform(0.5, 1, gradients.shape)

    def increments(change: float) -> Array:
        thetas, _ = walk(optimizer, gradients * (1 + change * direction), np.zeros(16))
        return np.diff([np.zeros(16), *thetas], axis=0)

    demand_all_digits("an increment", increments)


def _on_a_grid(increments: Array) -> bool:
    """Return whether all increments are multiples of one number, to which they are rounded on purpose."""
    sizes = np.abs(increments[increments != 0])
    least = sizes.min(initial=np.inf)
    counts = [sizes / least * parts for parts in range(1, 25)]
    return any(bool((np.abs(count - np.round(count)) < 1e-6 * count).all()) for count in counts)


def is_the_same_in_float32(optimizer: Optimizer) -> None:
    """Fail where training in float32 leads elsewhere than in float64."""
    gradients, theta = some_gradients(10, 16, np.float32), a_theta(16, np.float32)
    exact, single = (
        np.diff([theta, *walk(optimizer, gradients.astype(dtype), theta.astype(dtype))[0]], axis=0)
        for dtype in PRECISIONS
    )
    # Far off, where steps are large, or small ones are lost beside θ, float32 is another world.
    size = np.abs(exact).max(axis=1)
    exact, single = (moves[(size > 1e-5) & (size < 1e3)] for moves in (exact, single))
    far, other = float(np.abs(exact).sum()), float(np.abs(single).sum())
    # Only the whole is compared, since random numbers drawn in float32 are not those of float64.
    along = float((exact * single).sum()) / max(float(np.linalg.norm(exact) * np.linalg.norm(single)), 1e-300)
    if len(exact) and not (0.75 * far < other < far / 0.75 and along > -0.5):
        fail(
            f"{len(exact)} steps lead θ by {other:.6g} in float32, all parameters taken together, but by {far:.6g} in "
            f"float64{', the other way' if along < 0 else ''}.",
            "Compute alike in both, and let no number be too small for float32, whose least is about 10⁻³⁸.",
        )
