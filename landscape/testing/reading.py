"""Does anything in a plugin's source ever read one of its fields?

What a field is for cannot be told where it changes no number: it may choose how fast something is computed. One that
is read nowhere is for nothing at all, such as one whose name is misspelt where it is used.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from landscape.kinds import KINDS, Plugin

_BASES = {Plugin, BaseModel, object, *KINDS.values()}
_LIBRARIES = {"pydantic", "abc", "typing", "builtins"}
_ALL_AT_ONCE = {"model_dump", "model_dump_json", "model_fields", "model_copy", "__dict__", "__fields__", "dict", "json"}
_ANY = {"vars", "getattr", "setattr", "eval", "exec", "locals", "globals", "attrgetter", "methodcaller"}


def is_never_read(cls: type[Plugin], field: str) -> bool:
    """Return whether a class, its bases and the functions that they name certainly never read a field.

    False where that cannot be told: where a source is not to be had, the object is handed on as a whole, or methods
    come from elsewhere.
    """
    own = [base for base in cls.__mro__ if base not in _BASES and base.__module__.partition(".")[0] not in _LIBRARIES]
    if any(_has_methods_from_elsewhere(base) for base in own):
        return False
    names = frozenset(base.__name__ for base in own)
    found = [_nodes(_source(module), names) for module in {base.__module__ for base in own}]
    return all(nodes and not _read(nodes, field) for nodes in found)


def _has_methods_from_elsewhere(cls: type) -> bool:
    """Whether some function of a class was not written into it, but put there by a decorator, for instance."""
    codes = [getattr(value, "__code__", None) for name, value in vars(cls).items() if name != "__hash__"]  # pydantic's
    return any(code is not None and not code.co_qualname.startswith(f"{cls.__qualname__}.") for code in codes)


def _source(module: str) -> str:
    try:
        return inspect.getsource(sys.modules[module])
    except (OSError, TypeError, KeyError):  # made by a program, or its file is gone
        return ""


@lru_cache(maxsize=8)
def _nodes(source: str, names: frozenset[str]) -> tuple[ast.AST, ...]:
    """Return all that is in the classes of these names, and in what they name of their module.

    Nothing where the source cannot be read, or where classes are changed after they were made.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # edited since it was imported
        return ()
    if any(_changes_a_class(node, names) for node in ast.walk(tree)):
        return ()
    own = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name in names]
    for node in own:
        node.decorator_list = []  # which may be handed the class, but have put nothing into it
    nodes = [inner for node in own for inner in ast.walk(node)]
    beside = [node for node in tree.body if not isinstance(node, ast.ClassDef)]
    for _ in range(len(beside)):
        named = {node.id for node in nodes if isinstance(node, ast.Name)}
        reached = [node for node in beside if named & set(_defines(node))]
        if not reached:
            break
        beside = [node for node in beside if node not in reached]
        nodes += [inner for node in reached for inner in ast.walk(node)]
    return tuple(nodes)


def _changes_a_class(node: ast.AST, names: frozenset[str]) -> bool:
    """Whether a node gives an attribute to a class of these names, as ``Focal.gradient = …`` does."""
    stores = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    return stores and isinstance(value := getattr(node, "value", None), ast.Name) and value.id in names


def _defines(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement gives to functions or values."""
    if isinstance(node, ast.FunctionDef):
        yield node.name
    targets: list[Any] = getattr(node, "targets", [getattr(node, "target", None)])
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _read(nodes: tuple[ast.AST, ...], field: str) -> bool:
    """Whether nodes may read the field."""
    return any(_says(node, field) for node in nodes) or _hand_on(nodes)


def _says(node: ast.AST, field: str) -> bool:
    """Whether a node is ``x.field`` or, as `getattr` takes it, ``"field"``; or may be any field's."""
    if isinstance(node, ast.Attribute):
        return node.attr == field or node.attr in _ALL_AT_ONCE
    if isinstance(node, ast.Name):
        return node.id in _ANY
    return isinstance(node, ast.Constant) and bool(node.value == field)


def _hand_on(nodes: tuple[ast.AST, ...]) -> bool:
    """Whether a method's first argument stands where others may read its fields: but before a dot and after return."""
    harmless = {id(node.value) for node in nodes if isinstance(node, ast.Attribute | ast.Return)}
    members = [member for node in nodes if isinstance(node, ast.ClassDef) for member in node.body]
    selves = {member.args.args[0].arg for member in members if isinstance(member, ast.FunctionDef) and member.args.args}
    return any(isinstance(node, ast.Name) and node.id in selves and id(node) not in harmless for node in nodes)
