"""What does one entry point provide, and what is wrong with it? Code of plugins is imported here."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape._guard import TimeIsUp, TimeLimitError, guarded, one_line, reason, time_limit_is_chosen
from landscape._hooks import classes_of, hooks_of, why_invalid
from landscape._installed import Point
from landscape._intact import Intact
from landscape._slips import slip
from landscape.errors import PluginError
from landscape.kinds import KindName, Plugin

_SECONDS_LEFT = 3.0  # for each entry point after one that took all of its time: enough to import large libraries


@dataclass(frozen=True)
class Provided:
    """A plugin class and the distribution (or file) that provides it."""

    cls: type[Plugin]
    distribution: str
    version: str

    @property
    def name(self) -> str:
        """The plugin's name within its kind."""
        return self.cls.name

    @property
    def key(self) -> str:
        """The name that is never ambiguous, ``distribution:name``."""
        return f"{self.distribution}:{self.name}"

    @property
    def provider(self) -> str:
        """The key and the version, ``distribution:name version``, as runs record it."""
        return f"{self.key} {self.version}".strip()


@dataclass(frozen=True)
class Failure:
    """An entry point, or one class of it, that could not be used, and why."""

    entry_point: str
    distribution: str
    version: str
    reason: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"plugin {self.entry_point!r} of {f'{self.distribution} {self.version}'.strip()}: {self.reason}"


def loaded(point: Point, after: str = "") -> tuple[list[Provided | Failure], bool]:
    """Return what one entry point provides, or why it cannot be used; and whether it ended by itself.

    Parameters
    ----------
    after : a distribution that took all of its time, so that less of it is left for others.
    """
    less = None
    if after and not time_limit_is_chosen():
        less = _SECONDS_LEFT, f", which is all that others have once {after} took all of its time"
    found: list[Provided | Failure] = []
    intact, problem, ended = Intact(), "", True
    try:
        guarded(lambda: _load(point, found), f"landscape_load_{point.name}", less=less, after=intact.restore)
    except TimeLimitError as error:
        problem, ended = str(error), False
    except PluginError as error:
        problem = str(error)
    if intact.changed:
        own = next((f.reason for f in found if isinstance(f, Failure)), "")
        found, problem = [], "; ".join(filter(None, [intact.says(), problem or own]))
    said = [Failure(point.name, point.distribution, point.version, problem)] if problem else []
    return [*found, *said], ended  # a copy: what could not be stopped may go on adding to the list


def judged(kind: KindName, cls: Any, entry_point: str, distribution: str, version: str) -> Provided | Failure:
    """Return a class that a hook returned, or why it cannot be used."""
    why = why_invalid(kind, cls)
    return Failure(entry_point, distribution, version, one_line(why)) if why else Provided(cls, distribution, version)


def _load(point: Point, found: list[Provided | Failure]) -> None:
    """Import an entry point; add to `found` what it provides, or why that failed. Foreign code runs here."""
    assert point.entry_point is not None  # or it had a problem
    with suppress(TimeIsUp), _recorded(point, found):
        module = point.entry_point.load()
        for function, hook in hooks_of(module).items():
            with _recorded(point, found, function):
                for kind, cls in classes_of(module, function, hook):
                    with _recorded(point, found, function):
                        found.append(judged(kind, cls, point.name, point.distribution, point.version))


@contextmanager
def _recorded(point: Point, found: list[Provided | Failure], hook: str = "") -> Iterator[None]:
    """Add to `found` why the block failed; what comes after it is done all the same."""
    try:
        yield
    except TimeIsUp:
        raise
    except BaseException as error:  # whatever a foreign module does on import, `sys.exit` too
        found.append(_failed(point, error, hook))


def _failed(point: Point, error: BaseException, hook: str = "") -> Failure:
    """Return why an entry point, or one `hook` of it, cannot be used: what was raised, and where."""
    meant = slip(error)
    text = reason(error) if meant is None else one_line(meant.says)
    package = point.entry_point.module.partition(".")[0] if point.entry_point else ""
    own = isinstance(error, PluginError | SyntaxError)  # which say it themselves
    at = f"{Path(meant.file).name} line {meant.line}" if meant and meant.file else _place(error, package)
    where = ", ".join(filter(None, [hook, at])) if not own else ""
    return Failure(point.name, point.distribution, point.version, f"{text} ({where})" if where else text, _trace())


def _place(error: BaseException, package: str) -> str:
    """Return the last line of the modules in `package` that `error` came through, or ``""``."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package:
            return f"{Path(frame.f_code.co_filename).name} line {line}"
    return ""


def _trace() -> str:
    """Return the traceback of what was raised last."""
    try:
        return traceback.format_exc()
    except Exception:  # it asks the exception, which may raise
        return ""
