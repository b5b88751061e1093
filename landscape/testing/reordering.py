"""What does a module do where its sets of texts have an order of our choice?

Which order a set of texts has depends on their hashes, which differ from process to process; but a small one may
have the same order in several by chance. Here it is sorted or, in another run, the reverse of that, so that one of
them is another order than any given one.

Sets count that the module's own code writes down or makes by ``set(…)`` and ``frozenset(…)``, and what is made of
these by union and the like. Numbers have the same order in all processes, and keep it.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType
from typing import Any

_HELPER = "__landscape_reordered__"


class _Reordered:
    """What both kinds of sets have in common here; mixed in before the built-in one."""

    backwards = False

    def __iter__(self) -> Iterator[Any]:
        entries = list(super().__iter__())  # type: ignore[misc]  # that of the built-in class
        return iter(sorted(entries, key=repr, reverse=self.backwards) if any(map(_is_text, entries)) else entries)


def _is_text(entry: Any) -> bool:
    """Whether the hash of an entry comes from a text, and differs from process to process."""
    return any(map(_is_text, entry)) if isinstance(entry, tuple | frozenset) else isinstance(entry, str | bytes)


class _Set(_Reordered, set[Any]):
    def pop(self) -> Any:
        entry = next(iter(self), None)
        if not self:
            return set().pop()  # it raises what an empty set raises
        self.remove(entry)
        return entry


class _FrozenSet(_Reordered, frozenset[Any]):
    pass


def _keeping(cls: type, name: str) -> Callable[..., Any]:
    original = getattr(cls, name)

    def method(self: Any, *others: Any) -> Any:
        return reordered(original(self, *others))

    return method


_OPERATORS = ("and", "or", "sub", "xor", "rand", "ror", "rsub", "rxor")
_NAMES = ("union", "intersection", "difference", "symmetric_difference", "copy")
for _cls in (_Set, _FrozenSet):
    for _name in (*(f"__{name}__" for name in _OPERATORS), *_NAMES):
        setattr(_cls, _name, _keeping(_cls, _name))


def reordered(value: Any) -> Any:
    """Return a set as one whose order is ours, and anything else as it is."""
    if type(value) is set:
        return _Set(value)
    return _FrozenSet(value) if type(value) is frozenset else value


class _Rewriting(ast.NodeTransformer):
    """Passes every set that the code makes through `reordered`, and notes that there are any."""

    found = False

    def visit_Set(self, node: ast.Set) -> ast.AST:
        return self._passed(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._passed(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        makes_one = isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
        return self._passed(node) if makes_one else self.generic_visit(node)

    def _passed(self, node: ast.expr) -> ast.AST:
        _Rewriting.found = True
        inner = self.generic_visit(node)
        call = ast.Call(ast.Name(_HELPER, ast.Load()), [inner], [])  # type: ignore[list-item]  # it stays an expression
        return ast.copy_location(call, node)


class ReorderingLoader(SourceFileLoader):
    """Loads a module from its source, never from what was compiled before."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code in which sets have an order of our choice."""
        path = self.get_filename(fullname)
        tree = ast.fix_missing_locations(_Rewriting().visit(ast.parse(self.get_data(path), path)))
        return compile(tree, path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds a module, and those of the package that it is in, for `ReorderingLoader`."""

    def __init__(self, module: str) -> None:
        self._module, self._package = module, module.partition(".")[0]

    def reads(self, name: str) -> bool:
        """Whether sets in the module called `name` are to have our order."""
        of_the_package = name.partition(".")[0] == self._package and self._package != __name__.partition(".")[0]
        return name == self._module or of_the_package

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the spec of such a module; nothing for any other, and where it is found in an unusual way."""
        spec = PathFinder.find_spec(fullname, path, target) if self.reads(fullname) else None
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            return None
        spec.loader = ReorderingLoader(fullname, spec.origin)
        return spec


def makes_sets() -> bool:
    """Whether any code that was loaded so makes a set: else their order matters nowhere in it."""
    return _Rewriting.found


def reorder(module: str, *, backwards: bool) -> None:
    """Let sets have our order in `module`, and its package, when they are imported next; they are forgotten first."""
    setattr(builtins, _HELPER, reordered)
    _Reordered.backwards = backwards
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    finder = _Finder(module)
    sys.meta_path.insert(0, finder)
    for name in [name for name in sys.modules if finder.reads(name)]:
        del sys.modules[name]
