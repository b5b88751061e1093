"""Keywords that pydantic's Field does not have: they are found, and named with the line that holds them."""

import sys
from typing import Annotated

import pytest
from pydantic import Field

from landscape._keywords import COMPLAINT, strays
from landscape.errors import PluginError
from landscape.kinds import Cost
from landscape.registry import load_plugin, registry
from landscape.testing import CheckFailure, checks_for

PLUGIN = """
from pydantic import Field
from landscape import hookimpl
from landscape.costs import Quadratic

class Focal(Quadratic):
    '''Nearly focal.'''
    name = "nearly_focal"
    gamma: float = Field(
        2.0, le=10, description="Focus",
        {keyword}=0,
    )

@hookimpl
def register_costs():
    return [Focal]
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a plugin with one keyword into a file; what the registry holds is put back afterwards."""
    monkeypatch.setattr(registry(), "_provided", list(registry()._provided))
    monkeypatch.setattr(registry(), "_files", dict(registry()._files))

    def write(keyword):
        file = tmp_path / "focal.py"
        file.write_text(PLUGIN.format(keyword=keyword))
        return file

    yield write
    sys.modules.pop("landscape_plugin_focal", None)


@pytest.mark.parametrize(
    ("keyword", "meant"),
    [("gee", "ge"), ("min", "ge"), ("minimum", "ge"), ("minlength", "min_length"), ("gte", "ge"), ("gr", "gt")],
)
def test_a_misspelt_bound_is_refused_with_file_line_and_what_was_meant(written, keyword, meant):
    with pytest.raises(PluginError) as refused:
        load_plugin(written(keyword))
    assert str(refused.value) == (
        f"focal.py, line 11: Field of Focal.gamma has no keyword {keyword!r}, which does nothing: write {meant}=…"
    )


def test_a_keyword_that_resembles_none_is_warned_of_with_file_and_line(written):
    with pytest.warns(UserWarning, match=r"^focal.py, line 11: Field of Focal.gamma has no keyword 'unit'") as caught:
        load_plugin(written("unit"))
    assert len(caught) == 1
    assert registry().find("cost", "nearly_focal").cls.__name__ == "Focal"


def test_what_is_meant_for_the_schema_is_no_stray_keyword():
    class Hinted(Cost):
        weight: float = Field(1.0, ge=0, le=2, description="Weight", json_schema_extra={"gee": 0})

    assert list(strays(Hinted)) == []


def test_the_kit_finds_a_misspelt_keyword_in_a_class_that_is_not_registered():
    with pytest.warns(DeprecationWarning, match=COMPLAINT):

        class Bounded(Cost):
            weight: Annotated[float, Field(gee=0, le=1, description="Weight")] = 0.5

            def per_example(self, outputs, targets):
                return ((outputs - targets) ** 2).sum(axis=-1)

            def gradient(self, outputs, targets):
                return 2 * (outputs - targets)

    check = next(check for check in checks_for("cost") if check.id == "says_its_schema")
    with pytest.raises(CheckFailure, match=r"test_keywords.py, line \d+: Field of Bounded.weight .* write ge=…"):
        check(Bounded())
