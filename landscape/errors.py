"""What can go wrong, by name.

Every error that a user can cause derives from `LandscapeError`; its message states the value, the rule that
it breaks and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class LandscapeError(Exception):
    """Base of every error that this package raises on purpose."""


class PluginError(LandscapeError):
    """A plugin is missing, ambiguous or broken."""


class ExperimentError(LandscapeError, ValueError):
    """An experiment does not describe something that can be run."""


class DataError(LandscapeError, ValueError):
    """A data set is absent, damaged or of the wrong shape."""


class PlaneError(LandscapeError, ValueError):
    """Two directions do not span a plane, or do not fit the parameters."""


class FigureError(LandscapeError, ValueError):
    """Arrays do not fit together in a figure, or a figure cannot be written."""


class RunError(LandscapeError):
    """A run folder is unreadable, foreign, or written by a newer version."""


class DivergenceError(LandscapeError):
    """Training reached a cost or a parameter that is not finite."""


class ObserverError(LandscapeError):
    """An observer raised while it watched training."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the name in `known` nearest to `name`, or ``""``.

    >>> suggest("qadratic", ["quadratic", "huber"])
    " Did you mean 'quadratic'?"
    """
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
