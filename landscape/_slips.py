"""What did an author most likely mean, where Python or pydantic says only that something is wrong?"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

from pydantic import PydanticUserError

from landscape.errors import nearest, suggest
from landscape.kinds import KINDS, Plugin

_UNTYPED = re.compile(r"non-annotated attribute was detected: `(\w+) = |Field '(\w+)' requires a type annotation", re.S)
_NOT_THERE = re.compile(r"cannot import name '(\w+)' from '(landscape(?:\.\w+)*)'")
_ALIKE = 0.7


class Slip(NamedTuple):
    """What an error means: a whole sentence, and the file and line that it speaks of where these are known."""

    says: str
    file: str = ""
    line: int = 0


def slip(error: BaseException) -> Slip | None:
    """Return what `error`, raised while a plugin's module was run, means, or None where it says that itself."""
    if type(error) is PydanticUserError:
        found = _UNTYPED.search(error.message)
        return _untyped(error, found[1] or found[2]) if found else None
    if type(error) is ImportError:
        found = _NOT_THERE.search(str(error))
        return _not_there(*found.groups()) if found else None
    return None


def _not_there(name: str, module: str) -> Slip:
    known = getattr(sys.modules.get(module), "__all__", None) or dir(sys.modules.get(module))
    return Slip(f"ImportError: {module} has no {name!r}.{suggest(name, known)}".rstrip("."))


def _untyped(error: BaseException, name: str) -> Slip:
    """Return what is meant by a class whose attribute `name` has no type."""
    near = nearest(name, _attributes(), _ALIKE)
    meant = "" if near is None else f" Did you mean {near!r}?"
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = frame.f_code.co_filename
        statement = _assignment(file, line, name)
        if statement is not None:
            written = f"{name}: {_type(statement.value)} = Field(…)"
            return Slip(f"{name!r} has no type.{meant} A field is written {written}", file, statement.lineno)
    return Slip(f"{name!r} has no type.{meant} A field is written {name}: float = Field(…)")


def _attributes() -> set[str]:
    """Return what plugin classes may say of themselves without a type."""
    kinds: tuple[type, ...] = (Plugin, *KINDS.values())
    said = map(inspect.get_annotations, kinds)
    return {name for each in said for name, kind in each.items() if "ClassVar" in str(kind)} - {"kind", "model_config"}


def _assignment(file: str, line: int, name: str) -> ast.Assign | None:
    """Return where `name` is given a value in the class that stands in `line`, or None."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):  # it is no file, or was edited since
        return None
    made = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    inner = [node for node in made if _first(node) <= line <= (node.end_lineno or line)]
    for statement in (statement for node in reversed(inner) for statement in node.body):
        if isinstance(statement, ast.Assign) and name in (getattr(target, "id", "") for target in statement.targets):
            return statement
    return None


def _first(made: ast.ClassDef) -> int:
    return min([made.lineno, *(decorator.lineno for decorator in made.decorator_list)])


def _type(value: ast.expr) -> str:
    """Return the type of what is written as a field's value, as far as it shows."""
    if isinstance(value, ast.Call) and value.args:
        value = value.args[0]
    constant = isinstance(value, ast.Constant) and type(value.value) in (bool, int, str)
    return type(value.value).__name__ if constant and isinstance(value, ast.Constant) else "float"
