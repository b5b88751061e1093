"""What does a call return when another thread makes one, too, between any two of its steps?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_NOT_THE_PLUGINS = {"numpy", "pydantic", "threading", "concurrent", "contextlib", "typing"}
_MOST, _LEAST = 300, 60
_SECONDS = 0.1  # after which the least is enough
_PATIENCE = 0.05


def interrupted(call: Callable[[], T], other: Callable[[], Any]) -> T:
    """Return what `call` returns when `other` runs, in another thread, before every step of Python that it executes.

    A step is an instruction of the interpreter: of what stands in one line, threads may see the half.

    Threads on their own meet between the same two lines by chance alone. Where `other` has to wait, for a lock that
    `call` holds, it is not run again: then they cannot meet.
    """
    watching, left, start = sys.gettrace(), _MOST, time.monotonic()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not _is_the_plugins(frame):
            return None
        frame.f_trace_opcodes = left > 0
        if event in ("line", "opcode") and left > 0:
            left = left - 1 if _done(pool.submit(other)) else 0
            if left <= _MOST - _LEAST and time.monotonic() - start > _SECONDS:
                left = 0
        return trace

    with ThreadPoolExecutor(1) as pool:
        sys.settrace(trace)
        try:
            return call()
        finally:
            sys.settrace(watching)


def _is_the_plugins(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] not in _NOT_THE_PLUGINS and not module.startswith("landscape.testing")


def _done(future: Future[Any]) -> bool:
    try:
        future.exception(_PATIENCE)
    except NotInTime:
        return False
    return True
