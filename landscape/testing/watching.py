"""How is an observer told of a training, and what must it put up with meanwhile?"""

from __future__ import annotations

import inspect
import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dis import opmap
from types import TracebackType
from typing import Any

import numpy as np

from landscape.errors import LandscapeError
from landscape.kinds import Observer, StepEvent, Training, Watcher
from landscape.testing.core import CheckSkipped, first_line, place_of
from landscape.testing.events import Event, Form, events_of
from landscape.testing.general import fail
from landscape.testing.probe import identical

_RAISE = opmap["RAISE_VARARGS"]


def watch(observer: Observer, form: Form, training: Training | None = None) -> Watcher:
    """Return a watcher; skip the check where the observer says that it has not got what it needs."""
    try:
        watcher: Any = observer.watch(form.training if training is None else training)
    except LandscapeError as error:
        raise CheckSkipped(f"The observer cannot watch here, it says: {error}") from error
    except OSError as error:
        fail(
            f"{place_of(observer, error)}watch raised {_said(error)}.",
            "Make the folders that are missing, and replace or go on with what an earlier training left there; where "
            "that cannot be, raise landscape.errors.PluginError and say what to do.",
        )
    except Exception as error:  # whatever foreign code raises
        fail(
            f"{place_of(observer, error)}in {form.name}, watch raised {_said(error)}.",
            "Expect only what every training has: its folder may be None, the experiment of a test function has no "
            "network, cost or data set, and an optimizer need not have a learning rate.",
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


def tell(watcher: Watcher, event: Event, form: Form) -> bool:
    """Pass an event on and return whether training goes on; fail when the watcher raises what is no intention."""
    kind = "step" if isinstance(event, StepEvent) else "epoch"
    before = event.theta.copy()
    try:
        _demand_done(kind, getattr(watcher, kind)(event))
    except LandscapeError:  # an observer may end training on purpose
        return False
    except Exception as error:  # whatever foreign code raises
        if "read-only" in str(error):
            fail(f"{kind} writes to θ, which is training's own: {error}.", "Work on a copy: event.theta.copy().")
        if _is_of_a_divergence(event) and _is_on_purpose(error):
            return False
        fail(
            f"{place_of(watcher, error)}in {form.name}, at {_at(event)}, {kind} raised {_said(error)}.",
            "Be ready for an epoch 0 before the first step, for a learning rate, accuracies and costs that are NaN, "
            "and for values of any size, 0 among them. To end training on purpose, raise an error of landscape.errors.",
        )
    if not identical(before, event.theta):
        fail(f"{kind} changes θ, which is training's own.", "Work on a copy: event.theta.copy().")
    if event.theta.flags.writeable:
        fail(f"{kind} makes θ writeable, which is training's own.", "Leave it, and work on a copy: event.theta.copy().")
    return True


def _demand_done(method: str, returned: Any) -> None:
    """Fail when a method has not done its work, but returned something that would do it."""
    if inspect.iscoroutine(returned):
        returned.close()  # or else Python complains that nobody waits for it
    if inspect.iscoroutine(returned) or inspect.isasyncgen(returned) or inspect.isgenerator(returned):
        fail(
            f"{method} returned a {type(returned).__name__}: nothing of it runs when it is called.",
            "Write it as an ordinary function, without async or yield.",
        )


def _said(error: Exception) -> str:
    """Return an error's class and, where it has one, its message."""
    text = first_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _at(event: Event) -> str:
    return f"step {event.step}" if isinstance(event, StepEvent) else f"epoch {event.epoch}"


def _is_of_a_divergence(event: Event) -> bool:
    numbers = (event.cost, event.gradient_norm) if isinstance(event, StepEvent) else (event.train_cost, event.test_cost)
    return not all(map(math.isfinite, numbers))


def _is_on_purpose(error: Exception) -> bool:
    """Whether a statement ``raise`` raised an error, not something that failed, nor an assertion."""
    last: TracebackType | None = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or isinstance(error, AssertionError):
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] == _RAISE


def close(watcher: Watcher, when: str) -> None:
    """Close a watcher; fail when it raises."""
    method: Any = watcher.close
    try:
        _demand_done("close", method())
    except Exception as error:  # whatever foreign code raises
        fail(
            f"{place_of(watcher, error)}close raised {type(error).__name__} {when}: {error}.",
            "Training may end before its first step or epoch, and close is called all the same: open and set in "
            "watch what close needs.",
        )


def run(observer: Observer, form: Form, *, live: bool = True, patience: float = math.inf) -> Watcher:
    """Return a watcher that has seen a whole training, or as much as fits into some seconds, and is closed."""
    with strict():
        watcher, end = watch(observer, form), time.monotonic() + patience
        for event in events_of(form, live=live):
            if not tell(watcher, event, form) or time.monotonic() > end:
                break
        close(watcher, f"after {form.name}")
    return watcher


@contextmanager
def strict() -> Iterator[None]:
    """Let NumPy raise what it warns of otherwise, such as a logarithm of 0."""
    with warnings.catch_warnings(), np.errstate(divide="raise", over="raise", invalid="raise"):
        warnings.filterwarnings("error", category=RuntimeWarning, module="numpy")
        yield
