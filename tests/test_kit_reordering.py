"""The order of sets in code that is loaded to have one: both ways for texts, as ever for numbers."""

import sys
from importlib.util import module_from_spec, spec_from_loader

import pytest

from landscape.testing import reordering
from landscape.testing.reordering import ReorderingLoader, makes_sets, reorder, reordered

SETS = """
from __future__ import annotations

NAMES: set[str] = {"cat", "dog", "bird"}

def popped():
    rest = {"cat", "dog", "bird"}
    return [rest.pop() for _ in range(3)]

ORDERS = {
    "display": list(NAMES),
    "comprehension": list({name for name in ("cat", "dog", "bird")}),
    "call": [*set(("cat", "dog", "bird"))],
    "frozen": tuple(frozenset(["cat", "dog", "bird"])),
    "union": list({"cat"} | {"dog"} | {"bird"}),
    "difference": list({"cat", "dog", "bird", "fish"}.difference({"fish"})),
    "inner": [name for name in {"cat", "dog", "bird"}],
    "pairs": [name for name, _ in {("cat", 1), ("dog", 2), ("bird", 3)}],
    "popped": popped(),
}
NUMBERS = list({3, 1, 2, 10**6}), list({2.5, 0.5}), list({(1, 2), (0, 1)})
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return what executes code in which sets have an order of our choice."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(reordering._Rewriting, "found", False)

    def loaded(code, backwards=False):
        path = tmp_path / "made_for_reordering.py"
        path.write_text(code, encoding="utf-8")
        reorder("made_for_reordering", backwards=backwards)
        loader = ReorderingLoader("made_for_reordering", str(path))
        module = module_from_spec(spec_from_loader("made_for_reordering", loader))
        loader.exec_module(module)
        return module

    return loaded


def test_sets_of_texts_are_sorted_or_the_reverse(load):
    forwards, backwards = load(SETS).ORDERS, load(SETS, backwards=True).ORDERS
    for how in forwards:
        assert list(forwards[how]) == ["bird", "cat", "dog"], how
        assert list(backwards[how]) == ["dog", "cat", "bird"], how


def test_numbers_keep_their_order(load):
    assert (
        load(SETS).NUMBERS
        == load(SETS, backwards=True).NUMBERS
        == (
            list({3, 1, 2, 10**6}),
            list({2.5, 0.5}),
            list({(1, 2), (0, 1)}),
        )
    )


def test_code_without_sets_is_known(load):
    load("NAMES = {'cat': 1}\n")
    assert not makes_sets()
    load("NAMES = {'cat', 'dog'}\n")
    assert makes_sets()


def test_sets_are_sets_all_the_same(load):
    made = load("A = {'cat', 'dog'}\nB = frozenset(A)\n")
    assert isinstance(made.A, set)
    assert isinstance(made.B, frozenset)
    assert made.A == made.B == {"dog", "cat"}
    assert hash(made.B) == hash(frozenset(made.A))
    assert "cat" in made.A
    made.A.add("bird")
    assert sorted(made.A.copy()) == ["bird", "cat", "dog"]
    with pytest.raises(KeyError):
        reordered(set()).pop()


def test_a_package_is_read_so_and_others_are_not(tmp_path, monkeypatch, load):
    for package in ("kit_package_a", "kit_package_b"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
        (tmp_path / package / "sets.py").write_text("ORDER = {'cat', 'dog'}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    reorder("kit_package_a.plugin", backwards=True)
    import kit_package_a.sets
    import kit_package_b.sets

    assert type(kit_package_a.sets.ORDER) is not set
    assert type(kit_package_b.sets.ORDER) is set
    reorder("kit_package_a.plugin", backwards=False)
    assert "kit_package_a.sets" not in sys.modules
