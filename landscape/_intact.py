"""What of the program did foreign code change while it was imported, and how is that put back?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from landscape.errors import PluginError

_SHARED = ("builtins", "math", "numpy", "numpy.linalg", "numpy.random")
_MOST = 3  # names that a message lists
_ABSENT = object()


class Intact:
    """Remembers what all code of the program shares: names of some modules, the loaded modules, and where these lie.

    What is added is nobody's loss. What is taken away or replaced is put back by `restore`.

    Attributes
    ----------
    changed : what `restore` had to put back, such as ``["numpy.exp"]``.
    """

    def __init__(self) -> None:
        self.changed: list[str] = []
        self._path, self._places = sys.path, list(sys.path)
        self._modules, self._loaded = sys.modules, dict(sys.modules)
        shared = {name: sys.modules.get(name) for name in _SHARED}
        self._names = [(module, dict(vars(module))) for module in shared.values() if module is not None]

    def restore(self) -> None:
        """Put back what was changed; it may be called again."""
        # the built-in functions come first: everything below needs them
        for module, before in self._names:
            self._restore_names(module, before)
        self._restore_modules()
        self._restore_places()

    def _restore_names(self, module: ModuleType, before: dict[str, Any]) -> None:
        now = module.__dict__
        for name in before:
            if name not in now or now[name] is not before[name]:
                now[name] = before[name]
                self.changed.append(f"{module.__name__}.{name}")

    def _restore_modules(self) -> None:
        if sys.modules is not self._modules:
            sys.modules = self._modules
            self.changed.append("sys.modules")
        lost = [name for name, module in self._loaded.items() if sys.modules.get(name, _ABSENT) is not module]
        # None is how the import of a module is forbidden
        forbidden = [name for name, module in list(sys.modules.items()) if module is None and name not in self._loaded]
        for name in forbidden:
            del sys.modules[name]
        sys.modules.update((name, self._loaded[name]) for name in lost)
        self.changed.extend(f"sys.modules[{name!r}]" for name in (*lost, *forbidden))

    def _restore_places(self) -> None:
        now = list(sys.path) if isinstance(sys.path, list) else []
        if any(place not in now for place in self._places):
            self.changed.append("sys.path")
            now = [*self._places, *(place for place in now if place not in self._places)]
        self._path[:] = now
        sys.path = self._path

    def says(self) -> str:
        """Return what was changed and what to do, or ``""``."""
        if not self.changed:
            return ""
        more = f" and {len(self.changed) - _MOST} more" if len(self.changed) > _MOST else ""
        what = f"{', '.join(self.changed[:_MOST])}{more}"
        return f"it changed {what}, which others use, and which was put back: leave the modules of others as they are"


@contextmanager
def intact() -> Iterator[None]:
    """Put back what the block changes, and raise a PluginError that says it, unless something else is raised."""
    kept = Intact()
    try:
        yield
    finally:
        kept.restore()
    if kept.changed:
        raise PluginError(kept.says())
