"""Which of a session's threads does not come back from a plugin, where is it, and how is it ended?"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import NamedTuple

from landscape._guard import stop
from landscape.describe import line_in_plugins

PATIENCE = 5.0  # seconds, after which the page says what it waits for
LONGEST = 20.0  # seconds, after which it is ended; loading data may take longer
_HELPERS = "surface"  # how the names of the threads begin in which surfaces are computed


class _Piece(NamedTuple):
    thread: threading.Thread
    begun: float
    endless: bool


class Pieces:
    """The pieces of work that are under way, each in a thread of its own."""

    def __init__(self) -> None:
        self._pieces: dict[int, _Piece] = {}

    @contextmanager
    def piece(self, *, endless: bool = False) -> Iterator[None]:
        """Note that this thread is at work in the block; `endless` work is ended only when somebody asks for it."""
        me = threading.current_thread()
        self._pieces[me.ident or 0] = _Piece(me, perf_counter(), endless)
        try:
            yield
        finally:
            self._pieces.pop(me.ident or 0, None)

    def said(self) -> str:
        """Return which line of a plugin has been waited for too long, or ``""``."""
        for piece in self._late(PATIENCE):
            for thread in _with_helpers(piece.thread):
                where = _line(thread)
                if where:
                    return f"{where}this has not returned for {perf_counter() - piece.begun:.0f} s. Reset ends it."
        return ""

    def end(self, seconds: float, *, endless: bool = True) -> None:
        """End what has been in a plugin for more than that many seconds, of what is `endless` too or not."""
        if self._stuck(seconds, endless):
            stop(lambda: self._stuck(seconds, endless))

    def _stuck(self, seconds: float, endless: bool) -> list[threading.Thread]:
        late = [piece.thread for piece in self._late(seconds) if endless or not piece.endless]
        return [thread for one in late for thread in _with_helpers(one) if _line(thread)]

    def _late(self, seconds: float) -> list[_Piece]:
        now = perf_counter()
        return [piece for piece in list(self._pieces.values()) if now - piece.begun > seconds]


def _with_helpers(thread: threading.Thread) -> list[threading.Thread]:
    """Return the threads that may do the work of `thread`."""
    return [*(one for one in threading.enumerate() if one.name.startswith(_HELPERS)), thread]


def _line(thread: threading.Thread) -> str:
    """Return the line of a plugin that `thread` is at, or ``""``."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "" if frame is None else line_in_plugins(traceback.walk_stack(frame))
