"""Does an optimizer arrive: finite steps, downhill, at its learning rate?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from pydantic import ValidationError

from landscape.functions import FORMULAS
from landscape.kinds import Optimizer
from landscape.layout import Array
from landscape.testing.general import fail, values_of
from landscape.testing.probe import identical
from landscape.testing.updates import PRECISIONS, a_theta, in_numbers, some_gradients, updated, walk

# what authors call the strength with which weights are drawn towards 0
_DECAYS = ("weight_decay", "decoupled_weight_decay", "weight_penalty", "wd", "l2", "l2_penalty", "l2_regularization")


def stays_finite(optimizer: Optimizer) -> None:
    """Fail where a finite gradient leads to a step, or a state, that is not."""
    for dtype in PRECISIONS:
        theta = a_theta(dtype=dtype)
        zero, one = np.zeros_like(theta), np.where(theta < 0, -1, 1).astype(dtype)
        cases = {
            "at zero gradient": [zero] * 5,
            "when the gradient vanishes": [one, one, *[zero] * 30],
            "when the gradient begins at zero": [zero, zero, one, one],
            "when the gradient changes its sign": [one, -one] * 10,
            "at tiny gradients": [one * dtype(1e-8)] * 10,
            "at large gradients": [one * dtype(1e4)] * 10,
        }
        for when, gradients in cases.items():
            for start in (theta, zero):
                _demand_finite(optimizer, when, gradients, start)
    # so long that a mean and a mean square are as near to each other as rounding lets them be
    theta, constant = a_theta(32, np.float32), some_gradients(1, 32, np.float32)[0]
    _demand_finite(optimizer, "when the gradient stays the same", [constant] * 1500, theta)


def _demand_finite(optimizer: Optimizer, when: str, gradients: list[Array], theta: Array) -> None:
    state = optimizer.init(theta)
    for step, gradient in enumerate(gradients, 1):
        increment, state = updated(optimizer, gradient, state, theta)
        bad = [name for name, values in state.items() if np.isnan(values).any()]
        if not np.isfinite(increment).all() or bad:
            found = f"state[{bad[0]!r}] holds NaN" if bad else f"the increment is {in_numbers(increment)}"
            fail(
                f"{when}, {found} at step {step}, in {theta.dtype}.",
                "Add a small number, such as 1e-8, to what is divided by, and let its field's bounds exclude 0; take "
                "no root of what rounding may make negative.",
            )


def goes_downhill(optimizer: Optimizer) -> None:
    """Fail when steps under a constant gradient go along with it, or move what it leaves alone."""
    if values_of(optimizer).get("maximize") is True:
        return
    gradient = some_gradients(1)[0]
    # θ is all but zero, so that weight decay has no say; some optimizers do not move at all from zero
    along = float(_moved(optimizer, gradient, 1e-6 * a_theta()) @ gradient)
    if along > 0:
        fail(
            f"under a constant gradient, 12 steps together go uphill: their product with the gradient is {along:.6g}.",
            "`update` returns what is *added* to θ, so a plain step is -learning_rate * gradient; the same sign "
            "belongs in every term.",
        )
    still = []
    for index, only in enumerate(1000.0 * np.eye(5)):
        moved = _moved(optimizer, only, np.zeros(5))
        if not moved.any():
            still.append(index)
        if _goes_astray(moved, index) and _goes_astray(_moved(optimizer, only, np.zeros(5), 300), index):
            fail(
                f"where only gradient[{index}] is not zero, but 1000, 12 steps together move θ by {in_numbers(moved)}.",
                "Each parameter goes against its own entry of the gradient: keep the order, and sum over nothing.",
            )
    # where no single one moves, gradients may be gathered, or θ multiplied; where some do, each has its turn in time
    for index in still if len(still) < 5 else ():
        if not _moved(optimizer, 1000.0 * np.eye(5)[index], np.zeros(5), 200).any():
            fail(
                f"where only gradient[{index}] of 5 is not zero, but 1000, 200 steps do not move θ at all, though "
                "other parameters move under their own.",
                "Let increments reach from the first parameter to the last.",
            )


def _goes_astray(moved: Array, index: int) -> bool:
    """Whether θ moved along a gradient in one entry alone, or much in others; in a few random steps it may."""
    return bool(moved[index] > 0 or np.abs(np.delete(moved, index)).max() > abs(moved[index]) / 2)


def _moved(optimizer: Optimizer, gradient: Array, theta: Array, steps: int = 12) -> Array:
    """Return the sum of increments under a constant gradient; θ stays, so that a large rate leads nowhere."""
    state, moved = optimizer.init(theta), np.zeros_like(theta)
    for _ in range(steps):
        increment, state = updated(optimizer, gradient, state, theta)
        moved = moved + increment
    return moved


def reduces_a_quadratic(optimizer: Optimizer) -> None:
    """Fail unless a convex quadratic, of condition number 10, is reduced."""
    curvatures, goal = np.geomspace(0.1, 1, 5), np.array([1.0, -1, 1, -1, 1])
    _demand_reduction(
        optimizer,
        "a convex quadratic",
        lambda theta: float(curvatures @ (theta - goal) ** 2) / 2,
        lambda theta: curvatures * (theta - goal),
        goal / 4,
    )


def reduces_rosenbrock(optimizer: Optimizer) -> None:
    """Fail unless Rosenbrock's function is reduced from its usual start."""
    formula = FORMULAS["rosenbrock"]
    _demand_reduction(
        optimizer,
        "Rosenbrock's function",
        lambda theta: float(formula.value(theta)),
        formula.gradient,
        np.array(formula.start),
    )


def _demand_reduction(
    optimizer: Optimizer,
    what: str,
    cost: Callable[[Array], float],
    gradient: Callable[[Array], Array],
    start: Array,
) -> None:
    """Fail unless 300 steps reduce the cost by a hundredth, on one of several scales of θ and of the cost.

    A learning rate is right for some scales only, and which ones the optimizer's defaults are meant for is not
    known; but one that goes the wrong way reduces none.
    """
    best = np.inf
    for length in (1, 1e-2, 1e2, 1e-4):
        for height in (1, 1e-3, 1e3, 1e-6):
            # of θ ↦ height · length² · cost(θ / length), whose curvatures are `height` times those of the cost
            reached = _descend(optimizer, lambda x, s=height * length: s * gradient(x), start, length)  # type: ignore[misc]
            best = min(best, *(cost(x) for x in reached[-20:])) if reached else best
            if best <= 0.99 * cost(start):
                return
    fail(
        f"300 steps do not reduce {what}: from {cost(start):.6g}, the least that is reached, with θ and the cost on "
        f"16 scales, is {best:.6g}.",
        "`update` returns what is added to θ; look at the sign of each of its terms and at how they are scaled.",
    )


def _descend(optimizer: Optimizer, gradient: Callable[[Array], Array], start: Array, length: float) -> list[Array]:
    """Return 300 points x = θ / length of a descent from `start`, or none where it goes far away."""
    theta = start * length
    state, points = optimizer.init(theta), list[Array]()
    for _ in range(300):
        increment, state = updated(optimizer, gradient(theta / length), state, theta)
        theta = theta + increment
        points.append(theta / length)
        if not (np.abs(points[-1]) < 1e6).all():
            return []
    return points


def obeys_its_learning_rate(optimizer: Optimizer) -> None:
    """Fail where a learning rate has no effect, or not the same when it is changed by a schedule."""
    rate = values_of(optimizer).get("learning_rate")
    if not isinstance(rate, float | int) or isinstance(rate, bool):
        return
    # far lower, too: a limit may be reached by both of two rates
    others = list(filter(None, (_with_rate(optimizer, scale * rate) for scale in (0.5, 2, 1e-3, 1e-6))))
    if not others:
        return
    other = others[0]
    new_rate = values_of(other)["learning_rate"]
    gradients, theta = some_gradients(), a_theta()
    walk(optimizer, gradients, theta)  # which may keep what it computes of its fields
    changed = optimizer.model_copy(update={"learning_rate": new_rate})  # as schedules do at every step
    if not _same_walk(changed, other, gradients, theta) or changed.factor() != other.factor():
        fail(
            f"changed from {rate:g} to {new_rate:g} by a schedule, the learning rate has not the effect that it has "
            "when it is set at first.",
            "Compute nothing from it beforehand, in a private attribute or a cached property: read "
            "self.learning_rate in every update.",
        )
    # an optimizer may gather gradients for many steps before it moves
    if all(_same_walk(optimizer, one, some, theta) for some in (gradients, some_gradients(150)) for one in others):
        fail(f"learning rates of {rate:g} and {new_rate:g} lead to the same steps: use the field learning_rate.")
    _demand_rate_is_not_kept(optimizer, changed, gradients)
    _demand_rate_may_change(optimizer, new_rate)


def _with_rate(optimizer: Optimizer, rate: float) -> Optimizer | None:
    try:
        return type(optimizer).model_validate({**values_of(optimizer), "learning_rate": rate})
    except ValidationError:  # out of its bounds
        return None


def _same_walk(one: Optimizer, two: Optimizer, gradients: Array, theta: Array) -> bool:
    walks = [walk(optimizer, gradients, theta)[0] for optimizer in (one, two)]
    return all(identical(a, b) for a, b in zip(*walks, strict=True))


def _demand_rate_is_not_kept(optimizer: Optimizer, changed: Optimizer, gradients: Array) -> None:
    """Fail where the state holds the rate that training began with, and nothing else is used from then on.

    That the first rate alone matters is no mistake in itself: it may be the first of step sizes that adapt.
    """
    thetas, state = walk(optimizer, gradients, a_theta())
    rate = values_of(optimizer)["learning_rate"]
    kept = [
        name for name, values in state.items() if np.ndim(values) == 0 and np.isclose(float(values.real), rate, 1e-6)
    ]
    ways = [walk(one, gradients, thetas[-1], dict(state))[0] for one in (optimizer, changed)]
    if kept and all(map(identical, *ways)):
        fail(
            f"state[{kept[0]!r}] keeps the learning rate of the first step, so that schedules have no effect.",
            "Keep it out of the state, and read self.learning_rate in every update.",
        )


def _demand_rate_may_change(optimizer: Optimizer, rate: float) -> None:
    """Fail unless a state goes on under another learning rate, and under 0, where a warm-up may begin."""
    for start in (rate, 0.0):
        theta, state = a_theta(), None
        for learning_rate in (start, rate, 0.0, rate):
            turned = optimizer.model_copy(update={"learning_rate": learning_rate})
            thetas, state = walk(turned, some_gradients(2), theta, state)
            theta = thetas[-1]
            if not np.isfinite(theta).all():
                fail(
                    f"θ is {in_numbers(theta)} after a schedule has set the learning rate to {learning_rate:g}.",
                    "Divide by nothing that a learning rate of 0 makes 0.",
                )


def decays_weights_towards_zero(optimizer: Optimizer) -> None:
    """Fail where a field that says how much weights decay drives parameters away from 0."""
    values = values_of(optimizer)
    for name in _DECAYS:
        with suppress(ValidationError):  # out of its bounds
            if isinstance(values.get(name), float):
                decays = ({**values, name: decay} for decay in (0.01, 0.0))
                with_decay, without = map(type(optimizer).model_validate, decays)
                _demand_decay(name, with_decay, without)


def _demand_decay(name: str, with_decay: Optimizer, without: Optimizer) -> None:
    theta = a_theta()
    # at zero gradient, and where the gradient alone would lead inwards and outwards
    outwards = [_difference(with_decay, without, scale * theta, theta) @ theta for scale in (0.0, 1.0, -1.0)]
    negligible = 1e-9 * abs(min(outwards))
    if max(outwards) > negligible:
        fail(
            f"{name} = 0.01 drives parameters away from 0: compared with {name} = 0, the first step at zero "
            f"gradient leads θ by {outwards[0]:.3g} along itself, and by {outwards[1]:.3g} and {outwards[2]:.3g} where "
            "the gradient is θ and −θ.",
            "Weight decay adds λθ to the gradient, or takes learning_rate * λθ off θ.",
        )
    for index in (0, 3):
        only = np.zeros(5)
        only[index] = theta[index]
        difference = _difference(with_decay, without, np.zeros(5), only)
        if np.abs(np.delete(difference, index)).max() > 1e-3 * abs(difference[index]):
            fail(
                f"where only θ[{index}] is not zero, {name} = 0.01 changes the first step by "
                f"{in_numbers(difference)}: other parameters are moved by it.",
                "Weight decay draws each parameter by its own value: sum and average over nothing.",
            )
    if not any(outwards):
        fail(f"{name} = 0.01 does nothing in a first step: use the field {name}.")


def _difference(one: Optimizer, two: Optimizer, gradient: Array, theta: Array) -> Array:
    """Return how far apart the first steps of two optimizers lead."""
    ends = [walk(optimizer, [gradient], theta)[0][-1] for optimizer in (one, two)]
    return np.asarray(ends[0] - ends[1])
