"""Is a cost right? Its losses, one for each example, and their gradient by the outputs."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import numpy as np

from landscape.kinds import Cost
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
from landscape.testing.examples import N, Sample, extreme, families, kinks, ordinary, saturated
from landscape.testing.gradients import (
    compare,
    demand_no_jumps,
    demand_slopes_in_single,
    gradient_of,
    losses_of,
    numbers,
    row_of,
)
from landscape.testing.precision import demand_all_digits

METHODS = (
    Method("per_example", ("outputs", "targets"), lambda cost, x: losses_of(cost, *x)),
    Method("gradient", ("outputs", "targets"), lambda cost, x: gradient_of(cost, *x)),
)


def _shapes(cost: Cost) -> None:
    for sample in (ordinary(cost), ordinary(cost, n=1), ordinary(cost, n=2, k=2), ordinary(cost, n=3, k=5)):
        for method in METHODS:
            method.call(cost, sample)
    _one_output(cost)


def _one_output(cost: Cost) -> None:
    """Check the shapes with a single output, which costs of classes may refuse by raising."""
    sample = ordinary(cost, n=4, k=1)
    for method in METHODS:
        try:
            getattr(cost, method.name)(*sample)
        except Exception:  # with a single class there is nothing to compare
            return
        method.call(cost, sample)


def _leading_axes(cost: Cost) -> None:
    base = ordinary(cost)
    for lead in ((1,), (2,), (2, 4)):
        stack = np.stack([ordinary(cost, seed=i).outputs for i in range(int(np.prod(lead)))])
        stack = stack.reshape(*lead, *base.outputs.shape)
        for method in METHODS:
            together = method.call(cost, (stack, base.targets))
            for place in product(*map(range, lead)):
                alone = method.call(cost, (stack[place].copy(), base.targets))
                if not close(together[place], alone):
                    fail(
                        f"{method.name} of outputs {stack.shape} differs at {list(place)} from {method.name} of "
                        f"outputs[{', '.join(map(str, place))}] alone: leading axes are independent evaluations of "
                        "the same examples, so work along the last axis, axis=-1, and index from the end."
                    )
            targets = base.targets.astype(np.float32)
            single, alone = (method.call(cost, (x.astype(np.float32), targets)) for x in (stack, base.outputs))
            if single.dtype != alone.dtype:
                fail(
                    f"{method.name} of float32 outputs {stack.shape} returned {single.dtype}: keep the dtype of the "
                    "outputs with leading axes, too; give np.zeros and the like a dtype."
                )


def _rows(cost: Cost) -> None:
    for sample in (ordinary(cost), *(sample for _, sample in families(cost))):
        _demand_independence(cost, *sample)


def _demand_independence(cost: Cost, outputs: Array, targets: Array) -> None:
    """Fail unless each example gives the same alone, in another order, and among many."""
    order = np.random.default_rng(5).permutation(N)
    for method in METHODS:
        whole = method.call(cost, (outputs, targets))
        rows = np.concatenate([method.call(cost, (outputs[i : i + 1], targets[i : i + 1])) for i in range(N)])
        if not close(whole, rows):
            if close(whole * N, rows):
                fail(
                    f"{method.name} is divided by the number of examples: with {N} of them it is 1/{N} of what it is "
                    "with one. Only the objective averages over examples: remove the mean or the division."
                )
            i = tuple(np.unravel_index(np.nanargmax(np.abs(whole - rows)), whole.shape))
            fail(
                f"{entry(method.name, i)} is {number(whole[i])} among {N} examples and {number(rows[i])} when example "
                f"{int(i[0])} is alone: examples must not influence each other, so work along the last axis only."
            )
        if not close(method.call(cost, (outputs[order].copy(), targets[order].copy())), whole[order]):
            fail(f"{method.name} depends on the order of the examples: each must be treated alike.")
        many = method.call(cost, (np.concatenate([outputs] * 50), np.concatenate([targets] * 50)))
        if not close(many, np.concatenate([whole] * 50)):
            fail(f"{method.name} gives other numbers for the same examples among {50 * N}: let it treat any number.")


def _finite(cost: Cost) -> None:
    for sample, where in ((ordinary(cost), "at ordinary outputs"), (saturated(cost), "at saturated outputs")):
        for dtype in DTYPES:
            _demand_finite(cost, sample.astype(dtype), f"{where} in {np.dtype(dtype)}")


def _extremes(cost: Cost) -> None:
    sample = extreme(cost)
    for dtype in DTYPES:
        _demand_finite(cost, sample.astype(dtype), f"at outputs up to ±10,000 in {np.dtype(dtype)}")


def _demand_finite(cost: Cost, sample: Sample, where: str) -> None:
    for method in METHODS:
        with strict(cost, f"{method.name} {where}"):
            values = method.call(cost, sample)
        finite(method.name, values, f"{where}, where the outputs are {row_of(sample, values)}")


def _at_ordinary(cost: Cost) -> None:
    compare(cost, ordinary(cost), "at ordinary outputs")
    compare(cost, ordinary(cost, n=8, k=2), "at ordinary outputs, of which there are two,")
    compare(cost, ordinary(cost, n=4, k=5), "at ordinary outputs, of which there are five,")
    compare(cost, ordinary(cost, n=4, k=12), "at ordinary outputs, of which there are twelve,")
    single = ordinary(cost, n=8, k=1)
    try:
        cost.per_example(*single)
        cost.gradient(*single)
    except Exception:  # with a single class there is nothing to compare
        return
    compare(cost, single, "at a single output")


def _at_other_targets(cost: Cost) -> None:
    for family, sample in families(cost):
        compare(cost, sample, f"at targets that are {family}, since the cost rests where the outputs say just these")


def _at_saturated(cost: Cost) -> None:
    compare(cost, saturated(cost), "at saturated outputs")


def _at_extreme(cost: Cost) -> None:
    compare(cost, extreme(cost), "at outputs up to ±10,000")


def _at_kinks(cost: Cost) -> None:
    offsets = [float(v) for v in values_of(cost).values() if isinstance(v, int | float)]
    sample = kinks(cost, offsets)
    for dtype in DTYPES:
        _demand_finite(cost, sample.astype(dtype), "at outputs that are tied, 0 or equal to the targets")
    compare(cost, sample, "at outputs that are tied, whole numbers or equal to the targets")
    demand_no_jumps(cost, sample)


def _total(cost: Cost) -> None:
    samples = [("ordinary outputs", ordinary(cost))]
    if type(cost).total_and_gradient is not Cost.total_and_gradient:
        samples += [("saturated outputs", saturated(cost)), ("outputs up to ±10,000", extreme(cost))]
        samples += [(f"targets that are {name}", sample) for name, sample in families(cost)]
    for where, exact in samples:
        for dtype in DTYPES:
            _demand_total(cost, exact.astype(dtype), f"at {where} in {np.dtype(dtype)}")


def _demand_total(cost: Cost, sample: Sample, where: str) -> None:
    """Fail unless the total and gradient in one are those of the methods, where these are finite, and its own."""
    dtype = sample.outputs.dtype
    mine = Sample(*(x.copy() for x in sample))
    with np.errstate(all="ignore"):  # whether they overflow is another check's
        losses, gradient = losses_of(cost, *sample), gradient_of(cost, *sample)
    if not (np.isfinite(losses).all() and np.isfinite(gradient).all()):
        return
    with strict(cost, f"total_and_gradient {where}"):
        total, together = cost.total_and_gradient(*mine)
    together = array(cost, "total_and_gradient", together)
    if together.shape != gradient.shape or together.dtype != dtype:
        fail(
            f"total_and_gradient returned a gradient of shape {together.shape} and {together.dtype} for outputs "
            f"{sample.outputs.shape} of {dtype}: it must be like the outputs."
        )
    rounding = 100 * float(np.finfo(dtype).eps) * float(np.abs(losses).sum() + 1)
    if np.ndim(total) != 0 or not abs(float(total) - float(losses.sum(dtype=np.float64))) <= rounding:
        fail(
            f"total_and_gradient returned the total {total!r} {where}, but the losses of per_example sum up to "
            f"{number(losses.sum())}: it must do the same as the two methods, only faster; where a class that it "
            "inherits from overrides it, override it too."
        )
    if not close(together, gradient):
        i = tuple(np.unravel_index(np.nanargmax(np.abs(together - gradient)), gradient.shape))
        fail(
            f"total_and_gradient returned {number(together[i])} for {entry('gradient', i)} {where}, but gradient "
            f"returns {number(gradient[i])}: it must do the same as the two methods, only faster; where a class that "
            "it inherits from overrides it, override it too."
        )
    if any(np.shares_memory(together, x) for x in mine) or not together.flags.writeable:
        fail("total_and_gradient returned an array that is not its own: it is worked on in place, so copy it.")
    if any(a.tobytes() != b.tobytes() for a, b in zip(sample, mine, strict=True)):
        fail("total_and_gradient changed its arguments: work on copies.")
    kept = together.copy()
    cost.total_and_gradient(mine.outputs[::-1].copy(), mine.targets[::-1].copy())
    if kept.tobytes() != together.tobytes():
        fail(
            "what total_and_gradient returned was changed by its next call: return a new array each time, not one "
            "that the plugin keeps."
        )


def _nonnegative(cost: Cost) -> None:
    if not cost.nonnegative:
        return
    least = kinks(cost, [])  # outputs that are the targets are among them
    for exact in (ordinary(cost), saturated(cost), extreme(cost), least, *(sample for _, sample in families(cost))):
        for dtype in DTYPES:
            sample = exact.astype(dtype)
            losses = losses_of(cost, *sample)
            rounding = 64 * float(np.finfo(dtype).eps) * (1 + np.abs(sample.outputs).max(axis=-1))
            if (losses < -rounding).any():
                i = int(np.argmin(losses + rounding))
                fail(
                    f"losses[{i}] is {number(losses[i])} in {np.dtype(dtype)} where the outputs are "
                    f"{numbers(sample.outputs[i])} and the targets {numbers(sample.targets[i])}, but "
                    f"{type(cost).__name__}.nonnegative says that no loss is below 0: mend the loss, or leave "
                    "nonnegative away."
                )


def _ranges(cost: Cost) -> None:
    for name in ("output_range", "target_range"):
        limits = getattr(cost, name)
        if not (isinstance(limits, tuple) and len(limits) == 2 and limits[0] < limits[1]):
            fail(f"{type(cost).__name__}.{name} is {limits!r}: write the least and the greatest number, as (0.0, 1.0).")
    for name in ("nonnegative", "takes_logits"):
        if not isinstance(getattr(cost, name), bool):
            fail(f"{type(cost).__name__}.{name} is {getattr(cost, name)!r}: write True or False.")


def _arguments(cost: Cost) -> None:
    for dtype in DTYPES:
        leaves_arguments_alone(cost, METHODS, ordinary(cost).astype(dtype))
    with np.errstate(all="ignore"):  # whether far ones overflow is another check's
        leaves_arguments_alone(cost, METHODS, extreme(cost))
        leaves_arguments_alone(cost, METHODS, kinks(cost, []))


def _deterministic(cost: Cost) -> None:
    is_deterministic(cost, METHODS, ordinary(cost))


def _elsewhere(cost: Cost) -> None:
    is_the_same_elsewhere(cost, METHODS, ordinary(cost))
    demand_same_afresh(cost, _results, "the same example", AFRESH, processes=1)


def _results(cost: Cost) -> dict[str, Array]:
    """Return losses and gradient, as another process is asked for them, which has seen other examples before."""
    for method in METHODS:
        method.call(cost, saturated(cost))
    return {
        what: method.call(cost, ordinary(cost)) for what, method in zip(("losses", "gradient"), METHODS, strict=True)
    }


def _threads(cost: Cost) -> None:
    is_the_same_in_threads(cost, METHODS, ordinary(cost))


def _process(cost: Cost) -> None:
    leaves_the_process_alone(cost, METHODS, ordinary(cost))


def _layout(cost: Cost) -> None:
    accepts_any_memory_layout(cost, METHODS, ordinary(cost))


def _dtype(cost: Cost) -> None:
    keeps_dtype(cost, METHODS, lambda dtype: ordinary(cost).astype(dtype))
    single, double, off = differing_in_single(cost, METHODS[1], partial(_far, cost))
    if off.any():  # what is kept from 0 by the least of its dtype may differ, but goes with its losses
        demand_slopes_in_single(cost, _far(cost, np.float32, 0.0), single, double, off > 0)
    for method in METHODS:
        demand_all_digits(method.name, partial(_changed, cost, method, ordinary(cost), 0))
        for name, sample in families(cost):
            for argument in (0,) if name == "distributions" else (0, 1):  # which sum up to 1 exactly
                demand_all_digits(method.name, partial(_changed, cost, method, sample, argument))


def _far(cost: Cost, dtype: Any, change: float) -> Sample:
    outputs, targets = saturated(cost).astype(np.float32).astype(dtype)
    return Sample(np.clip(outputs * (1 + change), *cost.output_range).astype(dtype), targets)


def _changed(cost: Cost, method: Method, sample: Sample, argument: int, change: float) -> Array:
    """Return the results of `method` where one of its arguments is changed by a share of itself."""
    arguments = [values.copy() for values in sample]
    low, high = (cost.output_range, cost.target_range)[argument]
    arguments[argument] = np.clip(arguments[argument] * (1 + change), low, high)
    return method.call(cost, (arguments[0], arguments[1]))


def _effects(cost: Cost) -> None:
    demand_effects(cost, _answer)


def _answer(cost: Cost) -> bytes:
    """Return the losses and gradients at all that is tried."""
    samples = [ordinary(cost), saturated(cost), extreme(cost), kinks(cost, [0.5, 1.0]), *(s for _, s in families(cost))]
    with np.errstate(all="ignore"):  # whether far ones overflow is another check's
        return b"".join(method.call(cost, sample).tobytes() for sample in samples for method in METHODS)


CHECKS: tuple[Check, ...] = (
    Check("ranges_are_ranges", "What the class says of its outputs, targets and losses has the right form.", _ranges),
    Check("shapes_fit", "There is one loss for each example, and one slope for each output.", _shapes, varied=True),
    Check("leading_axes_are_evaluations", "Leading axes hold independent evaluations.", _leading_axes, varied=True),
    Check("examples_are_independent", "No example influences another, and none is averaged.", _rows, varied=True),
    Check("losses_are_finite", "Losses and gradient are finite at ordinary outputs.", _finite, varied=True),
    Check("gradient_is_the_slope_of_the_losses", "The gradient agrees with differences.", _at_ordinary, varied=True),
    Check("gradient_is_right_at_other_targets", "So it does at targets that are not 0 or 1.", _at_other_targets, True),
    Check("gradient_is_right_where_saturated", "So it does at saturated outputs.", _at_saturated, varied=True),
    Check("gradient_is_right_at_extremes", "So it does at outputs of ±10,000.", _at_extreme, varied=True),
    Check("gradient_is_right_at_kinks", "Where slopes jump, it is between them.", _at_kinks, varied=True),
    Check("extremes_do_not_overflow", "Outputs of ±10,000 give finite numbers quietly.", _extremes, varied=True),
    Check("nonnegative_as_it_says", "Where the class says so, no loss is negative.", _nonnegative, varied=True),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
    Check("total_agrees", "The total and gradient in one are those of the methods.", _total, varied=True),
    Check("keeps_dtype", "Results are in the dtype of the outputs, and right in both.", _dtype, varied=True),
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
