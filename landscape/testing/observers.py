"""Does an observer bear a whole training, keep trainings apart, and leave them as they are?"""

from __future__ import annotations

import gc
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from landscape.kinds import Observer, StepEvent, Watcher
from landscape.testing.core import Check, CheckSkipped
from landscape.testing.effects import demand_effects
from landscape.testing.events import FORMS, OTHER, USUAL, elsewhere, events_of
from landscape.testing.general import fail
from landscape.testing.methods import demand_called
from landscape.testing.remains import (
    alone,
    attributes,
    demand_nothing_outside,
    demand_same_traces,
    has_threads,
    in_turns,
    remembered,
)
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.talk import Kept
from landscape.testing.watching import close, run, strict, tell, watch

_PATIENCE = 0.5  # seconds that a thread may take to end
_STRANGER, _SUFFIXES = "somebody_elses", ("csv", "json", "log", "npy", "npz", "png", "txt")
_LONG = 1.0  # seconds after which a training ends early
_OWN = "Keep what one training leaves in its watcher: make a new one at every call of watch, with its own attributes."


def _returns_watchers(observer: Observer) -> None:
    with elsewhere():
        watcher = watch(observer, USUAL)
        close(watcher, "before any event")
    with elsewhere():
        other = watch(observer, USUAL)
        close(other, "before any event")
    if watcher is other:
        fail("watch returned the same watcher twice.", _OWN)


def _bears_any_training(observer: Observer) -> None:
    for form in FORMS:
        with elsewhere():
            run(observer, form, patience=_LONG)


def _bears_early_ends(observer: Observer) -> None:
    whole = list(events_of(USUAL, live=False))
    for count, when in ((0, "before any event"), (1, "after the start alone"), (3, "after two steps of an epoch")):
        with elsewhere(), strict():
            watcher = watch(observer, USUAL)
            for event in whole[:count]:
                tell(watcher, event, USUAL)
            close(watcher, when)


def _leaves_the_experiment_alone(observer: Observer) -> None:
    with elsewhere():
        training = USUAL.training
        watcher = watch(observer, USUAL, training)
        for event in events_of(USUAL):
            tell(watcher, event, USUAL)
        close(watcher, "after an ordinary training")
        if training.experiment != USUAL.experiment:
            fail("the experiment that watch is told of is another afterwards: change nothing of it, or copy it first.")
    _demand_untouched(observer)


def _demand_untouched(observer: Observer) -> None:
    """Fail when files that are there already, in the working folder and in the run's, are not as they were."""
    form = USUAL._replace(folder="runs/first.zarr")
    with elsewhere() as here:
        training = form.training
        folder = here / str(training.folder)
        paths = [folder / "zarr.json", *(here / f"{_STRANGER}.{suffix}" for suffix in _SUFFIXES)]
        for path in paths:
            path.write_text(_STRANGER, encoding="utf-8")
        _tell_all(watch(observer, form, training))
        for path in paths:
            if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != _STRANGER:
                fail(
                    f"watching removes or changes {str(path.relative_to(here))!r}, which was there before.",
                    "Write to files of a name of your own, and remove no other.",
                )


def _keeps_nothing_in_itself(observer: Observer) -> None:
    demand_nothing_outside(observer, _OWN)


def _keeps_trainings_apart(observer: Observer) -> None:
    with elsewhere() as here:
        first = watch(observer, USUAL)
        with elsewhere():
            second = watch(observer, OTHER)
            before = remembered(observer, second)
            for event in events_of(USUAL, live=False):
                with chdir(here):
                    tell(first, event, USUAL)
            after = remembered(observer, second)
            close(second, "before any event")
        close(first, "after an ordinary training")
    for what, value in after.items():
        if before.get(what) != value:
            fail(f"what one watcher is told shows in {what} of another, of another training.", _OWN)
    one_by_one = [alone(observer) for _ in range(3)]
    turns = one_by_one[0] if has_threads(observer) else in_turns(observer)
    demand_same_traces(one_by_one, turns, "another training, watched at the same time, shows in {}", _OWN)


def _copies_theta_to_keep_it(observer: Observer) -> None:
    for form in (USUAL, USUAL._replace(dtype=np.float64)):  # a conversion copies in one of them only
        demand_same_traces(
            [alone(observer, form) for _ in range(2)],
            alone(observer, form, live=True),
            "whether θ is a copy at each event shows in {}",
            "event.theta is live, and changes with the next step: keep event.theta.copy().",
        )


def _closes_its_files(observer: Observer) -> None:
    with elsewhere():
        before = _open_files()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", ResourceWarning)
            watcher = run(observer, USUAL)
        forgotten = [str(one.message) for one in said if issubclass(one.category, ResourceWarning)]
        if forgotten:
            fail(f"watching leaves something open: {forgotten[0]}.", "Close it, by means of with or in close.")
        left = [file for file in _open_files() if not any(file is other for other in before)]
        if left:
            held = [f", the watcher's {name}," for name, value in attributes(watcher).items() if value is left[0]]
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
        watcher = run(observer, USUAL)
        for thread in set(threading.enumerate()) - before:
            thread.join(_PATIENCE)
            if thread.is_alive():
                fail(
                    f"a thread that {type(watcher).__name__} started, {thread.name!r}, still runs after close.",
                    "Let close tell it to end, and join it.",
                )


def _leaves_the_process_alone(observer: Observer) -> None:
    def act() -> None:
        _tell_all(watch(observer, USUAL))

    with elsewhere():
        demand_undisturbed("watching", act, print_is_fine=True, files_are_fine=True)


def _tell_all(watcher: Watcher) -> None:
    for event in events_of(USUAL):
        if not tell(watcher, event, USUAL):
            break
    close(watcher, f"after {USUAL.name}")


@contextmanager
def _heard() -> Iterator[Kept]:
    """Yield what will hold all that is printed inside, on either stream, and all warnings that are logged."""
    printed, root = Kept(), logging.getLogger()
    handler = logging.StreamHandler(printed)
    handler.setLevel(logging.WARNING)
    root.addHandler(handler)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield printed
    finally:
        root.removeHandler(handler)


def _is_silent_at_steps(observer: Observer) -> None:
    said, steps = 0, 0
    with elsewhere():
        watcher = watch(observer, USUAL)
        for event in events_of(USUAL):
            with _heard() as printed:
                going = tell(watcher, event, USUAL)
            if isinstance(event, StepEvent):
                steps, said = steps + 1, said + bool(printed.getvalue())
            if not going:
                break
        close(watcher, f"after {USUAL.name}")
    if steps and said == steps:
        fail(
            "step prints or logs something at every step, of which there may be ten thousand in a second.",
            "Print in epoch, or at every so many steps, which a field says; or write to a file.",
        )


def _bears_trainings_one_by_one(observer: Observer) -> None:
    with elsewhere():
        run(observer, USUAL)
        for form in (OTHER, FORMS[1]):
            with suppress(CheckSkipped):  # it says what it will not replace, as it may
                run(observer, form)


def _defines_what_is_called(observer: Observer) -> None:
    with elsewhere():
        demand_called(observer)


def _effects(observer: Observer) -> None:
    # a number may say where something is too large or too seldom to be met with here
    demand_effects(observer, lambda one: repr(alone(one)).encode(), always=frozenset())


CHECKS: tuple[Check, ...] = (
    # first, since it notices the lowest cost of all trainings where it is new
    Check("keeps_nothing_in_itself", "What is remembered lives in the watcher.", _keeps_nothing_in_itself),
    Check("returns_watchers", "Every training gets a watcher of its own.", _returns_watchers, varied=True),
    Check(
        "bears_any_training",
        "A whole training can be watched, without labels or learning rate, of one step or of many, in any precision.",
        _bears_any_training,
        varied=True,
    ),
    Check("bears_early_ends", "Training may end at any event, also before the first.", _bears_early_ends, varied=True),
    Check("bears_trainings_one_by_one", "One training can follow another.", _bears_trainings_one_by_one),
    Check(
        "leaves_the_experiment_alone",
        "Nothing is changed of the experiment, the run's folder or other files.",
        _leaves_the_experiment_alone,
    ),
    Check("keeps_trainings_apart", "Two trainings at the same time do not mix.", _keeps_trainings_apart),
    Check("copies_theta_to_keep_it", "What is kept of θ is a copy.", _copies_theta_to_keep_it),
    Check("closes_its_files", "Files are closed when training has ended.", _closes_its_files),
    Check("ends_its_threads", "Threads end when training has ended.", _ends_its_threads),
    Check("leaves_the_process_alone", "Nothing is changed that others rely on.", _leaves_the_process_alone),
    Check("is_silent_at_steps", "Not every step is printed.", _is_silent_at_steps),
    Check("defines_what_is_called", "A watcher's methods are those that training calls.", _defines_what_is_called),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
)
