"""Does a call leave alone what all of a process shares?"""

from __future__ import annotations

import gc
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from landscape.testing.core import fail
from landscape.testing.talk import Kept

_AT_FIRST = frozenset(os.environ)
_IMPLIED = logging.StreamHandler  # which logging.info and its like add where there is no handler
_SIGNALS = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
_LEVEL, _SECONDS = 37, 1847.0  # of logging and of sockets, as no plugin sets them


@contextmanager
def recognizable() -> Iterator[None]:
    """Let what is shared be as no plugin would set it, since a check before may have set it; then restore it."""
    legacy, python = np.random.get_state(legacy=True), random.getstate()  # noqa: NPY002  # it is what is watched
    added = {name: os.environ.pop(name) for name in set(os.environ) - _AT_FIRST}
    undo = _recognizable_settings()
    try:
        with np.errstate(all="warn"), np.printoptions(precision=11, edgeitems=5), warnings.catch_warnings():
            warnings.filterwarnings("default", message="a filter that no plugin sets")
            np.random.seed(1847)  # noqa: NPY002
            random.seed(1847)
            yield
    finally:
        undo()
        os.environ.update(added)
        np.random.set_state(legacy)  # noqa: NPY002
        random.setstate(python)


def _recognizable_settings() -> Callable[[], None]:
    """Set what has no context manager of its own, and return what puts it back."""
    root, seconds, collects, path = logging.getLogger(), socket.getdefaulttimeout(), gc.isenabled(), list(sys.path)
    level, handlers, signals = root.level, list(root.handlers), {one: signal.getsignal(one) for one in _SIGNALS}
    hook, deepest = sys.excepthook, sys.getrecursionlimit()
    _handle_signals(_SIGNALS)
    sys.excepthook = partial(hook)  # which is another than any that a check before may have set
    sys.setrecursionlimit(deepest + 1)
    root.setLevel(_LEVEL)
    socket.setdefaulttimeout(_SECONDS)
    gc.enable()

    def undo() -> None:
        _handle_signals(signals)
        sys.excepthook = hook
        sys.setrecursionlimit(deepest)
        root.setLevel(level)
        root.handlers[:] = handlers
        socket.setdefaulttimeout(seconds)
        (gc.enable if collects else gc.disable)()
        sys.path[:] = path

    return undo


def _handle_signals(handlers: Mapping[signal.Signals, Any]) -> None:
    """Let signals be handled so, where that can be said: in the main thread, and of what Python has set."""
    if threading.current_thread() is threading.main_thread():
        for one, handler in handlers.items():
            if handler is not None and signal.getsignal(one) is not handler:
                signal.signal(one, handler)


def shared() -> dict[str, Any]:
    """Return what all of a process shares, by what it is called in messages."""
    root = logging.getLogger()
    legacy: Any = np.random.get_state(legacy=True)  # noqa: NPY002  # it is what is watched
    return {
        "NumPy's floating-point error handling (np.seterr)": np.geterr(),
        "NumPy's global random numbers": (legacy[1].tobytes(), *legacy[2:]),
        "Python's global random numbers": random.getstate(),
        "how NumPy prints": np.get_printoptions(),
        "which warnings are shown": list(map(str, warnings.filters)),
        "the environment": dict(os.environ),
        "the working directory": os.getcwd(),
        "sys.stdout": id(sys.stdout),
        "sys.stderr": id(sys.stderr),
        "sys.excepthook": id(sys.excepthook),
        "how deep calls may be nested": sys.getrecursionlimit(),
        "sys.path": list(sys.path),
        "what is done at a signal": {one: repr(signal.getsignal(one)) for one in _SIGNALS},
        "the root logger": (root.level, [repr(each) for each in root.handlers if type(each) is not _IMPLIED]),
        "how long sockets wait": socket.getdefaulttimeout(),
        "whether garbage is collected": gc.isenabled(),
    }


def demand_undisturbed(
    call: str, act: Callable[[], Any], *, print_is_fine: bool = False, files_are_fine: bool = False
) -> None:
    """Fail when `act`, called in an empty working folder, changes what is shared, prints, or leaves a file there.

    What it raises is not of interest: it may want a file that lies in the folder it was called in.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder), recognizable():
        said = Kept()
        with redirect_stdout(said), redirect_stderr(said):
            while True:
                modules, before = len(sys.modules), shared()
                _attempt(act)
                if len(sys.modules) == modules:  # libraries may set what they need when they are imported
                    break
            after = shared()
        left = sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))
    for what, value in before.items():
        if after[what] != value:
            fail(
                f"{call} changes {what}, which other code in the process relies on.",
                "Leave it alone, or use a context manager that restores it.",
            )
    if said.getvalue() and not print_is_fine:
        fail(
            f"{call} prints {said.getvalue().strip()[:60]!r}, which would stand among the output of commands.",
            "Leave it out, or use the module logging.",
        )
    if left and not files_are_fine:
        fail(
            f"{call} leaves {left[0]!r} in the working folder, wherever that is.",
            "Keep it in memory, or in a folder that the user named in a field.",
        )


def _attempt(act: Callable[[], Any]) -> None:
    try:
        act()
    except Exception:  # whatever foreign code raises; other checks look into that
        return
