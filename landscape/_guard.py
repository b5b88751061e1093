"""How is foreign code run so that it can neither hold up, nor end, nor talk into the program?"""

from __future__ import annotations

import ctypes
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, TextIO, TypeVar, cast

from landscape.errors import PluginError

LIMIT = "LANDSCAPE_PLUGIN_TIMEOUT"
_SECONDS = 5.0
_LONGEST = 3600.0
_MOST_TEXT = 300

T = TypeVar("T")


class TimeLimitError(PluginError):
    """Foreign code did not end within its time."""


class TimeIsUp(SystemExit):
    """Raised in code that takes too long; no `except Exception` catches it, and a thread ends by it in silence."""


class Guarded(threading.Thread, Generic[T]):
    """A thread that does foreign work; a daemon, so that no work can keep the program from ending."""

    def __init__(self, work: Callable[[], T], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.outcome: list[T] = []

    def run(self) -> None:
        """Do the work, and keep what it returns."""
        self.outcome.append(self._work())

    def stop(self) -> None:
        """End the thread if it can be ended."""
        stop(lambda: [self] if self.is_alive() else [])


def stop(threads: Callable[[], Sequence[threading.Thread]]) -> None:
    """Raise an exception in `threads`, a few times: foreign code may catch it, or wait where none arrives."""
    for _ in range(5):
        alive = threads()
        if not alive:
            return
        for thread in alive:
            if thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp))
        alive[-1].join(0.1)


def guarded(
    work: Callable[[], T],
    name: str,
    *,
    less: tuple[float, str] | None = None,
    after: Callable[[], None] = lambda: None,
) -> T:
    """Return what `work` returns, having waited no longer than the limit; what it prints is dropped.

    `work` runs in a thread of its own and must not raise. Ctrl-C is not held up by it.

    Parameters
    ----------
    less : seconds that the limit is instead of the usual one, and which limit that is, for the message.
    after : called once `work` has ended or is given up, before anything else is done, and again once it is stopped.

    Raises
    ------
    TimeLimitError
        When the limit is reached.
    PluginError
        When `work` ended its thread.
    """
    seconds, why = (time_limit(), "") if less is None else less
    thread = Guarded(work, name)
    with _muted(thread):
        try:
            thread.start()
            thread.join(seconds)
        finally:
            after()  # stopping needs what it may put back
            late = thread.is_alive()
            thread.stop()
            after()
    if not late and thread.outcome:
        return thread.outcome[0]
    if late:
        raise TimeLimitError(
            f"it did not finish loading within {seconds:g} s{why}: import less at the top of the module, or set "
            f"{LIMIT} to more seconds"
        )
    raise PluginError("it ended the thread in which it was imported")


def time_limit_is_chosen() -> bool:
    """Whether the environment says how long foreign code may take."""
    return bool(os.environ.get(LIMIT, "").strip())


def time_limit() -> float:
    """Return the seconds that foreign code may take; PluginError when the environment says no such number."""
    text = os.environ.get(LIMIT, "").strip() or str(_SECONDS)
    seconds = float("nan")
    with suppress(ValueError):
        seconds = float(text)
    if not 0 < seconds <= _LONGEST:
        raise PluginError(f"{LIMIT} = {text!r}: set a number of seconds above 0 and up to {_LONGEST:g}, or unset it")
    return seconds


class _Void(io.RawIOBase):
    """Holds nothing, and forgets what is written to it."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read nothing."""
        return 0

    def write(self, data: Any) -> int:
        """Forget `data`."""
        return len(data)


class _Apart:
    """Stands for a standard stream: for one thread an empty one that anything may be written to, else `real`."""

    def __init__(self, real: TextIO, muted: threading.Thread) -> None:
        self._real, self._muted = real, muted
        self._void = io.TextIOWrapper(cast(Any, _Void()), encoding="utf-8", write_through=True)

    def _one(self) -> TextIO:
        return self._void if threading.current_thread() is self._muted else self._real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._one(), name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._one())


@contextmanager
def _muted(thread: threading.Thread) -> Iterator[None]:
    """Take the standard streams from `thread`, and undo what it does to them and to the place where we stand.

    A thread that cannot be stopped stays without them: it must not write into what comes after, nor hold the lock
    of a stream that the interpreter flushes when it ends.
    """
    names = ("stdin", "stdout", "stderr")
    before = {name: getattr(sys, name) for name in names}
    here, depth = folder(), sys.getrecursionlimit()
    apart = {name: _Apart(stream, thread) for name, stream in before.items() if stream is not None}
    for name, stream in apart.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        alive = thread.is_alive()
        for name in names:
            setattr(sys, name, apart.get(name) if alive else before[name])
        sys.setrecursionlimit(max(depth, sys.getrecursionlimit()))
        if here and folder() != here:
            with suppress(OSError):  # it was removed: there is no way back
                os.chdir(here)


def folder() -> str:
    """Return the working folder, or an empty text where it was removed."""
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


def one_line(value: object) -> str:
    """Return what `value` says of itself in one short printable line, whatever that does."""
    try:
        text = str(value)
    except BaseException:  # foreign code may do anything here too, and must still be reported
        return "(what it says cannot be shown)"
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: 20 * _MOST_TEXT]).split())
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"


def reason(error: BaseException) -> str:
    """Return why foreign code failed, in one short printable line: the error's first line, and its type."""
    if isinstance(error, PluginError):
        return one_line(error)
    name = type(error).__name__
    try:
        first = str(error).strip().partition("\n")[0]
    except BaseException as worse:  # an exception may raise when it is asked what it says
        return f"{name} (which cannot say what is wrong: {type(worse).__name__})"
    return f"{name}: {one_line(first)}".removesuffix(": ")


def quoted(value: object) -> str:
    """Return ``repr(value)`` in one short printable line, whatever that does."""
    try:
        return one_line(repr(value))
    except BaseException:  # see `one_line`
        return f"an object of {type(value).__name__}"
