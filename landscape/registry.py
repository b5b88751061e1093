"""Which plugins are there, who provides them, and what failed to load?

Each entry point is loaded on its own, so that a broken distribution is reported and nothing else suffers.

Environment variables, read when the plugins are loaded:

``LANDSCAPE_PLUGINS``
    Distributions with commas between them: only these, and the built-ins, are loaded; none if it is empty.
``LANDSCAPE_STRICT``
    ``1``: the first failure is an error.
``LANDSCAPE_PLUGIN_TIMEOUT``
    Seconds that loading one entry point may take, 5 by default.
"""

from __future__ import annotations

import os
import threading
import traceback
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from packaging.utils import canonicalize_name

from landscape import builtin
from landscape._files import run_file, saying_where
from landscape._guard import Guarded, guarded, one_line, reason, time_limit
from landscape._hooks import classes_of
from landscape._hooks import why_invalid as why_invalid
from landscape._installed import BUILTIN as BUILTIN
from landscape._installed import Point, points, restriction
from landscape._keywords import strays
from landscape.errors import PluginError, suggest
from landscape.kinds import KINDS, KindName, Plugin

STRICT = "LANDSCAPE_STRICT"


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


@dataclass
class Registry:
    """The plugins of one process."""

    failures: list[Failure] = field(default_factory=list)
    _provided: list[Provided] = field(default_factory=list)
    _files: dict[str, Path] = field(default_factory=dict)

    def provided(self, kind: KindName) -> list[Provided]:
        """Return all plugins of a kind: the built-ins in the order of their catalogue, then others by name."""
        return [p for p in self._provided if p.cls.kind == kind]

    def names(self, kind: KindName) -> list[str]:
        """Return how each plugin of a kind is asked for: its name, or its key where the name is taken."""
        return [p.name if self._owner(kind, p.name) is p else p.key for p in self.provided(kind)]

    def provider_of(self, part: Plugin) -> Provided | None:
        """Return who provides the class of `part`, or None for a class that no registered plugin provides."""
        return next((p for p in self.provided(part.kind) if p.cls is type(part)), None)

    def _owner(self, kind: KindName, name: str) -> Provided | None:
        """Return whom the bare name means: the built-in, else the only provider."""
        owners = [p for p in self.provided(kind) if p.name == name]
        builtins = [p for p in owners if p.distribution == BUILTIN]
        return (builtins or owners)[0] if builtins or len(owners) == 1 else None

    def _keyed(self, kind: KindName, key: str) -> Provided | None:
        """Return whom ``distribution:name`` means; the distribution's name may be spelt as pip allows."""
        distribution, separator, name = key.rpartition(":")
        asked = canonicalize_name(distribution)
        same = (p for p in self.provided(kind) if p.name == name and canonicalize_name(p.distribution) == asked)
        return next(same, None) if separator else None

    def find(self, kind: KindName, name: str) -> Provided:
        """Return the plugin of a kind called `name`, which may be ``distribution:name``.

        Raises
        ------
        PluginError
            When there is none, or several distributions provide the name; the message says which and what
            to write instead.
        """
        owner = self._owner(kind, name) or self._keyed(kind, name)
        if owner is not None:
            return owner
        rivals = [p for p in self.provided(kind) if p.name == name]
        if rivals:
            who = " and ".join(f"{p.distribution} {p.version}".strip() for p in rivals)
            keys = " or ".join(repr(p.key) for p in rivals)
            raise PluginError(f"{kind} {name!r} is provided by several distributions, {who}: write {keys}")
        raise PluginError(f"there is no {kind} {name!r}.{self._instead(kind, name)}{self._broken(name)}")

    def _instead(self, kind: KindName, name: str) -> str:
        """Return what may have been meant by a name that is unknown."""
        known = self.names(kind)
        others = [other for other in KINDS if self._owner(other, name) is not None]
        elsewhere = f" There is one of the kind {' and '.join(others)}." if others else ""
        near = suggest(name, [*known, *(p.key for p in self.provided(kind))])
        hint = "" if elsewhere or near else " One in a file is loaded with --plugin or landscape.load_plugin."
        return f"{elsewhere}{near} Known: {', '.join(known)}.{hint}"

    def _broken(self, name: str) -> str:
        """Return what failed to load, which may be why the plugin `name` is missing."""
        wanted = canonicalize_name(name.rpartition(":")[0])
        for failure in self.failures:
            if wanted and canonicalize_name(failure.distribution) == wanted:
                return f" ({failure})"
        count = len(self.failures)
        return restriction() + (f" ({count} failed to load: see `landscape plugins`)" if count else "")

    def add(self, module: object, entry_point: str, distribution: str, version: str) -> None:
        """Register what a plugin module provides; PluginError when its hooks are not as specified.

        A class that is not valid becomes a failure, and the module's other classes are kept.
        """
        for judged in _judged(module, entry_point, distribution, version):
            self._take(judged, entry_point)

    def _take(self, judged: Provided | Failure, entry_point: str) -> None:
        """Keep one class, or why it cannot be used."""
        if isinstance(judged, Failure):
            self.failures.append(judged)
        elif any(p.key == judged.key for p in self.provided(judged.cls.kind)):
            text = f"{judged.cls.kind} {judged.name!r} is registered twice: give one of them another name"
            self.failures.append(Failure(entry_point, judged.distribution, judged.version, text))
        else:
            self._provided.append(judged)

    def load(self, point: Point) -> None:
        """Load one entry point and register it, or record why that failed."""
        if point.problem:
            self._take(Failure(point.name, point.distribution, point.version, point.problem), point.name)
            return
        try:
            found = guarded(lambda: _loaded(point), f"landscape_load_{point.name}")
        except PluginError as error:
            found = [Failure(point.name, point.distribution, point.version, str(error))]
        for judged in found:
            self._take(judged, point.name)


def _judged(module: object, entry_point: str, distribution: str, version: str) -> Iterable[Provided | Failure]:
    """Yield each class that a module's hooks return, or why it cannot be used."""
    for kind, cls in classes_of(module):
        why = why_invalid(kind, cls)
        yield (
            Failure(entry_point, distribution, version, one_line(why)) if why else Provided(cls, distribution, version)
        )


def _loaded(point: Point) -> list[Provided | Failure]:
    """Import an entry point and return what it provides, or why that failed. Foreign code runs here, and only here."""
    assert point.entry_point is not None  # or it had a problem
    try:
        module = point.entry_point.load()
        return list(_judged(module, point.name, point.distribution, point.version))
    except BaseException as error:  # whatever a foreign module does on import, `sys.exit` too, it is recorded
        return [Failure(point.name, point.distribution, point.version, reason(error), _trace())]


def _trace() -> str:
    """Return the traceback of what was raised last."""
    try:
        return traceback.format_exc()
    except Exception:  # it asks the exception, which may raise
        return ""


_building = threading.RLock()


class _Unfinished:
    """The registry that is being built, for plugins that ask for it while they are loaded."""

    registry: Registry | None = None


@cache
def registry() -> Registry:
    """Return the registry of this process: the built-ins and every installed plugin.

    Raises
    ------
    PluginError
        When ``LANDSCAPE_STRICT=1`` and something failed to load, or an environment variable is not as it must be.
    """
    if _Unfinished.registry is not None and isinstance(threading.current_thread(), Guarded):
        return _Unfinished.registry
    with _building:
        found = _Unfinished.registry = Registry()
        try:
            _fill(found)
        finally:
            _Unfinished.registry = None
    return found


def _fill(found: Registry) -> None:
    """Load the built-ins, then each installed plugin."""
    strict = _strict()
    time_limit()  # an error of the user's, not of each plugin
    found.add(builtin, "builtin", BUILTIN, metadata_version())
    for point in points(metadata_version()):
        found.load(point)
        if strict and found.failures:
            raise PluginError(f"{found.failures[0]} ({STRICT} is set, so this ends the program)")


def _strict() -> bool:
    """Whether the environment wants the first failure to be an error."""
    text = os.environ.get(STRICT, "").strip().lower()
    if text not in ("", "0", "1", "false", "true", "no", "yes"):
        raise PluginError(f"{STRICT} = {text!r}: set it to 1 or 0, or unset it")
    return text in ("1", "true", "yes")


def metadata_version() -> str:
    """Return this package's version."""
    from landscape import __version__

    return __version__


def load_plugin(path: str | Path) -> ModuleType:
    """Load one Python file as a plugin and return its module; its providers' name is the file's.

    The file may import modules that lie beside it. Loading it again replaces what it provided before, and runs
    these modules anew. A file that cannot be loaded leaves in force what it provided before.

    Raises
    ------
    PluginError
        When the file is absent, does not run (naming file and line) or provides nothing valid, or when another
        file of its name is loaded.
    """
    path = Path(path).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise PluginError(f"{str(path)!r} is not a plugin file: name an existing file that ends in .py")
    found = registry()
    others = [p for p in found._provided if p.distribution != path.name]
    same = found._files.get(path.name, path)
    if same != path and same.is_file() and len(others) < len(found._provided):
        raise PluginError(f"{str(path)!r} has the name of {str(same)!r}, which is loaded: rename one of them")
    trial = Registry(_provided=list(others))
    module = run_file(path)
    with saying_where(path):
        trial.add(module, path.stem, path.name, "")
    if trial.failures:
        why = trial.failures[0].reason
        raise PluginError(why if why.startswith(f"{path.name}, line ") else f"{path.name}: {why}")
    found._provided[:] = trial._provided
    found._files[path.name] = path
    for new in found._provided[len(others) :]:
        for stray in strays(new.cls):
            warnings.warn(stray.says, stacklevel=2)
        if found._owner(new.cls.kind, new.name) is not new:
            text = f"{new.cls.kind} {new.name!r} of {path.name} is not the only one: write {new.key!r} to mean it"
            warnings.warn(text, stacklevel=2)
    return module
