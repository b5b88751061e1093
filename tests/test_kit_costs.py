"""The kit's checks of costs: each seeded bug is caught by the check that the table names, each right cost passes."""

import math
import os
import threading
import time
import warnings
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from landscape.builtin import register_costs
from landscape.costs import CrossEntropy, Huber, Quadratic
from landscape.kinds import Cost
from landscape.testing import CheckFailure, checks_for, parametrize_with_checks, run_checks
from landscape.testing.costs import CHECKS
from landscape.testing.slopes import slopes_of

SLOPE, SHAPES, ROWS = "gradient_is_the_slope_of_the_losses", "shapes_fit", "examples_are_independent"
OVERFLOW, KINKS = "extremes_do_not_overflow", "gradient_is_right_at_kinks"
SATURATED = "gradient_is_right_where_saturated"
ALONE, DETERMINISTIC, DTYPE = "leaves_arguments_alone", "is_deterministic", "keeps_dtype"
EFFECT = "fields_have_an_effect"
ELSEWHERE, LAYOUT, TOTAL = "is_the_same_elsewhere", "accepts_any_memory_layout", "total_agrees"


class Right(Cost):
    """Σⱼ (oⱼ − tⱼ)², right in every way; the bugs below change one thing each."""

    name = "right"
    source = "the tests of the kit"

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)


def softmax(outputs):
    e = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Softmax(Right):
    """−Σⱼ tⱼ log softmax(o)ⱼ, right in every way."""

    def per_example(self, outputs, targets):
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        return (targets * (np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted)).sum(axis=-1)

    def gradient(self, outputs, targets):
        return softmax(outputs) - targets


class WrongSign(Right):
    def gradient(self, outputs, targets):
        return 2 * (targets - outputs)


class SwappedArguments(Right):
    def gradient(self, targets, outputs):
        return 2 * (outputs - targets)


class MissingFactor(Right):
    def gradient(self, outputs, targets):
        return outputs - targets


class GradientOverN(Right):
    def gradient(self, outputs, targets):
        return 2 * (outputs - targets) / len(targets)


class BothOverN(Right):
    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets) / len(targets)

    def gradient(self, outputs, targets):
        return super().gradient(outputs, targets) / len(targets)


class LossesMean(Right):
    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).mean(axis=-1)


class GradientOverSize(Right):
    def gradient(self, outputs, targets):
        return 2 * (outputs - targets) / outputs.size


class SumOverAll(Right):
    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum()


class SumOverExamples(Right):
    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=0)


class SumOverAxisOne(Right):
    """Right without leading axes."""

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=1)


class NoSum(Right):
    def per_example(self, outputs, targets):
        return (outputs - targets) ** 2


class KeepDims(Right):
    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1, keepdims=True)


class Squeezed(Right):
    """Wrong for a single example."""

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1).squeeze()


class Transposed(Right):
    def gradient(self, outputs, targets):
        return np.swapaxes(2 * (outputs - targets), -1, -2)


class PythonList(Right):
    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets).tolist()


class Integers(Right):
    def gradient(self, outputs, targets):
        return np.sign(outputs - targets).astype(int)


class NothingReturned(Right):
    def gradient(self, outputs, targets):
        2 * (outputs - targets)


class NaiveSoftmax(Softmax):
    def per_example(self, outputs, targets):
        e = np.exp(outputs)
        return -(targets * np.log(e / e.sum(axis=-1, keepdims=True))).sum(axis=-1)


class HiddenOverflow(Softmax):
    """Hides what goes wrong, but not what comes out."""

    def per_example(self, outputs, targets):
        with np.errstate(all="ignore"):
            e = np.exp(outputs)
            return -(targets * np.log(e / e.sum(axis=-1, keepdims=True))).sum(axis=-1)


class NaiveGradient(Softmax):
    def gradient(self, outputs, targets):
        e = np.exp(outputs)
        return e / e.sum(axis=-1, keepdims=True) - targets


class UnchosenBranch(Right):
    """Overflows in a branch that np.where does not choose."""

    def per_example(self, outputs, targets):
        z = (1 - 2 * targets) * outputs
        return np.where(z > 30, z, np.log1p(np.exp(z))).sum(axis=-1)

    def gradient(self, outputs, targets):
        s = 1 - 2 * targets
        return s * (0.5 + 0.5 * np.tanh(0.5 * s * outputs))


class ClippedLoss(Softmax):
    """Flat where p < 0.001, but the gradient does not know it."""

    def per_example(self, outputs, targets):
        return -(targets * np.log(np.maximum(softmax(outputs), 1e-3))).sum(axis=-1)


class ClippedGradient(Right):
    def gradient(self, outputs, targets):
        return np.clip(2 * (outputs - targets), -50, 50)


class SoftmaxForgotten(Softmax):
    """Takes the softmax for elementwise."""

    def gradient(self, outputs, targets):
        p = softmax(outputs)
        return targets * (p - 1)


class ColumnsMixed(Right):
    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)[..., ::-1]


class BatchNormalized(Right):
    def per_example(self, outputs, targets):
        return ((outputs - targets - (outputs - targets).mean(axis=-2, keepdims=True)) ** 2).sum(axis=-1)


class SoftmaxOverExamples(Softmax):
    def per_example(self, outputs, targets):
        e = np.exp(outputs - outputs.max(axis=-2, keepdims=True))
        return -(targets * np.log(e / e.sum(axis=-2, keepdims=True) + 1e-30)).sum(axis=-1)


class SharedMaximum(Softmax):
    """Shifts by the maximum of all examples: right but for rounding, until one of them is far off."""

    def per_example(self, outputs, targets):
        shifted = outputs - outputs.max()
        return (targets * (np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted)).sum(axis=-1)


class LeadingAxesMixed(Right):
    """Takes the sum over the first of three axes."""

    def per_example(self, outputs, targets):
        losses = ((outputs - targets) ** 2).sum(axis=-1)
        return losses if losses.ndim == 1 else losses - losses.mean(axis=0)


class Float64Leak(Right):
    def gradient(self, outputs, targets):
        return np.float64(2) * (outputs - targets)


class LossesInFloat64(Right):
    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1, dtype=np.float64)


class AlwaysSingle(Right):
    def gradient(self, outputs, targets):
        return (2 * (outputs - targets)).astype(np.float32)


class HalfInside(Right):
    def per_example(self, outputs, targets):
        return super().per_example(outputs.astype(np.float16), targets.astype(np.float16)).astype(outputs.dtype)


class ChangesOutputs(Right):
    def gradient(self, outputs, targets):
        outputs -= targets
        return 2 * outputs


class ChangesTargets(Right):
    def per_example(self, outputs, targets):
        targets -= outputs
        return (targets**2).sum(axis=-1)


class ReturnsOutputs(Right):
    """Σⱼ ½oⱼ², whose gradient is the outputs themselves."""

    def per_example(self, outputs, targets):
        return 0.5 * (outputs**2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return outputs


class ReturnsBuffer(Right):
    _rooms: ClassVar[dict] = {}

    def gradient(self, outputs, targets):
        room = self._rooms.setdefault((outputs.shape, outputs.dtype), np.empty_like(outputs))
        np.subtract(outputs, targets, out=room)
        room *= 2
        return room


class Noisy(Right):
    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets) * (1 + 1e-9 * np.random.default_rng().normal())


class GloballyRandom(Right):
    def per_example(self, outputs, targets):
        np.random.seed(0)  # noqa: NPY002
        return super().per_example(outputs, targets)


class SetsErrors(Right):
    def per_example(self, outputs, targets):
        np.seterr(all="ignore")
        return super().per_example(outputs, targets)


class RemembersLosses(Right):
    """Uses in the gradient what per_example saw last."""

    _last: np.ndarray | None = PrivateAttr(None)

    def per_example(self, outputs, targets):
        self._last = outputs - targets
        return (self._last**2).sum(axis=-1)

    def gradient(self, outputs, targets):
        last = outputs - targets if self._last is None or self._last.shape != outputs.shape else self._last
        return 2 * last


class CachedByIdentity(Right):
    _cache: ClassVar[dict] = {}

    def per_example(self, outputs, targets):
        key = id(outputs), id(targets)
        if key not in self._cache:  # the arrays are kept, so that no other ones get their identity
            self._cache[key] = (outputs, targets, super().per_example(outputs, targets))
        return self._cache[key][2].copy()


class CountsCalls(Right):
    _calls: int = PrivateAttr(0)

    def gradient(self, outputs, targets):
        self._calls += 1
        return 2 * (outputs - targets) / (1 if self._calls < 10 else self._calls)


class SharedHyperparameter(Right):
    """Whichever instance computes last sets the weight of all."""

    weight: float = Field(1.0, ge=0.1, le=10, description="Weight of the loss")
    _weight: ClassVar[float] = 1.0

    def per_example(self, outputs, targets):
        type(self)._weight = self.weight
        return self.weight * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return type(self)._weight * super().gradient(outputs, targets)


class FieldForgotten(Right):
    """Right at the default, where the weight is 1."""

    weight: float = Field(1.0, ge=0, le=10, description="Weight of the loss")

    def per_example(self, outputs, targets):
        return self.weight * super().per_example(outputs, targets)


class ChoiceForgotten(Right):
    scaling: Literal["none", "half"] = Field("none", description="Whether to halve the loss")

    def per_example(self, outputs, targets):
        return (0.5 if self.scaling == "half" else 1.0) * super().per_example(outputs, targets)


class EdgeForbidden(Right):
    """Divides by 0 at a bound that its field admits."""

    width: float = Field(1.0, ge=0, le=10, description="Width of the well")

    def per_example(self, outputs, targets):
        return (((outputs - targets) / np.float64(self.width)) ** 2).sum(axis=-1).astype(outputs.dtype)

    def gradient(self, outputs, targets):
        return (2 * (outputs - targets) / np.float64(self.width) ** 2).astype(outputs.dtype)


class NormAtZero(Right):
    """Σ over no squares: the length of the difference, whose gradient is 0/0 where it is right."""

    def per_example(self, outputs, targets):
        return np.sqrt(((outputs - targets) ** 2).sum(axis=-1))

    def gradient(self, outputs, targets):
        return (outputs - targets) / self.per_example(outputs, targets)[..., None]


class BeyondAtKink(Right):
    """|o − t|, with a slope of 2 where it is right."""

    def per_example(self, outputs, targets):
        return np.abs(outputs - targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        d = outputs - targets
        return np.where(d == 0, 2, np.sign(d))


class OnlyOneHot(Right):
    """Takes t² for t in the gradient: the same for 0 and 1."""

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets**2)


class BranchMissing(Right):
    """Huber's loss, whose gradient is not clipped below."""

    def per_example(self, outputs, targets):
        d = np.abs(outputs - targets)
        return np.where(d <= 1, 0.5 * d * d, d - 0.5).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.minimum(outputs - targets, 1.0)


class ClaimsNonnegative(Right):
    nonnegative = True

    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets) - 1


class StaleTotal(Quadratic):
    """Overrides two methods of a built-in that has a third."""

    def per_example(self, outputs, targets):
        return 0.5 * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return 0.5 * super().gradient(outputs, targets)


class TotalMean(Right):
    def total_and_gradient(self, outputs, targets):
        return float(self.per_example(outputs, targets).mean()), self.gradient(outputs, targets)


class Anneals(Right):
    """Changes its own field, though it is frozen."""

    weight: float = Field(1.0, ge=0, le=10, description="Weight of the loss")

    def gradient(self, outputs, targets):
        self.__dict__["weight"] = 1.0 + 1e-9
        return 2 * (outputs - targets)


class KeepsOnes(Right):
    """Σⱼ oⱼ, whose gradient is the same array each time."""

    _ones: ClassVar[dict] = {}

    def per_example(self, outputs, targets):
        return outputs.sum(axis=-1)

    def gradient(self, outputs, targets):
        return self._ones.setdefault((outputs.shape, outputs.dtype), np.ones_like(outputs))


class Scratch(Right):
    """Computes in room that all instances share, and returns a copy."""

    _rooms: ClassVar[dict] = {}

    def gradient(self, outputs, targets):
        room = self._rooms.setdefault((outputs.shape, outputs.dtype), np.empty_like(outputs))
        np.subtract(outputs, targets, out=room)
        time.sleep(1e-5)
        return 2 * room


class Prints(Right):
    def gradient(self, outputs, targets):
        print("here")  # noqa: T201
        return 2 * (outputs - targets)


class NotRemade(Right):
    """Depends on something that is no field."""

    _power: float = PrivateAttr(1.0)

    def model_post_init(self, context):
        CREATED.append(1)
        self._power = 1 + 1e-3 * len(CREATED)

    def per_example(self, outputs, targets):
        return self._power * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return self._power * super().gradient(outputs, targets)


CREATED: list[int] = []


class ByMemory(Right):
    """Reads the numbers in the order in which they lie in memory."""

    def per_example(self, outputs, targets):
        d = (outputs - targets).ravel(order="K").reshape(outputs.shape)
        return (d**2).sum(axis=-1)


class LabelIndexed(Softmax):
    """Indexes the examples by all of the first axis, which is another one where there are leading axes."""

    def per_example(self, outputs, targets):
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return -logs[np.arange(len(outputs)), targets.argmax(axis=-1)]


class DegreesOfFreedom(Softmax):
    """Adds ε inside the logarithm, large enough to bend the loss."""

    def per_example(self, outputs, targets):
        return -(targets * np.log(softmax(outputs) + 1e-2)).sum(axis=-1)


class Raises(Right):
    def gradient(self, outputs, targets):
        raise KeyError("oops")


class ZeroGradient(Right):
    def gradient(self, outputs, targets):
        return np.zeros_like(outputs)


class Complex(Right):
    def gradient(self, outputs, targets):
        return 2 * (outputs - targets) + 0j


class BranchesApart(Right):
    """A Huber loss whose constant is right for δ = 1 alone."""

    delta: float = Field(1.0, gt=0, le=10, description="Where it becomes linear")

    def per_example(self, outputs, targets):
        d = np.abs(outputs - targets)
        return np.where(d <= self.delta, d * d / 2, self.delta * d - 0.5).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.clip(outputs - targets, -self.delta, self.delta)


class FieldIgnored(Right):
    weight: float = Field(1.0, ge=0.1, le=10, description="Weight")


_COMPUTED = {}


class ComputedOnce(Right):
    """A coefficient is computed of the first plugin's field, and used by all."""

    weight: float = Field(1.0, ge=0.1, le=10, description="Weight")

    def per_example(self, outputs, targets):
        return _COMPUTED.setdefault("weight", self.weight) * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return _COMPUTED.setdefault("weight", self.weight) * super().gradient(outputs, targets)


class ClipsFarOutputs(Softmax):
    def gradient(self, outputs, targets):
        outputs[outputs > 500] = 500
        return super().gradient(outputs, targets)


class CachedByTheFirst(Right):
    """Remembers results by the shape and the first entry."""

    kept: ClassVar[dict] = {}

    def gradient(self, outputs, targets):
        key = (outputs.shape, outputs.dtype.str, float(outputs.flat[0]), float(outputs.flat[-1]))
        if key not in self.kept:
            self.kept[key] = super().gradient(outputs, targets)
        return self.kept[key].copy()


class SilencesWarnings(Right):
    def gradient(self, outputs, targets):
        warnings.filterwarnings("ignore")
        return super().gradient(outputs, targets)


_ROOM = {}


class RoomBetweenLines(Right):
    """Computes in room that a module keeps for each shape, and returns a copy."""

    def gradient(self, outputs, targets):
        room = _ROOM.setdefault((outputs.shape, outputs.dtype.str), np.empty_like(outputs))
        np.subtract(outputs, targets, out=room)
        room *= 2
        return room.copy()


class BelowZeroAtItsLeast(Right):
    nonnegative = True

    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets) - 0.01


class WritesAFile(Right):
    def gradient(self, outputs, targets):
        if not any(Path().iterdir()):  # so that the tests leave none in the folder where they run
            Path("gradients.log").write_text(f"{outputs.shape}", encoding="utf-8")
        return super().gradient(outputs, targets)


class SetsAVariable(Right):
    def gradient(self, outputs, targets):
        os.environ["COST"] = self.name
        return super().gradient(outputs, targets)


class WrongForTwo(Right):
    def gradient(self, outputs, targets):
        return (outputs - targets) * (1 if outputs.shape[-1] == 2 else 2)


class WrongForASingleOutput(Right):
    def gradient(self, outputs, targets):
        return (outputs - targets) * (1 if outputs.shape[-1] == 1 else 2)


class FirstHundred(Right):
    def gradient(self, outputs, targets):
        gradient = super().gradient(outputs, targets)
        gradient[..., 100:, :] = 0
        return gradient


class InSingle(Right):
    """Computes in float32 inside, whatever it is given."""

    def per_example(self, outputs, targets):
        d = outputs.astype(np.float32) - targets.astype(np.float32)
        return np.logaddexp(d, -d).sum(axis=-1).astype(outputs.dtype)

    def gradient(self, outputs, targets):
        return np.tanh(outputs.astype(np.float32) - targets.astype(np.float32)).astype(outputs.dtype)


class GradientInSingle(Right):
    def gradient(self, outputs, targets):
        return (2 * (outputs - targets).astype(np.float32)).astype(outputs.dtype)


class TargetsInSingle(Right):
    """Keeps the digits of the outputs, but not those of the targets."""

    def per_example(self, outputs, targets):
        return ((outputs - targets.astype(np.float32)) ** 2).sum(axis=-1)


class RootInSingle(Right):
    """Of its two terms, one is computed in float32."""

    def per_example(self, outputs, targets):
        d = outputs - targets
        root = np.sqrt(1 + d.astype(np.float32) ** 2)
        return (d * d + root).sum(axis=-1).astype(outputs.dtype)

    def gradient(self, outputs, targets):
        d = outputs - targets
        return 2 * d + d / np.sqrt(1 + d * d)


class HashedWeight(Right):
    """Weighted by the hash of a text, which every process makes anew."""

    weighting: Literal["plain", "steep"] = Field("plain", description="Weighting")

    def weight(self):
        return 2.0 ** (hash(self.weighting) % 1009 - 500)

    def per_example(self, outputs, targets):
        return self.weight() * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return self.weight() * super().gradient(outputs, targets)


_DRAWN = 10 ** float(np.random.default_rng().uniform(-100, 100))  # so wide that two draws are never alike


class DrawnAtImport(Right):
    """Scaled by a number that is drawn when its module is imported."""

    def per_example(self, outputs, targets):
        return _DRAWN * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return _DRAWN * super().gradient(outputs, targets)


class SwitchIgnored(Right):
    """Its switch is read nowhere."""

    halved: bool = Field(False, description="Whether the loss is halved")

    def per_example(self, outputs, targets):
        return 0.5 * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return outputs - targets


class ChoiceMisnamed(Right):
    """The choice is made by an attribute of another name, with a default."""

    reduction_mode: Literal["sum", "largest"] = Field("sum", description="What is made of the outputs")
    mode: ClassVar[str] = "sum"

    def per_example(self, outputs, targets):
        d = (outputs - targets) ** 2
        return d.sum(axis=-1) if self.mode == "sum" else d.max(axis=-1)


class Masked(Right):
    """Returns an array with a mask, which hides what is not finite."""

    def per_example(self, outputs, targets):
        return np.ma.masked_invalid(super().per_example(outputs, targets))


class ChangesStridedOutputs(Right):
    """Changes its argument where that is not contiguous, and is copied otherwise."""

    def gradient(self, outputs, targets):
        d = outputs.copy() if outputs.flags.c_contiguous else outputs
        d -= targets
        return 2 * d


class TruncatesTargets(Right):
    """Takes one-hot targets well, and cuts others off."""

    def per_example(self, outputs, targets):
        return ((outputs - targets.astype(int)) ** 2).sum(axis=-1).astype(outputs.dtype)


class OfTenAtMost(Right):
    """Adds up the first ten outputs alone."""

    def per_example(self, outputs, targets):
        return ((outputs - targets)[..., :10] ** 2).sum(axis=-1)


class ScaledByTheBatch(Right):
    """Measures errors by the largest target of all examples, which is 1 where they are classes."""

    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets) / np.abs(targets).max()

    def gradient(self, outputs, targets):
        return super().gradient(outputs, targets) / np.abs(targets).max()


class KeepsItsFirstScale(Right):
    """Measures errors by the first outputs that it ever saw."""

    scale: ClassVar[list[float]] = []

    def per_example(self, outputs, targets):
        if not self.scale:
            self.scale.append(float(np.abs(outputs).max()))
        return super().per_example(outputs, targets) / self.scale[0]

    def gradient(self, outputs, targets):
        return super().gradient(outputs, targets) / self.scale[0]


class ChangesTargetsForAWhile(Right):
    """Makes targets of ±1 in place, and restores them exactly where they are 0 or 1."""

    def gradient(self, outputs, targets):
        targets *= 2
        targets -= 1
        gradient = 2 * outputs - 1 - targets
        targets += 1
        targets /= 2
        return gradient


class FloorInSingle(Right):
    """Its gradient is kept from 0 in float32 alone."""

    def per_example(self, outputs, targets):
        return np.logaddexp(0, (1 - 2 * targets) * outputs).sum(axis=-1)

    def gradient(self, outputs, targets):
        side = 1 - 2 * targets
        miss = np.exp(-np.logaddexp(0, -side * outputs))
        return side * (np.maximum(miss, np.float32(0.01)) if outputs.dtype == np.float32 else miss)


class LeadingAxesInDouble(Right):
    """Collects what belongs to leading axes in an array of float64."""

    def gradient(self, outputs, targets):
        gradient = np.zeros(outputs.shape, None if outputs.ndim > 2 else outputs.dtype)
        gradient[...] = 2 * (outputs - targets)
        return gradient


class TotalOverflows(Right):
    """The fast way overflows far out, where the methods do not."""

    def per_example(self, outputs, targets):
        return (np.logaddexp(0, outputs) - targets * outputs).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.exp(-np.logaddexp(0, -outputs)) - targets

    def total_and_gradient(self, outputs, targets):
        e = np.exp(outputs)
        return float((np.log(1 + e) - targets * outputs).sum()), e / (1 + e) - targets


class TotalOfOneHot(Right):
    """The fast way takes each row of targets for one-hot."""

    def total_and_gradient(self, outputs, targets):
        total = (outputs**2).sum() - 2 * (outputs * targets).sum() + len(targets)
        return float(total), 2 * (outputs - targets)


class TotalInABuffer(Right):
    """The fast way returns the same array again."""

    _buffers: dict[tuple[object, ...], np.ndarray] = PrivateAttr(default_factory=dict)

    def total_and_gradient(self, outputs, targets):
        buffer = self._buffers.setdefault((outputs.shape, outputs.dtype), np.empty_like(outputs))
        np.subtract(outputs, targets, out=buffer)
        total = float((buffer**2).sum())
        buffer *= 2
        return total, buffer


class WrongForMinusOne(Right):
    """Takes targets of ±1, and errs where they are −1."""

    target_range = (-1.0, 1.0)

    def per_example(self, outputs, targets):
        return np.maximum(0, 1 - targets * outputs).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.where(targets * outputs < 1, -np.abs(targets), 0 * outputs)


class WrongForNegativeTargets(Right):
    """Rests on a whole interval about the targets, and errs where they are negative."""

    def per_example(self, outputs, targets):
        return np.maximum(np.abs(outputs - targets) - 0.5, 0).sum(axis=-1)

    def gradient(self, outputs, targets):
        d = np.where(targets < 0, outputs + targets, outputs - targets)
        return np.where(np.abs(d) > 0.5, np.sign(d), 0 * d)


class WeightsTurnedAround(Right):
    """The gradient has the weights in reverse, which shows where they differ."""

    weights: tuple[float, ...] = Field((1.0, 1.0), description="Weights of the outputs, again and again")

    def _weights(self, outputs):
        return np.resize(np.array(self.weights, outputs.dtype), outputs.shape[-1])

    def per_example(self, outputs, targets):
        return (self._weights(outputs) * (outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * self._weights(outputs)[::-1] * (outputs - targets)


class Weighing(BaseModel):
    model_config = ConfigDict(frozen=True)

    weight: float = Field(1.0, ge=0.5, le=2, description="How much it weighs")


class ModelForgotten(Right):
    """The gradient does not read the field that is a model itself."""

    weighing: Weighing = Field(Weighing(), description="How it is weighed")

    def per_example(self, outputs, targets):
        return self.weighing.weight * super().per_example(outputs, targets)


_SCALES: dict[int, float] = {}


class LostInPickle(Right):
    """What it notes when it is made is not there when it comes back from pickle."""

    scale: float = Field(1.0, ge=0.5, le=3, description="How much it weighs")

    def model_post_init(self, context):
        _SCALES[id(self)] = self.scale

    def per_example(self, outputs, targets):
        return _SCALES.get(id(self), 1.0) * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return _SCALES.get(id(self), 1.0) * super().gradient(outputs, targets)

    def __setstate__(self, state):
        super().__setstate__(state)
        _SCALES.pop(id(self), None)


BUGS = {
    ChangesTargetsForAWhile: ALONE,
    FloorInSingle: DTYPE,
    LeadingAxesInDouble: "leading_axes_are_evaluations",
    TotalOverflows: TOTAL,
    TotalOfOneHot: TOTAL,
    TotalInABuffer: TOTAL,
    WrongForMinusOne: "gradient_is_right_at_other_targets",
    WrongForNegativeTargets: "gradient_is_right_at_other_targets",
    LostInPickle: ELSEWHERE,
    KeepsItsFirstScale: ELSEWHERE,
    ScaledByTheBatch: ROWS,
    OfTenAtMost: SLOPE,
    Masked: SHAPES,
    ChangesStridedOutputs: LAYOUT,
    TruncatesTargets: "gradient_is_right_at_other_targets",
    SwitchIgnored: EFFECT,
    ChoiceMisnamed: EFFECT,
    InSingle: DTYPE,
    GradientInSingle: DTYPE,
    TargetsInSingle: DTYPE,
    RootInSingle: DTYPE,
    HashedWeight: ELSEWHERE,
    DrawnAtImport: ELSEWHERE,
    WrongSign: SLOPE,
    SwappedArguments: SLOPE,
    MissingFactor: SLOPE,
    GradientOverN: ROWS,
    BothOverN: ROWS,
    LossesMean: SLOPE,
    GradientOverSize: SLOPE,
    SumOverAll: SHAPES,
    SumOverExamples: SHAPES,
    SumOverAxisOne: "leading_axes_are_evaluations",
    NoSum: SHAPES,
    KeepDims: SHAPES,
    Squeezed: SHAPES,
    Transposed: SHAPES,
    PythonList: SHAPES,
    Integers: SHAPES,
    NothingReturned: SHAPES,
    NaiveSoftmax: OVERFLOW,
    HiddenOverflow: OVERFLOW,
    NaiveGradient: OVERFLOW,
    UnchosenBranch: OVERFLOW,
    ClippedLoss: SATURATED,
    ClippedGradient: SATURATED,
    SoftmaxForgotten: SLOPE,
    ColumnsMixed: SLOPE,
    BatchNormalized: ROWS,
    SoftmaxOverExamples: ROWS,
    SharedMaximum: OVERFLOW,
    LeadingAxesMixed: "leading_axes_are_evaluations",
    Float64Leak: DTYPE,
    LossesInFloat64: DTYPE,
    AlwaysSingle: DTYPE,
    HalfInside: DTYPE,
    ChangesOutputs: ALONE,
    ChangesTargets: ALONE,
    ReturnsOutputs: ALONE,
    ReturnsBuffer: ALONE,
    Noisy: DETERMINISTIC,
    GloballyRandom: "leaves_the_process_alone",
    SetsErrors: "leaves_the_process_alone",
    RemembersLosses: DETERMINISTIC,
    CachedByIdentity: DETERMINISTIC,
    CountsCalls: DETERMINISTIC,
    SharedHyperparameter: ELSEWHERE,
    FieldForgotten: SLOPE,
    ChoiceForgotten: SLOPE,
    EdgeForbidden: "losses_are_finite",
    NormAtZero: KINKS,
    BeyondAtKink: KINKS,
    OnlyOneHot: "gradient_is_right_at_other_targets",
    BranchMissing: SLOPE,
    ClaimsNonnegative: "nonnegative_as_it_says",
    StaleTotal: TOTAL,
    TotalMean: TOTAL,
    Anneals: DETERMINISTIC,
    KeepsOnes: ALONE,
    Scratch: "is_the_same_in_threads",
    Prints: "leaves_the_process_alone",
    NotRemade: ELSEWHERE,
    ByMemory: LAYOUT,
    LabelIndexed: "leading_axes_are_evaluations",
    DegreesOfFreedom: SLOPE,
    Raises: SHAPES,
    ZeroGradient: SLOPE,
    Complex: SHAPES,
    BranchesApart: KINKS,
    BelowZeroAtItsLeast: "nonnegative_as_it_says",
    WritesAFile: "leaves_the_process_alone",
    SetsAVariable: "leaves_the_process_alone",
    WrongForTwo: SLOPE,
    WrongForASingleOutput: SLOPE,
    FirstHundred: ROWS,
    FieldIgnored: EFFECT,
    ComputedOnce: EFFECT,
    ClipsFarOutputs: ALONE,
    CachedByTheFirst: DETERMINISTIC,
    SilencesWarnings: "leaves_the_process_alone",
    RoomBetweenLines: "is_the_same_in_threads",
}


def check_of(id_):
    return next(check for check in checks_for("cost") if check.id == id_)


def failures(plugin):
    return {result.check.id: result.message for result in run_checks(plugin) if not result.ok}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_seeded_bug_is_caught_by_the_check_for_it(bug):
    with pytest.raises(CheckFailure):
        check_of(BUGS[bug])(bug())


@pytest.mark.parametrize("bug", [WeightsTurnedAround, ModelForgotten], ids=lambda bug: bug.__name__)
def test_a_bug_at_other_hyperparameters_alone_is_caught(bug):
    assert SLOPE in failures(bug())


class Constant(Right):
    """0, whatever the outputs are."""

    def per_example(self, outputs, targets):
        return np.zeros_like(outputs[..., 0])

    def gradient(self, outputs, targets):
        return np.zeros_like(outputs)


class Absolute(Right):
    """Σⱼ |oⱼ − tⱼ|, which has kinks."""

    nonnegative = True

    def per_example(self, outputs, targets):
        return np.abs(outputs - targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.sign(outputs - targets)


class Worst(Right):
    """max_j |oⱼ − tⱼ|, which couples outputs and has kinks where they tie."""

    def per_example(self, outputs, targets):
        return np.abs(outputs - targets).max(axis=-1)

    def gradient(self, outputs, targets):
        d = outputs - targets
        first = np.arange(d.shape[-1]) == np.abs(d).argmax(axis=-1)[..., None]
        return first * np.sign(d)


class Misclassified(Right):
    """1 where the largest output is not the target's, else 0: piecewise constant."""

    def per_example(self, outputs, targets):
        return (outputs.argmax(axis=-1) != targets.argmax(axis=-1)).astype(outputs.dtype)

    def gradient(self, outputs, targets):
        return np.zeros_like(outputs)


class Reward(Right):
    """−Σⱼ tⱼ tanh oⱼ, which is negative."""

    def per_example(self, outputs, targets):
        return -(targets * np.tanh(outputs)).sum(axis=-1)

    def gradient(self, outputs, targets):
        return -targets * (1 - np.tanh(outputs) ** 2)


class Margin(Right):
    """The lead of the best wrong class over the right one, above a margin, with fields of many types."""

    margin: float = Field(1.0, ge=0, le=10, description="How far the right class should lead")
    squared: bool = Field(False, description="Square the loss")
    power: int = Field(1, ge=1, le=3, description="Repeats the loss")
    weights: tuple[float, ...] = Field((1.0, 0.5), description="Weights whose mean scales the loss")
    side: Literal["wrong", "any"] = Field("wrong", description="Which classes are compared")

    def _parts(self, outputs, targets):
        right = (outputs * targets).sum(axis=-1, keepdims=True)
        rival = outputs - 1e6 * targets if self.side == "wrong" else outputs
        first = (np.arange(outputs.shape[-1]) == rival.argmax(axis=-1)[..., None]).astype(outputs.dtype)
        excess = np.maximum(self.margin + (first * outputs).sum(axis=-1, keepdims=True) - right, 0)
        return excess, (first - targets) * (excess > 0)

    def _scale(self):
        return self.power * sum(self.weights) / max(1, len(self.weights))

    def per_example(self, outputs, targets):
        excess = self._parts(outputs, targets)[0][..., 0]
        return self._scale() * (excess**2 if self.squared else excess)

    def gradient(self, outputs, targets):
        excess, slopes = self._parts(outputs, targets)
        return self._scale() * slopes * (2 * excess if self.squared else 1)


class Inherited(Margin):
    """The same, inherited."""

    name = "inherited"


class OfProbabilities(Right):
    """−Σⱼ tⱼ log oⱼ of outputs that are probabilities."""

    nonnegative = True
    output_range = (1e-6, 1.0)

    def per_example(self, outputs, targets):
        return -(targets * np.log(outputs)).sum(axis=-1)

    def gradient(self, outputs, targets):
        return -targets / outputs


class OfPositiveTargets(Right):
    """Σⱼ |1 − oⱼ/tⱼ|, the relative error, of targets that are not 0."""

    target_range = (0.1, math.inf)

    def per_example(self, outputs, targets):
        return np.abs(1 - outputs / targets).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.sign(outputs / targets - 1) / targets


class LogRates(Right):
    """Σⱼ exp(oⱼ) − tⱼoⱼ, of outputs whose exponential fits."""

    output_range = (-math.inf, 20.0)

    def per_example(self, outputs, targets):
        return (np.exp(outputs) - targets * outputs).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.exp(outputs) - targets


class Wavy(Right):
    """Σⱼ 1 − cos(oⱼ − tⱼ), which is periodic."""

    nonnegative = True

    def per_example(self, outputs, targets):
        return (1 - np.cos(outputs - targets)).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.sin(outputs - targets)


class Tiny(Right):
    """A millionth of the squares."""

    def per_example(self, outputs, targets):
        return 1e-6 * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return 1e-6 * super().gradient(outputs, targets)


class Pairwise(Right):
    """Σᵢⱼ |oᵢ − oⱼ − tᵢ + tⱼ|, which couples all outputs and ignores a shift of them."""

    def per_example(self, outputs, targets):
        d = outputs - targets
        return np.abs(d[..., :, None] - d[..., None, :]).sum(axis=(-2, -1))

    def gradient(self, outputs, targets):
        d = outputs - targets
        return 2 * np.sign(d[..., :, None] - d[..., None, :]).sum(axis=-1)


class Cosine(Right):
    """1 − o·t / (|o||t| + 10⁻⁸), which jumps at 0, as good as."""

    def per_example(self, outputs, targets):
        lengths = np.sqrt((outputs**2).sum(axis=-1) * (targets**2).sum(axis=-1))
        return 1 - (outputs * targets).sum(axis=-1) / (lengths + 1e-8)

    def gradient(self, outputs, targets):
        size = np.sqrt((targets**2).sum(axis=-1, keepdims=True))
        length = np.sqrt((outputs**2).sum(axis=-1, keepdims=True))
        unit = outputs / np.maximum(length, 1e-30)
        dot = (outputs * targets).sum(axis=-1, keepdims=True)
        return -targets / (length * size + 1e-8) + dot * size * unit / (length * size + 1e-8) ** 2


class Pinball(Right):
    """Σⱼ max(τd, (τ − 1)d) with d = t − o, of targets that are any numbers."""

    nonnegative = True
    tau: float = Field(0.3, gt=0, lt=1, description="Quantile τ")

    def per_example(self, outputs, targets):
        d = targets - outputs
        return np.maximum(self.tau * d, (self.tau - 1) * d).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.where(targets > outputs, -self.tau, 1 - self.tau).astype(outputs.dtype)


class Sorted(Right):
    """Σⱼ wⱼ o₍ⱼ₎², with the outputs sorted: it couples them, with kinks where they tie."""

    def per_example(self, outputs, targets):
        weights = np.arange(1, outputs.shape[-1] + 1, dtype=outputs.dtype)
        return (weights * np.sort(outputs, axis=-1) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        rank = outputs.argsort(axis=-1).argsort(axis=-1)
        return 2 * (rank + 1).astype(outputs.dtype) * outputs


class Offset(Right):
    """Σⱼ (oⱼ − tⱼ)² + 10⁶: rounding is felt."""

    def per_example(self, outputs, targets):
        return super().per_example(outputs, targets) + 1e6


class Lead(Right):
    """The lead of the largest output over the runner-up: coupled, not convex, with kinks where outputs tie."""

    def per_example(self, outputs, targets):
        ordered = np.sort(outputs, axis=-1)
        return ordered[..., -1] - ordered[..., -2]

    def gradient(self, outputs, targets):
        rank, last = outputs.argsort(axis=-1, kind="stable").argsort(axis=-1), outputs.shape[-1] - 1
        return (rank == last).astype(outputs.dtype) - (rank == last - 1)


class Dice(Right):
    """One minus the overlap of σ(o) and t, a ratio of sums."""

    smooth: float = Field(1.0, gt=0, le=10, description="Added to both parts of the ratio")

    def _parts(self, outputs, targets):
        p = 0.5 + 0.5 * np.tanh(0.5 * outputs)
        both = 2 * (p * targets).sum(axis=-1, keepdims=True) + self.smooth
        return p, both, (p + targets).sum(axis=-1, keepdims=True) + self.smooth

    def per_example(self, outputs, targets):
        _, both, all_ = self._parts(outputs, targets)
        return (1 - both / all_)[..., 0]

    def gradient(self, outputs, targets):
        p, both, all_ = self._parts(outputs, targets)
        return -(2 * targets * all_ - both) / all_**2 * p * (1 - p)


class Strided(Right):
    """Returns a view of a larger array of its own, and losses that cannot be written to."""

    def per_example(self, outputs, targets):
        losses = super().per_example(outputs, targets)
        losses.flags.writeable = False
        return losses

    def gradient(self, outputs, targets):
        return np.stack([2 * (outputs - targets), outputs], axis=-1)[..., 0]


class Clamped(Right):
    """−Σⱼ [t log o + (1 − t) log(1 − o)] of probabilities that are kept the precision's smallest step off 0 and 1."""

    output_range = (0.0, 1.0)
    target_range = (0.0, 1.0)

    def per_example(self, outputs, targets):
        eps = float(np.finfo(outputs.dtype).eps)
        p = np.clip(outputs, eps, 1 - eps)
        return -(targets * np.log(p) + (1 - targets) * np.log1p(-p)).sum(axis=-1)

    def gradient(self, outputs, targets):
        eps = float(np.finfo(outputs.dtype).eps)
        p = np.clip(outputs, eps, 1 - eps)
        return (p == outputs) * (p - targets) / (p * (1 - p))


class Chosen(Right):
    """The larger of two quantile losses' levels counts in one of three modes only."""

    mode: Literal["mean", "median", "quantile"] = Field("mean", description="What it is least at")
    tau: float = Field(0.3, gt=0, lt=1, description="Level of the quantile")

    def per_example(self, outputs, targets):
        d = targets - outputs
        if self.mode == "mean":
            return (d * d).sum(axis=-1)
        tau = 0.5 if self.mode == "median" else self.tau
        return np.maximum(tau * d, (tau - 1) * d).sum(axis=-1)

    def gradient(self, outputs, targets):
        d = targets - outputs
        if self.mode == "mean":
            return -2 * d
        tau = 0.5 if self.mode == "median" else self.tau
        return ((d < 0) - tau * (d != 0)).astype(outputs.dtype)


_LOCK = threading.Lock()


class Locked(RoomBetweenLines):
    """Computes in room that a module keeps, one thread at a time."""

    def gradient(self, outputs, targets):
        with _LOCK:
            return super().gradient(outputs, targets)


class InParts(Right):
    """How many examples are worked on at a time, and how, makes no difference to the numbers; a note makes none."""

    part: int = Field(16, ge=1, le=10_000, description="How many examples are worked on at a time")
    way: Literal["parts", "whole"] = Field("parts", description="How it is computed")
    note: str = Field("", max_length=80, description="A note")

    def per_example(self, outputs, targets):
        if self.way == "whole" or outputs.ndim > 2:
            return super().per_example(outputs, targets)
        starts = range(0, len(targets), self.part)
        parts = [
            super(InParts, self).per_example(outputs[i : i + self.part], targets[i : i + self.part]) for i in starts
        ]
        return np.concatenate(parts) if parts else np.zeros(0, outputs.dtype)


class ReadByAHelper(Right):
    """Its field is read by a function that is handed the whole cost."""

    times: int = Field(2, ge=1, le=9, description="How much it weighs")

    def per_example(self, outputs, targets):
        return _times(self, "times") * super().per_example(outputs, targets)

    def gradient(self, outputs, targets):
        return _times(self, "times") * super().gradient(outputs, targets)


def _times(cost, name):
    return min(getattr(cost, name), 1)


class Tabulated(Right):
    """d² read off a table, in float64, with straight lines between its entries."""

    def per_example(self, outputs, targets):
        table = np.arange(-40, 41) / 4
        return np.interp(outputs - targets, table, table**2).sum(axis=-1).astype(outputs.dtype)

    def gradient(self, outputs, targets):
        d = outputs - targets
        return np.where(np.abs(d) < 10, (2 * np.floor(4 * d) + 1) / 4, 0).astype(outputs.dtype)


class Mixture(Right):
    """−log of a mixture of two Gaussians, a narrow and a wide one, about the targets."""

    share: float = Field(0.3, gt=0, lt=1, description="Share of the wide one")

    def logarithms(self, outputs, targets):
        d = ((outputs - targets) ** 2).sum(axis=-1)
        return math.log(1 - self.share) - 0.5 * d, math.log(self.share) - 0.005 * d

    def per_example(self, outputs, targets):
        return -np.logaddexp(*self.logarithms(outputs, targets))

    def gradient(self, outputs, targets):
        narrow, wide = self.logarithms(outputs, targets)
        weight = (0.5 + 0.5 * np.tanh((narrow - wide) / 2))[..., None]
        return (weight + 0.01 * (1 - weight)) * (outputs - targets)


class SignedTargets(Right):
    """Σⱼ max(0, 1 − tⱼoⱼ), for targets of ±1."""

    target_range = (-1.0, 1.0)

    def per_example(self, outputs, targets):
        return np.maximum(0, 1 - targets * outputs).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.where(targets * outputs < 1, -targets, 0 * outputs)


class Median(Right):
    """The median of the absolute differences, of which several may be equal."""

    def per_example(self, outputs, targets):
        return np.median(np.abs(outputs - targets), axis=-1)

    def gradient(self, outputs, targets):
        d, k = outputs - targets, outputs.shape[-1]
        order, gradient = np.argsort(np.abs(d), axis=-1), np.zeros_like(d)
        middle = order[..., (k - 1) // 2 : k // 2 + 1]
        np.put_along_axis(gradient, middle, np.sign(np.take_along_axis(d, middle, -1)) / middle.shape[-1], -1)
        return gradient


class Knots(Right):
    """Weights that must rise, which a validator sees to."""

    weights: tuple[float, ...] = Field((0.5, 1.0, 2.0), description="Rising weights, the last of them again and again")

    @field_validator("weights")
    @classmethod
    def _rise(cls, weights):
        if not weights or any(a >= b for a, b in pairwise(weights)):
            raise ValueError("the weights must rise")
        return weights

    def _weights(self, outputs):
        k = outputs.shape[-1]
        return np.array((*self.weights, *k * self.weights[-1:])[:k], outputs.dtype)

    def per_example(self, outputs, targets):
        return (self._weights(outputs) * (outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * self._weights(outputs) * (outputs - targets)


class FastTotal(Right):
    """The total and gradient in one, without computing anything twice."""

    def per_example(self, outputs, targets):
        return (np.logaddexp(0, outputs) - targets * outputs).sum(axis=-1)

    def gradient(self, outputs, targets):
        return np.exp(-np.logaddexp(0, -outputs)) - targets

    def total_and_gradient(self, outputs, targets):
        e = np.exp(-np.abs(outputs))
        total = (np.maximum(outputs, 0) + np.log1p(e) - targets * outputs).sum()
        return float(total), np.where(outputs > 0, 1, e) / (1 + e) - targets


CORRECT = [
    SignedTargets(), Median(), Knots(), FastTotal(),
    Right(), Softmax(), Constant(), Absolute(), Worst(), Misclassified(), Reward(), Margin(),
    Margin(squared=True, weights=(2.0,)), Inherited(), OfProbabilities(), OfPositiveTargets(), LogRates(), Wavy(),
    Clamped(), Chosen(), Locked(), InParts(), ReadByAHelper(), Tabulated(),
    Mixture(),
    Tiny(), Pairwise(), Strided(), Cosine(), Pinball(), Sorted(), Offset(), Lead(), Dice(),
    CrossEntropy(label_smoothing=0.3), Huber(delta=4.0),
]  # fmt: skip


@pytest.mark.parametrize("cost", CORRECT, ids=repr)
def test_a_right_cost_passes(cost):
    assert failures(cost) == {}


@parametrize_with_checks([cls() for cls in register_costs()])
def test_the_built_in_costs_pass(plugin, check):
    check(plugin)


def test_a_wrong_sign_reports_entry_analytic_and_numerical_value():
    message = failures(WrongSign())[SLOPE]
    assert message.startswith("gradient[")
    assert "but the losses " in message
    assert "for each unit of outputs[" in message
    assert "the sign is wrong" in message


@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (GradientOverN, ROWS, "divided by the number of examples"),
        (GradientOverN, SLOPE, "divided by the number of examples, 24"),
        (MissingFactor, SLOPE, "a factor 2 is missing"),
        (LossesMean, SLOPE, "multiplied by the number of outputs, 3, but the losses are not"),
        (ColumnsMixed, SLOPE, "columns are in the wrong order"),
        (ZeroGradient, SLOPE, "it is 0 everywhere"),
        (KeepDims, SHAPES, "leave keepdims away"),
        (Transposed, SHAPES, "the axes are transposed"),
        (SumOverExamples, SHAPES, "it sums over the examples"),
        (Float64Leak, DTYPE, "gradient of float32 returned float64"),
        (ChangesOutputs, ALONE, "gradient changed its argument: outputs[0, 2] was"),
        (ReturnsOutputs, ALONE, "gradient returned its argument outputs"),
        (NaiveSoftmax, OVERFLOW, "test_kit_costs.py, line"),
        (BeyondAtKink, KINKS, "a kink, and it must be between"),
        (FieldForgotten, SLOPE, "With FieldForgotten(weight="),
        (Raises, SHAPES, "Raises raised KeyError: 'oops'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_typical_mistake_is_named(bug, check, words):
    with pytest.raises(CheckFailure) as failure:
        check_of(check)(bug())
    assert words in str(failure.value)


def test_each_check_of_costs_catches_one_of_the_bugs():
    own = {check.id for check in CHECKS}
    rare = {"ranges_are_ranges", "gradient_is_right_at_extremes"}
    assert own - rare <= set(BUGS.values())


def test_a_range_must_be_a_range():
    class Backwards(Right):
        output_range = (1.0, 0.0)

    assert "(1.0, 0.0)" in failures(Backwards())["ranges_are_ranges"]


def test_what_is_yes_or_no_must_be_so():
    class Perhaps(Right):
        takes_logits = "perhaps"

    assert "takes_logits is 'perhaps'" in failures(Perhaps())["ranges_are_ranges"]


def test_slopes_are_exact_to_their_stated_error():
    points = np.linspace(-3, 3, 50)
    for function, slope in ((np.exp, np.exp), (np.sin, np.cos), (lambda x: x**3, lambda x: 3 * x**2)):
        found = slopes_of(function, points)
        assert (np.abs(found.mid - slope(points)) <= found.mid_error + 1e-15).all()
        assert (found.mid_error < 1e-8 * (1 + np.abs(slope(points)))).all()


def test_slopes_at_a_kink_are_both_admitted_and_all_between():
    kink = slopes_of(np.abs, np.array([0.0, 0.0, 0.0, 0.0]))
    assert kink.admits(np.array([-1.0, 0.3, 1.0, 1.1]), 1.0).tolist() == [True, True, True, False]


def test_slopes_of_a_noisy_function_state_a_larger_error_that_holds():
    points = np.linspace(-3, 3, 50)
    single = slopes_of(lambda x: np.sin(x.astype(np.float32)).astype(np.float64), points)
    assert (np.abs(single.mid - np.cos(points)) <= 3 * single.mid_error + 1e-7).all()
    assert (single.mid_error < 1e-3).all()
