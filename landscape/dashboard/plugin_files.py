"""Which plugin files were saved since, and what came of it? Each is looked at a few times a second.

A file is loaded when its content has stayed the same for one interval: editors write in pieces, or put another
file in its place. A version that cannot be loaded is said, and the one before stays in force.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from landscape._files import RUN_AS
from landscape._guard import guarded, reason
from landscape.dashboard.about import keep_code
from landscape.dashboard.renewal import Replacement
from landscape.errors import PluginError
from landscape.kinds import KINDS, KindName
from landscape.registry import Provided, load_plugin, registry

_Stock = dict[tuple[KindName, str], tuple[str, Provided]]
"""By kind and key: how a plugin is asked for, and itself."""

_Content = dict[Path, bytes | None]
"""What stands in a file and in those beside it; None where there is none."""

_SECONDS = 0.25  # a save is seen after one interval and loaded after the next: about half a second


class Change(NamedTuple):
    """What loading a file did.

    Attributes
    ----------
    version : that of the files afterwards.
    replacements : for each plugin that is now another class, is asked for by another name, or is gone.
    """

    version: int
    replacements: tuple[Replacement, ...]


@dataclass
class PluginFile:
    """One file, and how it stands.

    Attributes
    ----------
    beside : the modules that it imported from beside it, which count as part of it.
    seen : the content when it was last looked at, by path, None where there is no file.
    tried : the content that was last judged; `loaded`, the one that is in force.
    problem : why `tried` is not in force, or ``""``.
    said : what the last successful loading brought.
    reloaded : whether it was loaded again since the start.
    """

    path: Path
    beside: tuple[Path, ...] = ()
    seen: _Content = field(default_factory=dict)
    tried: _Content = field(default_factory=dict)
    loaded: _Content = field(default_factory=dict)
    problem: str = ""
    said: str = ""
    reloaded: bool = False


class PluginFiles:
    """Plugin files that are loaded now, and again whenever they are saved while `start` is in effect.

    Parameters
    ----------
    paths : the files; one that has a mistake in it is loaded once that is mended.

    Attributes
    ----------
    version : grows with everything that there is to tell.
    changes : what was replaced so far, in order.

    Raises
    ------
    PluginError
        When one of `paths` is no Python file.
    """

    def __init__(self, paths: Iterable[str | Path]) -> None:
        self.files = [PluginFile(path) for path in dict.fromkeys(Path(path).resolve() for path in paths)]
        self.changes: list[Change] = []
        self.version = 0
        self._told: Callable[[Change], None] = lambda change: None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        for file in self.files:
            if not file.path.is_file() or file.path.suffix != ".py":
                load_plugin(file.path)  # which says what is wrong with the name
            file.seen = file.tried = _content(file)
            self._load(file)
            file.reloaded = False
        self.changes.clear()

    def on_change(self, told: Callable[[Change], None]) -> None:
        """Have `told` called with each change, in the thread that looks."""
        self._told = told

    def start(self) -> None:
        """Begin to look at the files, in a thread."""
        if self._thread is None and self.files:
            self._thread = threading.Thread(target=self._watch, name="landscape_plugin_files", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it, unless a plugin that it loads does not come to an end."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def _watch(self) -> None:
        while not self._stopped.wait(_SECONDS):
            self.look()

    def look(self) -> None:
        """Look at every file once, and load those that were saved before the last look."""
        for file in self.files:
            content = _content(file)
            settled, file.seen = content == file.seen, content
            if settled and content != file.tried:
                file.tried = content
                self._judge(file)

    def _judge(self, file: PluginFile) -> None:
        if file.tried[file.path] is None:
            file.problem = f"{file.path.name} is gone: save it again at the same place"
        elif file.tried == file.loaded:  # a mistake was undone, or the file is back
            file.problem = ""
        else:
            self._load(file)
        self.version += 1

    def _load(self, file: PluginFile) -> None:
        """Load the file, and tell what it then provides in place of what."""
        before = _stock()
        file.problem = _why_not_loaded(file.path)
        after = _stock()
        _take_in(file)
        keep_code()
        if not file.problem:
            file.loaded, file.reloaded = file.tried, True
            file.said = f"{file.path.name} was reloaded at {datetime.now():%H:%M:%S}{_summary(before, after)}."
        replacements = tuple(_replacements(before, after))
        if replacements:
            self.changes.append(Change(self.version + 1, replacements))
            self._told(self.changes[-1])

    def since(self, version: int) -> list[Replacement]:
        """Return what was replaced after `version`, in order."""
        return [one for change in self.changes if change.version > version for one in change.replacements]


def _content(file: PluginFile) -> _Content:
    return {path: _bytes(path) for path in (file.path, *file.beside)}


def _bytes(path: Path) -> bytes | None:
    """Return the bytes of a file, None where it cannot be read: some editors remove it for a moment."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _take_in(file: PluginFile) -> None:
    """Count the modules that lie beside the file, and are imported by now, as part of it, but no other plugin files."""
    modules = [module for name, module in list(sys.modules.items()) if not name.startswith(RUN_AS)]
    places = {vars(module).get("__file__") for module in modules if isinstance(module, ModuleType)}
    python = {Path(place) for place in places if isinstance(place, str) and place.endswith(".py")}
    new = sorted(path for path in python if path.parent == file.path.parent and path not in file.tried)
    file.beside += tuple(new)
    file.seen = file.tried = file.tried | {path: _bytes(path) for path in new}


def _why_not_loaded(path: Path) -> str:
    """Load the file; return why that cannot be, or ``""``."""

    def load() -> str:
        try:
            load_plugin(path)
        except PluginError as error:
            return str(error)
        except BaseException as error:  # a file may even raise KeyboardInterrupt, which no key has caused here
            return f"{path.name}: {reason(error)}"
        return ""

    try:
        return guarded(load, f"landscape loads {path.name}")
    except PluginError as error:
        return f"{path.name}: {error}"


def _stock() -> _Stock:
    """Return all that there is to choose from now."""
    found = registry()
    return {
        (kind, provided.key): (name, provided)
        for kind in KINDS
        for name, provided in zip(found.names(kind), found.provided(kind), strict=True)
    }


def _replacements(before: _Stock, after: _Stock) -> Iterator[Replacement]:
    for where, (name, old) in before.items():
        new_name, new = after.get(where) or _renamed(old, before, after)
        if (name, old) != (new_name, new):
            yield Replacement(old.cls.kind, name, old.cls, new.cls if new else None, new_name)


def _renamed(old: Provided, before: _Stock, after: _Stock) -> tuple[str, Provided | None]:
    """Return what a plugin that is gone is called now: the one of its kind that came, where one went and one came."""

    def only_in(one: _Stock, other: _Stock) -> list[tuple[str, Provided]]:
        news = [found for where, found in one.items() if where not in other]
        return [(n, p) for n, p in news if (p.cls.kind, p.distribution) == (old.cls.kind, old.distribution)]

    went, came = only_in(before, after), only_in(after, before)
    return came[0] if len(went) == len(came) == 1 else ("", None)


def _summary(before: _Stock, after: _Stock) -> str:
    """Return which plugins came and went, ``""`` where there are the same ones as before."""
    came = [f"{kind} {name}" for (kind, key), (name, _) in after.items() if (kind, key) not in before]
    went = [f"{kind} {name}" for (kind, key), (name, _) in before.items() if (kind, key) not in after]
    said = [f"{word} {', '.join(which)}" for word, which in (("new:", came), ("gone:", went)) if which]
    return "".join(f"; {text}" for text in said)
