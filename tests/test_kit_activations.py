"""The kit's checks of activations: each seeded bug is caught by the check for it, each right one passes."""

import math
import time
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field, PrivateAttr

from landscape.activations import ReLU, Softplus, Tanh
from landscape.builtin import register_activations
from landscape.kinds import Activation, TanhForm
from landscape.testing import CheckFailure, checks_for, parametrize_with_checks, run_checks
from landscape.testing.activations import CHECKS

SLOPE, SHAPES, SINGLY = "derivative_is_the_slope_of_the_value", "shapes_fit", "is_elementwise"
OVERFLOW, FINITE, KINKS = "extremes_do_not_overflow", "values_are_finite", "derivative_is_right_at_kinks"
SATURATED, EXTREME = "derivative_is_right_where_saturated", "derivative_is_right_at_extremes"
ALONE, DETERMINISTIC, DTYPE = "leaves_arguments_alone", "is_deterministic", "keeps_dtype"
ELSEWHERE, IN_PLACE = "is_the_same_elsewhere", "in_place_agrees"


class Right(Activation):
    """a = tanh(z), right in every way; the bugs below change one thing each."""

    name = "right"
    source = "the tests of the kit"

    def value(self, z):
        return np.tanh(z)

    def derivative(self, z, a):
        return 1 - a * a


class Logistic(Right):
    """a = 1 / (1 + exp(−z)), right in every way."""

    def value(self, z):
        return 0.5 + 0.5 * np.tanh(0.5 * z)

    def derivative(self, z, a):
        return a * (1 - a)


class WrongSign(Right):
    def derivative(self, z, a):
        return a * a - 1


class MissingFactor(Right):
    def value(self, z):
        return np.tanh(2 * z)


class TakesInputForValue(Logistic):
    def derivative(self, z, a):
        return z * (1 - z)


class TakesValueForInput(Right):
    """Right as a function of z, and called with a."""

    def derivative(self, z, a):
        return 1 - np.tanh(a) ** 2


class ArgumentsSwapped(Right):
    def derivative(self, a, z):
        return 1 - a * a


class OffByOne(Logistic):
    def derivative(self, z, a):
        return a * (1 + a)


class ZeroDerivative(Right):
    def derivative(self, z, a):
        return np.zeros_like(z)


class WrongOnTheLeft(Right):
    """ELU, whose derivative lacks its α on the left."""

    alpha: float = Field(2.0, ge=0.1, le=5, description="Depth on the left")

    def value(self, z):
        return np.where(z > 0, z, self.alpha * np.expm1(np.minimum(z, 0)))

    def derivative(self, z, a):
        return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))).astype(z.dtype)


class OnlyAtDefault(Right):
    slope: float = Field(1.0, ge=0, le=4, description="Slope at 0")

    def value(self, z):
        return np.tanh(self.slope * z)


class NaiveSoftplus(Right):
    def value(self, z):
        return np.log1p(np.exp(z))

    def derivative(self, z, a):
        return 0.5 + 0.5 * np.tanh(0.5 * z)


class NaiveSilu(Right):
    def value(self, z):
        return z / (1 + np.exp(-z))

    def derivative(self, z, a):
        s = 0.5 + 0.5 * np.tanh(0.5 * z)
        return s * (1 + z - a)


class Hidden(Right):
    """NaN in silence."""

    def value(self, z):
        with np.errstate(all="ignore"):
            e = np.exp(z)
            return (e - 1 / e) / (e + 1 / e)


class SquareRoot(Right):
    """Not a number for half of its inputs."""

    def value(self, z):
        with np.errstate(invalid="ignore"):
            return np.sqrt(z)

    def derivative(self, z, a):
        return 0.5 / a


class InfiniteSlope(Right):
    """sign(z) √|z|, whose slope at 0 is infinite."""

    def value(self, z):
        return np.sign(z) * np.sqrt(np.abs(z))

    def derivative(self, z, a):
        return 0.5 / np.sqrt(np.abs(z))


class Softmax(Right):
    def value(self, z):
        e = np.exp(z - z.max(initial=0.0))
        return e / e.sum()

    def derivative(self, z, a):
        return a * (1 - a)


class Normalizing(Right):
    def value(self, z):
        return z / np.maximum(np.abs(z).max(initial=0.0), 1)

    def derivative(self, z, a):
        return np.ones_like(z) / np.maximum(np.abs(z).max(initial=0.0), 1)


class SummingDerivative(Right):
    def derivative(self, z, a):
        return (1 - a * a).sum(axis=-1)


class Jacobian(Right):
    def derivative(self, z, a):
        return np.zeros((*z.shape, z.shape[-1]), z.dtype)


class Flattening(Right):
    def value(self, z):
        return np.tanh(z).ravel()


class Squeezing(Right):
    def value(self, z):
        return np.tanh(z).squeeze()


class TwoDimensional(Right):
    """Counts on two axes."""

    def value(self, z):
        n, k = z.shape
        return np.tanh(z).reshape(n, k)


class Scalar(Right):
    def derivative(self, z, a):
        return 1.0


class Truth(Right):
    """A relu whose derivative is True and False."""

    def value(self, z):
        return np.maximum(z, 0)

    def derivative(self, z, a):
        return z > 0


class Leaks(Right):
    def value(self, z):
        return np.tanh(z) * np.float64(1)


class LeaksInDerivative(Right):
    def value(self, z):
        return np.maximum(z, 0)

    def derivative(self, z, a):
        return np.where(z > 0, np.ones(z.shape), np.zeros(z.shape))


class Single(Right):
    def value(self, z):
        return np.tanh(z).astype(np.float32)


class Half(Right):
    def value(self, z):
        return np.tanh(z.astype(np.float16)).astype(z.dtype)


class ChangesInput(Right):
    """A relu in place."""

    def value(self, z):
        z[z < 0] = 0
        return z.copy()

    def derivative(self, z, a):
        return (z > 0).astype(z.dtype)


class ChangesValue(Right):
    def derivative(self, z, a):
        a *= a
        return 1 - a


class ReturnsInput(Right):
    def value(self, z):
        return z

    def derivative(self, z, a):
        return np.ones_like(z)


class ReturnsView(Right):
    def value(self, z):
        return z[...]

    def derivative(self, z, a):
        return np.ones_like(z)


class ReturnsValue(Right):
    """exp, limited to 1, whose derivative is its value; it returns just that."""

    def value(self, z):
        return np.exp(np.minimum(z, 0))

    def derivative(self, z, a):
        return a


class Buffered(Right):
    _rooms: ClassVar[dict] = {}

    def value(self, z):
        room = self._rooms.setdefault((z.shape, z.dtype), np.empty_like(z))
        return np.tanh(z, out=room)


class Remembers(Right):
    """Uses in the derivative what value returned last."""

    _last: np.ndarray | None = PrivateAttr(None)

    def value(self, z):
        self._last = np.tanh(z)
        return self._last.copy()

    def derivative(self, z, a):
        last = a if self._last is None or self._last.shape != a.shape else self._last
        return 1 - last * last


class Noisy(Right):
    """A leaky relu with a random slope, drawn anew each time."""

    def value(self, z):
        return np.where(z > 0, z, 0.1 * np.random.default_rng().uniform() * z)

    def derivative(self, z, a):
        return np.where(z > 0, 1.0, 0.05).astype(z.dtype)


class Scratch(Right):
    """Computes in room that all instances share, and returns a copy."""

    _rooms: ClassVar[dict] = {}

    def value(self, z):
        room = self._rooms.setdefault((z.shape, z.dtype), np.empty_like(z))
        room[...] = z
        time.sleep(1e-5)
        return np.tanh(room)


class DrawsGlobally(Right):
    def value(self, z):
        return np.tanh(z) + 0 * np.random.random()  # noqa: NPY002


class SetsErrors(Right):
    def value(self, z):
        np.seterr(over="ignore")
        return np.tanh(z)


class PrintsDifferently(Right):
    def value(self, z):
        np.set_printoptions(precision=3)
        return np.tanh(z)


class Shared(Right):
    """Whichever instance computes last sets the slope of all."""

    slope: float = Field(1.0, ge=0.1, le=4, description="Slope at 0")
    _slope: ClassVar[float] = 1.0

    def value(self, z):
        type(self)._slope = self.slope
        return np.tanh(self.slope * z)

    def derivative(self, z, a):
        return type(self)._slope * (1 - a * a)


class StaleInPlace(Tanh):
    """Overrides two methods of a built-in whose others write in place."""

    tanh_form = None

    def value(self, z):
        return 0.5 * np.tanh(z)

    def derivative(self, z, a):
        return 0.5 - 2 * a * a


class StaleForm(Right):
    tanh_form = TanhForm(slope=1.0, scale=1.0, offset=0.0)

    def value(self, z):
        return np.tanh(0.5 * z)

    def derivative(self, z, a):
        return 0.5 - 0.5 * a * a


class WritesZ(Right):
    def value_into(self, z, out):
        np.tanh(z, out=z)
        out[...] = z


class ReadsOut(Right):
    """Works where out is another array than z."""

    def value_into(self, z, out):
        out[...] = 0
        out += np.tanh(z)


class DerivativeFromOut(Right):
    def derivative_into(self, z, a, out):
        out *= 0
        out += 1 - a * a


class BeyondAtKink(Right):
    """A relu whose slope at 0 is 2."""

    def value(self, z):
        return np.maximum(z, 0)

    def derivative(self, z, a):
        return np.where(z == 0, 2, z > 0).astype(z.dtype)


class UndefinedAtKink(Right):
    def value(self, z):
        return np.abs(z)

    def derivative(self, z, a):
        with np.errstate(invalid="ignore"):
            return z / np.abs(z)


class WrongLimits(Right):
    """Hard tanh, whose slope ends too early."""

    def value(self, z):
        return np.clip(z, -1, 1)

    def derivative(self, z, a):
        return (np.abs(z) < 0.5).astype(z.dtype)


class WrongFarOut(Right):
    """A relu capped at 50, whose slope does not know."""

    def value(self, z):
        return np.clip(z, 0, 50)

    def derivative(self, z, a):
        return (z > 0).astype(z.dtype)


class WrongVeryFarOut(Right):
    def value(self, z):
        return np.clip(z, 0, 500)

    def derivative(self, z, a):
        return (z > 0).astype(z.dtype)


class Alternating(Right):
    """Has another sign in every other column."""

    def value(self, z):
        signs = np.resize(np.array([1, -1], z.dtype), z.shape[-1:])
        return signs * z

    def derivative(self, z, a):
        return np.resize(np.array([1, -1], z.dtype), z.shape[-1:]) + 0 * z


class ListReturned(Right):
    def value(self, z):
        return [np.tanh(x) for x in z]


class Raises(Right):
    def derivative(self, z, a):
        return 1 - self.missing * a


class LooksAtAxes(Right):
    """Another function for three axes and more."""

    def value(self, z):
        return np.tanh(z) if z.ndim < 3 else np.tanh(z / len(z))

    def derivative(self, z, a):
        return 1 - a * a if z.ndim < 3 else (1 - a * a) / len(z)


class FieldIgnored(Right):
    slope: float = Field(1.0, gt=0, le=10, description="Slope")


_ROOM = {}


class RoomBetweenLines(Right):
    """Computes in room that a module keeps for each shape, and returns a copy."""

    def derivative(self, z, a):
        room = _ROOM.setdefault((z.shape, z.dtype.str), np.empty_like(z))
        np.multiply(a, a, out=room)
        np.subtract(1, room, out=room)
        return room.copy()


class ClipsFarInputs(Right):
    def value(self, z):
        np.minimum(z, 500, out=z)
        return np.tanh(z)


class InSingle(Right):
    """Computes in float32, whatever it is given."""

    def value(self, z):
        z32 = z.astype(np.float32)
        return (z32 * (0.5 + 0.5 * np.tanh(z32))).astype(z.dtype)

    def derivative(self, z, a):
        t = np.tanh(z.astype(np.float32))
        return (0.5 + 0.5 * t + z.astype(np.float32) * 0.5 * (1 - t * t)).astype(z.dtype)


class DerivativeInSingle(Right):
    def derivative(self, z, a):
        return (1 - np.square(a.astype(np.float32))).astype(z.dtype)


class HashedSlope(Right):
    """Its slope on the left is taken from the hash of its name."""

    def value(self, z):
        return np.where(z > 0, z, self._slope() * z).astype(z.dtype)

    def derivative(self, z, a):
        return np.where(z > 0, 1, self._slope()).astype(z.dtype)

    def _slope(self):
        return 10.0 ** (hash(self.name) % 100_003 / 1000 - 50)


class SwitchIgnored(Right):
    """Its switch is read nowhere."""

    symmetric: bool = Field(True, description="Whether it is odd")

    def value(self, z):
        return z / (1 + np.abs(z))

    def derivative(self, z, a):
        return 1 / (1 + np.abs(z)) ** 2


_ROOM = {}


class SharesRoomWithinALine(Right):
    """Computes in memory that all threads share, and returns a copy, all in one line."""

    # fmt: off
    def derivative(self, z, a):
        b = _ROOM.setdefault((z.shape, z.dtype.str), np.empty_like(z)); np.multiply(a, a, out=b); return 1 - b  # noqa: E702
    # fmt: on


class FlipsInputAndBack(Right):
    """Changes its argument for a while, and restores it exactly."""

    def value(self, z):
        np.negative(z, out=z)
        a = -np.tanh(z)
        np.negative(z, out=z)
        return a


class ReturnsPositiveInput(Right):
    """Returns its argument itself where there is nothing to cut off."""

    def value(self, z):
        return z if (z > 0).all() else np.maximum(z, 0)

    def derivative(self, z, a):
        return (z > 0).astype(z.dtype)


class FloorInSingle(Right):
    """Is another function far out, in float32 alone."""

    def value(self, z):
        a = 0.5 + 0.5 * np.tanh(0.5 * z)
        return np.where(z < -8, np.float32(0.01), a) if z.dtype == np.float32 else a

    def derivative(self, z, a):
        a = 0.5 + 0.5 * np.tanh(0.5 * z)
        return a * (1 - a)


class WritesIntoACopy(Right):
    """Its room is flattened, which is a copy where the entries lie apart."""

    def value_into(self, z, out):
        out.reshape(-1)[:] = np.tanh(z).reshape(-1)


class OverflowsInPlace(Logistic):
    def value_into(self, z, out):
        np.exp(-z, out=out)
        out += 1
        np.reciprocal(out, out=out)


class ClipsInPlace(Right):
    """What is written in place is wrong far out."""

    def value(self, z):
        return np.arcsinh(z)

    def derivative(self, z, a):
        return 1 / np.hypot(1, z)

    def value_into(self, z, out):
        np.arcsinh(np.clip(z, -10, 10), out=out)


class ReadsWhatWasLeft(Right):
    """Computes a logarithm where it is defined, and multiplies what is left elsewhere by 0."""

    def value(self, z):
        positive = z > 0
        return positive * np.log(z + 1, where=positive)

    def derivative(self, z, a):
        return np.where(z > 0, 1 / (1 + np.abs(z)), 0)


BUGS = {
    FlipsInputAndBack: ALONE,
    ReturnsPositiveInput: ALONE,
    FloorInSingle: DTYPE,
    WritesIntoACopy: IN_PLACE,
    OverflowsInPlace: IN_PLACE,
    ClipsInPlace: IN_PLACE,
    ReadsWhatWasLeft: DETERMINISTIC,
    SharesRoomWithinALine: "is_the_same_in_threads",
    SwitchIgnored: "fields_have_an_effect",
    InSingle: DTYPE,
    DerivativeInSingle: DTYPE,
    HashedSlope: ELSEWHERE,
    WrongSign: SLOPE,
    MissingFactor: SLOPE,
    TakesInputForValue: SLOPE,
    TakesValueForInput: SLOPE,
    ArgumentsSwapped: SLOPE,
    OffByOne: SLOPE,
    ZeroDerivative: SLOPE,
    WrongOnTheLeft: SLOPE,
    OnlyAtDefault: SLOPE,
    NaiveSoftplus: OVERFLOW,
    NaiveSilu: OVERFLOW,
    Hidden: OVERFLOW,
    SquareRoot: FINITE,
    InfiniteSlope: FINITE,
    Softmax: SINGLY,
    Normalizing: SINGLY,
    SummingDerivative: SHAPES,
    Jacobian: SHAPES,
    Flattening: SHAPES,
    Squeezing: SHAPES,
    TwoDimensional: SHAPES,
    Scalar: SHAPES,
    Truth: SHAPES,
    Leaks: DTYPE,
    LeaksInDerivative: DTYPE,
    Single: DTYPE,
    Half: DTYPE,
    ChangesInput: ALONE,
    ChangesValue: ALONE,
    ReturnsInput: ALONE,
    ReturnsView: ALONE,
    ReturnsValue: ALONE,
    Buffered: ALONE,
    Remembers: DETERMINISTIC,
    Noisy: DETERMINISTIC,
    Scratch: "is_the_same_in_threads",
    DrawsGlobally: "leaves_the_process_alone",
    SetsErrors: "leaves_the_process_alone",
    PrintsDifferently: "leaves_the_process_alone",
    Shared: ELSEWHERE,
    StaleInPlace: IN_PLACE,
    StaleForm: "tanh_form_agrees",
    WritesZ: IN_PLACE,
    ReadsOut: IN_PLACE,
    DerivativeFromOut: IN_PLACE,
    BeyondAtKink: KINKS,
    UndefinedAtKink: FINITE,
    WrongLimits: SLOPE,
    WrongFarOut: SATURATED,
    WrongVeryFarOut: EXTREME,
    Alternating: SINGLY,
    ListReturned: SHAPES,
    Raises: SHAPES,
    LooksAtAxes: SINGLY,
    FieldIgnored: "fields_have_an_effect",
    RoomBetweenLines: "is_the_same_in_threads",
    ClipsFarInputs: ALONE,
}


def check_of(id_):
    return next(check for check in checks_for("activation") if check.id == id_)


def failures(plugin):
    return {result.check.id: result.message for result in run_checks(plugin) if not result.ok}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_seeded_bug_is_caught_by_the_check_for_it(bug):
    with pytest.raises(CheckFailure):
        check_of(BUGS[bug])(bug())


class Sine(Right):
    """a = sin(ωz), which is periodic."""

    omega: float = Field(1.0, gt=0, le=100, description="Frequency ω")

    def value(self, z):
        return np.sin(self.omega * z)

    def derivative(self, z, a):
        return self.omega * np.cos(self.omega * z)


class Bump(Right):
    """a = exp(−z²), not monotonic."""

    def value(self, z):
        return np.exp(-np.square(z))

    def derivative(self, z, a):
        return -2 * z * a


class Stairs(Right):
    """a = ⌊4z⌋/4, piecewise constant."""

    def value(self, z):
        return np.floor(4 * z) / 4

    def derivative(self, z, a):
        return np.zeros_like(z)


class Sign(Right):
    """a = sign z, with a jump."""

    def value(self, z):
        return np.sign(z)

    def derivative(self, z, a):
        return np.zeros_like(z)


class Parametric(Right):
    """A relu with a slope on the left that may be negative, as if it were learned, and fields of other types."""

    slope: float = Field(0.25, ge=-2, le=2, description="Slope on the left")
    knots: tuple[float, float] = Field((0.0, 3.0), description="Where it begins and ends to rise")
    capped: bool = Field(False, description="Whether it ends to rise")
    times: int = Field(1, ge=1, le=4, description="Times the value")
    side: Literal["left", "none"] = Field("left", description="Where it leaks")

    def value(self, z):
        leak = self.slope if self.side == "left" else 0.0
        a = np.where(z > 0, np.minimum(z, abs(self.knots[1])) if self.capped else z, leak * z)
        return self.times * a

    def derivative(self, z, a):
        leak = self.slope if self.side == "left" else 0.0
        rises = (z < abs(self.knots[1])) if self.capped else True
        return (self.times * np.where(z > 0, rises, leak)).astype(z.dtype)


class Inherited(Parametric):
    """The same, inherited."""

    name = "inherited"


class HardSaturating(Right):
    """a = z clipped to ±1."""

    def value(self, z):
        return np.clip(z, -1, 1)

    def derivative(self, z, a):
        return (np.abs(z) < 1).astype(z.dtype)


class Cube(Right):
    """a = z³, which grows fast."""

    def value(self, z):
        return z * z * z

    def derivative(self, z, a):
        return 3 * z * z


class Zero(Right):
    """a = 0."""

    def value(self, z):
        return np.zeros_like(z)

    def derivative(self, z, a):
        return np.zeros_like(z)


class Shrink(Right):
    """a = 0 up to λ, and z beyond: it jumps."""

    threshold: float = Field(0.5, gt=0, le=5, description="Threshold λ")

    def value(self, z):
        return np.where(np.abs(z) > self.threshold, z, 0).astype(z.dtype)

    def derivative(self, z, a):
        return (np.abs(z) > self.threshold).astype(z.dtype)


class Steep(Right):
    """a = tanh(βz) with a steepness of up to 1000."""

    beta: float = Field(30.0, ge=1, le=1000, description="Steepness β")

    def value(self, z):
        return np.tanh(self.beta * z)

    def derivative(self, z, a):
        return self.beta * (1 - a * a)


class Eighth(Right):
    """a = ⌊8z⌋/8 + 1/16 inside ±4, as arithmetic of few bits has it."""

    def value(self, z):
        return np.clip(np.floor(8 * z) / 8 + 0.0625, -4, 4).astype(z.dtype)

    def derivative(self, z, a):
        return np.zeros_like(z)


class StraightThrough(Right):
    """z in steps of 1/32 inside ±4, with the slope of z itself, as training with few bits has it."""

    def value(self, z):
        return np.round(np.clip(z, -4, 4) * 32) / 32

    def derivative(self, z, a):
        return (np.abs(z) < 4).astype(z.dtype)


class Sinc(Right):
    """a = sin(z)/z."""

    def value(self, z):
        return np.sinc(z / math.pi)

    def derivative(self, z, a):
        safe = np.where(np.abs(z) < 1e-3, 1, z)
        return np.where(np.abs(z) < 1e-3, -z / 3, (np.cos(z) - a) / safe).astype(z.dtype)


class Vectorized(Right):
    """Loops over entries, and returns an array that cannot be written to."""

    def value(self, z):
        out = np.array([np.arctan(x) for x in z.flat], z.dtype).reshape(z.shape)
        out.flags.writeable = False
        return out

    def derivative(self, z, a):
        return 1 / (1 + z * z)


class RoundedRoot(Right):
    """a = ±√(|z| + ε) − √ε, whose slope at 0 is more than differences over 10⁻⁶ can show."""

    epsilon: float = Field(1e-3, ge=1e-9, le=1, description="How far the root is rounded off")

    def value(self, z):
        return np.sign(z) * (np.sqrt(np.abs(z) + self.epsilon) - math.sqrt(self.epsilon))

    def derivative(self, z, a):
        return 0.5 / np.sqrt(np.abs(z) + self.epsilon)


class Inverse(Right):
    """The inverse of a + a³, by Newton's method."""

    def value(self, z):
        a = np.cbrt(z)
        for _ in range(30):
            a = a - (a + a**3 - z) / (1 + 3 * a * a)
        return a

    def derivative(self, z, a):
        return 1 / (1 + 3 * a * a)


class Interpolated(Right):
    """tanh read off a table, with straight lines between its entries."""

    def value(self, z):
        x = np.arange(-10, 11) / 2
        return np.interp(z, x, np.tanh(x)).astype(z.dtype)

    def derivative(self, z, a):
        x = np.arange(-10, 11) / 2
        slopes = np.diff(np.tanh(x)) / np.diff(x)
        inside = slopes[np.clip(np.floor(2 * z + 10), 0, 19).astype(int)]
        return np.where(np.abs(z) < 5, inside, 0).astype(z.dtype)


class DeadZone(Right):
    """0 within a width, which may be 0 itself, and a line outside: its slope at 0 is that of the dead zone."""

    width: float = Field(0.0, ge=0, le=5, description="Half the width of the dead zone")

    def value(self, z):
        return np.sign(z) * np.maximum(np.abs(z) - self.width, 0)

    def derivative(self, z, a):
        return (np.abs(z) > self.width).astype(z.dtype)


class VerySteep(Right):
    """A sigmoid whose slope in float32 is known as well as its value is, and no better."""

    gain: float = Field(170.0, ge=1, le=1000, description="How steep it is")

    def value(self, z):
        return 0.5 + 0.5 * np.tanh(0.5 * self.gain * z)

    def derivative(self, z, a):
        return self.gain * a * (1 - a)


class InPlace(Right):
    """Writes in place by itself, also into z, and wherever the entries lie."""

    def value(self, z):
        return z / (1 + np.abs(z))

    def derivative(self, z, a):
        return 1 / np.square(1 + np.abs(z))

    def value_into(self, z, out):
        np.divide(z, 1 + np.abs(z), out=out)

    def derivative_into(self, z, a, out):
        np.abs(z, out=out)
        out += 1
        np.square(out, out=out)
        np.reciprocal(out, out=out)


CORRECT = [
    DeadZone(), DeadZone(width=0.5), VerySteep(), InPlace(),
    Right(), Logistic(), Sine(), Sine(omega=30.0), Bump(), Stairs(), Sign(), Parametric(), Parametric(capped=True),
    Inherited(), HardSaturating(), Cube(), Zero(), Shrink(), Steep(), Steep(beta=1000), Vectorized(),
    RoundedRoot(), RoundedRoot(epsilon=1e-6), Eighth(), Sinc(), StraightThrough(),
    Softplus(beta=20.0), ReLU(), Inverse(), Interpolated(),
]  # fmt: skip


@pytest.mark.parametrize("activation", CORRECT, ids=repr)
def test_a_right_activation_passes(activation):
    assert failures(activation) == {}


@parametrize_with_checks([cls() for cls in register_activations()])
def test_the_built_in_activations_pass(plugin, check):
    check(plugin)


@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (WrongSign, SLOPE, "the sign is wrong"),
        (MissingFactor, SLOPE, "a factor 2 is missing"),
        (TakesInputForValue, SLOPE, "it takes z for the value: use a"),
        (ZeroDerivative, SLOPE, "it is 0 everywhere"),
        (WrongOnTheLeft, SLOPE, "it is wrong for negative z only"),
        (Softmax, SINGLY, "let no entry of z influence"),
        (Truth, SHAPES, "returned an array of bool"),
        (Leaks, DTYPE, "value of float32 returned float64"),
        (ChangesInput, ALONE, "value changed its argument: z["),
        (NaiveSoftplus, OVERFLOW, "overflow encountered in exp"),
        (BeyondAtKink, KINKS, "a kink, and it must be between"),
        (StaleInPlace, IN_PLACE, "where a class that it inherits from overrides it, override it too"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_typical_mistake_is_named(bug, check, words):
    with pytest.raises(CheckFailure) as failure:
        check_of(check)(bug())
    assert words in str(failure.value)


def test_each_check_of_activations_catches_one_of_the_bugs():
    assert {check.id for check in CHECKS} - {"accepts_any_memory_layout"} <= set(BUGS.values())
