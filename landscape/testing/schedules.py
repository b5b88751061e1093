"""Does a schedule give a usable factor for every step of any training, however it is asked?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from landscape.kinds import Schedule
from landscape.layout import Array, IntArray
from landscape.testing.afresh import beginning, demand_same_afresh
from landscape.testing.core import Check, CheckFailure, shown
from landscape.testing.effects import demand_effects
from landscape.testing.general import fail
from landscape.testing.probe import identical, no_global_randomness, remade, shares_memory
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.variants import at_bounds


class _Length(NamedTuple):
    """How long a training is."""

    steps_per_epoch: int
    total_steps: int

    def __str__(self) -> str:
        epochs = self.total_steps // self.steps_per_epoch
        return (
            f"{epochs:,} epoch{'s' * (epochs > 1)} of {self.steps_per_epoch:,} step{'s' * (self.steps_per_epoch > 1)}"
        )


_LENGTHS = (_Length(10, 100), _Length(1, 1), _Length(7, 7), _Length(1, 12), _Length(3, 6), _Length(32, 1600))
_LONG = _Length(5_000, 5_000_000)  # the cube of a step is beyond int64


def _steps(length: _Length) -> IntArray:
    return np.arange(length.total_steps, dtype=np.int64)


def _factors(schedule: Schedule, steps: IntArray, length: _Length) -> Array:
    """Return the factors at `steps`, having checked that they are (n,) float64, finite and not negative."""
    given: Any = schedule.factors(steps.copy(), length.steps_per_epoch, length.total_steps)
    if not isinstance(given, np.ndarray) or given.shape != steps.shape:
        what = f"an array {given.shape}" if isinstance(given, np.ndarray) else f"a {type(given).__name__}"
        fail(
            f"in a training of {length}, factors returned {what} for {len(steps)} steps.",
            "Return an array with one factor for each of `steps`, such as np.ones(len(steps)) where all are the same.",
        )
    if isinstance(given, np.ma.MaskedArray):
        fail("factors returned a masked array.", "Put numbers in place of what is masked: every step has a factor.")
    if given.dtype != np.float64:
        fail(
            f"factors returned an array of {given.dtype}: factors are float64.",
            "Begin with np.ones(len(steps)), or divide steps, rather than filling an array like `steps`.",
        )
    # what grows with every step without end may become infinite in the longest training, which nobody starts
    wrong = ~(given >= 0) | (np.isinf(given) & (length != _LONG))
    if wrong.any():
        first = int(np.argmax(wrong))
        fail(
            f"in a training of {length}, the factor is {given[first]:.6g} at step {steps[first]:,}, counted from 0.",
            "A factor is finite and not negative at every step, from 0 to total_steps - 1, and in trainings of one "
            "epoch or one step, too: there, total_steps - 1 is 0.",
        )
    return given


def _gives_factors(schedule: Schedule) -> None:
    for length in _LENGTHS:
        _factors(schedule, _steps(length), length)


def _bears_its_bounds(schedule: Schedule) -> None:
    for one in at_bounds(schedule):
        for length in _LENGTHS[:-1]:
            try:
                _factors(one, _steps(length), length)
            except CheckFailure as failure:
                fail(f"With {shown(one)}: {failure}", "Bounds of fields leave out what makes no sense.")


def _bears_long_trainings(schedule: Schedule) -> None:
    _factors(schedule, _some_steps(), _LONG)


def _some_steps() -> IntArray:
    """Return some steps of the longest training, more of them in the beginning."""
    return np.unique(np.geomspace(1, _LONG.total_steps, 300).astype(np.int64) - 1)


def _treats_steps_one_by_one(schedule: Schedule) -> None:
    for length in _LENGTHS:
        steps = _steps(length)
        together = _factors(schedule, steps, length)
        some = steps if len(steps) < 200 else steps[:: len(steps) // 100]
        for step in some:
            alone = float(_factors(schedule, np.array([step]), length)[0])
            _demand_close(alone, together[step], step, length, "asked for alone", "with all others")
        for start, stop in _cuts(length):
            part = _factors(schedule, steps[start:stop], length)
            where = f"asked for with steps {start} to {stop - 1}"
            for step in range(start, stop):
                _demand_close(part[step - start], together[step], step, length, where, "with all steps")


def _cuts(length: _Length) -> list[tuple[int, int]]:
    """Return the steps, from and up to, of some parts of a training: epochs, the middle of one, the end."""
    epoch, total = length
    cuts = [(0, epoch), (epoch, 2 * epoch), (epoch // 2, epoch), (total - epoch, total), (total // 3, total // 2)]
    return [(start, stop) for start, stop in cuts if 0 <= start < stop <= total]


def _demand_close(one: float, two: float, step: int, length: _Length, how: str, otherwise: str) -> None:
    if abs(one - two) > 1e-12 + 1e-9 * max(abs(one), abs(two)):
        fail(
            f"in a training of {length}, the factor of step {step} is {one:.9g} when it is {how}, but {two:.9g} "
            f"{otherwise}.",
            "A factor depends on its own step, steps_per_epoch and total_steps only: not on the other entries of "
            "`steps`, of which training asks for an epoch's or for fewer, nor on how many they are.",
        )


def _is_in_any_order(schedule: Schedule) -> None:
    length = _LENGTHS[0]
    steps = _steps(length)
    together = _factors(schedule, steps, length)
    mixed = np.random.default_rng(2).permutation(steps)
    for step, factor in zip(mixed.tolist(), _factors(schedule, mixed, length).tolist(), strict=True):
        _demand_close(factor, together[step], step, length, "asked for in another order", "in order")


def _leaves_its_arguments_alone(schedule: Schedule) -> None:
    for length in _LENGTHS:
        steps = _steps(length)
        given = schedule.factors(steps, *length)
        if not identical(steps, _steps(length)):
            fail("factors changes its argument `steps` in place: write a new array, steps / n rather than steps /= n.")
        if shares_memory(given, steps):
            fail("factors returns its argument `steps`, or a view of it: return a new array.")


def _is_deterministic(schedule: Schedule) -> None:
    remedy = "Draw random numbers, if any, from np.random.default_rng([self.seed, step]) with a field `seed`."
    kept = "Compute every factor anew from the arguments; keep nothing."
    with no_global_randomness("factors", remedy):
        for length in _LENGTHS:
            steps = _steps(length)

            def ask(length: _Length = length, steps: IntArray = steps) -> Array:
                return _factors(schedule, steps, length)

            first = ask()
            copy = first.copy()
            if first.flags.writeable:
                first[...] = -1  # what is returned belongs to the caller
            for again in (ask(), _factors(remade(schedule), steps, length)):
                if not identical(copy, again):
                    step = int(np.argmax(copy != again))
                    fail(
                        f"in a training of {length}, the factor of step {step} is {copy[step]:.9g} when it is first "
                        f"asked for and {again[step]:.9g} later.",
                        f"{kept} {remedy}",
                    )


def _of_a_training(schedule: Schedule) -> dict[str, Array]:
    """Return the factors of all of a training, as another process is asked for them, which had another one before."""
    schedule.factors(_steps(_LENGTHS[-1]), *_LENGTHS[-1])
    return {"factors": np.asarray(schedule.factors(_steps(_LENGTHS[0]), *_LENGTHS[0]))}


def _is_the_same_elsewhere(schedule: Schedule) -> None:
    remedy = "Let factors depend on its arguments and the fields alone: compute them anew, and use no hash() of a text."
    _factors(schedule, _steps(_LENGTHS[0]), _LENGTHS[0])  # of which something may have been kept
    demand_same_afresh(schedule, _of_a_training, "the same training", remedy, processes=1)


def _leaves_the_process_alone(schedule: Schedule) -> None:
    length = _LENGTHS[0]
    demand_undisturbed("factors", lambda: schedule.factors(_steps(length), *length))


def _effects(schedule: Schedule) -> None:
    demand_effects(schedule, _answer, always=frozenset({"number", "integer"}))


def _answer(schedule: Schedule) -> bytes:
    """Return the factors of trainings of all lengths."""
    asked = [(_steps(length), length) for length in _LENGTHS] + [(_some_steps(), _LONG)]
    return b"".join(np.asarray(schedule.factors(steps, *length)).tobytes() for steps, length in asked)


def _lets_training_go_on(schedule: Schedule) -> None:
    length = _LENGTHS[0]
    if not _factors(schedule, _steps(length), length).any():
        fail(
            f"in a training of {length}, all factors are 0, so that nothing would be trained.",
            "A factor multiplies the learning rate; 1 leaves it as it is.",
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "gives_factors",
        "There is a factor, float64, finite and not negative, for every step, also where there is one step or epoch.",
        _gives_factors,
        varied=True,
    ),
    Check("bears_its_bounds", "Factors are as they must be at the bounds of each field, too.", _bears_its_bounds),
    Check("bears_long_trainings", "A thousand long epochs are no more than ten short ones.", _bears_long_trainings),
    Check(
        "treats_steps_one_by_one",
        "A factor is the same whichever other steps are asked for with it.",
        _treats_steps_one_by_one,
        varied=True,
    ),
    Check("is_in_any_order", "A factor belongs to its step, in whichever order steps come.", _is_in_any_order, True),
    Check(
        "leaves_its_arguments_alone", "The steps are not changed in place.", _leaves_its_arguments_alone, varied=True
    ),
    Check("is_deterministic", "The same question has the same answer, at any time.", _is_deterministic, varied=True),
    Check(
        "is_the_same_elsewhere",
        "Another process, in which nothing was computed before, gets the same factors.",
        _is_the_same_elsewhere,
        begin=beginning(_of_a_training),
    ),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
    Check("leaves_the_process_alone", "Nothing is printed or changed that others rely on.", _leaves_the_process_alone),
    Check("lets_training_go_on", "Not all factors are zero.", _lets_training_go_on),
)
