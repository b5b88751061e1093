"""What is a check, which are there for a kind, and what came of them?"""

from __future__ import annotations

import math
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

import numpy as np

from landscape._guard import TimeIsUp
from landscape.errors import suggest
from landscape.kinds import KINDS, KindName, Plugin
from landscape.testing.limits import Limits, Overrun
from landscape.testing.sharing import sharing
from landscape.testing.variants import variants

Outcome = Literal["passed", "failed", "expected", "unexpected", "skipped"]


class CheckFailure(AssertionError):  # noqa: N818  # it is a fact about the plugin, as in the kit's words
    """A plugin does not do what its kind promises; the message says what, where and what to do about it."""


class Refusal(CheckFailure):
    """A plugin says itself why it does not do here what its kind promises: a failure, but for what the kit made up."""


class CheckSkipped(Exception):  # noqa: N818  # it is no error: nothing is known to be wrong
    """A check cannot be done here, such as where a data set's files are absent; the message says why."""


@dataclass(frozen=True)
class Check:
    """One property that plugins of a kind have; called with a plugin, it raises `CheckFailure` where it lacks it.

    Parameters
    ----------
    id : the name to refer to it by, in words joined by underscores.
    says : the property, in one sentence.
    run : raises `CheckFailure`, or `CheckSkipped`; any other exception counts as a failure, too.
    varied : also run it with the plugin's hyperparameters moved off what they are (`variants`).
    patience : after how many seconds of computing to try no further hyperparameters.
    begin : starts what takes long, in another process, before any check is run.
    """

    id: str
    says: str
    run: Callable[[Any], None]
    varied: bool = False
    patience: float = math.inf
    begin: Callable[[Any], object] | None = None

    def __call__(self, plugin: Plugin) -> None:
        """Check `plugin`; CheckFailure when it fails, CheckSkipped when that cannot be told here."""
        with sharing():
            self._run_on_all(plugin)

    def _run_on_all(self, plugin: Plugin) -> None:
        start = time.process_time()
        self._run_on(plugin, "")
        for variant in variants(plugin) if self.varied else ():
            if time.process_time() - start > self.patience:
                break
            with suppress(Refusal, CheckSkipped):  # not every combination of hyperparameters need make sense
                self._run_on(variant, f"With {shown(variant)}: ")

    def _run_on(self, plugin: Plugin, intro: str) -> None:
        """Run on one plugin, whatever the process does with warnings and floating-point errors otherwise."""
        with warnings.catch_warnings(), np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            warnings.simplefilter("ignore")
            try:
                self.run(plugin)
            except (CheckSkipped, Refusal, TimeIsUp):
                raise
            except CheckFailure as failure:
                if not intro:
                    raise
                raise CheckFailure(f"{intro}{failure}") from failure
            except (Exception, SystemExit) as error:  # the plugin is foreign code: whatever it raises, it failed
                raise CheckFailure(f"{intro}{_raised(plugin, error)}") from error

    def __repr__(self) -> str:
        return f"<check {self.id}>"


@dataclass(frozen=True)
class Result:
    """What came of one check: its outcome and, unless it passed, a message.

    `expected` is a failure that was announced, `unexpected` a check that passed although its failure was.
    """

    check: Check
    outcome: Outcome
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether all is as it should be."""
        return self.outcome not in ("failed", "unexpected")


def fail(*sentences: str) -> NoReturn:
    """Raise CheckFailure with these sentences."""
    raise CheckFailure(" ".join(sentences))


def values_of(plugin: Plugin) -> dict[str, Any]:
    """Return the values of a plugin's fields, as they are."""
    return {name: getattr(plugin, name) for name in type(plugin).model_fields}


def kind_of(plugin: object) -> KindName:
    """Return the kind of a plugin or plugin class; TypeError when it is neither.

    It goes by the class it derives from: what the class says in ``kind`` is among the things to check.
    """
    cls = plugin if isinstance(plugin, type) else type(plugin)
    for kind, base in KINDS.items():
        if issubclass(cls, base):
            return kind
    raise TypeError(
        f"{plugin!r} is not a plugin: give an instance of a class derived from one of "
        f"{', '.join(f'landscape.{base.__name__}' for base in KINDS.values())}"
    )


def checks_for(kind: KindName) -> list[Check]:
    """Return the checks for a kind: those of all kinds first, then its own."""
    if kind not in get_args(KindName):
        raise ValueError(f"there is no kind {kind!r}.{suggest(kind, KINDS)} Kinds: {', '.join(KINDS)}")
    modules = [import_module(f"landscape.testing.{name}") for name in ("general", f"{kind}s")]
    return [check for module in modules for check in module.CHECKS]


def run_checks(
    plugin: Plugin, expected_failures: Mapping[str, str] | None = None, time_limit: float | None = None
) -> list[Result]:
    """Return what came of every check of the plugin's kind, in their order.

    Parameters
    ----------
    plugin : an instance of a plugin class.
    expected_failures : a reason for each check, by id, that is known to fail.
    time_limit : after how many seconds a check that has not ended fails, and the next one is run. Once one has not
        ended, the others get 2 s at most. Each load of a data set has this time. None waits for ever.

    Raises
    ------
    ValueError
        When an expected failure is no check of this kind, or has no reason.
    TypeError
        When `plugin` is no plugin.
    """
    limits = None if time_limit is None else Limits(time_limit, file_of(type(plugin)))
    return list(results(plugin, expected_failures or {}, limits))


def results(plugin: Plugin, expected: Mapping[str, str], limits: Limits | None = None) -> Iterator[Result]:
    """Yield what comes of every check, each as soon as it is known; `run_checks` says more."""
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{plugin!r} is not a plugin: give an instance, such as Focal()")
    checks = checks_for(kind_of(plugin))
    validate_expected(expected, checks)
    with sharing():
        for check in checks:
            if check.begin is not None:
                _begin(partial(check.begin, plugin), limits)
        for check in checks:
            yield _result(check, plugin, expected.get(check.id), limits)


def _begin(work: Callable[[], object], limits: Limits | None) -> None:
    """Do what makes a check quicker; what fails of it is found by the check itself."""
    if limits is None:
        work()
        return
    try:
        limits.within(work)
    except Overrun:
        limits.overruns = 0


def validate_expected(expected: Mapping[str, str], checks: Iterable[Check]) -> None:
    """Raise ValueError where an expected failure is none of `checks`, or has no reason."""
    known = [check.id for check in checks]
    for id_, reason in expected.items():
        if id_ not in known:
            raise ValueError(f"there is no check {id_!r} to expect a failure of.{suggest(id_, known)}")
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"the expected failure of {id_!r} has no reason: say why it is right that it fails")


def _result(check: Check, plugin: Plugin, reason: str | None, limits: Limits | None = None) -> Result:
    try:
        if limits is None:
            check(plugin)
        else:
            limits.within(partial(check, plugin))
    except CheckSkipped as skipped:
        return Result(check, "skipped", str(skipped))
    except (CheckFailure, Overrun) as failure:
        if reason is None:
            return Result(check, "failed", str(failure))
        return Result(check, "expected", f"Expected, since {reason}: {failure}")
    if reason is None:
        return Result(check, "passed")
    return Result(check, "unexpected", f"It passes, but a failure was expected, since {reason}: expect it no more.")


def _raised(plugin: Plugin, error: BaseException) -> str:
    """Return what a plugin raised, and at which line of its file."""
    text = " ".join(str(error).split())
    return (
        f"{place_of(plugin, error)}{type(plugin).__name__} raised {type(error).__name__}{f': {text}' if text else ''}."
    )


def shown(plugin: Plugin) -> str:
    """Return how a plugin shows itself, or its class where it cannot."""
    try:
        return repr(plugin)
    except Exception:  # it may be the plugin's own; a check of its own reports it
        return f"{type(plugin).__name__}(…)"


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, without a full stop."""
    return (str(error).strip().splitlines() or [""])[0].rstrip(".")


def sentence(text: str) -> str:
    """Return an error's message as the end of a sentence."""
    text = text[:1].lower() + text[1:]
    return text if text.endswith(".") else f"{text}."


def file_of(cls: type) -> str | None:
    """Return the file that defines a class; None where there is none."""
    file: str | None = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file


def place_of(plugin: object, error: BaseException) -> str:
    """Return ``"file.py, line 3: "`` where `error` was raised by the file that defines the class, else ``""``."""
    file = file_of(type(plugin))
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{Path(str(file)).name}, line {lines[-1]}: " if lines else ""
