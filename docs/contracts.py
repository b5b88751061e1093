"""What must a plugin provide, and what is it checked for? Markdown made of the contracts' source and of the kit."""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from textwrap import dedent
from typing import Any

from markup import code, plain, table

from landscape import kinds
from landscape.kinds import KINDS, KindName
from landscape.testing import Check, checks_for, general

_CLASSES = ("Examples", "Data", "Training", "Watcher", "StepEvent", "EpochEvent")
_OUTLINED = (*_CLASSES, *(base.__name__ for base in KINDS.values()))


def overview() -> Iterator[str]:
    """Yield the table of kinds: class, hook and page of each."""
    rows = [
        (f"[{kind}]({page(kind)})", f"`{base.__name__}`", f"`register_{kind}s`", plain(first_line(base)))
        for kind, base in KINDS.items()
    ]
    yield from table(("kind", "class", "hook", "what it is"), rows)


def page(kind: KindName) -> str:
    """Return the file of the page on writing a plugin of this kind."""
    article = "an" if kind[0] in "aeiou" else "a"
    return f"write-{article}-{kind}.md"


def first_line(thing: object) -> str:
    """Return the first line of a docstring."""
    return inspect.getdoc(thing).partition("\n")[0]  # type: ignore[union-attr]


def outline(name: str) -> Iterator[str]:
    """Yield a class of `landscape.kinds` as its source says it: docstring, variables, signatures with docstrings."""
    lines, top = _parsed(getattr(kinds, name))
    said = [*lines[: top.body[0].end_lineno], ""]
    for node in top.body[1:]:
        if isinstance(node, ast.FunctionDef):
            if not node.name.startswith("__"):
                first = min(part.lineno for part in (node, *node.decorator_list))
                said += [*[""] * bool(said[-1]), *lines[first - 1 : node.body[0].end_lineno]]
        else:
            said += lines[node.lineno - 1 : node.end_lineno]
    yield from code("\n".join(said))


def _parsed(thing: Any) -> tuple[list[str], Any]:
    """Return the source lines of a function or class, and its syntax tree."""
    source = dedent(inspect.getsource(thing))
    return source.splitlines(), ast.parse(source).body[0]


def general_checks() -> Iterator[str]:
    """Yield the table of the checks that plugins of every kind go through."""
    yield from _table_of(general.CHECKS)


def checks(kind: KindName) -> Iterator[str]:
    """Yield the table of the checks of one kind, without those of all kinds."""
    yield from _table_of(check for check in checks_for(kind) if check not in general.CHECKS)


def _table_of(found: Iterable[Check]) -> list[str]:
    return table(("check", "what must hold"), [(f"`{check.id}`", plain(check.says)) for check in found])


MAKERS: dict[str, Callable[[], Iterator[str]]] = {
    "overview": overview,
    "general_checks": general_checks,
    **{f"{kind}_checks": partial(checks, kind) for kind in KINDS},
    **{f"outline_{name}": partial(outline, name) for name in _OUTLINED},
}
