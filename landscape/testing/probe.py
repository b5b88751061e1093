"""How is a plugin called so that what it does beside its work is noticed?"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.kinds import Plugin
from landscape.testing.core import CheckFailure
from landscape.testing.fields import remade as remade
from landscape.testing.general import fail

_GENERATORS: tuple[tuple[Any, str], ...] = (
    (np.random, "default_rng"),
    (np.random, "RandomState"),
    *((np.random, name) for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")),
    (random, "Random"),
)


def restored(arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return named arrays as they come back from files."""
    return {name: _restored(values) for name, values in arrays.items()}


def _restored(values: Any) -> NDArray[Any]:
    file = BytesIO()
    np.save(file, values, allow_pickle=False)
    file.seek(0)
    array: NDArray[Any] = np.load(file, allow_pickle=False)
    return array


def identical(one: Any, two: Any) -> bool:
    """Return whether two arrays have the same shape, type and values, NaN being equal to NaN."""
    a, b = np.asarray(one), np.asarray(two)
    same_form = a.shape == b.shape and a.dtype == b.dtype
    return same_form and bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def shares_memory(one: Any, two: Any) -> bool:
    """Return whether both are arrays and a change of one would change the other."""
    if not (isinstance(one, np.ndarray) and isinstance(two, np.ndarray)):
        return False
    try:
        return bool(np.shares_memory(one, two, max_work=100_000))  # type: ignore[arg-type]  # the stub lacks it
    except np.exceptions.TooHardError:  # windows that slide over one array, for instance
        return True


@contextmanager
def no_global_randomness(call: str, remedy: str) -> Iterator[None]:
    """Fail when the global generators of NumPy or Python are used or seeded inside; leave them as they were.

    Parameters
    ----------
    call : what is called inside, for the message.
    remedy : what to do instead, a sentence.
    """
    kept, failure = _global_states(), None
    try:
        np.random.seed(1_234_567)  # noqa: NPY002  # a state that no plugin leaves behind by seeding it
        random.seed(1_234_567)
        before = _global_states()
        try:
            yield
        except CheckFailure as error:  # of which the random numbers may be the cause
            failure = error
        used = ", ".join(name for name, state in _global_states().items() if state != before[name])
    finally:
        np.random.set_state(kept["NumPy"])  # noqa: NPY002
        random.setstate(kept["Python"])
    if used:
        fail(
            f"{call} draws from, or seeds, the global random numbers of {used}, which whatever else runs here shares.",
            remedy,
        )
    if failure is not None:
        raise failure


def _global_states() -> dict[str, Any]:
    """Return the states of the generators that a whole process shares."""
    state: Any = np.random.get_state(legacy=True)  # noqa: NPY002  # it is watched
    name, key, *rest = state
    return {"NumPy": (name, key.tolist(), *rest), "Python": random.getstate()}


@contextmanager
def own_generators(plugin: Plugin) -> Iterator[list[str]]:
    """Yield a list that says, afterwards, which generators of random numbers were made inside."""
    made: list[str] = []
    module: Any = sys.modules.get(type(plugin).__module__)
    owners: list[tuple[Any, str, Any]] = []
    for owner, name in _GENERATORS:
        original = getattr(owner, name)
        # a module may know it by a name of its own, after "from numpy.random import default_rng"
        names = [own for own, value in vars(module).items() if value is original] if module else []
        owners += [(owner, name, original), *((module, own, original) for own in names)]
    for owner, name, original in owners:
        setattr(owner, name, _noting(original, made))
    try:
        yield made
    finally:
        for owner, name, original in owners:
            setattr(owner, name, original)


def _noting(original: Any, made: list[str]) -> Any:
    """Return what makes generators as `original` does, and notes it."""

    def note(*seed: Any, **named: Any) -> None:
        made.append(f"{original.__name__}({', '.join(map(repr, [*seed, *named.values()]))[:40]})")

    if not isinstance(original, type):

        def noting(*seed: Any, **named: Any) -> Any:
            note(*seed, **named)
            return original(*seed, **named)

        return noting

    class Same(type(original)):  # type: ignore[misc]  # the class of a class
        """Lets what the original makes be an instance, too; classes derived meanwhile are as they would be."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, original) if cls is same else super().__instancecheck__(value)

        def __call__(cls, *seed: Any, **named: Any) -> Any:
            if cls is not same:
                return super().__call__(*seed, **named)
            note(*seed, **named)
            return original(*seed, **named)

    same: Any = Same(original.__name__, (original,), {"__doc__": original.__doc__})
    return same


def has_drawn(rng: np.random.Generator, seed: int) -> bool:
    """Return whether something was drawn or spawned from a generator that began with `seed`."""
    fresh, now = np.random.default_rng(seed).bit_generator, rng.bit_generator
    spawned = getattr(now.seed_seq, "n_children_spawned", 0)
    return spawned > 0 or fresh.state != now.state


def demand_no_traces(plugin: Plugin, call: str, remedy: str, act: Callable[[], Any]) -> None:
    """Fail when `act`, done for the second time, leaves a trace in `plugin` or in its class.

    Done for the first time, it may: what depends on nothing but the fields may be computed when it is needed.
    Only what can be compared is: plain values, arrays and containers of them.
    """
    act()
    before = traces_of(plugin)
    act()
    for where, now in traces_of(plugin).items():
        if where not in before or before[where] != now:
            fail(f"{call} changes {where}, so that one training could disturb another.", remedy)


def traces_of(plugin: Plugin) -> dict[str, Any]:
    """Return what a plugin and its own classes hold, in a form that can be compared."""
    held: dict[str, Any] = {f"the plugin's {name}": value for name, value in vars(plugin).items()}
    private = getattr(plugin, "__pydantic_private__", None) or {}
    held |= {f"the plugin's {name}": value for name, value in private.items()}
    for cls in type(plugin).__mro__:
        if issubclass(cls, Plugin) and not cls.__module__.startswith("landscape.kinds"):
            own = {name: value for name, value in vars(cls).items() if not name.startswith(("__", "_abc_", "model_"))}
            held |= {f"{cls.__name__}.{name}, which all its instances share": value for name, value in own.items()}
    return {where: snapshot(value) for where, value in held.items()}


def snapshot(value: Any, keep: Callable[[Any], bool] = lambda _: False) -> Any:
    """Return `value` in a form that later changes of it leave alone and that can be compared.

    Containers and arrays are looked into, and so are objects for which `keep` is true; anything else stands for
    its class.
    """
    return _snapshot(value, keep, frozenset())


def _snapshot(value: Any, keep: Callable[[Any], bool], within: frozenset[int]) -> Any:
    if id(value) in within:
        return "itself"
    inner = within | {id(value)}
    if value is None or isinstance(value, bool | int | str | bytes | bytearray):
        return type(value).__name__, value if not isinstance(value, bytearray) else bytes(value)
    if isinstance(value, float | complex):
        return type(value).__name__, repr(value)  # NaN is not equal to itself, its text is
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.str, np.shape(value), np.asarray(value).tobytes()
    if isinstance(value, Mapping):
        return type(value).__name__, [(repr(k), _snapshot(v, keep, inner)) for k, v in value.items()]
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted(map(repr, value))
    if isinstance(value, list | tuple) or type(value).__name__ == "deque":
        return type(value).__name__, [_snapshot(entry, keep, inner) for entry in value]
    if keep(value):
        return type(value).__name__, _snapshot(vars(value), keep, inner)
    return type(value).__name__
