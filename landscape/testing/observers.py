"""Does an observer bear a whole training, keep trainings apart, and leave them as they are?"""

from __future__ import annotations

import gc
import io
import threading
from collections.abc import Callable
from contextlib import chdir, redirect_stdout, suppress
from itertools import compress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from landscape.errors import LandscapeError
from landscape.kinds import EpochEvent, Observer, StepEvent, Training, Watcher
from landscape.testing.core import Check, CheckSkipped
from landscape.testing.events import FORMS, OTHER, USUAL, Event, Form, elsewhere, events_of
from landscape.testing.general import fail
from landscape.testing.probe import demand_no_traces, identical, snapshot
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.talk import Kept

_PATIENCE = 0.5  # seconds that a thread may take to end
_OWN = "Keep what one training leaves in its watcher: make a new one at every call of watch, with its own attributes."


def _watch(observer: Observer, form: Form, training: Training | None = None) -> Watcher:
    """Return a watcher; skip the check where the observer says that it has not got what it needs."""
    try:
        watcher: Any = observer.watch(form.training if training is None else training)
    except LandscapeError as error:
        raise CheckSkipped(f"The observer cannot watch here, it says: {error}") from error
    except OSError as error:
        fail(
            f"watch raised {type(error).__name__}: {error}.",
            "Make the folders that are missing, and replace or go on with what an earlier training left there; where "
            "that cannot be, raise landscape.errors.PluginError and say what to do.",
        )
    except Exception as error:  # whatever foreign code raises
        fail(
            f"in {form.name}, watch raised {type(error).__name__}: {error}.",
            "Of the experiment, expect only what every experiment has: that of a test function has no network, cost or "
            "data set.",
        )
    if not isinstance(watcher, Watcher):
        fail(
            f"watch returned {_what(watcher)}: it returns a landscape.Watcher.",
            "Derive the class of what it returns from landscape.Watcher, and override what is of interest.",
        )
    kept: Watcher = watcher
    return kept


def _what(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _tell(watcher: Watcher, event: Event, form: Form) -> bool:
    """Pass an event on and return whether training goes on; fail when the watcher raises what is no intention."""
    kind = "step" if isinstance(event, StepEvent) else "epoch"
    before = event.theta.copy()
    try:
        watcher.step(event) if isinstance(event, StepEvent) else watcher.epoch(event)
    except LandscapeError:  # an observer may end training on purpose
        return False
    except Exception as error:  # whatever foreign code raises
        if "read-only" in str(error):
            fail(f"{kind} writes to θ, which is training's own: {error}.", "Work on a copy: event.theta.copy().")
        fail(
            f"in {form.name}, at {_at(event)}, {kind} raised {type(error).__name__}: {error}.",
            "Be ready for an epoch 0 before the first step, for a learning rate and accuracies that are NaN, and for "
            "values of any size. To end training on purpose, raise an error of landscape.errors.",
        )
    if not identical(before, event.theta):
        fail(f"{kind} changes θ, which is training's own.", "Work on a copy: event.theta.copy().")
    return True


def _at(event: Event) -> str:
    return f"step {event.step}" if isinstance(event, StepEvent) else f"epoch {event.epoch}"


def _close(watcher: Watcher, when: str) -> None:
    try:
        watcher.close()
    except Exception as error:  # whatever foreign code raises
        fail(
            f"close raised {type(error).__name__} {when}: {error}.",
            "Training may end before its first step or epoch, and close is called all the same: open and set in "
            "watch what close needs.",
        )


def _run(observer: Observer, form: Form, *, live: bool = True) -> Watcher:
    """Return a watcher that has seen a whole training and is closed."""
    watcher = _watch(observer, form)
    for event in events_of(form, live=live):
        if not _tell(watcher, event, form):
            break
    _close(watcher, f"after {form.name}")
    return watcher


def _returns_watchers(observer: Observer) -> None:
    with elsewhere():
        watcher = _watch(observer, USUAL)
        _close(watcher, "before any event")
    with elsewhere():
        other = _watch(observer, USUAL)
        _close(other, "before any event")
    if watcher is other:
        fail("watch returned the same watcher twice.", _OWN)


def _bears_any_training(observer: Observer) -> None:
    for form in FORMS:
        with elsewhere():
            _run(observer, form)


def _bears_early_ends(observer: Observer) -> None:
    whole = list(events_of(USUAL, live=False))
    for count, when in ((0, "before any event"), (1, "after the start alone"), (3, "after two steps of an epoch")):
        with elsewhere():
            watcher = _watch(observer, USUAL)
            for event in whole[:count]:
                _tell(watcher, event, USUAL)
            _close(watcher, when)


def _leaves_the_experiment_alone(observer: Observer) -> None:
    with elsewhere():
        training = USUAL.training
        watcher = _watch(observer, USUAL, training)
        for event in events_of(USUAL):
            _tell(watcher, event, USUAL)
        _close(watcher, "after an ordinary training")
        if training.experiment != USUAL.experiment:
            fail("the experiment that watch is told of is another afterwards: change nothing of it, or copy it first.")


def _keeps_nothing_in_itself(observer: Observer) -> None:
    def act() -> None:
        with elsewhere():
            _run(observer, USUAL)

    demand_no_traces(observer, "watching", _OWN, act)


def _keeps_trainings_apart(observer: Observer) -> None:
    with elsewhere() as here:
        first = _watch(observer, USUAL)
        with elsewhere():
            second = _watch(observer, OTHER)
            before = _remembered(observer, second)
            for event in events_of(USUAL, live=False):
                with chdir(here):
                    _tell(first, event, USUAL)
            after = _remembered(observer, second)
            _close(second, "before any event")
        _close(first, "after an ordinary training")
    for what, value in after.items():
        if before.get(what) != value:
            fail(f"what one watcher is told shows in {what} of another, of another training.", _OWN)
    _demand_same_traces(
        [_alone(observer) for _ in range(3)],
        _in_turns(observer),
        "another training, watched at the same time, shows in {}",
        _OWN,
    )


def _copies_theta_to_keep_it(observer: Observer) -> None:
    _demand_same_traces(
        [_alone(observer) for _ in range(2)],
        _alone(observer, live=True),
        "whether θ is a copy at each event shows in {}",
        "event.theta is live, and changes with the next step: keep event.theta.copy().",
    )


def _demand_same_traces(alike: list[dict[str, Any]], otherwise: dict[str, Any], what: str, remedy: str) -> None:
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


def _alone(observer: Observer, *, live: bool = False) -> dict[str, Any]:
    """Return the traces of watching one training."""
    with elsewhere() as folder, redirect_stdout(Kept()) as printed:
        watcher = _run(observer, USUAL, live=live)
        return _traces(observer, watcher, folder, printed)


def _in_turns(observer: Observer) -> dict[str, Any]:
    """Return the traces of watching one training while another, in another folder, takes turns with it."""
    with elsewhere() as folder, redirect_stdout(Kept()) as printed:
        watcher, going = _watch(observer, USUAL), True
        with elsewhere() as other_folder:
            other, other_going = _watch(observer, OTHER), True
            for mine, theirs in zip(events_of(USUAL, live=False), events_of(OTHER, live=False), strict=True):
                with chdir(folder), redirect_stdout(printed):
                    going = going and _tell(watcher, mine, USUAL)
                with chdir(other_folder):
                    other_going = other_going and _tell(other, theirs, OTHER)
            _close(other, "after an ordinary training")
        _close(watcher, "after an ordinary training")
        return _traces(observer, watcher, folder, printed)


def _traces(observer: Observer, watcher: Watcher, folder: Path, printed: io.StringIO) -> dict[str, Any]:
    """Return what watching has left, by what it is called in messages."""
    files = {f"the file {name}": content for name, content in _files(folder).items()}
    return {**_remembered(observer, watcher), **files, "what is printed": printed.getvalue()}


def _files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _remembered(observer: Observer, watcher: Watcher) -> dict[str, Any]:
    """Return what a watcher and its classes hold, by name, in a form that can be compared.

    Events are taken without their θ, which is known to be live.
    """
    held = {f"the attribute {name}": value for name, value in _attributes(watcher).items()}
    for cls in type(watcher).__mro__:
        if issubclass(cls, Watcher) and cls is not Watcher:
            shared = {k: v for k, v in vars(cls).items() if not k.startswith("__") and not callable(v)}
            held |= {f"{cls.__name__}.{name}, which all its watchers share,": value for name, value in shared.items()}
    look = _worth_a_look(observer, watcher)
    return {name: snapshot(_without_theta(value), look) for name, value in held.items()}


def _attributes(watcher: Watcher) -> dict[str, Any]:
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


def _closes_its_files(observer: Observer) -> None:
    with elsewhere():
        before = _open_files()
        watcher = _run(observer, USUAL)
        left = [file for file in _open_files() if not any(file is other for other in before)]
        if left:
            held = [f", the watcher's {name}," for name, value in _attributes(watcher).items() if value is left[0]]
            fail(
                f"{left[0].name!r}{''.join(held[:1])} is a file that is still open after close, so that its last lines "
                "may be lost.",
                "Close it in close.",
            )


def _open_files() -> list[Any]:
    """Return all files that are open in this process and have a name."""
    things = gc.get_objects()  # hundreds of thousands, where large libraries are loaded
    kinds = {cls for cls in set(map(type, things)) if issubclass(cls, io.IOBase)}
    files = [thing for thing in compress(things, map(kinds.__contains__, map(type, things))) if not thing.closed]
    return [file for file in files if isinstance(getattr(file, "name", None), str | Path)]


def _ends_its_threads(observer: Observer) -> None:
    with elsewhere():
        before = set(threading.enumerate())
        watcher = _run(observer, USUAL)
        for thread in set(threading.enumerate()) - before:
            thread.join(_PATIENCE)
            if thread.is_alive():
                fail(
                    f"a thread that {type(watcher).__name__} started, {thread.name!r}, still runs after close.",
                    "Let close tell it to end, and join it.",
                )


def _leaves_the_process_alone(observer: Observer) -> None:
    def act() -> None:
        _tell_all(_watch(observer, USUAL))

    with elsewhere():
        demand_undisturbed("watching", act, print_is_fine=True, files_are_fine=True)


def _tell_all(watcher: Watcher) -> None:
    for event in events_of(USUAL):
        if not _tell(watcher, event, USUAL):
            break
    _close(watcher, f"after {USUAL.name}")


def _is_silent_at_steps(observer: Observer) -> None:
    said, steps = 0, 0
    with elsewhere():
        watcher = _watch(observer, USUAL)
        for event in events_of(USUAL):
            with redirect_stdout(Kept()) as printed:
                going = _tell(watcher, event, USUAL)
            if isinstance(event, StepEvent):
                steps, said = steps + 1, said + bool(printed.getvalue())
            if not going:
                break
        _close(watcher, f"after {USUAL.name}")
    if steps and said == steps:
        fail(
            "step prints at every step, of which there may be ten thousand in a second.",
            "Print in epoch, or at every so many steps, which a field says; or write to a file.",
        )


def _bears_trainings_one_by_one(observer: Observer) -> None:
    with elsewhere():
        _run(observer, USUAL)
        for form in (OTHER, FORMS[1]):
            with suppress(CheckSkipped):  # it says what it will not replace, as it may
                _run(observer, form)


CHECKS: tuple[Check, ...] = (
    Check("returns_watchers", "Every training gets a watcher of its own.", _returns_watchers, varied=True),
    Check(
        "bears_any_training",
        "A whole training can be watched, without labels or learning rate, of one step or of many, in any precision.",
        _bears_any_training,
        varied=True,
    ),
    Check("bears_early_ends", "Training may end at any event, also before the first.", _bears_early_ends, varied=True),
    Check("bears_trainings_one_by_one", "One training can follow another.", _bears_trainings_one_by_one),
    Check("leaves_the_experiment_alone", "Nothing is changed of the experiment.", _leaves_the_experiment_alone),
    Check("keeps_nothing_in_itself", "What is remembered lives in the watcher.", _keeps_nothing_in_itself),
    Check("keeps_trainings_apart", "Two trainings at the same time do not mix.", _keeps_trainings_apart),
    Check("copies_theta_to_keep_it", "What is kept of θ is a copy.", _copies_theta_to_keep_it),
    Check("closes_its_files", "Files are closed when training has ended.", _closes_its_files),
    Check("ends_its_threads", "Threads end when training has ended.", _ends_its_threads),
    Check("leaves_the_process_alone", "Nothing is changed that others rely on.", _leaves_the_process_alone),
    Check("is_silent_at_steps", "Not every step is printed.", _is_silent_at_steps),
)
