"""Who watches a training, and what becomes of it when one of them fails?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.errors import ObserverError, PluginError
from landscape.kinds import EpochEvent, Observer, StepEvent, Training, Watcher
from landscape.layout import Array
from landscape.training.blame import why


def live_view(theta: Array) -> Array:
    """Return a view of `theta` (P,) that always shows it and through which nobody can change it."""
    return np.asarray(theta.data.toreadonly())


class Watchers:
    """The watchers of one training, told of every event in the order of their observers.

    Parameters
    ----------
    observers : whose watchers they are.

    Raises
    ------
    ObserverError
        By `open`, `step` and `epoch`, when one of them raises: it names the observer, the step and the reason.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers
        self._watching: list[tuple[Observer, Watcher]] = []

    def open(self, training: Training, step: int) -> None:
        """Let every observer begin, after `step`."""
        for observer in self._observers:
            try:
                watcher = _watcher_of(observer, training)
            except (Exception, SystemExit) as error:  # observers are foreign code
                raise _blamed(observer, "stopped training", step, error) from error
            self._watching.append((observer, watcher))

    def step(self, event: StepEvent) -> None:
        """Tell all of a step."""
        for observer, watcher in self._watching:
            try:
                watcher.step(event)
            except (Exception, SystemExit) as error:  # observers are foreign code
                raise _blamed(observer, "stopped training", event.step, error) from error

    def epoch(self, event: EpochEvent) -> None:
        """Tell all of the measurements after an epoch."""
        for observer, watcher in self._watching:
            try:
                watcher.epoch(event)
            except (Exception, SystemExit) as error:  # observers are foreign code
                raise _blamed(observer, "stopped training", event.step, error) from error

    def close(self, step: int) -> list[ObserverError]:
        """Close every watcher, after `step`, whatever the others do; return what they raised."""
        failures = []
        while self._watching:
            observer, watcher = self._watching.pop(0)
            try:
                watcher.close()
            except (Exception, SystemExit) as error:  # observers are foreign code
                failures.append(_blamed(observer, "could not finish", step, error))
        return failures


def _watcher_of(observer: Observer, training: Training) -> Watcher:
    watcher: object = observer.watch(training)
    if not isinstance(watcher, Watcher):
        raise PluginError(f"watch returned {type(watcher).__name__}: it must return a landscape.Watcher")
    return watcher


def _blamed(observer: Observer, what: str, step: int, error: BaseException) -> ObserverError:
    """Return the error that says which observer did `what`, after which step, and why."""
    return ObserverError(f"observer {observer.name!r} {what} after step {step}: {why(observer, error)}")
