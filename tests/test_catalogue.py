"""Does the table on the page say what is so? Names complete, PyTorch's names real, differences as stated."""

import json
import re
from pathlib import Path

import pytest

from landscape import builtin

pytest.importorskip("torch", reason="PyTorch is the oracle here: install landscape-explorer[test]")
import catalogue
import torch

DOCS = Path(__file__).parents[1] / "docs"
STATED = json.loads(catalogue.FILE.read_text(encoding="utf-8"))["rows"]
ABOUT = {"kind", "name", "equal_to", "settings"}
BOUND = 1e-10


@pytest.fixture(scope="module")
def measured():
    """What the oracles say now, by kind and name."""
    return {(row["kind"], row["name"]): row for row in catalogue.measure()["rows"]}


@pytest.mark.parametrize("kind", catalogue.MODULES)
def test_table_lists_every_builtin_once(kind):
    names = [row["name"] for row in STATED if row["kind"] == kind]
    assert sorted(names) == sorted(cls.name for cls in getattr(builtin, f"register_{kind}s")())


@pytest.mark.parametrize("row", STATED, ids=lambda row: row["name"])
def test_what_it_equals_exists_in_pytorch(row):
    names = re.findall(r"\b(torch|F)((?:\.\w+)+)", row["equal_to"])
    assert names
    for root, dotted in names:
        found = {"torch": torch, "F": torch.nn.functional}[root]
        for name in dotted[1:].split("."):
            found = getattr(found, name)


def test_differences_are_as_small_as_stated(measured):
    assert {(row["kind"], row["name"]) for row in STATED} == set(measured)
    for stated in STATED:
        now = measured[stated["kind"], stated["name"]]
        assert {key: now[key] for key in ABOUT} == {key: stated[key] for key in ABOUT}
        for what in stated.keys() - ABOUT:
            # another machine's libraries round otherwise: some units, or some hundred where steps pile up
            assert now[what] <= min(BOUND, 10 * stated[what] + 1e-13), (stated["name"], what)


def test_every_stated_difference_is_below_the_bound():
    assert all(row[what] < BOUND for row in STATED for what in row.keys() - ABOUT)


def test_measured_differences_are_differences():
    """A wrong optimizer would be seen: its path leaves PyTorch's by far more than the bound."""
    right = next(oracle for oracle in catalogue.optimizers.ORACLES if oracle.plugin.name == "nadam")
    wrong = catalogue.Oracle(right.plugin.model_copy(update={"beta1": 0.9001}), right.equal_to, right.reference)
    assert catalogue.optimizers.differences(wrong)["path"] > 1e3 * BOUND


def test_page_shows_every_row():
    page = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    page = page.replace("\N{NON-BREAKING HYPHEN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    for row in STATED:
        shown = [line for line in page.splitlines() if line.startswith(f"| {row['kind']} | `{row['name']}` |")]
        assert len(shown) == 1
        assert all(f"{what} {row[what]:g}" in shown[0] for what in row.keys() - ABOUT)
