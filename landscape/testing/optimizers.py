"""Does an optimizer go downhill, remember all it must in its state, and nothing elsewhere?"""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.kinds import Optimizer
from landscape.layout import Array
from landscape.testing.afresh import beginning, demand_same_afresh
from landscape.testing.calls import AFRESH
from landscape.testing.core import Check
from landscape.testing.counting import keeps_its_state_up
from landscape.testing.descent import (
    decays_weights_towards_zero,
    goes_downhill,
    obeys_its_learning_rate,
    reduces_a_quadratic,
    reduces_rosenbrock,
    stays_finite,
)
from landscape.testing.effects import demand_effects
from landscape.testing.general import fail
from landscape.testing.probe import demand_no_traces, identical, no_global_randomness, remade, restored, shares_memory
from landscape.testing.rounding import is_the_same_in_float32, uses_all_of_float64
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.updates import (
    PRECISIONS,
    State,
    a_theta,
    checked_state,
    compare,
    in_numbers,
    some_gradients,
    updated,
    walk,
)

_REMEMBER = 'Keep all that is to be remembered in the state, as in {"velocity": …}, and make it new at every update.'


def _returns_an_increment_and_a_state(optimizer: Optimizer) -> None:
    for dtype in PRECISIONS:
        for size in (1, 2, 7, 500):
            theta = a_theta(size, dtype)
            state = checked_state(optimizer.init(theta), "init")
            for gradient in some_gradients(3, size, dtype):
                increment, state = updated(optimizer, gradient, state, theta)
                if not np.isfinite(increment).all():
                    fail(
                        f"update returned {in_numbers(increment)}, in {dtype.__name__}, for the gradient "
                        f"{in_numbers(gradient)}.",
                        "Increments are finite where gradients are: divide by nothing that may be 0, from the first "
                        "step on.",
                    )


def _keeps_the_form_of_its_state(optimizer: Optimizer) -> None:
    for dtype in PRECISIONS:
        first = checked_state(optimizer.init(a_theta(dtype=dtype)), "init")
        _, second = walk(optimizer, some_gradients(1, dtype=dtype), a_theta(dtype=dtype), first)
        _, after = walk(optimizer, some_gradients(2, dtype=dtype, seed=4), a_theta(dtype=dtype), second)
        before = {**second, **first}  # what is not made by init is made by the first update
        if lost := before.keys() - after.keys():
            fail(f"the state loses {', '.join(sorted(lost))} from one step to the next: return all of it.")
        for name, values in before.items():
            if np.asarray(values).dtype != np.asarray(after[name]).dtype:
                fail(
                    f"state[{name!r}] goes from {values.dtype} to {after[name].dtype} in {dtype.__name__} training.",
                    "Keep its precision, so that a training continued from it is the same: NumPy's float64 numbers "
                    "make float64 of arrays, Python's do not.",
                )


def _leaves_the_process_alone(optimizer: Optimizer) -> None:
    demand_undisturbed("training", lambda: walk(optimizer, some_gradients(), a_theta()))


def _effects(optimizer: Optimizer) -> None:
    demand_effects(optimizer, _answer)


def _answer(optimizer: Optimizer) -> bytes:
    """Return θ after gradients of all sizes, and the state, which may hold a mean that is θ's for later."""
    drawn = some_gradients(40)
    gradients = np.concatenate([drawn, 1e3 * drawn[:4], 1e-7 * drawn[:4], np.zeros((2, 5)), drawn[:4]])
    with np.errstate(all="ignore"):  # whether training diverges is another check's
        thetas, state = walk(optimizer, gradients, a_theta())
    return b"".join(np.asarray(values).tobytes() for values in [*thetas, *state.values()])


def _leaves_its_arguments_alone(optimizer: Optimizer) -> None:
    theta = a_theta()
    before = theta.copy()
    state = checked_state(optimizer.init(theta), "init")
    _demand_same("init", {"theta": before}, {"theta": theta})
    for read in (dict, restored):  # what was a number is an array when it comes back from a file
        state = read(state)
        for gradient in some_gradients(3):
            given = {"gradient": gradient.copy(), "theta": theta.copy()}
            kept = {name: np.array(values) for name, values in state.items()}
            _, new = updated(optimizer, gradient, state, theta)
            _demand_same("update", given, {"gradient": gradient, "theta": theta})
            if state.keys() != kept.keys():
                fail("update adds to, or removes from, the state it is given: return a new dict.")
            _demand_same("update", kept, state, "state[{!r}]")
            state = new


def _demand_same(call: str, before: State, after: State, form: str = "{}") -> None:
    for name, values in before.items():
        if not identical(values, after[name]):
            was, now = np.asarray(values).ravel(), np.asarray(after[name]).ravel()
            entry = int(np.argmax(was != now))
            fail(
                f"{call} changes its argument {form.format(name)} in place: entry {entry} was {was[entry]:.6g} and is "
                f"{now[entry]:.6g}.",
                "Work on a copy: write a = a * b for a *= b, or begin with a = a.copy().",
            )


def _keeps_its_state_to_itself(optimizer: Optimizer) -> None:
    theta = a_theta()
    state, other = optimizer.init(theta), optimizer.init(theta)
    for name, values in state.items():
        _demand_own(f"state[{name!r}], from init,", values, {"theta": theta})
        if shares_memory(values, other.get(name)):
            fail(
                f"state[{name!r}] is the same array whenever init is called, so that two trainings change each "
                "other's state.",
                "Make a new array in init.",
            )
    before = None
    for gradient in some_gradients(4):
        increment, state = updated(optimizer, gradient, state, theta)
        if shares_memory(increment, before):
            fail(
                "update returns the same memory at every call, so that two trainings change each other's increments.",
                "Return a new array each time, not one that the plugin or its module keeps.",
            )
        before = increment
        _demand_own("the increment", increment, {"gradient": gradient, "theta": theta})
        for name, values in state.items():
            _demand_own(f"state[{name!r}], from update,", values, {"gradient": gradient, "theta": theta})


def _demand_own(what: str, values: Any, arguments: State) -> None:
    for name, argument in arguments.items():
        if shares_memory(values, argument):
            fail(
                f"{what} is the argument `{name}` itself, or a view of it: its numbers change when training reuses "
                "that array for the next step.",
                f"Return a copy: {name}.copy().",
            )


def _step_equals_update(optimizer: Optimizer) -> None:
    for dtype in PRECISIONS:
        theta, gradients = a_theta(dtype=dtype), some_gradients(8, dtype=dtype)
        expected, last = walk(optimizer, gradients, theta)
        live, buffer, state = theta.copy(), np.empty_like(theta), optimizer.init(theta)
        for index, gradient in enumerate(gradients):
            buffer[...] = gradient  # training has one array for all gradients
            state = checked_state(optimizer.step(buffer, state, live), "step")
            _demand_close(f"after {index + 1} steps, theta", live, expected[index], dtype)
        if state.keys() != last.keys():
            fail(f"step leaves a state of {sorted(state)}, update one of {sorted(last)}: both must do the same.")
        for name, values in last.items():
            _demand_close(f"after {len(gradients)} steps, state[{name!r}]", state[name], values, dtype)


def _demand_close(what: str, by_step: Any, by_update: Any, dtype: type[np.floating]) -> None:
    one, two = (np.asarray(values) * 1 for values in (by_step, by_update))  # booleans cannot be subtracted
    if not np.isfinite(two).all():  # hyperparameters may be such that training diverges
        return
    tolerance = 1000 * np.finfo(dtype).eps * (1 + np.abs(two).max(initial=0))
    if one.shape != two.shape or not (np.abs(one - two) <= tolerance).all():
        fail(
            f"{what} is {in_numbers(one)} by `step` and {in_numbers(two)} by `update`.",
            "A `step` of your own may be faster, never different: it changes theta in place (theta += …, not "
            "theta = …) and returns the new state.",
        )


def _factor_says_all(optimizer: Optimizer) -> None:
    factor = optimizer.factor()
    if factor is None:
        return
    if not isinstance(factor, float | int) or not np.isfinite(factor):
        fail(f"factor() is {factor!r}: it is a finite number, or None where a step does more than add a multiple.")
    for dtype in PRECISIONS:
        theta = a_theta(dtype=dtype)
        state = optimizer.init(theta)
        for step, gradient in enumerate(some_gradients(8, dtype=dtype), 1):
            increment, state = updated(optimizer, gradient, state, theta)
            if not np.allclose(increment, factor * gradient, rtol=100 * np.finfo(dtype).eps, atol=0):
                fail(
                    f"factor() is {factor:.6g}, but at step {step} update adds {in_numbers(increment)} for the "
                    f"gradient {in_numbers(gradient)}, of which the multiple is {in_numbers(factor * gradient)}.",
                    "Return None unless a step does nothing but add that multiple, whatever the hyperparameters, "
                    "and in subclasses, too.",
                )
            theta = theta + increment


def _is_deterministic(optimizer: Optimizer) -> None:
    gradients, theta = some_gradients(), a_theta()
    remedy = "Draw random numbers, if any, from np.random.default_rng([self.seed, step]), the step being in the state."

    def explain(step: int, one: float, two: float) -> None:
        fail(
            f"the same gradients from the same θ lead to {one!r} once and to {two!r} the next time, at step {step}.",
            f"{_REMEMBER} {remedy}",
        )

    with no_global_randomness("update or init", remedy):
        first = walk(optimizer, gradients, theta)[0]
        demand_no_traces(optimizer, "training", _REMEMBER, lambda: walk(optimizer, gradients, theta))
        again, other = (walk(one, gradients, theta)[0] for one in (optimizer, remade(optimizer)))
        compare(first, again, explain)
        compare(first, other, explain)


def _trainings_are_independent(optimizer: Optimizer) -> None:
    alone, _ = walk(optimizer, some_gradients(), a_theta())
    mine, state = a_theta(), None
    theirs, their_state = a_theta(3, np.float32), None
    for step, (gradient, other) in enumerate(zip(some_gradients(), some_gradients(6, 3, np.float32), strict=True), 1):
        state = optimizer.init(mine) if state is None else state
        their_state = optimizer.init(theirs) if their_state is None else their_state
        increment, their_state = updated(optimizer, other, their_state, theirs)
        theirs = theirs + increment
        increment, state = updated(optimizer, gradient, state, mine)
        mine = mine + increment
        if not identical(mine, alone[step - 1]):
            fail(
                f"a training that takes turns with another, of {theirs.size} parameters, is at {in_numbers(mine)} "
                f"after {step} steps, but alone it is at {in_numbers(alone[step - 1])}.",
                _REMEMBER,
            )


def _continues_from_a_saved_state(optimizer: Optimizer) -> None:
    for dtype in PRECISIONS:
        gradients, theta = some_gradients(10, dtype=dtype), a_theta(dtype=dtype)
        whole, _ = walk(optimizer, gradients, theta)
        half, state = walk(optimizer, gradients[:5], theta)
        saved = restored(state)
        for name, values in state.items():
            if not identical(values, saved[name]):
                fail(f"state[{name!r}] does not come back from a file as it was: use plain arrays of numbers.")
        rest, _ = walk(remade(optimizer), gradients[5:], half[-1].copy(), saved)

        def explain(step: int, one: float, two: float) -> None:
            fail(
                f"training continued from a saved state differs at its step {step}: {two!r}, where without a break it "
                f"is {one!r}.",
                f"{_REMEMBER} Nothing else is saved.",
            )

        compare(whole[5:], rest, explain)


def _is_the_same_elsewhere(optimizer: Optimizer) -> None:
    walk(optimizer, some_gradients(), a_theta())  # of which something may have been kept
    demand_same_afresh(optimizer, _results, "the same training", AFRESH, processes=1)


def _results(optimizer: Optimizer) -> dict[str, Array]:
    """Return θ after each step, as another process is asked for it, which has trained something else before."""
    for size in (4, 5):  # something else of the same size, too
        walk(optimizer, 3 * some_gradients(3, size, seed=8), a_theta(size))
    return {"θ": np.array(walk(optimizer, some_gradients(), a_theta())[0])}


def _bounds_its_state(optimizer: Optimizer) -> None:
    theta, state, sizes = a_theta(2), None, []
    for part in range(3):
        _, state = walk(optimizer, some_gradients(100, 2, seed=part), theta, state)
        sizes.append(sum(np.asarray(values).nbytes for values in state.values()))
    if sizes[0] < sizes[1] < sizes[2]:
        fail(
            f"the state grows without end: {', '.join(map(str, sizes))} bytes after 100, 200 and 300 steps with two "
            "parameters.",
            "Keep running means or the last few gradients, not all of them.",
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "returns_an_increment_and_a_state",
        "An update returns an increment in the shape and precision of θ, finite, and a state of arrays.",
        _returns_an_increment_and_a_state,
        varied=True,
    ),
    Check(
        "keeps_the_form_of_its_state",
        "What the state holds keeps its name and its precision from step to step.",
        _keeps_the_form_of_its_state,
        varied=True,
    ),
    Check("uses_all_of_float64", "Training in float64 is not rounded to float32.", uses_all_of_float64, varied=True),
    Check("is_the_same_in_float32", "Training in float32 goes as in float64.", is_the_same_in_float32, varied=True),
    Check("leaves_the_process_alone", "Nothing is changed that all of a process shares.", _leaves_the_process_alone),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
    Check("leaves_its_arguments_alone", "No argument is changed in place.", _leaves_its_arguments_alone, varied=True),
    Check(
        "keeps_its_state_to_itself",
        "The state shares no memory with θ, the gradient or another training's state.",
        _keeps_its_state_to_itself,
        varied=True,
    ),
    Check("step_equals_update", "A step in place does what an update does.", _step_equals_update, varied=True),
    Check(
        "factor_says_all_of_a_step",
        "Where there is a factor, a step adds that multiple of the gradient and does nothing else.",
        _factor_says_all,
        varied=True,
    ),
    Check("is_deterministic", "The same gradients lead to the same numbers.", _is_deterministic, varied=True),
    Check(
        "trainings_are_independent",
        "Two trainings that take turns do not disturb each other.",
        _trainings_are_independent,
        varied=True,
    ),
    Check(
        "continues_from_a_saved_state",
        "Training goes on from a state that was saved and loaded, to the very same numbers.",
        _continues_from_a_saved_state,
        varied=True,
    ),
    Check(
        "is_the_same_elsewhere",
        "Another process, in which nothing was trained before, gets to the same numbers.",
        _is_the_same_elsewhere,
        begin=beginning(_results),
    ),
    Check(
        "stays_finite",
        "Steps are finite at zero, constant, alternating, tiny and large gradients.",
        stays_finite,
        varied=True,
    ),
    Check("goes_downhill", "Under a constant gradient, steps go against it.", goes_downhill, varied=True),
    Check("reduces_a_quadratic", "A convex quadratic is reduced.", reduces_a_quadratic),
    Check("reduces_rosenbrock", "Rosenbrock's function is reduced.", reduces_rosenbrock),
    Check(
        "obeys_its_learning_rate",
        "A learning rate has an effect, and may be changed between steps, also to 0.",
        obeys_its_learning_rate,
        varied=True,
    ),
    Check(
        "keeps_its_state_up",
        "What the state remembers changes, and is counted, for as long as training goes on.",
        keeps_its_state_up,
    ),
    Check("bounds_its_state", "The state does not grow without end.", _bounds_its_state),
    Check(
        "decays_weights_towards_zero",
        "Weight decay, where there is any, draws parameters towards 0.",
        decays_weights_towards_zero,
        varied=True,
    ),
)
