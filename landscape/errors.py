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


def nearest(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """Return the name in `known` spelt most like `name`; else one with such initials, or with it among its words.

    Two names that share no letter are alike by 0, the same by 1; what is less alike than `least` does not count.

    >>> nearest("lr", ["momentum", "learning_rate"]), nearest("rate", ["momentum", "learning_rate"])
    ('learning_rate', 'learning_rate')
    """
    known = list(known)
    words = {other: other.split("_") for other in known if "_" in other}
    near = get_close_matches(name, known, n=1, cutoff=least)
    near += [other for other, parts in words.items() if name in ("".join(part[:1] for part in parts), *parts)]
    return near[0] if near else None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the name in `known` nearest to `name`, or ``""``.

    >>> suggest("qadratic", ["quadratic", "huber"])
    " Did you mean 'quadratic'?"
    """
    near = nearest(name, known)
    return "" if near is None else f" Did you mean {near!r}?"
