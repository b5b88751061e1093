"""Which keywords of a class's fields does pydantic not know, what was meant by them, and in which line are they?

Pydantic takes what it does not know into the field's schema, where nothing reads it: a bound would not hold.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from landscape.errors import nearest
from landscape.kinds import Plugin

COMPLAINT = "Using extra keyword arguments on `Field`"
"""How pydantic's own warning begins, which says neither class nor field nor file."""

_KNOWN = """
    ge gt le lt multiple_of min_length max_length pattern strict allow_inf_nan max_digits decimal_places
    default default_factory description title examples
""".split()
_MEANT = {
    "min": "ge",
    "minimum": "ge",
    "lower": "ge",
    "gte": "ge",
    "max": "le",
    "maximum": "le",
    "upper": "le",
    "lte": "le",
}
_MEANT |= {"gr": "gt", "greater": "gt", "above": "gt", "ls": "lt", "less": "lt", "below": "lt"}
_MEANT |= {"lte": "le", "desc": "description", "help": "description", "doc": "description", "regex": "pattern"}
_ALIKE = 0.7  # `unit` and `step` are no misspellings


class Stray(NamedTuple):
    """A keyword that `Field` does not have: a whole sentence about it, and whether another was surely meant."""

    says: str
    misspelt: bool


def strays(cls: type[Plugin]) -> Iterator[Stray]:
    """Yield the keywords of a class's fields that pydantic does not know, where the source shows that they are."""
    for name, info in cls.model_fields.items():
        extra = info.json_schema_extra
        for keyword in extra if isinstance(extra, dict) else ():
            where = _place(cls, name, keyword)
            if where:
                meant = _MEANT.get(keyword) or nearest(keyword, _KNOWN, _ALIKE)
                remedy = f"write {meant}=…" if meant else f'write json_schema_extra={{"{keyword}": …}}, or leave it out'
                what = f"Field of {cls.__name__}.{name} has no keyword {keyword!r}, which does nothing"
                yield Stray(f"{where}: {what}: {remedy}", meant is not None)


def _place(cls: type[Plugin], field: str, keyword: str) -> str:
    """Return ``"file.py, line 3"`` where `keyword` is given to a field of a class, or ``""``."""
    owner = next((base for base in cls.__mro__ if field in inspect.get_annotations(base)), cls)
    try:
        file = inspect.getsourcefile(owner)
        tree = ast.parse(Path(file or "").read_bytes())
    except (OSError, TypeError, SyntaxError):  # made by a program, or its file is gone, or edited since
        return ""
    for made in ast.walk(tree):
        if isinstance(made, ast.ClassDef) and made.name == owner.__name__:
            for line in _lines(made, field, keyword):
                return f"{Path(str(file)).name}, line {line}"
    return ""


def _lines(made: ast.ClassDef, field: str, keyword: str) -> Iterator[int]:
    for statement in made.body:
        if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "") == field:
            words = (node for node in ast.walk(statement) if isinstance(node, ast.keyword))
            yield from (word.lineno for word in words if word.arg == keyword)
