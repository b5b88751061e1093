"""What does watching a training leave behind: in the watcher, in files, and where others would find it?"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from landscape.kinds import EpochEvent, Observer, StepEvent, Watcher
from landscape.testing.events import OTHER, USUAL, Form, elsewhere, events_of
from landscape.testing.general import fail
from landscape.testing.probe import snapshot, traces_of
from landscape.testing.talk import Kept
from landscape.testing.watching import close, run, strict, tell, watch

Traces = Mapping[str, Any]

_MODULE = " of the module "
# other numbers of steps, and both lower and higher costs: what is compared with those of an earlier training changes
_ONE_BY_ONE = (
    USUAL,
    USUAL._replace(name="a training of low costs", seed=2, cost=1e-3, epochs=2),
    USUAL._replace(name="a training of high costs", seed=3, cost=1e3, epochs=4),
)


def demand_same_traces(alike: list[Traces], otherwise: Traces, what: str, remedy: str) -> None:
    """Fail when a training watched otherwise leaves other traces than the `alike` ones all do.

    What is never the same, such as a time of day, is not compared, but should not grow from training to training.
    """
    for name, value in alike[0].items():
        if all(traces.get(name) == value for traces in alike):
            if otherwise.get(name) != value:
                fail(f"{what.format(name)}.", remedy)
            continue
        growth = np.diff([_length(traces.get(name)) for traces in alike])
        if len(growth) > 1 and growth[0] >= 64 and (growth == growth[0]).all():
            fail(f"{name} grows from training to training, though each has a watcher of its own.", remedy)


def _length(trace: Any) -> int:
    """Return how much a trace holds: the bytes of a file, the characters of anything else."""
    return len(trace if isinstance(trace, bytes | str) else repr(trace))


def alone(observer: Observer, form: Form = USUAL, *, live: bool = False) -> Traces:
    """Return the traces of watching one training."""
    with elsewhere() as folder, redirect_stdout(Kept()) as printed:
        watcher = run(observer, form, live=live)
        return _traces(observer, watcher, folder, printed)


def in_turns(observer: Observer) -> Traces:
    """Return the traces of watching one training while another, in another folder, takes turns with it."""
    with elsewhere() as folder, redirect_stdout(Kept()) as printed, strict():
        watcher, going = watch(observer, USUAL), True
        with elsewhere() as other_folder:
            other, other_going = watch(observer, OTHER), True
            for mine, theirs in zip(events_of(USUAL, live=False), events_of(OTHER, live=False), strict=True):
                with chdir(folder), redirect_stdout(printed):
                    going = going and tell(watcher, mine, USUAL)
                with chdir(other_folder):
                    other_going = other_going and tell(other, theirs, OTHER)
            close(other, "after an ordinary training")
        close(watcher, "after an ordinary training")
        return _traces(observer, watcher, folder, printed)


def has_threads(observer: Observer) -> bool:
    """Return whether watching starts threads, which share one working folder whenever they look."""
    with elsewhere(), strict():
        before, watcher = set(threading.enumerate()), watch(observer, USUAL)
        for event in events_of(USUAL):
            if not tell(watcher, event, USUAL):
                break
        started = bool(set(threading.enumerate()) - before)
        close(watcher, "after an ordinary training")
    return started


def _traces(observer: Observer, watcher: Watcher, folder: Path, printed: io.StringIO) -> Traces:
    """Return what watching has left, by what it is called in messages."""
    files = {f"the file {name}": content for name, content in _files(folder).items()}
    return {**remembered(observer, watcher), **files, "what is printed": printed.getvalue()}


def _files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def remembered(observer: Observer, watcher: Watcher) -> Traces:
    """Return what a watcher and its classes hold, by name, in a form that can be compared.

    Events are taken without their θ, which is known to be live.
    """
    look = _worth_a_look(observer, watcher)
    held = {f"the attribute {name}": value for name, value in attributes(watcher).items()} | _of_classes(watcher)
    return {name: snapshot(_without_theta(value), look) for name, value in held.items()}


def _of_classes(watcher: Watcher) -> dict[str, Any]:
    """Return what the classes of a watcher hold, by what it is called in messages."""
    held: dict[str, Any] = {}
    for cls in type(watcher).__mro__:
        if issubclass(cls, Watcher) and cls is not Watcher:
            shared = {k: v for k, v in vars(cls).items() if not k.startswith("__") and not callable(v)}
            held |= {f"{cls.__name__}.{name}, which all its watchers share,": value for name, value in shared.items()}
    return held


def attributes(watcher: Watcher) -> dict[str, Any]:
    """Return what a watcher itself holds, by name."""
    slots = [name for cls in type(watcher).__mro__ for name in getattr(cls, "__slots__", ())]
    return {**vars(watcher), **{name: getattr(watcher, name) for name in slots if hasattr(watcher, name)}}


def _without_theta(value: Any) -> Any:
    if isinstance(value, StepEvent | EpochEvent):
        return value[:-1]
    if isinstance(value, dict):
        return {key: _without_theta(entry) for key, entry in value.items()}
    return [_without_theta(entry) for entry in value] if isinstance(value, list) else value


def _worth_a_look(observer: Observer, watcher: Watcher) -> Callable[[Any], bool]:
    """Return what tells the objects whose classes the observer's own modules define, to be looked into."""
    modules = {type(observer).__module__, type(watcher).__module__}

    def known(value: Any) -> bool:
        foreign = isinstance(value, type | ModuleType) or callable(value) or not hasattr(value, "__dict__")
        return not foreign and type(value).__module__ in modules

    return known


def demand_nothing_outside(observer: Observer, remedy: str) -> None:
    """Fail when a training changes what the observer, its classes, those of watchers or its module hold.

    The first training may: what depends on nothing but the fields may be computed when it is needed.
    """
    before: Traces = {}
    for count, form in enumerate(_ONE_BY_ONE):
        with elsewhere():
            watcher = run(observer, form)
        now = _outside(observer, watcher)
        for where, value in now.items() if count else ():
            if where not in before or not (before[where] == value or _counts(where, before[where], value)):
                fail(f"watching changes {where}, so that one training could disturb another.", remedy)
        before = now


def _outside(observer: Observer, watcher: Watcher) -> Traces:
    """Return what is held elsewhere than in the watcher, by what it is called in messages."""
    look = _worth_a_look(observer, watcher)
    held = _of_classes(watcher)
    for module in {type(observer).__module__, type(watcher).__module__}:
        for name, value in vars(sys.modules.get(module, ModuleType(module))).items():
            if not name.startswith("__") and not callable(value) and not isinstance(value, ModuleType):
                held[f"{name}{_MODULE}{module}"] = value
    return {**traces_of(observer), **{where: snapshot(value, look) for where, value in held.items()}}


def _counts(where: str, before: Any, now: Any) -> bool:
    """Whether a module counts trainings, by which their files may be numbered."""
    if _MODULE not in where or not (isinstance(now, tuple) and now[0] == "int" == before[0]):
        return False
    return bool(now[1] == before[1] + 1)
