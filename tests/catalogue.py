"""How far is the whole catalogue from PyTorch? Measured anew from the tests' own oracles.

    python tests/catalogue.py            prints what it measures
    python tests/catalogue.py --write    also writes docs/catalogue.json, of which docs/catalogue.md is made

Needs PyTorch and takes a few seconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from oracles import Oracle, activations, costs, optimizers, schedules

FILE = Path(__file__).parents[1] / "docs" / "catalogue.json"
MODULES = {"cost": costs, "activation": activations, "optimizer": optimizers, "schedule": schedules}


def rows(kind: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each class of `kind`: what it equals, at how many settings, and the largest differences."""
    module = MODULES[kind]
    by_class: dict[type, list[Oracle]] = {}
    for oracle in module.ORACLES:
        by_class.setdefault(type(oracle.plugin), []).append(oracle)
    for cls, oracles in by_class.items():
        equal_to = {oracle.equal_to for oracle in oracles}
        assert len(equal_to) == 1, f"{cls.__name__} is said to equal {equal_to}: say one thing"
        found = [module.differences(oracle) for oracle in oracles]
        largest = {what: float(f"{max(each[what] for each in found):.1e}") for what in found[0]}
        yield {"kind": kind, "name": cls.name, "equal_to": equal_to.pop(), "settings": len(oracles), **largest}


def measure() -> dict[str, Any]:
    """Return the rows of every kind, and which PyTorch they were measured against."""
    return {"pytorch": torch.__version__.partition("+")[0], "rows": [row for kind in MODULES for row in rows(kind)]}


def text(table: dict[str, Any]) -> str:
    """Return `table` as JSON with a line for each row."""
    lines = ",\n".join(f"    {json.dumps(row)}" for row in table["rows"])
    return f'{{\n  "pytorch": {json.dumps(table["pytorch"])},\n  "rows": [\n{lines}\n  ]\n}}\n'


def main() -> None:
    """Print the table and, where asked to, write it."""
    said = text(measure())
    sys.stdout.write(said)
    if "--write" in sys.argv[1:]:
        FILE.write_text(said, encoding="utf-8")


if __name__ == "__main__":
    main()
