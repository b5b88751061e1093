"""Do an activation's methods that write in place give what its others return?"""

from __future__ import annotations

import numpy as np

from landscape.kinds import Activation
from landscape.layout import Array
from landscape.testing.calls import close, number, strict
from landscape.testing.core import fail


def has_its_own(activation: Activation) -> bool:
    """Whether a class writes in place by itself, rather than by the methods that return arrays."""
    methods = ("value_into", "derivative_into")
    return any(getattr(type(activation), name) is not getattr(Activation, name) for name in methods)


def demand_same_in_place(activation: Activation, z: Array, a: Array, slopes: Array) -> None:
    """Fail unless `a` and `slopes`, which are value and derivative at `z`, are also what is written in place.

    Into an array of its own, for the value also into z itself, and into one whose entries lie apart.
    """
    apart = (" that is a view of every other entry", _apart(np.full_like(z, np.nan)), _apart(z))
    with strict(activation, f"what is computed in place at z up to {number(np.max(np.abs(z)))} in {z.dtype}"):
        for how, room, given in (
            ("", np.full_like(z, np.nan), z.copy()),
            (" that is z", (mine := z.copy()), mine),
            apart,
        ):
            activation.value_into(given, room)
            _demand_equal(f"value_into an array{how}", room, a, "value")
            if given is not room and given.tobytes() != z.tobytes():
                fail("value_into changed z: it may write into out alone.")
        for how, room, given, values in (("", np.full_like(z, np.nan), z.copy(), a.copy()), (*apart, _apart(a))):
            activation.derivative_into(given, values, room)
            _demand_equal(f"derivative_into an array{how}", room, slopes, "derivative")
            if given.tobytes() != z.tobytes() or values.tobytes() != a.tobytes():
                fail("derivative_into changed z or a: it may write into out alone.")


def _apart(values: Array) -> Array:
    """Return the same numbers as every other entry of an array, whose rows are of odd length: none is flat."""
    room = np.full((*values.shape[:-1], 2 * values.shape[-1] + 1), 7.0, values.dtype)
    room[..., :-1:2] = values
    return room[..., :-1:2]


def _demand_equal(what: str, written: Array, expected: Array, method: str) -> None:
    if not close(written, expected.astype(written.dtype)):
        i = np.unravel_index(np.argmax(np.nan_to_num(np.abs(written - expected), nan=np.inf)), written.shape)
        fail(
            f"{what} wrote {number(written[i])}, but {method} returns {number(expected[i])} there: it must do the "
            "same, only in place, and write into out[...], not into a copy such as out.reshape may be; where a class "
            "that it inherits from overrides it, override it too."
        )
