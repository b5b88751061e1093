"""Which plugin ended a training, in which line, and how is that said?"""

from __future__ import annotations

import traceback
from pathlib import Path
from types import FrameType

from landscape._guard import reason
from landscape.describe import where_in_plugins
from landscape.errors import LandscapeError
from landscape.kinds import Plugin

_OWN = __name__.partition(".")[0]


def culprit(error: BaseException) -> Plugin | None:
    """Return the plugin, none of ours, whose method `error` came through last; None where it came through none.

    A method that it inherits from its kind counts too: what it cannot add up may be what the plugin returned.
    """
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        owner = _owner(frame)
        if owner is not None and type(owner).__module__.partition(".")[0] != _OWN:
            return owner
    return None


def _owner(frame: FrameType) -> Plugin | None:
    """Return the plugin of which a method runs in `frame`."""
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    first = frame.f_locals.get(names[0]) if names else None
    return first if isinstance(first, Plugin) else None


def place(error: BaseException) -> str:
    """Return which plugin raised `error`, and in which line, as ``"cost 'focal', focal.py, line 7: "``, or ``""``."""
    plugin, where = culprit(error), where_in_plugins(error)
    return where if plugin is None else f"{plugin.kind} {plugin.name!r}{', ' if where else ': '}{where}"


def why(plugin: Plugin | None, error: BaseException) -> str:
    """Return what was raised, and the line at fault, which is in the file of `plugin` if it was there."""
    if isinstance(error, LandscapeError):  # whose message is a whole sentence
        return str(error)
    return f"{reason(error)}{_place(plugin, error)}"


def stopped(error: BaseException, step: int) -> str:
    """Return the statement that `error` stopped training after `step`: whose it is, and why."""
    plugin = None if isinstance(error, LandscapeError) else culprit(error)
    who = "training stopped" if plugin is None else f"{plugin.kind} {plugin.name!r} stopped training"
    return f"{who} after step {step}: {why(plugin, error)}"


def _place(plugin: Plugin | None, error: BaseException) -> str:
    """Return ``" (mine.py, line 7)"``: the last line in the plugin's module or, if none, the last that is not ours."""
    lines = [
        (frame.f_globals.get("__name__", ""), frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [line for line in lines if plugin is not None and line[0] == type(plugin).__module__]
    foreign = [line for line in lines if line[0].partition(".")[0] != _OWN]
    for _, file, number in reversed(own or foreign or (lines if plugin is None else [])):
        return f" ({Path(file).name}, line {number})"
    return ""
