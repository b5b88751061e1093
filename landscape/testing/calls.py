"""Does a method of a plugin compute, and do nothing else? Checks that costs and activations share."""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from landscape.kinds import Plugin
from landscape.layout import Array
from landscape.testing.core import fail, place_of, values_of
from landscape.testing.interleave import interrupted
from landscape.testing.probe import identical, remade
from landscape.testing.surroundings import demand_undisturbed, recognizable, shared
from landscape.testing.talk import Kept
from landscape.testing.variants import variants

DTYPES = (np.float32, np.float64)
AFRESH = (
    "Let it depend on the fields and its arguments alone: on no hash() or order of a set, which differ from process to "
    "process, on no random numbers drawn when the module is imported, and on nothing that was computed before."
)
"""What to do where another process computes other numbers."""


class Method(NamedTuple):
    """A method of a plugin as a pure function of arrays: what it is called, and how to call it on a plugin."""

    name: str
    arguments: tuple[str, ...]
    call: Callable[[Any, tuple[Array, ...]], Array]


def number(value: Any) -> str:
    """Return a number in six significant digits, with a minus sign proper."""
    return f"{float(value):.6g}".replace("-", "−")


def entry(name: str, index: tuple[Any, ...]) -> str:
    """Return how to write an entry of an array, as ``gradient[3, 1]``."""
    return f"{name}[{', '.join(str(int(i)) for i in index)}]" if index else name


def array(plugin: Plugin, method: str, result: Any) -> Array:
    """Return what `method` returned; CheckFailure when it is no array of real numbers."""
    if not isinstance(result, np.ndarray | np.generic):
        fail(f"{method} returned {_shown(result)}, a {type(result).__name__}: return a NumPy array.")
    if isinstance(result, np.ma.MaskedArray | np.matrix):
        fail(f"{method} returned a {type(result).__name__}: return a plain array, such as np.where makes.")
    if result.dtype.kind != "f":
        fail(
            f"{method} returned an array of {result.dtype}: return floating-point numbers, in the dtype of the first "
            "argument."
        )
    return np.asarray(result)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"


def finite(name: str, values: Array, where: str) -> None:
    """Raise CheckFailure where `values` are not finite."""
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        index = tuple(bad[0])
        fail(
            f"{entry(name, index)} is {number(values[index])} {where}, as are {len(bad)} of {values.size} in all."
            if len(bad) > 1
            else f"{entry(name, index)} is {number(values[index])} {where}.",
            "Rewrite the formula so that nothing overflows, is divided by 0 or is a logarithm of 0: log-sum-exp, "
            "np.logaddexp, a shift by the maximum, or np.where on the arguments rather than on the results.",
        )


@contextmanager
def strict(plugin: Plugin, what: str) -> Iterator[None]:
    """Turn a floating-point error, or a warning of one, into a CheckFailure that says `what` was computed."""
    try:
        with warnings.catch_warnings(), np.errstate(divide="raise", over="raise", invalid="raise"):
            warnings.simplefilter("error", RuntimeWarning)
            yield
    except (FloatingPointError, RuntimeWarning, OverflowError, ZeroDivisionError) as error:
        fail(
            f"{place_of(plugin, error)}{what} raised the floating-point error “{error}”.",
            "Rewrite the formula so that nothing overflows, is divided by 0 or is a logarithm of 0, in the branches "
            "that np.where does not choose, too; do not hide it with np.errstate.",
        )


def keeps_dtype(plugin: Plugin, methods: tuple[Method, ...], make: Callable[[Any], tuple[Array, ...]]) -> None:
    """Check that results have the dtype of the arguments, and agree with float64 to the precision of float32."""
    exact = tuple(x.astype(np.float64) for x in make(np.float32))
    for method in methods:
        for dtype in DTYPES:
            result = array(plugin, method.name, method.call(plugin, make(dtype)))
            if result.dtype != dtype:
                fail(
                    f"{method.name} of {np.dtype(dtype)} returned {result.dtype}: keep the dtype of the arguments.",
                    "NumPy keeps it beside Python's numbers, but not beside its own: write float(np.log(2)) or "
                    "math.log(2) for np.log(2), and give np.zeros, np.ones, np.arange and all that np.where chooses "
                    "from a dtype.",
                )
        single = method.call(plugin, make(np.float32)).astype(np.float64)
        double = method.call(plugin, exact)
        # Rounding of the arguments alone may be felt as much as the largest result.
        off = np.abs(single - double) - 2e-4 * (1e-9 + np.abs(double) + np.max(np.abs(double)))
        if single.shape == double.shape and np.isfinite(double).all() and not (off <= 0).all():
            index = np.unravel_index(np.argmax(np.nan_to_num(off, nan=np.inf)), off.shape)
            fail(
                f"{entry(method.name, index)} is {number(single[index])} in float32, but {number(double[index])} in "
                "float64: compute both alike, and nothing in less than float32."
            )
    for dtype in DTYPES:
        _computes_in_single_at_least(plugin, methods, make(dtype))


def differing_in_single(
    plugin: Plugin, method: Method, make: Callable[[Any, float], tuple[Array, ...]]
) -> tuple[Array, Array, Array]:
    """Return the results of a method in float32 and in float64, and by how much more they differ than they may.

    Parameters
    ----------
    make : returns the arguments in a dtype, the first changed by a given share of itself; unchanged, they are the
        same numbers in both dtypes.
    """
    change = 2.0**-22  # what rounding in float32 may do to an argument
    with np.errstate(all="ignore"):  # whether they overflow is another check's
        single = method.call(plugin, make(np.float32, 0.0)).astype(np.float64)
        double, *changed = (method.call(plugin, make(np.float64, share)) for share in (0.0, change, -change))
        rounded = tuple(x.astype(np.float32).astype(np.float64) for x in make(np.float64, 0.0))
        changed.append(method.call(plugin, rounded))
        felt = np.max(np.abs(np.stack(changed) - double), axis=0)
        size = float(np.max(np.abs(double), initial=0.0, where=np.isfinite(double)))
        off = np.abs(single - double) - 16 * felt - 2e-4 * (1e-9 + size)
    return single, double, np.maximum(np.nan_to_num(off, nan=0.0, posinf=0.0), 0.0)


def _computes_in_single_at_least(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that the first method notices a change of its first argument that float32 would, by its slopes."""
    change = 5e-5
    value, slope = (method.call(plugin, arguments) for method in methods)
    moved = methods[0].call(plugin, (arguments[0] * (1 + change), *arguments[1:]))
    rise = slope * arguments[0] * change
    rise = rise.sum(axis=-1) if rise.ndim > value.ndim else rise
    noticeable = np.abs(rise) > 3e-6 * np.abs(value) + 1e-12
    # Numbers of up to eight bits are no accident of precision, but rounded on purpose.
    rounded = value.astype(np.float32).view(np.uint32) & 0xFFFF == 0
    unmoved = (moved == value) & (value == value.astype(np.float16)) & ~rounded
    if noticeable.any() and unmoved[noticeable].mean() > 0.5:
        fail(
            f"{methods[0].name} returned the same numbers for {methods[0].arguments[0]} that differ by {change:g} of "
            "themselves, though its slopes say otherwise: compute in float32 at least, not in float16."
        )


def leaves_arguments_alone(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that no method changes its arguments, or returns memory of theirs or of an earlier result."""
    for method in methods:
        mine = tuple(x.copy() for x in arguments)
        result = array(plugin, method.name, method.call(plugin, mine))
        for name, before, after in zip(method.arguments, arguments, mine, strict=False):
            if before.tobytes() != after.tobytes():
                index = tuple(np.argwhere(~((before == after) | np.isnan(before)))[0])
                fail(
                    f"{method.name} changed its argument: {entry(name, index)} was {number(before[index])} and is "
                    f"{number(after[index])} afterwards.",
                    f"Work on a copy, as in {name} = {name}.copy(), or write out-of-place: x = x + 1, not x += 1.",
                )
            if np.shares_memory(result, after):
                fail(
                    f"{method.name} returned its argument {name}, or a view of it, which the caller may go on to "
                    f"change: return {name}.copy()."
                )
        if np.shares_memory(result, again := method.call(plugin, mine)) and again.flags.writeable:
            fail(
                f"{method.name} returned the same memory twice, so that whoever changes one result changes another: "
                "return a new array each time, not one that the plugin keeps."
            )
        _demand_no_writing(plugin, method, arguments)
        kept = result.copy()
        method.call(plugin, tuple(x[::-1].copy() for x in arguments))
        if kept.tobytes() != result.tobytes():
            fail(
                f"what {method.name} returned was changed by the next call: return a new array each time, not one that "
                "the plugin keeps."
            )


def _demand_no_writing(plugin: Plugin, method: Method, arguments: tuple[Array, ...]) -> None:
    """Check that a method does not write into its arguments, not even what it takes back again."""
    locked = tuple(x.copy() for x in arguments)
    for values in locked:
        values.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some libraries warn of arrays that cannot be written to
        try:
            method.call(plugin, locked)
        except Exception as error:  # what else it raises is for other checks
            said = str(error)
            # Compiled code may ask for a buffer that can be written to, and only read it.
            if isinstance(error, ValueError) and "is read-only" in said and "buffer" not in said:
                fail(
                    f"{place_of(plugin, error)}{method.name} writes into its arguments, even if it restores them: "
                    "other threads may be reading them meanwhile.",
                    "Write out-of-place, as in x = x + 1 rather than x += 1 or out=x, or work on a copy.",
                )


def is_deterministic(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that results depend on the arguments and fields alone: not on chance, earlier calls or other plugins."""
    other = tuple(x[::-1].copy() for x in arguments)
    fields = values_of(plugin)
    reference = {m.name: m.call(remade(plugin), arguments).copy() for m in methods}
    for method in methods:
        first = reference[method.name]
        for left in (np.nan, 1.0, np.nan):
            _leave_behind(left, first, *arguments)
            if not identical(method.call(plugin, arguments), first):
                fail(
                    f"{method.name} returned different numbers for the same arguments: let it depend on nothing but "
                    "its arguments and fields, on no random numbers, and on nothing that np.empty, or a ufunc with "
                    "where= but no out=, leaves as it happens to be."
                )
        for disturbing, disturbance in product(methods, (other, tuple(x[: len(x) // 2] for x in other))):
            disturbing.call(plugin, disturbance)
            if not identical(method.call(plugin, arguments), first):
                fail(
                    f"{method.name} returned other numbers after a call of {disturbing.name} on other arguments: keep "
                    "nothing from call to call, since one plugin serves many points and threads at once."
                )
        alike = method.call(plugin, tuple(map(_inner_reversed, arguments)))
        if not _alike(alike, _inner_reversed(first)):
            fail(
                f"{method.name} returned other numbers for arguments that begin and end like those before: remember no "
                "results by a part of an array."
            )
        reused = tuple(x.copy() for x in other)
        method.call(plugin, reused)
        for place, values in zip(reused, arguments, strict=True):
            place[...] = values
        if not _alike(method.call(plugin, reused), first):
            fail(
                f"{method.name} did not notice that the arrays it was called with before hold new numbers: remember no "
                "results by the identity or the shape of an array."
            )
        if values_of(plugin) != fields:
            fail(f"{method.name} changed the plugin's fields from {fields} to {values_of(plugin)}: they are frozen.")


def _leave_behind(value: float, *like: Array) -> None:
    """Fill memory, of which the next arrays of these sizes are likely made, with a value."""
    _ = [np.full(array.shape, value, array.dtype) for array in like for _ in range(4)]


def _inner_reversed(values: Array) -> Array:
    """Return `values` with all rows but the first and the last in reverse order."""
    return np.concatenate([values[:1], values[-2:0:-1], values[-1:]])


def is_the_same_elsewhere(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that a plugin with the same fields, remade or unpickled, computes the same, whatever others compute."""
    for method in methods:
        for one in (plugin, *variants(plugin)[:1]):
            expected = method.call(one, arguments).copy()
            twins = {"made again of its fields": remade(one), "back from pickle": pickle.loads(pickle.dumps(one))}
            for how, twin in twins.items():
                if not _alike(method.call(twin, arguments), expected):
                    fail(
                        f"{method.name} of the same plugin {how} returned other numbers: let all that it depends on be "
                        "a field."
                    )
        first = method.call(plugin, arguments).copy()
        for other in (type(plugin)(), *variants(plugin)):
            for disturbing in methods:
                disturbing.call(other, arguments)
            if not _alike(method.call(plugin, arguments), first):
                fail(
                    f"{method.name} returned other numbers after a call of another {type(plugin).__name__}'s: let "
                    "instances share nothing that changes."
                )


def is_the_same_in_threads(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that threads may call a method at the same time, each on numbers of its own."""
    tasks = [tuple(np.roll(np.concatenate([x] * 40), i, axis=0) for x in arguments) for i in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(tasks)) as pool:
            for method in methods:
                expected = [method.call(plugin, task).copy() for task in tasks] * 5
                results = list(pool.map(partial(method.call, plugin), tasks * 5))
                interleaved = interrupted(
                    partial(method.call, plugin, tasks[0]), partial(method.call, remade(plugin), tasks[1])
                )
                if not all(map(_alike, [*results, interleaved], [*expected, expected[0]])):
                    fail(
                        f"{method.name} returned other numbers when several threads called it at once: keep no room to "
                        "compute in from call to call, neither in the plugin nor in its class or module."
                    )
    finally:
        sys.setswitchinterval(interval)


def leaves_the_process_alone(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that no method changes what all of a process shares."""
    for method in methods:
        said = Kept()
        with recognizable(), redirect_stdout(said), redirect_stderr(said):
            before = shared()
            method.call(remade(plugin), arguments)
            after = shared()
        if said.getvalue():
            fail(f"{method.name} printed {_shown(said.getvalue())}: it is called thousands of times a second.")
        for what, value in before.items():
            if after[what] != value:
                fail(
                    f"{method.name} changed {what}, which other code in the process relies on: leave it alone, or use "
                    "a context manager that restores it."
                )
        demand_undisturbed(method.name, partial(method.call, plugin, arguments))


def accepts_any_memory_layout(plugin: Plugin, methods: tuple[Method, ...], arguments: tuple[Array, ...]) -> None:
    """Check that transposed and strided arrays mean the same as contiguous ones."""
    layouts: dict[str, Callable[[Array], Array]] = {
        "in Fortran's order": np.asfortranarray,
        "that are views of every other entry": _every_other,
    }
    for method in methods:
        expected = method.call(plugin, arguments)
        for how, relaid in layouts.items():
            mine = tuple(relaid(x) for x in arguments)
            result = method.call(plugin, mine)
            if not all(map(np.array_equal, mine, arguments)):
                fail(f"{method.name} changed an argument that is an array {how}: work on a copy, x = x.copy().")
            if not _alike(result, expected):
                fail(
                    f"{method.name} returned other numbers for equal arrays {how}: do not rely on how arrays lie in "
                    "memory (no .data, .strides or reshape with order='K' or 'A')."
                )


def _every_other(values: Array) -> Array:
    room = np.full((*values.shape[:-1], 2 * values.shape[-1]), 7.0, values.dtype)
    room[..., ::2] = values
    return room[..., ::2]


def close(a: Array, b: Array) -> bool:
    """Return whether two arrays agree but for rounding in their dtype, which sums in another order may cause."""
    rounding = 200 * float(np.finfo(a.dtype).eps)
    scale = float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b)))
    return bool(np.allclose(a, b, rtol=rounding, atol=rounding * scale, equal_nan=True))


def _alike(a: Array, b: Array) -> bool:
    return a.shape == b.shape and close(a, b)
