"""Which plugins are there, who provides them, and what failed to load?

Each entry point is loaded on its own, so that a broken distribution is reported and nothing else suffers.

Environment variables, read when the plugins are loaded:

``LANDSCAPE_PLUGINS``
    Distributions with commas between them: only these, and the built-ins, are loaded; none if it is empty.
``LANDSCAPE_STRICT``
    ``1``: the first failure is an error.
``LANDSCAPE_PLUGIN_TIMEOUT``
    Seconds that loading one entry point may take. By default 5, and 1 for all that come after one that took them all.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from packaging.utils import canonicalize_name

from landscape import builtin
from landscape._files import run_file, saying_where
from landscape._guard import Guarded, time_limit
from landscape._hooks import classes_of, hooks_of
from landscape._hooks import why_invalid as why_invalid
from landscape._installed import BUILTIN as BUILTIN
from landscape._installed import Point, points, restriction
from landscape._intact import intact
from landscape._keywords import strays
from landscape._load import Failure as Failure
from landscape._load import Provided as Provided
from landscape._load import judged, loaded
from landscape.errors import PluginError, suggest
from landscape.kinds import KINDS, KindName, Plugin

STRICT = "LANDSCAPE_STRICT"


@dataclass
class Registry:
    """The plugins of one process.

    Attributes
    ----------
    failures : what could not be loaded.
    told : whether the user was told of these.
    """

    failures: list[Failure] = field(default_factory=list)
    told: bool = False
    _provided: list[Provided] = field(default_factory=list)
    _files: dict[str, Path] = field(default_factory=dict)
    # which file stands for a distribution whose module it is
    _stands_for: dict[str, str] = field(default_factory=dict)
    _endless: str = ""

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
        meant = {asked, canonicalize_name(self._stands_for.get(asked, distribution))}
        same = (p for p in self.provided(kind) if p.name == name and canonicalize_name(p.distribution) in meant)
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
            raise PluginError(f"{kind} {name!r} is provided by several {_rivalry(rivals)}")
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
        for function, hook in hooks_of(module).items():
            for kind, cls in classes_of(module, function, hook):
                self._take(judged(kind, cls, entry_point, distribution, version), entry_point)

    def _take(self, one: Provided | Failure, entry_point: str) -> None:
        """Keep one class, or why it cannot be used."""
        if isinstance(one, Failure):
            self.failures.append(one)
        elif any(p.key == one.key for p in self.provided(one.cls.kind)):
            text = f"{one.cls.kind} {one.name!r} is registered twice: give one of them another name"
            self.failures.append(Failure(entry_point, one.distribution, one.version, text))
        else:
            self._provided.append(one)

    def load(self, point: Point) -> None:
        """Load one entry point and register it, or record why that failed."""
        if point.problem:
            self._take(Failure(point.name, point.distribution, point.version, point.problem), point.name)
            return
        found, ended = loaded(point, after=self._endless)
        self._endless = self._endless or ("" if ended else point.distribution)
        for each in found:
            self._take(each, point.name)


def _rivalry(rivals: list[Provided]) -> str:
    """Return what kind of things the providers of one name are, which these are, and what to write instead."""
    files = [p.distribution for p in rivals if _is_file(p)]
    words = ["distributions"] * (len(files) < len(rivals)) + ["files"] * bool(files)
    who = " and ".join(f"{p.distribution} {p.version}".strip() for p in rivals)
    keys = " or ".join(repr(p.key) for p in rivals)
    without = ", or load the installed one alone, without --plugin and load_plugin" if len(words) > 1 else ""
    return f"{' and '.join(words)}, {who}: write {keys}{without}"


def _module_file(provided: Provided) -> Path | None:
    """Return the file that an installed plugin's class was defined in, or None where that is none."""
    if provided.distribution == BUILTIN or _is_file(provided):
        return None
    file = getattr(sys.modules.get(provided.cls.__module__), "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None


def _is_file(provided: Provided) -> bool:
    """Whether a plugin is of a plugin file, whose name stands for the distribution."""
    return provided.distribution.endswith(".py")


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
    these modules anew. A file that cannot be loaded leaves in force what it provided before. Where an installed
    distribution has its plugins from this very file, the file takes their place, and their full names mean it.

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
    installed = {p.distribution for p in others if _module_file(p) == path}  # as pip install -e leaves it
    others = [p for p in others if p.distribution not in installed or _module_file(p) != path]
    trial = Registry(_provided=list(others))
    module = run_file(path)
    with saying_where(path), intact():
        trial.add(module, path.stem, path.name, "")
    if trial.failures:
        why = trial.failures[0].reason
        raise PluginError(why if why.startswith(f"{path.name}, line ") else f"{path.name}: {why}")
    found._provided[:] = trial._provided
    found._files[path.name] = path
    found._stands_for.update((canonicalize_name(distribution), path.name) for distribution in installed)
    for new in found._provided[len(others) :]:
        for stray in strays(new.cls):
            warnings.warn(stray.says, stacklevel=2)
        if found._owner(new.cls.kind, new.name) is not new:
            text = f"{new.cls.kind} {new.name!r} of {path.name} is not the only one: write {new.key!r} to mean it"
            warnings.warn(text, stacklevel=2)
    return module
