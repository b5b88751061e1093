"""Is what an optimizer remembers brought up to date at every step, and counted for as long as training goes on?"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from landscape.kinds import Optimizer
from landscape.testing.general import fail
from landscape.testing.probe import identical
from landscape.testing.updates import State, a_theta, checked_state, some_gradients, updated
from landscape.testing.variants import variants

_COUNTERS = {"step", "steps", "count", "counter", "t", "time", "iteration", "iterations"}
_WIDEST = 2  # bytes; what is wider counts further than training goes


def keeps_its_state_up(optimizer: Optimizer) -> None:
    """Fail where the state stays what it was, or counts in a type that ends."""
    moved: dict[str, bool] = {}
    others: list[Any] = variants(optimizer)
    for one in (optimizer, *others):
        first = state = checked_state(one.init(a_theta()), "init")
        elsewhere, theta = one.init(-2 * a_theta()), a_theta()
        for gradient in some_gradients(30):  # each step is looked at: a count may begin anew after some
            increment, state = updated(one, gradient, state, theta)
            theta = theta + increment
            for name, values in state.items():
                same = name in first and identical(values, first[name]) and identical(values, elsewhere.get(name))
                same = same and np.unique(values).size < 2  # or it is drawn once for each parameter, and meant to stay
                moved[name] = moved.get(name, False) or not same
    still = [name for name, ever in moved.items() if not ever]
    still = still if len(still) == len(moved) else [name for name in still if _ought_to_move(optimizer, name)]
    if still:
        fail(
            f"after 30 steps of different gradients, state[{still[0]!r}] is what it was before the first.",
            "Return the new state beside the increment, with everything in it brought up to date.",
        )
    _demand_counts_go_on(optimizer)


def _ought_to_move(optimizer: Optimizer, name: str) -> bool:
    """Whether an entry of the state that stays is a count, or zeros beside the gradient that increments follow."""
    theta = a_theta()
    state = optimizer.init(theta)
    if name in _COUNTERS or name not in state or np.shape(state[name]) != theta.shape or np.any(state[name]):
        return name in _COUNTERS
    others = {**state, name: state[name] + np.ones_like(state[name])}
    increments = [updated(optimizer, some_gradients(1)[0], one, theta)[0] for one in (state, others)]
    return not identical(*increments)


def _demand_counts_go_on(optimizer: Optimizer) -> None:
    """Fail where a step is counted in so few bits that the count ends: at 32,767, say, after which it is negative."""
    theta, state = a_theta(), optimizer.init(a_theta())
    walked = []
    for gradient in some_gradients(3):
        _, state = updated(optimizer, gradient, state, theta)
        walked.append(state)
    for name, values in state.items():
        counts = [float(one[name].real.ravel()[0]) for one in walked if name in one and one[name].size == 1]
        if np.asarray(values).dtype.itemsize <= _WIDEST and np.diff(counts).tolist() == [1, 1]:
            _demand_more(optimizer, state, name)


def _demand_more(optimizer: Optimizer, state: State, name: str) -> None:
    """Fail where `state[name]`, which counts steps, ends where its type does."""
    kind = np.asarray(state[name]).dtype
    end = _end(kind)
    # what goes from the last number but one to the last is no count that begins anew before, as in t % 100
    before = _next(optimizer, {**state, name: np.full_like(state[name], end - 1)}, name)
    if before is None or before[name] != end:
        return
    after = _next(optimizer, before, name)
    if after is None or after[name] < end or (kind.kind == "f" and after[name] == end):
        then = "update raises an error" if after is None else f"it is {float(np.ravel(after[name])[0]):,.0f}"
        fail(
            f"state[{name!r}] counts steps in {kind}, which ends at {end:,}: a step after that, {then}.",
            "Count in int64, as in np.asarray(0).",
        )


def _end(kind: np.dtype[Any]) -> int:
    """Return the greatest number up to which a type counts by one."""
    return int(2 ** (np.finfo(kind).nmant + 1)) if kind.kind == "f" else int(np.iinfo(kind).max)


def _next(optimizer: Optimizer, state: State, name: str) -> State | None:
    """Return the state after another step; None where it cannot be made."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the overflow is what is looked for
            _, after = updated(optimizer, some_gradients(1)[0], state, a_theta())
            return after if np.size(after[name]) == 1 else None
    except Exception:  # whatever foreign code raises when a count has ended
        return None
