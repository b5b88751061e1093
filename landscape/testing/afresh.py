"""Does a plugin give the same in another process, in which it has done nothing before?

There, texts have other hashes and sets another order, nothing is cached, and hyperparameters come in another order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.kinds import Plugin
from landscape.testing.core import fail, kind_of, shown
from landscape.testing.variants import variants

Outcome = Mapping[str, NDArray[Any]]
_INSIDE = "LANDSCAPE_CHECKED_AFRESH"
_PATIENCE = 30.0  # seconds
_QUICK = 0.2  # seconds of computing; what takes longer is not tried with other hyperparameters
_CLOSE = 0.01  # rounding, which differs with how arrays lie in memory, may have grown


def demand_same_afresh(
    plugin: Plugin, outcome: Callable[[Any], Outcome], call: str, remedy: str, processes: int = 2
) -> None:
    """Fail when `outcome` of a plugin, or of one with other hyperparameters, is another in a process of its own.

    Passes where no such process can be had: for a class that is not at the top level of a file, or whose module
    cannot be imported again.

    Parameters
    ----------
    outcome : a function at the top level of a module of the kit, which returns arrays by name.
    processes : how many to try, each with other hashes: a small set may have the same order in one of them by chance.
    """
    start = time.process_time()
    attempts = [(plugin, _attempted(outcome, plugin))]
    if time.process_time() - start < _QUICK:
        attempts += [(one, _attempted(outcome, one)) for one in variants(plugin)[:1]]
    mine = [(one, result) for one, result in attempts if result is not None]
    theirs = _afresh([one for one, _ in mine[::-1]], outcome, processes)
    for (one, here), there in zip(mine[::-1] * processes, theirs, strict=False):
        for name in here.keys() | (there or here).keys():
            if there is not None and not _close(here.get(name), there.get(name)):
                intro = "" if one is plugin else f"with {shown(one)}, "
                fail(f"{intro}{call} gives other {name} in another process.", remedy)


def _attempted(outcome: Callable[[Any], Outcome], plugin: Plugin) -> Outcome | None:
    try:
        return {name: np.array(values) for name, values in outcome(plugin).items()}
    except Exception:  # whatever foreign code raises; other checks look into that
        return None


def _close(one: NDArray[Any] | None, two: NDArray[Any] | None) -> bool:
    if one is None or two is None or one.shape != two.shape or one.dtype != two.dtype:
        return False
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, two))
    scale = float(np.max(np.abs(one), initial=0.0, where=np.isfinite(one)))
    return bool(np.allclose(one, two, rtol=_CLOSE, atol=_CLOSE * scale, equal_nan=True))


def _afresh(plugins: list[Plugin], outcome: Callable[[Any], Outcome], processes: int) -> list[Outcome | None]:
    """Return the outcomes of `plugins`, of one class, in each of some processes; nothing where they cannot be had."""
    cls = type(plugins[0]) if plugins else Plugin
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if not plugins or file is None or cls.__module__ == "__main__" or "<locals>" in cls.__qualname__:
        return []
    if _INSIDE in os.environ:  # a module that checks its own plugins when it is imported
        return []
    task = {
        "file": file,
        "module": cls.__module__,
        "class": cls.__qualname__,
        "fields": [plugin.model_dump(mode="json") for plugin in plugins],
        "outcome": [outcome.__module__, outcome.__name__],
    }
    seeds = [seed for seed in ("1", "2", "3") if seed != os.environ.get("PYTHONHASHSEED")][:processes]
    with TemporaryDirectory() as folder:
        tasks = {seed: json.dumps({**task, "prefix": str(Path(folder, seed))}).encode() for seed in seeds}
        with ThreadPoolExecutor(processes) as pool:
            list(pool.map(_ask, tasks.keys(), tasks.values()))
        return [_read(Path(folder, f"{seed}-{index}.npz")) for seed in seeds for index in range(len(plugins))]


def _ask(seed: str, task: bytes) -> None:
    """Have a task answered by a process whose hashes come from `seed`; where it cannot be, there is no answer."""
    path = os.pathsep.join(filter(None, sys.path))
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "from landscape.testing.afresh import answer; answer()"],
            input=task,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path, _INSIDE: "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )


def _read(path: Path) -> Outcome | None:
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def answer() -> None:
    """Write the outcomes that are asked for on standard input; what runs in the other process."""
    task = json.load(sys.stdin)
    cls: Any = _module(task["module"], task["file"])
    for name in task["class"].split("."):
        cls = getattr(cls, name)
    module, name = task["outcome"]
    import_module(f"landscape.testing.{kind_of(cls)}s")
    outcome = getattr(import_module(module), name)
    for index, fields in enumerate(task["fields"]):
        result = outcome(cls.model_validate(fields))
        unfinished = Path(f"{task['prefix']}-unfinished.npz")
        np.savez(unfinished, **result)
        unfinished.rename(f"{task['prefix']}-{index}.npz")


def _module(name: str, file: str) -> Any:
    """Return a module by its name or, where that is none that can be imported, by its file."""
    try:
        module = import_module(name)
        if getattr(module, "__file__", None) == file:
            return module
    except ImportError:
        pass
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no module")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
