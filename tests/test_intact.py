"""Foreign code that changes what all code shares: it is put back, and said."""

import builtins
import json
import math
import sys

import numpy as np
import pytest

from landscape._intact import Intact, intact
from landscape.errors import PluginError


def changed_by(change):
    """Return what is said to be changed once `change` was called and everything was put back."""
    kept = Intact()
    try:
        change()
    finally:
        kept.restore()
    return kept.changed


@pytest.mark.parametrize(
    ("module", "name"),
    [(np, "exp"), (np, "float64"), (np.linalg, "norm"), (np.random, "default_rng"), (math, "exp"), (builtins, "open")],
)
def test_a_name_that_is_replaced_or_deleted_comes_back(module, name):
    before = getattr(module, name)
    said = [f"{module.__name__}.{name}"]
    assert changed_by(lambda: setattr(module, name, None)) == said
    assert changed_by(lambda: delattr(module, name)) == said
    assert getattr(module, name) is before


@pytest.mark.parametrize("name", ["len", "isinstance", "getattr", "setattr", "list", "range", "max", "__import__"])
def test_functions_that_putting_back_could_need_come_back(name):
    before = getattr(builtins, name)
    assert changed_by(lambda: vars(builtins).update({name: None})) == [f"builtins.{name}"]
    assert getattr(builtins, name) is before


def test_places_of_modules_that_are_taken_away_come_back_in_their_order(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, "last"])
    before, same = list(sys.path), sys.path
    assert changed_by(lambda: sys.path.clear()) == ["sys.path"]
    assert changed_by(lambda: setattr(sys, "path", ["new"])) == ["sys.path"]
    assert sys.path == [*before, "new"]
    assert sys.path is same


def test_a_place_that_is_added_stays(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert changed_by(lambda: sys.path.insert(0, "first")) == []
    assert sys.path[0] == "first"


def test_modules_that_are_unloaded_replaced_or_forbidden_come_back(monkeypatch):
    monkeypatch.setitem(sys.modules, "an_extra", json)
    assert changed_by(lambda: sys.modules.pop("json")) == ["sys.modules['json']"]
    assert changed_by(lambda: sys.modules.update(json=None)) == ["sys.modules['json']"]
    assert changed_by(lambda: sys.modules.update(a_module_that_is_missing=None)) == [
        "sys.modules['a_module_that_is_missing']"
    ]
    assert sys.modules["json"] is json
    assert "a_module_that_is_missing" not in sys.modules


def test_what_is_added_is_nobodys_loss(monkeypatch):
    monkeypatch.setattr(np, "an_addition", 1, raising=False)
    monkeypatch.delattr(np, "an_addition")
    assert changed_by(lambda: setattr(np, "an_addition", 1)) == []
    monkeypatch.delattr(np, "an_addition")
    monkeypatch.setitem(sys.modules, "another_module", json)
    monkeypatch.delitem(sys.modules, "another_module")
    assert changed_by(lambda: sys.modules.update(another_module=json)) == []


def test_many_changes_are_said_in_few_words():
    with pytest.raises(PluginError, match=r"it changed math\.acos, math\.acosh, math\.asin and \d+ more, which others"):
        with intact():
            vars(math).update(dict.fromkeys([name for name in vars(math) if not name.startswith("_")], None))
    assert math.exp(0) == 1


def test_what_the_block_raises_is_not_replaced():
    before = np.exp
    with pytest.raises(ZeroDivisionError), intact():
        1 / (1 if vars(np).update(exp=None) else 0)
    assert np.exp is before
