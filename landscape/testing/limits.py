"""How long may a check take, and what is said of one that does not end?

It runs in a thread of its own, which is left where it is when it cannot be stopped: while it sleeps, say.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

from landscape._guard import Guarded, folder, stop

T = TypeVar("T")

_LOOK = 0.5  # seconds after which to look again whether time is up
_SHORT = 2.0  # seconds that each further check gets once one of the same plugin did not end,
_SHORTEST = 0.5  # and once several did not
_SEVERAL = 3


class Overrun(Exception):  # noqa: N818  # it is a fact about the plugin, as in the kit's words
    """Time was up; the message says where the plugin was."""


class Limits:
    """How long the checks of a plugin may take: less, once some did not end.

    Parameters
    ----------
    seconds : that a check may take, or a load of a data set, of which a check needs several.
    file : where the plugin's class is defined.
    waiting : called again and again while a check is waited for.
    """

    def __init__(self, seconds: float, file: str | None, waiting: Callable[[], None] = lambda: None) -> None:
        self.full, self.file, self.waiting, self.overruns = seconds, file, waiting, 0

    @property
    def seconds(self) -> float:
        """The seconds that the next check gets."""
        if not self.overruns:
            return self.full
        return min(self.full, _SHORT if self.overruns < _SEVERAL else _SHORTEST)

    def within(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises; Overrun when it takes too long."""
        task, others = _Task(work), set(threading.enumerate())
        thread = Guarded(task.run, "landscape check")
        with _as_before():
            try:
                thread.start()
                while thread.is_alive() and task.left(self.seconds) > 0:
                    self.waiting()
                    thread.join(min(task.left(self.seconds), _LOOK))
                if not thread.is_alive():
                    return task.outcome()
                said = self._overrun(self._stuck(others, thread))
            finally:
                if thread.is_alive():
                    stop(lambda: [one for one, _ in self._stuck(others, thread)])
        self.overruns += 1
        raise Overrun(said)

    def _stuck(
        self, others: set[threading.Thread], thread: threading.Thread
    ) -> list[tuple[threading.Thread, list[FrameType]]]:
        """Return the threads, beside `others`, that run the plugin's code, with its frames, and `thread` at last."""
        frames = sys._current_frames()
        alive = [one for one in threading.enumerate() if one not in others and one.ident in frames]
        found = [(one, self._in_the_plugin(frames[one.ident or 0])) for one in alive]
        return sorted(((one, own) for one, own in found if own or one is thread), key=lambda each: each[0] is thread)

    def _overrun(self, stuck: list[tuple[threading.Thread, list[FrameType]]]) -> str:
        """Return what is said of threads that should have ended."""
        where, still = "", "the check had not ended"
        lines = next((own for _, own in stuck if own), None)
        if lines is not None:
            where = f"{Path(lines[0].f_code.co_filename).name}, line {lines[0].f_lineno}: "
            still = f"{lines[-1].f_code.co_qualname} had not returned"
        if self.overruns:
            return f"{where}{still} in the short time that is left once a check did not end."
        return (
            f"{where}{still} after {self.seconds:g} s. Let every loop end, and wait for nothing without a limit; where "
            "it needs longer, say so: landscape check --time-limit SECONDS, or run_checks(…, time_limit=SECONDS)."
        )

    def _in_the_plugin(self, frame: FrameType) -> list[FrameType]:
        """Return the frames of the plugin's file that `frame` was called from, the innermost first."""
        return [each for each, _ in traceback.walk_stack(frame) if each.f_code.co_filename == self.file]


class _Task(Generic[T]):
    """Work, what came of it, and since when it runs."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work, self._context = work, copy_context()
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        self.restart()

    def restart(self) -> None:
        """Count the time from now."""
        self._start = time.monotonic()

    def left(self, seconds: float) -> float:
        return self._start + seconds - time.monotonic()

    def run(self) -> None:
        """Do the work, where contexts are as they were when the task was made."""
        try:
            self._outcome.append(self._context.run(self._in_time))
        except BaseException as error:  # it is raised again where it is waited for
            self._error = error

    def _in_time(self) -> T:
        _task.set(self)
        return self._work()

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._outcome[0]


_task: ContextVar[_Task[Any] | None] = ContextVar("landscape_testing_task", default=None)


def still_going() -> None:
    """Say that something ended which may take long: the time of the check is counted from now."""
    task = _task.get()
    if task is not None:
        task.restart()


@contextmanager
def _as_before() -> Iterator[None]:
    """Undo what a thread that could not be stopped has not undone itself: some of what a process shares."""
    streams = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    here, interval, environment = folder(), sys.getswitchinterval(), dict(os.environ)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        for name, stream in streams.items():
            setattr(sys, name, stream)
        if here and folder() != here:
            with suppress(OSError):  # it was removed: there is no way back
                os.chdir(here)
        sys.setswitchinterval(interval)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
