"""Does a plugin give the same in another process, in which it has done nothing before?

There, texts have other hashes and sets another order, nothing is cached, and hyperparameters come in another order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from landscape.kinds import Plugin
from landscape.testing.core import fail, kind_of, shown, values_of
from landscape.testing.reordering import ReorderingLoader, makes_sets, reorder
from landscape.testing.sharing import begun, sharing
from landscape.testing.variants import fields_of, other_values, variants

Outcome = Mapping[str, NDArray[Any]]
_INSIDE = "LANDSCAPE_CHECKED_AFRESH"
_PATIENCE = 30.0  # seconds
_QUICK = 0.1  # seconds of computing; what takes longer is tried with no other hyperparameters, in no second process
_MOST_OTHERS = 6
_CLOSE = 0.01  # rounding, which differs with how arrays lie in memory, may have grown
_TURNS = (False, True)  # whether sets of texts are ordered backwards


class _Asked(NamedTuple):
    """A process, the plugins whose outcomes it computes, and the beginning of the files that it writes them to."""

    process: subprocess.Popen[bytes]
    plugins: list[Plugin]
    prefix: str


def demand_same_afresh(
    plugin: Plugin,
    outcome: Callable[[Any], Outcome],
    call: str,
    remedy: str,
    processes: int = 2,
    seconds: float | None = None,
    singly: bool = False,
) -> None:
    """Fail when `outcome` of a plugin, or of one with other hyperparameters, is another in a process of its own.

    In the first process, sets of texts that the plugin's code makes are ordered in two ways, so that one is not the
    order that they have here. In a second one, nothing but the hashes of texts is other. Passes where no such
    process can be had: for a class that is not at the top level of a file, or whose module cannot be imported again.

    Parameters
    ----------
    outcome : a function at the top level of a module of the kit, which returns arrays by name.
    processes : 1, or 2 where `outcome` is computed quickly.
    seconds : how long `outcome` takes, where it is known and what it does is done already.
    singly : also move each hyperparameter alone, of which something that is kept may not take notice.
    """
    with sharing():
        beginning(outcome, singly)(plugin)
        start = time.process_time()
        first = _attempted(outcome, plugin)
        quick = (time.process_time() - start if seconds is None else seconds) < _QUICK
        others = _others(plugin, singly) if quick else []
        mine = {_key(plugin): _copied(first) if others else first}  # others may be given the same arrays
        asked = [_ask(plugin, outcome, index, singly) for index in range(processes if quick else 1)]
        mine |= {_key(one): _attempted(outcome, one) for one in others}
        for one, there in (answer for each in asked if each is not None for answer in _answers(each)):
            here = mine.get(_key(one))
            for name in here.keys() | there.keys() if here is not None else ():
                if here is not None and not _close(here.get(name), there.get(name)):
                    intro = "" if _key(one) == _key(plugin) else f"with {shown(one)}, "
                    fail(f"{intro}{call} gives other {name} in another process.", remedy)


def beginning(outcome: Callable[[Any], Outcome], singly: bool = False) -> Callable[[Plugin], object]:
    """Return what starts the first process for a plugin, so that it is under way when its answer is asked for."""
    return partial(_ask, outcome=outcome, index=0, singly=singly)


def _others(plugin: Plugin, singly: bool) -> list[Plugin]:
    """Return the plugin with all hyperparameters moved and, if `singly`, with each of some alone."""
    found = variants(plugin)[:1]
    if not found:  # there are no fields, or their schema cannot be had
        return []
    for name, options in fields_of(type(plugin)).items() if singly else ():
        for value in other_values(options, getattr(plugin, name)):
            with suppress(Exception):  # a validator rejects the combination, in whatever way
                found.append(type(plugin).model_validate({**values_of(plugin), name: value}))
                break
    return found[:_MOST_OTHERS]


def _key(plugin: Plugin) -> str:
    return f"{type(plugin).__qualname__} {sorted(values_of(plugin).items())}"


def _attempted(outcome: Callable[[Any], Outcome], plugin: Plugin) -> Outcome | None:
    try:
        return {name: np.asarray(values) for name, values in outcome(plugin).items()}
    except Exception:  # whatever foreign code raises; other checks look into that
        return None


def _copied(outcome: Outcome | None) -> Outcome | None:
    return None if outcome is None else {name: values.copy() for name, values in outcome.items()}


def _close(one: NDArray[Any] | None, two: NDArray[Any] | None) -> bool:
    if one is None or two is None or one.shape != two.shape or one.dtype != two.dtype:
        return False
    if one.dtype.kind != "f" or np.array_equal(one, two):
        return bool(np.array_equal(one, two))
    scale = float(np.max(np.abs(one), initial=0.0, where=np.isfinite(one)))
    return bool(np.allclose(one, two, rtol=_CLOSE, atol=_CLOSE * scale, equal_nan=True))


def _ask(plugin: Plugin, outcome: Callable[[Any], Outcome], index: int, singly: bool = False) -> _Asked | None:
    """Return the process of this index that computes the outcomes of `plugin`; None where it cannot be had."""
    cls = type(plugin)
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if file is None or cls.__module__ == "__main__" or "<locals>" in cls.__qualname__:
        return None
    if _INSIDE in os.environ:  # a module that checks its own plugins when it is imported
        return None
    plugins = [*_others(plugin, singly), plugin]
    with suppress(Exception):  # fields that cannot be written are found by another check
        task = {
            "file": file,
            "module": cls.__module__,
            "class": cls.__qualname__,
            "fields": [one.model_dump(mode="json") for one in plugins],
            "outcome": [outcome.__module__, outcome.__name__],
            "reordered": index == 0,
        }
        seed = [seed for seed in ("1", "2", "3") if seed != os.environ.get("PYTHONHASHSEED")][index]
        key = outcome.__module__, outcome.__name__, cls, _key(plugin), index
        return begun(key, partial(_process, seed, task, plugins))
    return None


@contextmanager
def _process(seed: str, task: dict[str, Any], plugins: list[Plugin]) -> Iterator[_Asked | None]:
    """Let a process whose hashes come from `seed` work on a task; it is ended afterwards."""
    path = os.pathsep.join(filter(None, sys.path))
    with ExitStack() as ending:
        folder = ending.enter_context(TemporaryDirectory(ignore_cleanup_errors=True))
        prefix = str(Path(folder, "outcome"))
        try:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", "from landscape.testing.afresh import answer; answer()"],
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path, _INSIDE: "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:  # no further process can be had: there is no answer
            yield None
            return
        ending.callback(_end, process)
        with suppress(OSError):  # it has ended
            process.stdin.write(json.dumps({**task, "prefix": prefix}).encode())  # type: ignore[union-attr]
            process.stdin.close()  # type: ignore[union-attr]
        process.stdin = None
        yield _Asked(process, plugins, prefix)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _answers(asked: _Asked) -> Iterator[tuple[Plugin, Outcome]]:
    """Yield the outcomes that a process has computed."""
    with suppress(subprocess.TimeoutExpired):
        asked.process.communicate(timeout=_PATIENCE)
    for turn in range(len(_TURNS)):
        for index, plugin in enumerate(asked.plugins):
            path = Path(f"{asked.prefix}-{turn}-{index}.npz")
            if path.exists():
                with np.load(path, allow_pickle=False) as arrays:
                    yield plugin, dict(arrays)


def answer() -> None:
    """Write the outcomes that are asked for on standard input; what runs in the other process."""
    task = json.load(sys.stdin)
    os.dup(1)  # the other side waits for it to be closed; what is printed must not fill it
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    count = len(task["fields"])
    for turn, backwards in enumerate(_TURNS):
        if turn > 0 and not makes_sets():
            return
        if task["reordered"]:
            reorder(task["module"], backwards=backwards)
        cls: Any = _module(task["module"], task["file"], reordered=task["reordered"])
        for name in task["class"].split("."):
            cls = getattr(cls, name)
        import_module(f"landscape.testing.{kind_of(cls)}s")
        outcome, start = getattr(import_module(task["outcome"][0]), task["outcome"][1]), time.process_time()
        for index in range(count) if turn == 0 else (count - 1,):
            if 0 < index < count - 1 and time.process_time() - start > _QUICK:
                continue
            start = time.process_time()
            with suppress(Exception):  # whatever foreign code raises; other checks look into that
                _write(f"{task['prefix']}-{turn}-{index}.npz", outcome(cls.model_validate(task["fields"][index])))


def _write(name: str, result: Outcome) -> None:
    unfinished = Path(f"{name}-unfinished.npz")
    np.savez(unfinished, allow_pickle=False, **dict(result))
    unfinished.rename(name)


def _module(name: str, file: str, *, reordered: bool) -> Any:
    """Return a module by its name or, where that is none that can be imported, by its file."""
    try:
        module = import_module(name)
        if getattr(module, "__file__", None) == file:
            return module
    except ImportError:
        pass
    loader = ReorderingLoader(name, file) if reordered else None
    spec = spec_from_file_location(name, file, loader=loader)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no module")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
