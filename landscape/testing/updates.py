"""How is an optimizer asked for its steps, and what must each answer look like?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from landscape.kinds import Optimizer
from landscape.layout import Array
from landscape.testing.general import fail
from landscape.testing.probe import identical

State = dict[str, Any]

PRECISIONS: tuple[type[np.floating], ...] = (np.float64, np.float32)


def a_theta(size: int = 5, dtype: type[np.floating] = np.float64) -> Array:
    """Return a θ (size,) of ordinary numbers of both signs."""
    points: Array = np.random.default_rng(7).normal(size=size).astype(dtype)
    return points


def some_gradients(count: int = 6, size: int = 5, dtype: type[np.floating] = np.float64, seed: int = 3) -> Array:
    """Return gradients (count, size), none of them near 0 anywhere."""
    rng = np.random.default_rng(seed)
    drawn: Array = (rng.uniform(0.2, 2, (count, size)) * rng.choice([-1, 1], (count, size))).astype(dtype)
    return drawn


def updated(optimizer: Optimizer, gradient: Array, state: State, theta: Array) -> tuple[Array, State]:
    """Return what `update` does, having checked that it is an increment (P,) in θ's precision and a state."""
    answer = optimizer.update(gradient, state, theta)
    if not isinstance(answer, tuple) or len(answer) != 2:
        fail(f"update returned {in_words(answer)}.", "It returns two things: what to add to θ, and the new state.")
    increment, state = answer
    if not isinstance(increment, np.ndarray) or increment.shape != theta.shape:
        fail(f"update returned {in_words(increment)} as the increment of a θ {theta.shape}.", "Return an array like θ.")
    if isinstance(increment, np.ma.MaskedArray):
        fail("update returned a masked array as the increment.", "Put numbers in place of what is masked.")
    if increment.dtype != theta.dtype:
        fail(
            f"update returned an increment in {increment.dtype} for θ and a gradient in {theta.dtype}.",
            "Keep θ's precision: multiply arrays by Python's floats rather than NumPy's, and make arrays with "
            "np.zeros_like(theta) and the like.",
        )
    return increment, checked_state(state, "update")


def checked_state(state: Any, made_by: str) -> State:
    """Return a state; fail unless it is a dict of arrays of numbers."""
    if not isinstance(state, dict):
        fail(
            f"{made_by} returned {in_words(state)} as the state.", "A state is a dict of arrays, {} where it is empty."
        )
    for name, values in state.items():
        if not isinstance(name, str) or not name or "/" in name:
            fail(f"the state that {made_by} returned has the key {name!r}.", "Keys are names, texts without a slash.")
        if not isinstance(values, np.ndarray | np.generic) or values.dtype.kind not in "biufc":
            fail(
                f"state[{name!r}], from {made_by}, is {in_words(values)}, which cannot be saved with the run.",
                "Everything in a state is an array of numbers: np.asarray(0) for a count, for one.",
            )
    return dict(state)


def in_words(value: Any) -> str:
    """Return what a value is, in few words."""
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype}"
    return f"{value!r:.60}" if value is None or isinstance(value, int | float) else f"a {type(value).__name__}"


def walk(
    optimizer: Optimizer, gradients: Iterable[Array], theta: Array, state: State | None = None
) -> tuple[list[Array], State]:
    """Return θ after each of `gradients`, from `theta` and `state` or the first one, and the last state."""
    state = checked_state(optimizer.init(theta.copy()), "init") if state is None else state
    thetas = [theta]
    for gradient in gradients:
        increment, state = updated(optimizer, gradient.copy(), state, thetas[-1].copy())
        thetas.append(thetas[-1] + increment)
    return thetas[1:], state


def compare(one: Iterable[Array], two: Iterable[Array], explain: Callable[[int, float, float], None]) -> None:
    """Call `explain` with the step, from 1, and the two numbers where two walks first differ."""
    for step, (a, b) in enumerate(zip(one, two, strict=True), 1):
        if not identical(a, b):
            where = int(np.argmax(~((a == b) | (np.isnan(a) & np.isnan(b)))))
            explain(step, float(a[where]), float(b[where]))


def in_numbers(values: Array) -> str:
    """Return the first numbers of an array."""
    shown = ", ".join(f"{value:.6g}" for value in values.ravel()[:3].tolist())
    return f"[{shown}{', …' if values.size > 3 else ''}]"
