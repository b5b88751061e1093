"""The kit's checks of schedules: each seeded bug is caught by the check that the table names, right ones pass."""

import functools
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field, PrivateAttr

from landscape.builtin import register_schedules
from landscape.kinds import Schedule
from landscape.schedules import OneCycle, Warmup
from landscape.testing import CheckFailure, checks_for, parametrize_with_checks, run_checks

BOUNDS = "bears_its_bounds"
FACTORS, LONG, ONE_BY_ONE = "gives_factors", "bears_long_trainings", "treats_steps_one_by_one"
ORDER, ARGUMENTS, REPEATS, GOES_ON = (
    "is_in_any_order",
    "leaves_its_arguments_alone",
    "is_deterministic",
    "lets_training_go_on",
)


class Right(Schedule):
    """A line from 1 to `last`, right in every way; the bugs below change one thing of it."""

    name = "right"
    source = "the tests of the kit"
    last: float = Field(0.1, ge=0, le=1, description="The factor after the last step")

    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 + (self.last - 1) * steps / total_steps


class DividesByOneLess(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 + (self.last - 1) * steps / np.float64(total_steps - 1)


class DividesByOneLessInPython(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.array([1 + (self.last - 1) * int(step) / (total_steps - 1) for step in steps])


class DividesByStep(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 / np.sqrt(steps)


class BecomesNegative(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 - 1.01 * steps / total_steps


class NegativeForSomeFields(Right):
    offset: float = Field(0.0, ge=0, le=2, description="How much less")

    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(steps, steps_per_epoch, total_steps) - self.offset


class ReturnsANumber(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return self.last


class ReturnsAList(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return [self.last for _ in steps]


class ReturnsAColumn(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(steps, steps_per_epoch, total_steps)[:, None]


class ReturnsAllSteps(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(np.arange(total_steps), steps_per_epoch, total_steps)


class ReturnsIntegers(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.ones_like(steps)


class ReturnsFloat32(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(steps, steps_per_epoch, total_steps).astype(np.float32)


class SpreadsOverTheCall(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.linspace(1, self.last, len(steps))


class MeasuresFromTheFirst(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(steps - steps[0], steps_per_epoch, total_steps)


class ScalesToTheGreatest(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        given = super().factors(steps, steps_per_epoch, total_steps)
        return given / given.max()


class DependsOnTheNumber(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(steps, steps_per_epoch, total_steps) / (1 + (len(steps) == 1))


class Accumulates(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.cumprod(np.full(len(steps), 0.99))


class SortsTheSteps(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return super().factors(np.sort(steps), steps_per_epoch, total_steps)


class ChangesTheSteps(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        steps += 1
        return super().factors(steps, steps_per_epoch, total_steps)


class Counts(Right):
    _calls: int = PrivateAttr(default=0)

    def factors(self, steps, steps_per_epoch, total_steps):
        self._calls += 1
        return super().factors(steps, steps_per_epoch, total_steps) / self._calls


class RemembersTheLength(Right):
    _total: int | None = PrivateAttr(default=None)

    def factors(self, steps, steps_per_epoch, total_steps):
        self._total = self._total or total_steps
        return np.maximum(super().factors(steps, steps_per_epoch, self._total), 0)


class Draws(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.random.default_rng().random(len(steps))


class DrawsGlobally(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        np.random.seed(0)  # noqa: NPY002
        return super().factors(steps, steps_per_epoch, total_steps) * np.random.random()  # noqa: NPY002


@functools.cache
def table(last, total_steps):
    return 1 + (last - 1) * np.arange(total_steps) / total_steps


class GivesAwayItsTable(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return table(self.last, total_steps)[steps[0] : steps[0] + len(steps)]


class Overflows(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 - steps**3 / np.int64(total_steps) ** 3


class IsZero(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return 0.0 * steps


class NeedsTwoEpochs(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        epochs = total_steps // steps_per_epoch
        return 1 - steps // steps_per_epoch / np.float64(epochs - 1)


class Raises(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.interp(steps, [0, total_steps // 2, total_steps], {100: [1, 1, 0]}[total_steps])


class KeepsItsTable(Right):
    kept: ClassVar[dict[int, np.ndarray]] = {}

    def factors(self, steps, steps_per_epoch, total_steps):
        table = super().factors(np.arange(total_steps), steps_per_epoch, total_steps)
        return self.kept.setdefault(total_steps, table)[steps]


class Prints(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        print(steps[0])  # noqa: T201  # it is the bug
        return super().factors(steps, steps_per_epoch, total_steps)


class SilencesNumpy(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        np.seterr(all="ignore")
        return super().factors(steps, steps_per_epoch, total_steps)


class FieldIgnored(Right):
    """Its line always ends at a tenth."""

    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 - 0.9 * steps / total_steps


class CountIgnored(Right):
    """The number of its periods is read, and cancels out."""

    periods: int = Field(1, ge=1, le=10, description="How many periods there are")

    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 + (self.last - 1) * ((steps * self.periods) / (total_steps * self.periods))


class SwitchIgnored(Right):
    staircase: bool = Field(False, description="Whether it changes at epochs alone")

    def factors(self, steps, steps_per_epoch, total_steps):
        return 1 + (self.last - 1) * (steps // steps_per_epoch * steps_per_epoch) / total_steps


class PeriodOfNoSteps(Right):
    period: float = Field(2.0, gt=0, le=100, description="Epochs from one start to the next")

    def factors(self, steps, steps_per_epoch, total_steps):
        period = int(self.period * steps_per_epoch)
        return 1 + (self.last - 1) * (steps % period) / period


class MasksTheStart(Right):
    def factors(self, steps, steps_per_epoch, total_steps):
        return np.ma.divide(1.0, steps)


class RootOfTooHighAnOrder(Right):
    power: float = Field(1.0, ge=-500, le=500, description="How steep it falls")

    def factors(self, steps, steps_per_epoch, total_steps):
        return (1 - steps / total_steps) ** self.power


BUGS = {
    PeriodOfNoSteps: BOUNDS,
    RootOfTooHighAnOrder: BOUNDS,
    MasksTheStart: FACTORS,
    FieldIgnored: "fields_have_an_effect",
    CountIgnored: "fields_have_an_effect",
    SwitchIgnored: "fields_have_an_effect",
    KeepsItsTable: "is_the_same_elsewhere",
    Prints: "leaves_the_process_alone",
    SilencesNumpy: "leaves_the_process_alone",
    DividesByOneLess: FACTORS,
    DividesByOneLessInPython: FACTORS,
    DividesByStep: FACTORS,
    BecomesNegative: FACTORS,
    NegativeForSomeFields: FACTORS,
    ReturnsANumber: FACTORS,
    ReturnsAList: FACTORS,
    ReturnsAColumn: FACTORS,
    ReturnsAllSteps: ONE_BY_ONE,
    ReturnsIntegers: FACTORS,
    ReturnsFloat32: FACTORS,
    SpreadsOverTheCall: ONE_BY_ONE,
    MeasuresFromTheFirst: ONE_BY_ONE,
    ScalesToTheGreatest: ONE_BY_ONE,
    DependsOnTheNumber: ONE_BY_ONE,
    Accumulates: ONE_BY_ONE,
    SortsTheSteps: ORDER,
    ChangesTheSteps: ARGUMENTS,
    Counts: REPEATS,
    RemembersTheLength: REPEATS,
    Draws: REPEATS,
    DrawsGlobally: REPEATS,
    GivesAwayItsTable: REPEATS,
    Overflows: LONG,
    IsZero: GOES_ON,
    NeedsTwoEpochs: FACTORS,
    Raises: FACTORS,
}


class Unusual(Schedule):
    """Right, and unlike the usual in the way that its name says."""

    source = "the tests of the kit"


class Same(Unusual):
    """Right: all factors are one number."""

    name = "same"

    def factors(self, steps, steps_per_epoch, total_steps):
        return np.full(len(steps), 0.5)


class Rises(Unusual):
    """Right: beyond 1, and ever faster, as in a search for the greatest learning rate."""

    name = "rises"
    growth: float = Field(1.1, ge=1, le=10, description="Factor from one epoch to the next")

    def factors(self, steps, steps_per_epoch, total_steps):
        return self.growth ** (steps / steps_per_epoch)


class StartsAtZero(Unusual):
    """Right: the first factor is 0, and in a training of one step the only one."""

    name = "starts_at_zero"

    def factors(self, steps, steps_per_epoch, total_steps):
        return np.minimum(1.0, steps / 10)


class Jumps(Unusual):
    """Right: at given epochs, which are a tuple of integers."""

    name = "jumps"
    at: tuple[int, ...] = Field((3, 6), description="The epochs at which it falls to a tenth")

    def factors(self, steps, steps_per_epoch, total_steps):
        return 0.1 ** np.searchsorted(self.at, steps // steps_per_epoch, side="right").astype(float)


class Chance(Unusual):
    """Right: random, but by seed and step."""

    name = "chance"
    seed: int = Field(0, ge=0, le=1000, description="The seed")

    def factors(self, steps, steps_per_epoch, total_steps):
        return np.array([np.random.default_rng([self.seed, step]).random() for step in steps.tolist()])


class InPython(Unusual):
    """Right: written as a loop."""

    name = "in_python"
    shape: Literal["line", "root"] = Field("line", description="How it falls")

    def factors(self, steps, steps_per_epoch, total_steps):
        power = 1 if self.shape == "line" else 0.5
        return np.array([(1 - step / total_steps) ** power for step in steps.tolist()])


class Tabulated(Unusual):
    """Right: looked up in a table that is made once for each length of training."""

    name = "tabulated"

    def factors(self, steps, steps_per_epoch, total_steps):
        return table(0.5, total_steps)[steps].copy()


class Restarts(Unusual):
    """Right: half a cosine again and again, each time for as many epochs as before and one."""

    name = "restarts"

    def factors(self, steps, steps_per_epoch, total_steps):
        epochs = steps / steps_per_epoch
        turn = np.floor((np.sqrt(1 + 8 * epochs) - 1) / 2)
        return 0.5 + 0.5 * np.cos(np.pi * (epochs - turn * (turn + 1) / 2) / (turn + 1))


class MostlyZero(Unusual):
    """Right: training rests in every second epoch."""

    name = "mostly_zero"

    def factors(self, steps, steps_per_epoch, total_steps):
        return (steps // steps_per_epoch % 2 == 0).astype(np.float64)


class Late(Right):
    """Right: it falls after a number of steps that most trainings do not have."""

    after: int = Field(2_000_000, ge=1_000_000, le=4_000_000, description="After how many steps")

    def factors(self, steps, steps_per_epoch, total_steps):
        return np.where(steps < self.after, 1.0, self.last)


class PeriodOfAStepAtLeast(Right):
    """Right: starts again and again, at every step if that be."""

    period: float = Field(2.0, gt=0, le=1_000_000, description="Epochs from one start to the next")
    sharpness: float = Field(1.0, gt=0, le=1_000_000, description="How steep it falls")

    def factors(self, steps, steps_per_epoch, total_steps):
        period = max(1, int(self.period * steps_per_epoch))
        return 1 + (self.last - 1) * (steps % period / period) ** self.sharpness


UNUSUAL = [
    PeriodOfAStepAtLeast(),
    Late(),
    Right(),
    Same(),
    Rises(),
    StartsAtZero(),
    Jumps(),
    Chance(),
    InPython(),
    Tabulated(),
    Restarts(),
    MostlyZero(),
]


def failures(plugin):
    return {result.check.id: result.message for result in run_checks(plugin) if result.outcome == "failed"}


@pytest.mark.parametrize(("bug", "check"), BUGS.items(), ids=lambda value: getattr(value, "__name__", None))
def test_a_seeded_bug_is_caught(bug, check):
    with pytest.raises(CheckFailure):
        next(one for one in checks_for("schedule") if one.id == check)(bug())


@pytest.mark.parametrize("plugin", UNUSUAL, ids=repr)
def test_an_unusual_schedule_passes(plugin):
    assert failures(plugin) == {}


@parametrize_with_checks([cls() for cls in register_schedules()] + [OneCycle(rise=0.99), Warmup(epochs=0.3)])
def test_the_built_in_ones_pass(plugin, check):
    check(plugin)


def test_each_check_of_schedules_catches_one_of_the_bugs():
    general = {check.id for check in checks_for("cost")} & {check.id for check in checks_for("projection")}
    own = {check.id for check in checks_for("schedule")} - general
    assert own <= set(BUGS.values())


@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (DividesByOneLess, FACTORS, "in a training of 1 epoch of 1 step, the factor is nan at step 0"),
        (ReturnsANumber, FACTORS, "factors returned a float for 100 steps"),
        (PeriodOfNoSteps, BOUNDS, "period=0.001): in a training of 10 epochs of 10 steps, the factor is nan at step 0"),
        (SpreadsOverTheCall, ONE_BY_ONE, "not on the other entries of `steps`"),
        (ChangesTheSteps, ARGUMENTS, "changes its argument `steps` in place"),
        (NegativeForSomeFields, FACTORS, "With NegativeForSomeFields("),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_message_says_what_is_wrong(bug, check, words):
    assert words in failures(bug())[check]
