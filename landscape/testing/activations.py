"""Is an activation right? Its value, elementwise, and its derivative."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from landscape.kinds import Activation, TanhForm
from landscape.layout import Array
from landscape.testing.afresh import beginning, demand_same_afresh
from landscape.testing.calls import (
    AFRESH,
    DTYPES,
    Method,
    accepts_any_memory_layout,
    array,
    close,
    differing_in_single,
    entry,
    finite,
    is_deterministic,
    is_the_same_elsewhere,
    is_the_same_in_threads,
    keeps_dtype,
    leaves_arguments_alone,
    leaves_the_process_alone,
    number,
    strict,
)
from landscape.testing.core import Check, fail, values_of
from landscape.testing.effects import demand_effects
from landscape.testing.inplace import demand_same_in_place, has_its_own
from landscape.testing.precision import demand_all_digits
from landscape.testing.slopes import Slopes, Truth, slopes_of
from landscape.testing.variants import off_bounds

_SHAPES = ((6,), (1,), (4, 3), (3, 1), (2, 4, 3), (0, 3))


def _value(activation: Activation, z: Array) -> Array:
    """Return the values; CheckFailure when they are not one for each z."""
    return _like(z, "value", array(activation, "value", activation.value(z)))


def _derivative(activation: Activation, z: Array, a: Array) -> Array:
    """Return the derivatives; CheckFailure when they are not one for each z."""
    return _like(z, "derivative", array(activation, "derivative", activation.derivative(z, a)))


def _like(z: Array, method: str, result: Array) -> Array:
    if result.shape != z.shape:
        fail(
            f"{method} returned shape {result.shape} for z of shape {z.shape}: an activation is elementwise, so that "
            "it returns one number for each of z and sums over nothing."
        )
    return result


METHODS = (
    Method("value", ("z",), lambda activation, x: _value(activation, x[0])),
    Method("derivative", ("z", "a"), lambda activation, x: _derivative(activation, *x)),
)


def _ordinary(size: int = 64) -> Array:
    return 2.0 * np.random.default_rng(1).normal(size=size)


def _saturated() -> Array:
    size = np.random.default_rng(2).uniform(4, 60, 100)
    return np.concatenate([size, -size, _ordinary(20)])


def _extreme() -> Array:
    large = np.array([1e4, 3e3, 1e3, 3e2, 1e2])
    return np.concatenate([large, -large, [0.0, -0.0, 1e-30, -1e-30], _ordinary(10)])


def _special(activation: Activation) -> Array:
    """Return the points where activations often have kinks: small numbers, and the hyperparameters."""
    numbers = [float(v) for v in values_of(activation).values() if isinstance(v, int | float)]
    return np.unique([*np.arange(-24, 25) / 4, *numbers, *(-v for v in numbers)])


def _with_values(activation: Activation, z: Array) -> tuple[Array, Array]:
    return z, _value(activation, z.copy()).copy()


def _shapes(activation: Activation) -> None:
    for shape in _SHAPES:
        z = _ordinary(int(np.prod(shape))).reshape(shape)
        a = _value(activation, z)
        _derivative(activation, z, a)


def _elementwise(activation: Activation) -> None:
    z, a = _with_values(activation, _ordinary().reshape(8, 8))
    order = np.random.default_rng(3).permutation(z.size)
    for method in METHODS:
        together = method.call(activation, (z, a))
        alone = np.array([method.call(activation, _one(z, a, i))[0] for i in range(z.size)]).reshape(z.shape)
        mixed = method.call(activation, (z.ravel()[order], a.ravel()[order]))
        if not close(together, alone) or not close(mixed, together.ravel()[order]):
            i = tuple(np.unravel_index(np.nanargmax(np.abs(together - alone)), z.shape))
            fail(
                f"{entry(method.name, i)} is {number(together[i])} at z = {number(z[i])} among others, and "
                f"{number(alone[i])} where it is alone: an activation is elementwise, so let no entry of z influence "
                "another (no sum, mean, max or norm over an axis)."
            )
        many = method.call(activation, (np.concatenate([z] * 50), np.concatenate([a] * 50)))
        if not close(many, np.concatenate([together] * 50)):
            fail(f"{method.name} returns other numbers for the same z among {50 * z.size}: let it treat any number.")
        for shape in ((64,), (1, 64), (4, 4, 4), (2, 2, 4, 4)):
            reshaped = method.call(activation, (z.reshape(shape), a.reshape(shape)))
            if not close(reshaped.reshape(z.shape), together):
                fail(
                    f"{method.name} returns other numbers for the same z in the shape {shape} than in {z.shape}: an "
                    "activation is elementwise, so let it look at no axis."
                )


def _one(z: Array, a: Array, i: int) -> tuple[Array, Array]:
    return z.ravel()[i : i + 1].copy(), a.ravel()[i : i + 1].copy()


def _finite(activation: Activation) -> None:
    _demand_finite(activation, np.concatenate([_ordinary(), _saturated(), _special(activation)]), "")


def _extremes(activation: Activation) -> None:
    _demand_finite(activation, _extreme(), " at inputs up to ±10,000")


def _demand_finite(activation: Activation, z: Array, where: str) -> None:
    for dtype in DTYPES:
        mine: Array = z.astype(dtype)
        with strict(activation, f"value{where} in {np.dtype(dtype)}"):
            a: Array = _value(activation, mine.copy()).astype(dtype)
        finite("value", a, _at(mine, a, dtype))
        with strict(activation, f"derivative{where} in {np.dtype(dtype)}"):
            slopes = _derivative(activation, mine, a)
        finite("derivative", slopes, _at(mine, slopes, dtype))


def _at(z: Array, values: Array, dtype: Any) -> str:
    bad = np.flatnonzero(~np.isfinite(values))
    return f"at z = {number(z[bad[0]])} in {np.dtype(dtype)}" if len(bad) else ""


def _compare(activation: Activation, z: Array, where: str) -> None:
    """Check the derivative against the slopes of the value."""
    z, a = _with_values(activation, z)
    derivative = _derivative(activation, z.copy(), a)
    finite("derivative", derivative, _at(z, derivative, np.float64))
    slopes = _slopes(activation, z)
    ordinary = _derivative(activation, *_with_values(activation, _ordinary()))
    scale = max(
        float(np.max(np.abs(slopes.mid), initial=0.0, where=np.isfinite(slopes.mid_error))),
        float(np.max(np.abs(ordinary), initial=0.0, where=np.isfinite(ordinary))),
    )
    right = slopes.admits(derivative, scale)
    if not right.all():
        right |= _right_within_bounds(activation, z, derivative, scale)
    if right.all():
        return
    off = np.where(right, -1.0, np.abs(derivative - slopes.mid) / (np.abs(slopes.mid) + 0.01 * scale))
    i = int(np.argmax(off))
    low, high = slopes.low[i], slopes.high[i]
    if slopes.kinks(scale)[i]:
        slope = f"has slopes from {number(low)} to {number(high)} there, a kink, and it must be between"
    else:
        slope = f"has the slope {number(slopes.mid[i])} there"
    fail(
        f"derivative is {number(derivative[i])} at z = {number(z[i])}, where the value is {number(a[i])}, but the "
        f"value {slope}: {_diagnose(activation, z, a, derivative, slopes, scale)}.",
        f"This is {where}; {int((~right).sum())} of {right.size} points are wrong.",
    )


def _right_within_bounds(activation: Activation, z: Array, derivative: Array, scale: float) -> Truth:
    """Return at which single points the derivative is what it rightly is with numbers a little within their bounds.

    With a width of 0, a dead zone is one point: there, its slope of 0 is as good as that of the line around it.
    """
    found = np.zeros(z.shape, bool)
    around = np.concatenate([z - 1e-3, z + 1e-3])
    beside = _slopes(activation, around).admits(_derivative(activation, *_with_values(activation, around)), scale)
    for other in off_bounds(activation):
        theirs = _derivative(other, *_with_values(other, z))
        alike = np.abs(theirs - derivative) <= 1e-6 * scale
        found |= alike & _slopes(other, z).admits(theirs, scale)
    return np.asarray(found & beside.reshape(2, -1).all(axis=0))


def _slopes(activation: Activation, z: Array) -> Slopes:
    return slopes_of(lambda x: _value(activation, x.copy()).astype(np.float64), z)


def _diagnose(activation: Activation, z: Array, a: Array, derivative: Array, slopes: Slopes, scale: float) -> str:
    """Return the typical mistake that would explain wrong derivatives."""
    if not derivative.any():
        return "it is 0 everywhere"
    mistakes = {
        "the sign is wrong": -derivative,
        "a factor 2 is missing": 2 * derivative,
        "a factor 2 is too much": derivative / 2,
        "it takes z for the value: use a, its second argument, in its formula": activation.derivative(a, a),
        "it takes the value for z: use z, its first argument, in its formula": activation.derivative(z, z),
        "its arguments are swapped: z is the first, and a the second": activation.derivative(a, z),
    }
    for says, corrected in mistakes.items():
        if np.shape(corrected) == derivative.shape and slopes.admits(np.asarray(corrected), scale).all():
            return says
    large = np.abs(slopes.mid) > 1e-3 * scale
    ratios = derivative[large] / slopes.mid[large]
    if len(ratios) and np.ptp(ratios) < 1e-3 * abs(ratios[0]):
        return f"it is {number(ratios[0])} times what it should be everywhere"
    for says, side in (("negative", z < 0), ("positive", z > 0)):
        if slopes.admits(derivative, scale)[~side].all():
            return f"it is wrong for {says} z only"
    return "derive value anew"


def _at_ordinary(activation: Activation) -> None:
    _compare(activation, np.concatenate([_ordinary(), np.linspace(-6.07, 6.03, 121)]), "at ordinary inputs")


def _at_saturated(activation: Activation) -> None:
    _compare(activation, _saturated(), "at inputs of 4 to 60 and −4 to −60")


def _at_extreme(activation: Activation) -> None:
    _compare(activation, _extreme(), "at inputs up to ±10,000")


def _at_kinks(activation: Activation) -> None:
    _compare(activation, _special(activation), "at whole numbers, quarters and hyperparameters")


def _in_place(activation: Activation) -> None:
    inputs = [_ordinary().reshape(8, 8)]
    if has_its_own(activation):
        inputs += [_saturated(), _extreme(), _special(activation)]
    for exact in inputs:
        for dtype in DTYPES:
            z: Array = exact.astype(dtype)
            with np.errstate(all="ignore"):  # whether far ones overflow is another check's
                a: Array = _value(activation, z.copy()).astype(dtype)
                slopes = _derivative(activation, z, a)
            if np.isfinite(a).all() and np.isfinite(slopes).all():
                demand_same_in_place(activation, z, a, slopes)


def _tanh_form(activation: Activation) -> None:
    form = activation.tanh_form
    if form is None:
        return
    if not isinstance(form, TanhForm):
        fail(f"{type(activation).__name__}.tanh_form is {form!r}: write a landscape.kinds.TanhForm, or leave it away.")
    z = np.concatenate([_ordinary(), _saturated()])
    said, value = form.offset + form.scale * np.tanh(form.slope * z), _value(activation, z)
    if not np.allclose(said, value, rtol=1e-9, atol=1e-12):
        i = int(np.argmax(np.abs(said - value)))
        fail(
            f"tanh_form says {number(said[i])} at z = {number(z[i])}, but value returns {number(value[i])}: surfaces "
            "would show another function than training uses; set tanh_form = None."
        )


def _arguments(activation: Activation) -> None:
    for dtype in DTYPES:
        leaves_arguments_alone(activation, METHODS, _pair(activation, dtype))
    z = np.abs(_ordinary(4))
    for mine in (z, -z, 0 * z):  # where all are alike, a function may have nothing to do
        leaves_arguments_alone(activation, METHODS, _with_values(activation, mine))
    with np.errstate(all="ignore"):  # whether far ones overflow is another check's
        leaves_arguments_alone(activation, METHODS, _with_values(activation, _extreme()))


def _pair(activation: Activation, dtype: Any) -> tuple[Array, Array]:
    z = _ordinary().astype(dtype).reshape(8, 8)
    return z, _value(activation, z.copy()).astype(dtype)


def _deterministic(activation: Activation) -> None:
    is_deterministic(activation, METHODS, _pair(activation, np.float64))


def _elsewhere(activation: Activation) -> None:
    is_the_same_elsewhere(activation, METHODS, _pair(activation, np.float64))
    demand_same_afresh(activation, _results, "the same z", AFRESH, processes=1)


def _results(activation: Activation) -> dict[str, Array]:
    """Return values and derivatives, as another process is asked for them, which has seen other z before."""
    _derivative(activation, *_with_values(activation, _saturated()))
    z, a = _pair(activation, np.float64)
    return {"values": a, "derivatives": _derivative(activation, z, a)}


def _threads(activation: Activation) -> None:
    is_the_same_in_threads(activation, METHODS, _pair(activation, np.float64))


def _process(activation: Activation) -> None:
    leaves_the_process_alone(activation, METHODS, _pair(activation, np.float64))


def _layout(activation: Activation) -> None:
    accepts_any_memory_layout(activation, METHODS, _pair(activation, np.float64))


def _dtype(activation: Activation) -> None:
    keeps_dtype(activation, METHODS, lambda dtype: _pair(activation, dtype))
    for method in METHODS:
        single, double, off = differing_in_single(activation, method, partial(_far, activation))
        if off.any():
            i = int(np.argmax(off))
            fail(
                f"{method.name} is {number(single[i])} in float32, but {number(double[i])} in float64 at z = "
                f"{number(_saturated()[i])}: compute both alike."
            )
    z = np.concatenate([scale * _ordinary() for scale in (1, 0.1, 0.01, 0.001)])  # of which steep ones need the last
    for method in METHODS:
        demand_all_digits(
            method.name,
            lambda change, method=method: method.call(activation, _with_values(activation, z * (1 + change))),  # type: ignore[misc]
        )


def _far(activation: Activation, dtype: Any, change: float) -> tuple[Array, Array]:
    return _with_values(activation, _saturated().astype(np.float32).astype(dtype) * (1 + change))


def _effects(activation: Activation) -> None:
    demand_effects(activation, _answer)


def _answer(activation: Activation) -> bytes:
    """Return the values and derivatives at inputs of all sizes, the same for all hyperparameters."""
    z = np.concatenate([_ordinary(), _saturated(), np.arange(-24, 25) / 4, _extreme()])
    with np.errstate(all="ignore"):  # whether far ones overflow is another check's
        return b"".join(method.call(activation, _with_values(activation, z)).tobytes() for method in METHODS)


CHECKS: tuple[Check, ...] = (
    Check("shapes_fit", "There is one value and one slope for each input.", _shapes, varied=True),
    Check("is_elementwise", "No entry influences another.", _elementwise, varied=True),
    Check("values_are_finite", "Value and derivative are finite and computed quietly.", _finite, varied=True),
    Check("derivative_is_the_slope_of_the_value", "The derivative agrees with differences.", _at_ordinary, varied=True),
    Check("derivative_is_right_where_saturated", "So it does at inputs up to ±60.", _at_saturated, varied=True),
    Check("derivative_is_right_at_extremes", "So it does at inputs of ±10,000.", _at_extreme, varied=True),
    Check("derivative_is_right_at_kinks", "Where slopes jump, it is between them.", _at_kinks, varied=True),
    Check("extremes_do_not_overflow", "Inputs of ±10,000 give finite numbers quietly.", _extremes, varied=True),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
    Check("in_place_agrees", "The methods that write in place give the same.", _in_place, varied=True),
    Check("tanh_form_agrees", "Where the class says its form, it is the value's.", _tanh_form, varied=True),
    Check("keeps_dtype", "Results are in the dtype of the inputs, and right in both.", _dtype, varied=True),
    Check("accepts_any_memory_layout", "Strided arrays mean the same.", _layout),
    Check("leaves_arguments_alone", "Arguments are neither changed nor returned.", _arguments, varied=True),
    Check("is_deterministic", "Results depend on the arguments and fields alone.", _deterministic, varied=True),
    Check(
        "is_the_same_elsewhere",
        "So do those of its like, here and in another process.",
        _elsewhere,
        begin=beginning(_results),
    ),
    Check("is_the_same_in_threads", "Several threads may call it at once.", _threads),
    Check("leaves_the_process_alone", "Nothing is changed that all of a process shares.", _process),
)
