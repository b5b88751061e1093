"""Does a call leave alone what all of a process shares?"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from landscape.testing.core import fail
from landscape.testing.talk import Kept

_AT_FIRST = frozenset(os.environ)


@contextmanager
def recognizable() -> Iterator[None]:
    """Let what is shared be as no plugin would set it, since a check before may have set it; then restore it."""
    legacy, python = np.random.get_state(legacy=True), random.getstate()  # noqa: NPY002  # it is what is watched
    added = {name: os.environ.pop(name) for name in set(os.environ) - _AT_FIRST}
    try:
        with np.errstate(all="warn"), np.printoptions(precision=11, edgeitems=5), warnings.catch_warnings():
            warnings.filterwarnings("default", message="a filter that no plugin sets")
            np.random.seed(1847)  # noqa: NPY002
            random.seed(1847)
            yield
    finally:
        os.environ.update(added)
        np.random.set_state(legacy)  # noqa: NPY002
        random.setstate(python)


def shared() -> dict[str, Any]:
    """Return what all of a process shares, by what it is called in messages."""
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
    }


def demand_undisturbed(
    call: str, act: Callable[[], Any], *, print_is_fine: bool = False, files_are_fine: bool = False
) -> None:
    """Fail when `act`, called in an empty working folder, changes what is shared, prints, or leaves a file there.

    What it raises is not of interest: it may want a file that lies in the folder it was called in.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, chdir(folder), recognizable():
        said = Kept()
        with redirect_stdout(said):
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
