"""Which plugins are there, who provides them, and what failed to load?

Each entry point is loaded on its own, so that a broken distribution is reported and nothing else suffers.
"""

from __future__ import annotations

import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata, util
from inspect import isabstract
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from pydantic import ValidationError

from landscape import builtin, hookspecs
from landscape.errors import PluginError, suggest
from landscape.hookspecs import PROJECT
from landscape.kinds import KINDS, KindName, Plugin

BUILTIN = "landscape-explorer"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HOOKS: dict[str, KindName] = {f"register_{kind}s": kind for kind in KINDS}


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

    def provided(self, kind: KindName) -> list[Provided]:
        """Return all plugins of a kind: the built-ins in the order of their catalogue, then others by name."""
        return [p for p in self._provided if p.cls.kind == kind]

    def names(self, kind: KindName) -> list[str]:
        """Return how each plugin of a kind is asked for: its name, or its key where the name is taken."""
        return [p.name if self._owner(kind, p.name) is p else p.key for p in self.provided(kind)]

    def _owner(self, kind: KindName, name: str) -> Provided | None:
        """Return whom the bare name means: the built-in, else the only provider."""
        owners = [p for p in self.provided(kind) if p.name == name]
        builtins = [p for p in owners if p.distribution == BUILTIN]
        return (builtins or owners)[0] if builtins or len(owners) == 1 else None

    def find(self, kind: KindName, name: str) -> Provided:
        """Return the plugin of a kind called `name`, which may be ``distribution:name``.

        Raises
        ------
        PluginError
            When there is none, or several distributions provide the name; the message says which and what
            to write instead.
        """
        owner = self._owner(kind, name) or next((p for p in self.provided(kind) if p.key == name), None)
        if owner is not None:
            return owner
        keys = [p.key for p in self.provided(kind) if p.name == name]
        if keys:
            raise PluginError(
                f"{kind} {name!r} is provided by several distributions: write {' or '.join(map(repr, keys))}"
            )
        known = self.names(kind)
        raise PluginError(
            f"there is no {kind} {name!r}.{suggest(name, known)} Known: {', '.join(known)}.{self._broken()}"
        )

    def _broken(self) -> str:
        count = len(self.failures)
        return f" ({count} failed to load: see `landscape plugins`)" if count else ""

    def add(self, module: object, entry_point: str, distribution: str, version: str) -> None:
        """Register what a plugin module provides; PluginError when its hooks are not as specified.

        A class that is not valid becomes a failure, and the module's other classes are kept.
        """
        for kind, register in _hooks_of(module).items():
            for cls in _classes(register):
                provided = Provided(cls, distribution, version)
                reason = why_invalid(kind, cls) or self._why_taken(provided)
                if reason:
                    self.failures.append(Failure(entry_point, distribution, version, reason))
                else:
                    self._provided.append(provided)

    def _why_taken(self, new: Provided) -> str:
        same = [p for p in self.provided(new.cls.kind) if p.key == new.key]
        return f"{new.cls.kind} {new.name!r} is registered twice: give one of them another name" if same else ""

    def load(self, entry_point: metadata.EntryPoint) -> None:
        """Load one entry point and register it, or record why that failed."""
        distribution, version = _provider_of(entry_point)
        try:
            self.add(entry_point.load(), entry_point.name, distribution, version)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a foreign module does on import, `sys.exit` too, it is recorded
            self.failures.append(
                Failure(entry_point.name, distribution, version, _reason(error), traceback.format_exc())
            )


def _provider_of(entry_point: metadata.EntryPoint) -> tuple[str, str]:
    """Return the name and version of the distribution that has the entry point, as far as they can be read."""
    distribution: Any = entry_point.dist
    try:
        return distribution.name or "unknown", distribution.version or ""
    except Exception:  # there is none, or its metadata are damaged, which raises anything
        return "unknown", ""


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if isinstance(error, PluginError) else f"{type(error).__name__}: {text[0] if text else ''}"


def _hooks_of(module: object) -> dict[KindName, Callable[[], Any]]:
    """Return the module's registration functions by kind; PluginError for a hook that is not specified."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module)
    except pluggy.PluginValidationError as error:
        raise PluginError(f"a hook's signature is wrong; hooks take no arguments ({error})") from error
    callers = manager.get_hookcallers(module) or []
    for caller in callers:
        if caller.name not in _HOOKS:
            raise PluginError(
                f"{caller.name!r} is not a hook.{suggest(caller.name, _HOOKS)} Hooks: {', '.join(_HOOKS)}"
            )
    if not callers:
        raise PluginError(f"it implements no hook: mark one of {', '.join(_HOOKS)} with `@landscape.hookimpl`")
    return {_HOOKS[caller.name]: caller.get_hookimpls()[0].function for caller in callers}


def _classes(register: Callable[[], Any]) -> Iterable[Any]:
    """Return what a hook returns; PluginError when that is no sequence."""
    classes = register()
    if not isinstance(classes, list | tuple):
        name = getattr(register, "__name__", "the hook")
        raise PluginError(f"{name} returned {classes!r}: return a list of classes")
    return classes


def why_invalid(kind: KindName, cls: Any) -> str:
    """Return why `cls` cannot be a plugin of `kind`, or ``""``."""
    base = KINDS[kind]
    if not isinstance(cls, type) or not issubclass(cls, base):
        return f"{cls!r} is not a class derived from landscape.{base.__name__}"
    if isabstract(cls):
        missing = ", ".join(sorted(cls.__abstractmethods__))
        return f"{cls.__name__} lacks {missing}"
    if "name" in cls.model_fields:
        return f'{cls.__name__}.name is a field: write it without a type, name = "…", or as a ClassVar'
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return (
            f"{cls.__name__}.name = {name!r}: a name is a lower-case letter followed by lower-case letters, "
            "digits and underscores"
        )
    required = [field for field, info in cls.model_fields.items() if info.is_required()]
    if required:
        return f"{cls.__name__} has no default for {', '.join(required)}: every field needs one"
    return _why_not_made(cls)


def _why_not_made(cls: type[Plugin]) -> str:
    """Return why the class's defaults, or its fields, cannot be used as an experiment and its controls do."""
    try:
        cls().model_dump(mode="json")
    except ValidationError as error:
        return f"{cls.__name__}() rejects its own defaults: {error.errors()[0]['msg']}"
    except Exception as error:  # validators and defaults are foreign code
        return f"{cls.__name__}() fails: {_reason(error)}"
    try:
        cls.model_json_schema()
    except Exception as error:  # so is a field's own schema
        return f"{cls.__name__} has a field that JSON cannot say: {_reason(error)}"
    return ""


@cache
def registry() -> Registry:
    """Return the registry of this process: the built-ins and every installed plugin."""
    found = Registry()
    found.add(builtin, "builtin", BUILTIN, metadata_version())
    points = metadata.entry_points(group=PROJECT)
    for point in sorted(points, key=lambda p: (_provider_of(p), p.name)):
        found.load(point)
    return found


def metadata_version() -> str:
    """Return this package's version."""
    from landscape import __version__

    return __version__


def load_plugin(path: str | Path) -> ModuleType:
    """Load one Python file as a plugin and return its module; its providers' name is the file's.

    Loading a file again replaces what it provided before.

    Raises
    ------
    PluginError
        When the file is absent, does not run (naming file and line) or provides nothing valid.
    """
    path = Path(path).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise PluginError(f"{str(path)!r} is not a plugin file: name an existing file that ends in .py")
    found = registry()
    trial = Registry(_provided=[p for p in found._provided if p.distribution != path.name])
    with _saying_where(path):
        module = _run(path)
        trial.add(module, path.stem, path.name, "")
    if trial.failures:
        raise PluginError(f"{path.name}: {trial.failures[0].reason}")
    found._provided[:] = trial._provided
    for new in found._provided:
        if new.distribution == path.name and found._owner(new.cls.kind, new.name) is not new:
            text = f"{new.cls.kind} {new.name!r} of {path.name} is not the only one: write {new.key!r} to mean it"
            warnings.warn(text, stacklevel=2)
    return module


def _run(path: Path) -> ModuleType:
    """Return the module made by running the file at `path`."""
    spec = util.spec_from_file_location(f"landscape_plugin_{path.stem}", path)
    assert spec is not None  # as for every path that ends in .py
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where pydantic looks annotations up
    spec.loader.exec_module(module)
    return module


@contextmanager
def _saying_where(path: Path) -> Iterator[None]:
    """Turn whatever the plugin file at `path` raises into a PluginError that names file and line."""
    try:
        yield
    except PluginError as error:
        raise PluginError(f"{path.name}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the file does, the user is told where
        if isinstance(error, SyntaxError) and error.filename == str(path):
            raise PluginError(f"{path.name}, line {error.lineno}: {error.msg}") from error
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = frames[-1].lineno if frames else 1
        raise PluginError(f"{path.name}, line {line}: {_reason(error)}") from error
