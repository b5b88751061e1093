"""How far is the catalogue from PyTorch? Markdown made of what ``python tests/catalogue.py --write`` wrote."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from markup import table

FILE = Path(__file__).with_name("catalogue.json")
_ABOUT = ("kind", "name", "equal_to", "settings")


def catalogue() -> Iterator[str]:
    """Yield the table of every member, what it equals and the largest differences seen."""
    measured = json.loads(FILE.read_text(encoding="utf-8"))
    head = ("kind", "name", f"equal to, in PyTorch {measured['pytorch']}", "settings", "largest difference seen")
    yield from table(head, [row(found) for found in measured["rows"]])


def row(found: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of one member."""
    seen = "<br>".join(f"{what}\N{NO-BREAK SPACE}{small(size)}" for what, size in found.items() if what not in _ABOUT)
    return found["kind"], f"`{found['name']}`", code(found["equal_to"]), str(found["settings"]), seen


def small(size: float) -> str:
    """Return a difference as it is printed, without a place where a line could break."""
    return f"{size:g}".replace("-", "\N{NON-BREAKING HYPHEN}")


def code(text: str) -> str:
    """Return `text` with what is code in it marked: all of it, or the names in a sentence of several words."""
    sentence = re.search(r"[a-z]{2,} [a-z]{2,}", text)
    return re.sub(r"torch[\w.]+(?:\([^)]*\))?", r"`\g<0>`", text) if sentence else f"`{text}`"


MAKERS: dict[str, Callable[[], Iterator[str]]] = {"catalogue": catalogue}
