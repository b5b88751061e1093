"""Are the methods of a watcher those that training calls?"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from difflib import SequenceMatcher
from typing import Any

from landscape.kinds import Observer, Watcher
from landscape.testing.events import USUAL, events_of
from landscape.testing.general import fail
from landscape.testing.signatures import demand_arguments
from landscape.testing.watching import close, tell, watch

_CALLED = ("step", "epoch", "close")
_EVENT = r"(on_|after_|handle_|do_|at_)?(train_|training_|every_|each_)?{}(_(end|begin|start|done|ended|event))?"
_WORDS = {
    "step": re.compile(_EVENT.format("(step|batch)s?")),
    "epoch": re.compile(_EVENT.format("epochs?")),
    "close": re.compile(r"(on_)?(train_|training_)?(close[sd]?|end(ed)?|finish(ed)?|finalize|teardown|shutdown)"),
}
_CLOSE_TO = 0.8  # the share of letters that two words have in common


def demand_called(observer: Observer) -> None:
    """Fail where a watcher, or its observer, has a method that looks like one to be called, and never is."""
    watcher = watch(observer, USUAL)
    demand_arguments(watcher, Watcher)
    own, taken = _own_methods(type(watcher), Watcher), _overridden(watcher)
    called = [_noted(watcher, name) for name in own]
    for event in events_of(USUAL):
        if not tell(watcher, event, USUAL):
            break
    close(watcher, f"after {USUAL.name}")
    idle = [name for name, calls in zip(own, called, strict=True) if calls == []]
    cls = type(watcher).__name__
    for name in idle:
        meant = _meant(own[name], name)
        if meant is not None and meant not in taken:
            fail(
                f"{cls}.{name} is never called: training calls step, epoch and close.",
                f"Name it {meant}, or leave it out.",
            )
    if own and not taken and len(idle) == len(own):
        fail(
            f"{cls} defines {', '.join(own)}, but none of step, epoch and close, which are all that training calls.",
            "Give one of them what is to be done.",
        )
    misplaced = [name for name in _own_methods(type(observer), Observer) if name in _CALLED and name != "close"]
    if misplaced and not taken:
        fail(
            f"{misplaced[0]} is a method of {type(observer).__name__}, which is never called, and {cls}, which watch "
            "returned, has none.",
            "Write it into a class derived from landscape.Watcher, and let watch return an instance of that.",
        )


def _own_methods(cls: type, base: type) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a class and its bases below `base` define, but those that training calls."""
    classes = [one for one in cls.__mro__ if issubclass(one, base) and one is not base]
    found = {name: value for one in classes for name, value in vars(one).items() if inspect.isfunction(value)}
    calls = () if base is Observer else _CALLED
    return {name: value for name, value in found.items() if not name.startswith("_") and name not in calls}


def _overridden(watcher: Watcher) -> set[str]:
    """Return which of the methods that training calls are the watcher's own."""
    return {name for name in _CALLED if getattr(getattr(watcher, name), "__func__", None) is not getattr(Watcher, name)}


def _noted(watcher: Any, name: str) -> list[str] | None:
    """Return a list that will hold the calls of a method; None where they cannot be noted."""
    calls: list[str] = []
    original = getattr(watcher, name)

    def noting(*arguments: Any, **named: Any) -> Any:
        calls.append(name)
        return original(*arguments, **named)

    with suppress(Exception):  # it has slots, or does not let its attributes be set
        setattr(watcher, name, noting)
        return calls
    return None


def _meant(method: Callable[..., Any], name: str) -> str | None:
    """Return which method training would call if `name` was not another; None where that is not clear."""
    parameters = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty][1:]
    for meant, words in _WORDS.items():
        takes = 0 if meant == "close" else 1
        near = SequenceMatcher(None, name, meant).ratio() >= _CLOSE_TO
        if len(parameters) == takes and (near or words.fullmatch(name)):
            return meant
    return None
