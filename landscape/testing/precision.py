"""Does a function use all the digits of float64, and not those of float32 alone?

Where it follows a change of its arguments by 10⁻⁴ of themselves as a smooth function does, it also follows one of
5·10⁻⁹, unless something in it is rounded to float32, of which the digits end at 6·10⁻⁸. What is rounded on purpose, as
stairs are, follows neither.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from landscape.layout import Array
from landscape.testing.core import fail

_COARSE, _FINE, _FINEST = 1e-3, 1e-4, 5e-9
_SMOOTH = 0.1  # how far 10 fine changes may be from a coarse one, as a share of it
_OFF = 0.05  # how far the finest change, scaled, may be from the fine one: right functions are within 10⁻³
_FEW, _MANY = 4, 0.2  # of how many entries it must be known, and in what share of them be wrong


def demand_all_digits(call: str, function: Callable[[float], Array]) -> None:
    """Fail where results are rounded to less than float64.

    Parameters
    ----------
    call : what is computed, to begin a sentence with.
    function : returns the results in float64, of arguments that are changed by a given share of themselves.
    """
    here, coarse, fine, finest = (function(change) for change in (0.0, _COARSE, _FINE, _FINEST))
    with np.errstate(all="ignore"):  # entries that are not finite are compared with nothing
        coarse, fine, finest = coarse - here, fine - here, finest - here
        smooth = np.abs(coarse - fine * (_COARSE / _FINE)) <= _SMOOTH * np.abs(coarse)
        # what is small beside the largest result may be left of a difference of large numbers, as 1 - tanh² is
        size = np.abs(here) + 1e-3 * np.max(np.abs(here), initial=0.0)
        noticed = smooth & (np.abs(fine) > 0.1 * _FINE * size)
        lost = ~(np.abs(finest * (_FINE / _FINEST) - fine) <= _OFF * np.abs(fine))
    if noticed.sum() >= _FEW and lost[noticed].mean() > _MANY:
        fail(
            f"{call} follows a change of its arguments by {_FINE:g} of themselves, but not one by {_FINEST:g}: though "
            "it is said in float64, it has no more digits than float32.",
            "Compute in the dtype of the arguments throughout: no astype(np.float32), and no np.float32 array among "
            "what is computed with.",
        )
