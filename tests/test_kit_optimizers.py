"""The kit's checks of optimizers: each seeded bug is caught by the check that the table names, right ones pass."""

import functools
import math
import os
from typing import ClassVar

import numpy as np
import pytest
from pydantic import Field, PrivateAttr

from landscape.builtin import register_optimizers
from landscape.kinds import Optimizer
from landscape.optimizers import SGD, Adam
from landscape.testing import CheckFailure, checks_for, parametrize_with_checks, run_checks

FORM, KEEPS_FORM, FLOAT64 = "returns_an_increment_and_a_state", "keeps_the_form_of_its_state", "uses_all_of_float64"
ARGUMENTS, OWN, STEP = "leaves_its_arguments_alone", "keeps_its_state_to_itself", "step_equals_update"
FACTOR, REPEATS, APART = "factor_says_all_of_a_step", "is_deterministic", "trainings_are_independent"
SAVED, FINITE, DOWNHILL = "continues_from_a_saved_state", "stays_finite", "goes_downhill"
QUADRATIC, ROSENBROCK, RATE = "reduces_a_quadratic", "reduces_rosenbrock", "obeys_its_learning_rate"
KEPT_UP, BOUNDED, DECAY = "keeps_its_state_up", "bounds_its_state", "decays_weights_towards_zero"


class Right(Optimizer):
    """v ← μv + g and θ ← θ − ηv, right in every way; most bugs below change one thing of it."""

    name = "right"
    source = "the tests of the kit"
    learning_rate: float = Field(0.1, gt=0, description="Learning rate η")
    momentum: float = Field(0.9, ge=0, lt=1, description="Share μ of the velocity that is kept")

    def init(self, theta):
        return {"velocity": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        velocity = self.momentum * state["velocity"] + gradient
        return -self.learning_rate * velocity, {"velocity": velocity}


class Scaled(Optimizer):
    """Adam, right in every way."""

    name = "scaled"
    source = "the tests of the kit"
    learning_rate: float = Field(0.01, gt=0, description="Learning rate η")
    beta: float = Field(0.9, ge=0, lt=1, description="Share that is kept")
    weight_decay: float = Field(0.0, ge=0, description="Pull towards 0")

    def init(self, theta):
        return {"t": np.asarray(0), "m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def moments(self, gradient, state, theta):
        gradient = gradient + self.weight_decay * theta
        t = state["t"] + 1
        m = self.beta * state["m"] + (1 - self.beta) * gradient
        v = self.beta * state["v"] + (1 - self.beta) * gradient**2
        return int(t), m, v, {"t": t, "m": m, "v": v}

    def update(self, gradient, state, theta):
        t, m, v, new = self.moments(gradient, state, theta)
        correction = 1 - self.beta**t
        return -self.learning_rate * m / correction / (np.sqrt(v / correction) + 1e-8), new


class WrongSign(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return -increment, state


class NesterovWrongSign(Right):
    def update(self, gradient, state, theta):
        velocity = self.momentum * state["velocity"] + gradient
        return -self.learning_rate * (gradient - self.momentum * velocity), {"velocity": velocity}


class ReturnsTheta(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return theta + increment, state


class ChangesGradient(Right):
    def update(self, gradient, state, theta):
        gradient *= -self.learning_rate
        return gradient.copy(), state


class ReturnsGradient(Optimizer):
    """Returns its argument, and the wrong way."""

    name = "returns_gradient"
    learning_rate: float = Field(0.1, gt=0, description="Learning rate η")

    def init(self, theta):
        return {}

    def update(self, gradient, state, theta):
        return gradient, state


class ChangesTheta(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        theta += increment
        return increment, state


class ChangesVelocity(Right):
    def update(self, gradient, state, theta):
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        return -self.learning_rate * velocity, {"velocity": velocity}


class ChangesStateDict(Right):
    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        state["velocity"] = new["velocity"]
        return increment, state


class ChangesCountOnceLoaded(Scaled):
    def init(self, theta):
        return {**super().init(theta), "t": np.int64(0)}

    def update(self, gradient, state, theta):
        t = state["t"]
        t += 1
        increment, new = super().update(gradient, {**state, "t": t - 1}, theta)
        return increment, {**new, "t": t}


class InitChangesTheta(Right):
    def init(self, theta):
        theta -= theta.mean()
        return super().init(theta)


class ReturnsIncrementOnly(Right):
    def update(self, gradient, state, theta):
        return super().update(gradient, state, theta)[0]


class ReturnsColumn(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return increment[:, None], state


class ReturnsNorm(Right):
    def update(self, gradient, state, theta):
        return -self.learning_rate * np.linalg.norm(gradient), state


class StateIsNone(Optimizer):
    """Has no state, and says so wrongly."""

    name = "state_is_none"
    learning_rate: float = Field(0.1, gt=0, description="Learning rate η")

    def init(self, theta):
        return None

    def update(self, gradient, state, theta):
        return -self.learning_rate * gradient, state


class CountIsAnInteger(Scaled):
    def init(self, theta):
        return {**super().init(theta), "t": 0}


class StateHoldsAList(Right):
    def init(self, theta):
        return {**super().init(theta), "past": []}

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment, {**new, "past": [*state["past"], 1.0]}


class StateHoldsObjects(Right):
    def init(self, theta):
        return {**super().init(theta), "rng": np.array(np.random.default_rng(0), object)}

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment, {**state, **new}


class Float64Increment(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return np.float64(1) * increment, state


class Float64State(Right):
    def update(self, gradient, state, theta):
        velocity = np.float64(self.momentum) * state["velocity"] + gradient
        return (-self.learning_rate * velocity).astype(theta.dtype), {"velocity": velocity}


class RoundsToFloat32(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient.astype(np.float32), state, theta)
        return increment.astype(np.float32).astype(theta.dtype), state


class KeepsHalfPrecision(Right):
    def init(self, theta):
        return {"velocity": np.zeros(theta.shape, np.float16)}

    def update(self, gradient, state, theta):
        velocity = (self.momentum * state["velocity"] + gradient).astype(np.float16)
        return -self.learning_rate * velocity.astype(theta.dtype), {"velocity": velocity}


class SumsTheGradient(Right):
    def update(self, gradient, state, theta):
        return super().update(np.full_like(theta, gradient.sum()), state, theta)


class ReversesTheGradient(Right):
    def update(self, gradient, state, theta):
        return super().update(gradient[::-1], state, theta)


class ForgetsPartOfState(Scaled):
    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, {"t": np.asarray(0), "v": 0 * theta, "m": 0 * theta, **state}, theta)
        return increment, {"m": new["m"]}


class RemembersInItself(Right):
    _velocity: np.ndarray = PrivateAttr(default=None)

    def update(self, gradient, state, theta):
        if self._velocity is None or self._velocity.shape != theta.shape:
            self._velocity = np.zeros_like(theta)
        self._velocity = self.momentum * self._velocity + gradient
        return (-self.learning_rate * self._velocity).astype(theta.dtype), state


class RemembersInItsClass(Right):
    count: ClassVar[list[int]] = []

    def update(self, gradient, state, theta):
        self.count.append(1)
        increment, state = super().update(gradient, state, theta)
        return increment / len(self.count), state


class RestartsInInit(Right):
    """Remembers in itself, but begins anew at every training, so that it repeats itself."""

    _steps: int = PrivateAttr(default=0)

    def init(self, theta):
        self._steps = 0
        return super().init(theta)

    def update(self, gradient, state, theta):
        self._steps += 1
        increment, state = super().update(gradient, state, theta)
        return increment / self._steps, state


SHARED = {}


class SharesItsState(Right):
    def init(self, theta):
        return {"velocity": SHARED.setdefault((theta.size, theta.dtype), np.zeros_like(theta))}


class KeepsThetaItself(Right):
    def init(self, theta):
        return {**super().init(theta), "start": theta}

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment - self.learning_rate * (theta - state["start"]), {**state, **new}


class KeepsGradientItself(Right):
    def init(self, theta):
        return {"last": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        return -self.learning_rate * (2 * gradient - state["last"]), {"last": gradient}


class StepDoesNotMove(Right):
    def step(self, gradient, state, theta):
        increment, state = self.update(gradient, state, theta)
        theta = theta + increment
        return state


class StepForgetsMomentum(Right):
    def step(self, gradient, state, theta):
        theta -= self.learning_rate * gradient
        return state


class StepReturnsNothing(Right):
    def step(self, gradient, state, theta):
        theta += self.update(gradient, state, theta)[0]


class StepReturnsTheOldState(Right):
    def step(self, gradient, state, theta):
        theta += self.update(gradient, state, theta)[0]
        return state


class FactorForgetsMomentum(Right):
    def factor(self):
        return -self.learning_rate


class FactorHasTheWrongSign(Right):
    momentum: float = Field(0.0, ge=0, le=0, description="None")

    def factor(self):
        return self.learning_rate


class FactorForgetsTheOption(Right):
    momentum: float = Field(0.0, ge=0, lt=1, description="Share μ of the velocity that is kept")

    def factor(self):
        return -self.learning_rate


class DrawsFromGlobalNumbers(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return (increment * np.random.uniform(0.5, 1, theta.shape)).astype(theta.dtype), state  # noqa: NPY002


class DrawsUnseeded(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return (increment * np.random.default_rng().uniform(0.5, 1, theta.shape)).astype(theta.dtype), state


class DividesByTheRoot(Right):
    def init(self, theta):
        return {"v": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        v = 0.9 * state["v"] + 0.1 * gradient**2
        return -self.learning_rate * gradient / np.sqrt(v), {"v": v}


class DividesByTheNorm(Right):
    def update(self, gradient, state, theta):
        return super().update(gradient / np.linalg.norm(gradient), state, theta)


class CorrectsFromZero(Scaled):
    def update(self, gradient, state, theta):
        t, m, _, new = self.moments(gradient, state, theta)
        return (-self.learning_rate * m / np.float64(1 - self.beta ** (t - 1))).astype(theta.dtype), new


class RootOfADifference(Right):
    def init(self, theta):
        return {"v": np.zeros_like(theta), "m": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        v, m = 0.9 * state["v"] + 0.1 * gradient**2, 0.9 * state["m"] + 0.1 * gradient
        return -self.learning_rate * gradient / (np.sqrt(v - m * m) + 1e-8), {"v": v, "m": m}


class ForgetsTheSquare(Scaled):
    def moments(self, gradient, state, theta):
        t, m, _, new = super().moments(gradient, state, theta)
        v = self.beta * state["v"] + (1 - self.beta) * gradient
        return t, m, v, {**new, "v": v}


class CachesItsRate(Right):
    @functools.cached_property
    def rate(self):
        return -self.learning_rate

    def update(self, gradient, state, theta):
        velocity = self.momentum * state["velocity"] + gradient
        return self.rate * velocity, {"velocity": velocity}


class ComputesItsRateAtFirst(Right):
    _rate: float = PrivateAttr(default=0.0)

    def model_post_init(self, context):
        self._rate = -self.learning_rate

    def update(self, gradient, state, theta):
        velocity = self.momentum * state["velocity"] + gradient
        return self._rate * velocity, {"velocity": velocity}


class IgnoresItsRate(Right):
    def update(self, gradient, state, theta):
        velocity = self.momentum * state["velocity"] + gradient
        return -0.1 * velocity, {"velocity": velocity}


class DividesByItsRate(Right):
    def init(self, theta):
        return {"moved": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        rate = np.float64(self.learning_rate)
        moved = self.momentum * state["moved"] - self.learning_rate * gradient
        return (moved / rate * rate).astype(theta.dtype), {"moved": moved}


class ReturnsTheOldState(Right):
    def update(self, gradient, state, theta):
        return super().update(gradient, state, theta)[0], state


class NeverCounts(Scaled):
    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment, {**new, "t": state["t"]}


class KeepsAllGradients(Right):
    def init(self, theta):
        return {"past": np.zeros((0, theta.size), theta.dtype)}

    def update(self, gradient, state, theta):
        past = np.concatenate([state["past"], gradient[None]])
        return -self.learning_rate * past.mean(axis=0), {"past": past}


class DecaysOutwards(Scaled):
    def moments(self, gradient, state, theta):
        return super().moments(gradient - 2 * self.weight_decay * theta, state, theta)


class DecaysTheStep(Right):
    weight_decay: float = Field(0.0, ge=0, le=1, description="Pull towards 0")

    def update(self, gradient, state, theta):
        return super().update(gradient + self.weight_decay * gradient, state, theta)


class NeverDecays(Right):
    weight_decay: float = Field(0.0, ge=0, le=1, description="Pull towards 0")


class DoesNothing(Right):
    def update(self, gradient, state, theta):
        return np.zeros_like(theta), {"velocity": state["velocity"] + gradient}


class TurnsTheGradient(Right):
    def update(self, gradient, state, theta):
        return super().update(np.roll(gradient, 1) * [-1, *[1] * (theta.size - 1)], state, theta)


class NeedsTwoParameters(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        return increment * (gradient / gradient.std() / gradient).mean(), state


class IgnoresItsMomentum(Right):
    def update(self, gradient, state, theta):
        velocity = 0.9 * state["velocity"] + gradient
        return -self.learning_rate * velocity, {"velocity": velocity}


class StandsStillInSingle(Scaled):
    """Squares of what float32 has no numbers for are added, in float32."""

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment * (theta.dtype.type(1e-30) ** 2 > 0), new


class DecaysByTheMean(Right):
    weight_decay: float = Field(0.0, ge=0, description="Pull towards 0")

    def update(self, gradient, state, theta):
        return super().update(gradient + self.weight_decay * theta.mean(), state, theta)


class Prints(Right):
    def update(self, gradient, state, theta):
        print(np.abs(gradient).max())  # noqa: T201  # it is the bug
        return super().update(gradient, state, theta)


class SetsAVariable(Right):
    def update(self, gradient, state, theta):
        os.environ["OPTIMIZER"] = self.name
        return super().update(gradient, state, theta)


_ROOM = {}


class ReturnsKeptRoom(Right):
    def update(self, gradient, state, theta):
        room = _ROOM.setdefault((theta.shape, theta.dtype.str), np.empty_like(theta))
        np.multiply(gradient, -self.learning_rate, out=room)
        return room, {"velocity": state["velocity"] + gradient}


class UpperBoundTooWide(Scaled):
    """At the upper bound of one field among several it divides by 0."""

    momentum: float = Field(0.5, ge=0, le=1, description="Share that is kept")

    def init(self, theta):
        return {**super().init(theta), "velocity": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        velocity = self.momentum * state["velocity"] + increment
        return velocity * (1 - self.momentum) / (1 - self.momentum), {**new, "velocity": velocity}


class SquaresInSingle(Right):
    """Its mean of squares is rounded to float32, its velocity is not."""

    name = "squares_in_single"

    def init(self, theta):
        return {"velocity": np.zeros_like(theta), "squares": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        squares = (0.9 * state["squares"] + 0.1 * gradient**2).astype(np.float32).astype(theta.dtype)
        velocity = self.momentum * state["velocity"] + gradient
        return -self.learning_rate * velocity / (np.sqrt(squares) + 1e-8), {"velocity": velocity, "squares": squares}


class OrderOfASet(Right):
    """Gives each parameter the damping of one of its groups, in the order in which a set happens to hold them."""

    name = "order_of_a_set"

    def update(self, gradient, state, theta):
        groups = {name: 0.5 + 0.1 * index for index, name in enumerate("abcdefghijkl")}
        damping = np.resize([groups[name] for name in set(groups)], theta.shape).astype(theta.dtype)
        increment, new = super().update(gradient, state, theta)
        return damping * increment, new


class WarmsUpByAnotherName(Right):
    """Its field is called otherwise than what it reads."""

    name = "warms_up_by_another_name"
    warmup_steps: int = Field(1000, ge=0, le=100_000, description="Steps of warm-up")
    warmup: ClassVar[int] = 0

    def init(self, theta):
        return {**super().init(theta), "t": np.zeros((), np.int64)}

    def update(self, gradient, state, theta):
        t = state["t"] + 1
        increment, new = super().update(gradient, state, theta)
        return (increment * min(1.0, float(t) / max(self.warmup, 1))).astype(theta.dtype), {**new, "t": t}


class KeepsItsRateInTheState(Right):
    """Goes on with the learning rate that it began with, whatever a schedule says."""

    name = "keeps_its_rate_in_the_state"

    def init(self, theta):
        return {**super().init(theta), "rate": np.asarray(self.learning_rate)}

    def update(self, gradient, state, theta):
        velocity = self.momentum * state["velocity"] + gradient
        return -float(state["rate"]) * velocity, {"velocity": velocity, "rate": state["rate"].copy()}


class OfHundredAtMost(Right):
    """Works in parts of at most a hundred parameters, and gives back the first part alone."""

    name = "of_hundred_at_most"

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment[:100], new


class LeavesTheLastOut(Right):
    def update(self, gradient, state, theta):
        increment, state = super().update(gradient, state, theta)
        increment[-1] = 0
        return increment, state


class Counts(Scaled):
    """Right but for the type in which it counts."""

    counted: ClassVar[type[np.number]] = np.int16

    def init(self, theta):
        return {**super().init(theta), "t": np.zeros(1, self.counted)}

    def update(self, gradient, state, theta):
        t = (state["t"] + 1).astype(self.counted)
        increment, new = super().update(gradient, {**state, "t": np.asarray(0)}, theta)
        return increment / float(t[0]) ** 0.5, {**new, "t": t}


class CountsUpTo127(Counts):
    counted = np.int8

    def update(self, gradient, state, theta):
        t = state["t"] + self.counted(1)
        return -self.learning_rate / (1 + abs(float(t[0]))) * gradient, {**state, "t": t}


class CountsUpTo255(CountsUpTo127):
    counted = np.uint8


class CountsInHalfPrecision(CountsUpTo127):
    counted = np.float16


class KeepsItsFirstScale(Right):
    scales: ClassVar[dict] = {}

    def update(self, gradient, state, theta):
        scale = self.scales.setdefault(gradient.size, float(np.abs(gradient).max()) or 1.0)
        return super().update(gradient / scale, state, theta)


class ForgetsTheSquares(Scaled):
    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment, {**new, "v": state["v"]}


class PenaltyOfTheWrongSign(Right):
    l2: float = Field(0.0, ge=0, le=1, description="Pull towards 0")

    def update(self, gradient, state, theta):
        return super().update(gradient - self.l2 * theta, state, theta)


BUGS = {
    LeavesTheLastOut: DOWNHILL,
    Counts: KEPT_UP,
    CountsUpTo127: KEPT_UP,
    CountsUpTo255: KEPT_UP,
    CountsInHalfPrecision: KEPT_UP,
    KeepsItsFirstScale: "is_the_same_elsewhere",
    PenaltyOfTheWrongSign: DECAY,
    ForgetsTheSquares: KEPT_UP,
    OfHundredAtMost: FORM,
    KeepsItsRateInTheState: RATE,
    WarmsUpByAnotherName: "fields_have_an_effect",
    SquaresInSingle: FLOAT64,
    OrderOfASet: "is_the_same_elsewhere",
    WrongSign: DOWNHILL,
    NesterovWrongSign: DOWNHILL,
    ReturnsTheta: QUADRATIC,
    ChangesGradient: ARGUMENTS,
    ReturnsGradient: OWN,
    ChangesTheta: ARGUMENTS,
    ChangesVelocity: ARGUMENTS,
    ChangesStateDict: ARGUMENTS,
    ChangesCountOnceLoaded: ARGUMENTS,
    InitChangesTheta: ARGUMENTS,
    ReturnsIncrementOnly: FORM,
    ReturnsColumn: FORM,
    ReturnsNorm: FORM,
    StateIsNone: FORM,
    CountIsAnInteger: FORM,
    StateHoldsAList: FORM,
    StateHoldsObjects: FORM,
    Float64Increment: FORM,
    Float64State: KEEPS_FORM,
    RoundsToFloat32: FLOAT64,
    KeepsHalfPrecision: FLOAT64,
    SumsTheGradient: DOWNHILL,
    ReversesTheGradient: DOWNHILL,
    ForgetsPartOfState: KEEPS_FORM,
    RemembersInItself: SAVED,
    RemembersInItsClass: REPEATS,
    RestartsInInit: APART,
    SharesItsState: OWN,
    KeepsThetaItself: OWN,
    KeepsGradientItself: OWN,
    StepDoesNotMove: STEP,
    StepForgetsMomentum: STEP,
    StepReturnsNothing: STEP,
    StepReturnsTheOldState: STEP,
    FactorForgetsMomentum: FACTOR,
    FactorHasTheWrongSign: FACTOR,
    FactorForgetsTheOption: FACTOR,
    DrawsFromGlobalNumbers: REPEATS,
    DrawsUnseeded: REPEATS,
    DividesByTheRoot: FINITE,
    DividesByTheNorm: FINITE,
    CorrectsFromZero: FINITE,
    RootOfADifference: FINITE,
    ForgetsTheSquare: FINITE,
    CachesItsRate: RATE,
    ComputesItsRateAtFirst: RATE,
    IgnoresItsRate: RATE,
    Prints: "leaves_the_process_alone",
    SetsAVariable: "leaves_the_process_alone",
    ReturnsKeptRoom: OWN,
    UpperBoundTooWide: FORM,
    IgnoresItsMomentum: "fields_have_an_effect",
    StandsStillInSingle: "is_the_same_in_float32",
    DecaysByTheMean: DECAY,
    DividesByItsRate: RATE,
    ReturnsTheOldState: KEPT_UP,
    NeverCounts: KEPT_UP,
    KeepsAllGradients: BOUNDED,
    DecaysOutwards: DECAY,
    DecaysTheStep: DECAY,
    NeverDecays: DECAY,
    DoesNothing: QUADRATIC,
    TurnsTheGradient: ROSENBROCK,
    NeedsTwoParameters: FORM,
}


class Unusual(Optimizer):
    """Right, and unlike the usual in the way that its name says."""

    source = "the tests of the kit"
    learning_rate: float = Field(0.01, gt=0, description="Learning rate η")

    def init(self, theta):
        return {}


class PlainSteps(Unusual):
    """Right, with a factor and without a state."""

    name = "plain_steps"

    def update(self, gradient, state, theta):
        return -self.learning_rate * gradient, state

    def factor(self):
        return -self.learning_rate


class Signs(Unusual):
    """Right: of a gradient, only the signs count, so that all increments have one size."""

    name = "signs"

    def update(self, gradient, state, theta):
        return -self.learning_rate * np.sign(gradient), state


class Noisy(Unusual):
    """Right: a Langevin step, whose noise depends on a seed and on the step in the state."""

    name = "noisy"
    seed: int = Field(0, ge=0, le=10**6, description="Seed of the noise")
    temperature: float = Field(1e-8, ge=0, le=1e-6, description="How much noise")

    def init(self, theta):
        return {"step": np.asarray(0)}

    def update(self, gradient, state, theta):
        noise = np.random.default_rng([self.seed, int(state["step"])]).normal(size=theta.shape)
        move = -self.learning_rate * gradient + math.sqrt(2 * self.learning_rate * self.temperature) * noise
        return move.astype(theta.dtype), {"step": state["step"] + 1}


class Lookahead(Unusual):
    """Right: every five steps, back by half to where slow weights are."""

    name = "lookahead"
    period: int = Field(5, ge=1, le=100, description="Steps from one return to the next")

    def init(self, theta):
        return {"slow": theta.copy(), "step": np.asarray(0)}

    def update(self, gradient, state, theta):
        increment, step = -self.learning_rate * gradient, state["step"] + 1
        if step % self.period:
            return increment, {"slow": state["slow"], "step": step}
        slow = state["slow"] + 0.5 * (theta + increment - state["slow"])
        return slow - theta, {"slow": slow, "step": step}


class Lazy(Unusual):
    """Right: the state is made at the first step, and the increment is the velocity itself."""

    name = "lazy"

    def update(self, gradient, state, theta):
        velocity = 0.9 * state.get("velocity", np.zeros_like(theta)) - self.learning_rate * gradient
        return velocity, {"velocity": velocity}


class FewParametersAtATime(Unusual):
    """Right: each step moves one parameter, in turns."""

    name = "few_parameters_at_a_time"

    def init(self, theta):
        return {"turn": np.asarray(0)}

    def update(self, gradient, state, theta):
        increment = np.zeros_like(theta)
        turn = int(state["turn"]) % theta.size
        increment[turn] = -self.learning_rate * gradient[turn]
        return increment, {"turn": state["turn"] + 1}


class Trusting(Unusual):
    """Right: a step is a small share of the parameters' own norm."""

    name = "trusting"
    trust: float = Field(0.01, gt=0, le=1, description="The share")

    def update(self, gradient, state, theta):
        size, slope = float(np.linalg.norm(theta)), float(np.linalg.norm(gradient))
        ratio = self.trust * size / slope if size and slope else 1.0
        return -self.learning_rate * ratio * gradient, state


class Remembering(Unusual):
    """Right: differences of the last gradients and points, at most three, tell how long a step may be."""

    name = "remembering"

    def init(self, theta):
        return {"thetas": np.zeros((0, theta.size), theta.dtype), "gradients": np.zeros((0, theta.size), theta.dtype)}

    def update(self, gradient, state, theta):
        thetas = np.concatenate([state["thetas"], theta[None]])[-3:]
        gradients = np.concatenate([state["gradients"], gradient[None]])[-3:]
        moved, turned = thetas[-1] - thetas[0], gradients[-1] - gradients[0]
        curvature, along = float(turned @ turned), float(moved @ turned)
        rate = self.learning_rate * (along / curvature if curvature > 0 and along > 0 else 1.0)
        return -rate * gradient, {"thetas": thetas, "gradients": gradients}


class TowardsTheStart(Unusual):
    """Right: parameters are drawn to where they began, which the state keeps and never changes."""

    name = "towards_the_start"
    pull: float = Field(0.01, ge=0, le=1, description="How strongly")

    def init(self, theta):
        return {"start": theta.copy()}

    def update(self, gradient, state, theta):
        return -self.learning_rate * (gradient + self.pull * (theta - state["start"])), state


class DecaysCautiously(Unusual):
    """Right: decays only the parameters that the step draws to 0 anyway."""

    name = "decays_cautiously"
    weight_decay: float = Field(0.0, ge=0, le=1, description="Pull towards 0")

    def update(self, gradient, state, theta):
        decay = np.where(gradient * theta > 0, self.weight_decay * theta, 0)
        return (-self.learning_rate * (gradient + decay)).astype(theta.dtype), state


class CachesACoefficient(Unusual):
    """Right: what depends on fixed fields only is computed once."""

    name = "caches_a_coefficient"
    half_life: float = Field(3.0, gt=0, le=1000, description="Steps until half of the velocity is left")

    @functools.cached_property
    def keep(self):
        return 0.5 ** (1 / self.half_life)

    def init(self, theta):
        return {"velocity": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        velocity = self.keep * state["velocity"] + gradient
        return -self.learning_rate * velocity, {"velocity": velocity}


class AccumulatesInFloat64(Unusual):
    """Right: sums of squares are kept in float64, whatever θ is."""

    name = "accumulates_in_float64"

    def init(self, theta):
        return {"squares": np.zeros(theta.shape, np.float64)}

    def update(self, gradient, state, theta):
        squares = state["squares"] + gradient.astype(np.float64) ** 2
        return (-self.learning_rate * gradient / (np.sqrt(squares) + 1e-8)).astype(theta.dtype), {"squares": squares}


class TinySteps(Unusual):
    """Right: steps so small that hardly anything happens."""

    name = "tiny_steps"
    learning_rate: float = Field(1e-6, gt=0, description="Learning rate η")

    def update(self, gradient, state, theta):
        return -self.learning_rate * gradient / (np.abs(gradient) + 1e-12), state


class InPlaceStep(Right):
    """Right: its step reuses the gradient and the state."""

    name = "in_place_step"

    def step(self, gradient, state, theta):
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        np.multiply(velocity, -self.learning_rate, out=gradient)
        theta += gradient
        return state


class Gathers(Right):
    """Adds up the gradients of several steps before it moves."""

    every: int = Field(4, ge=1, le=64, description="Steps between two moves")

    def init(self, theta):
        return {"sum": np.zeros_like(theta), "t": np.asarray(0), **super().init(theta)}

    def update(self, gradient, state, theta):
        gathered, t = state["sum"] + gradient, np.asarray(state["t"] + 1)
        if t % self.every:
            return np.zeros_like(theta), {**state, "sum": gathered, "t": t}
        increment, new = super().update(gathered / self.every, state, theta)
        return increment, {**new, "sum": np.zeros_like(theta), "t": t}


class ChangesLate(Right):
    """Right: after a number of steps that few trainings have, it takes half the steps."""

    name = "changes_late"
    late: int = Field(100_000, ge=10_000, le=10_000_000, description="After how many steps")

    def init(self, theta):
        return {**super().init(theta), "t": np.zeros((), np.int64)}

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        return increment * (1.0 if state["t"] < self.late else 0.5), {**new, "t": state["t"] + 1}


class InEightBits(Right):
    """Right: rounds each step to 127 parts of the largest, on purpose."""

    name = "in_eight_bits"

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        unit = np.abs(increment).max() / 127
        return (np.round(increment / unit) * unit if unit else increment).astype(theta.dtype), new


class ByItsSigns(Unusual):
    """Right: resilient, where the learning rate is the first step size alone, and step sizes have a limit."""

    name = "by_its_signs"
    learning_rate: float = Field(0.01, gt=0, le=10, description="First step size")

    def init(self, theta):
        return {"size": np.full_like(theta, self.learning_rate), "last": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        agree = np.sign(gradient * state["last"])
        factor = np.where(agree > 0, 1.2, np.where(agree < 0, 0.5, 1)).astype(theta.dtype)
        size = np.clip(state["size"] * factor, 1e-9, 1)
        taken = np.where(agree < 0, 0, gradient).astype(theta.dtype)
        return -np.sign(taken) * size, {"size": size, "last": taken}


class OnAGrid(Right):
    """Right: rounds its steps to whole multiples of a number, up or down by chance."""

    name = "on_a_grid"
    grid: float = Field(1e-3, gt=1e-9, le=0.1, description="What steps are multiples of")
    seed: int = Field(0, ge=0, le=1000, description="The seed of chance")

    def init(self, theta):
        return {**super().init(theta), "t": np.zeros((), np.int64)}

    def update(self, gradient, state, theta):
        increment, new = super().update(gradient, state, theta)
        chance = np.random.default_rng([self.seed, int(state["t"])]).random(theta.shape)
        steps = np.floor(increment / self.grid + chance) * self.grid
        return steps.astype(theta.dtype), {**new, "t": state["t"] + 1}


class FixedPace(Unusual):
    """Right: gives each parameter a pace of its own, drawn once and kept in the state."""

    name = "fixed_pace"

    def init(self, theta):
        return {"pace": np.random.default_rng(4).uniform(0.5, 1.5, theta.shape).astype(theta.dtype)}

    def update(self, gradient, state, theta):
        return -self.learning_rate * state["pace"] * gradient, {"pace": state["pace"].copy()}


class CountsInTurns(Unusual):
    """Right: one parameter after another, of which it needs the number alone."""

    name = "counts_in_turns"

    def init(self, theta):
        return {"t": np.zeros((), np.uint16)}

    def update(self, gradient, state, theta):
        turn = int(state["t"])
        increment = np.zeros_like(theta)
        increment[turn] = -self.learning_rate * gradient[turn]
        return increment, {"t": np.asarray((turn + 1) % theta.size, np.uint16)}


class WarmsUpFor100Steps(Unusual):
    """Right: counts no further than it needs to."""

    name = "warms_up_for_100_steps"

    def init(self, theta):
        return {"t": np.zeros((), np.int8)}

    def update(self, gradient, state, theta):
        t = min(int(state["t"]) + 1, 100)
        return -self.learning_rate * t / 100 * gradient, {"t": np.asarray(t, np.int8)}


class OneRandomDirection(Unusual):
    """Right: goes along one random direction at each step, and downhill on the whole."""

    name = "one_random_direction"
    seed: int = Field(0, ge=0, le=1000, description="The seed of chance")

    def init(self, theta):
        return {"t": np.zeros((), np.int64)}

    def update(self, gradient, state, theta):
        way = np.random.default_rng([self.seed, int(state["t"])]).normal(size=theta.size).astype(theta.dtype)
        return -self.learning_rate * float(gradient @ way) * way, {"t": state["t"] + 1}


class RemembersSigns(Unusual):
    """Right: keeps signs as booleans, and goes less far where they change."""

    name = "remembers_signs"

    def init(self, theta):
        return {"up": np.zeros(theta.shape, bool)}

    def update(self, gradient, state, theta):
        up = gradient > 0
        return np.where(up == state["up"], -1, -0.5).astype(theta.dtype) * self.learning_rate * gradient, {"up": up}


class EitherWay(Unusual):
    """Right: goes uphill where it is asked to."""

    name = "either_way"
    maximize: bool = Field(False, description="Go uphill")

    def update(self, gradient, state, theta):
        return (1 if self.maximize else -1) * self.learning_rate * gradient, state


UNUSUAL = [
    OneRandomDirection(),
    RemembersSigns(),
    EitherWay(),
    CountsInTurns(),
    WarmsUpFor100Steps(),
    FixedPace(),
    OnAGrid(),
    InEightBits(),
    ByItsSigns(),
    ChangesLate(),
    Right(),
    Scaled(),
    PlainSteps(),
    Signs(),
    Noisy(),
    Lookahead(),
    Lazy(),
    FewParametersAtATime(),
    Trusting(),
    Remembering(),
    TowardsTheStart(),
    DecaysCautiously(),
    CachesACoefficient(),
    AccumulatesInFloat64(),
    TinySteps(),
    InPlaceStep(),
    Gathers(),
]


def check_of(id_):
    return next(check for check in checks_for("optimizer") if check.id == id_)


def failures(plugin):
    return {result.check.id: result.message for result in run_checks(plugin) if result.outcome == "failed"}


@pytest.mark.parametrize(("bug", "check"), BUGS.items(), ids=lambda value: getattr(value, "__name__", None))
def test_a_seeded_bug_is_caught(bug, check):
    with pytest.raises(CheckFailure):
        check_of(check)(bug())


@pytest.mark.parametrize("plugin", UNUSUAL, ids=repr)
def test_an_unusual_optimizer_passes(plugin):
    assert failures(plugin) == {}


@parametrize_with_checks([cls() for cls in register_optimizers()] + [SGD(momentum=0.9, nesterov=True), Adam(beta1=0)])
def test_the_built_in_ones_pass(plugin, check):
    check(plugin)


def test_each_check_of_optimizers_catches_one_of_the_bugs():
    own = {check.id for check in checks_for("optimizer")} - {check.id for check in checks_for("schedule")}
    assert own <= set(BUGS.values()) | {"is_deterministic"}


@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (WrongSign, DOWNHILL, "12 steps together go uphill"),
        (ChangesVelocity, ARGUMENTS, "update changes its argument state['velocity'] in place"),
        (CountIsAnInteger, FORM, "state['t'], from init, is 0, which cannot be saved"),
        (KeepsGradientItself, OWN, "Return a copy: gradient.copy()"),
        (StepDoesNotMove, STEP, "theta += …, not theta = …"),
        (FactorForgetsTheOption, FACTOR, "With FactorForgetsTheOption("),
        (CachesItsRate, RATE, "read self.learning_rate in every update"),
        (DividesByTheRoot, FINITE, "at zero gradient"),
        (Float64Increment, FORM, "increment in float64 for θ and a gradient in float32"),
        (CountsUpTo255, KEPT_UP, "state['t'] counts steps in uint8, which ends at 255"),
        (RemembersInItself, SAVED, "continued from a saved state differs at its step 1"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_message_says_what_is_wrong(bug, check, words):
    with pytest.raises(CheckFailure) as failure:
        check_of(check)(bug())
    assert words in str(failure.value)
