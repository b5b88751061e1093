"""Slips of authors for which Python and pydantic have no good words: what was meant, and in which line."""

import sys

import pytest

import landscape
from landscape._slips import slip
from landscape.errors import PluginError
from landscape.registry import load_plugin, registry

PLUGIN = """
from landscape import Cost, hookimpl
from pydantic import Field

class Focal(Cost):
    '''Nearly focal.'''
    name = "nearly_focal"
    {slip}

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)

@hookimpl
def register_costs():
    return [Focal]
"""


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """Return what is said of a plugin file that cannot be loaded."""
    monkeypatch.setattr(registry(), "_provided", list(registry()._provided))

    def load(source, name="focal.py"):
        (tmp_path / name).write_text(source)
        with pytest.raises(PluginError) as error:
            load_plugin(tmp_path / name)
        return str(error.value)

    yield load
    sys.modules.pop("landscape_plugin_focal", None)
    sys.modules.pop("focal_helper", None)


@pytest.mark.parametrize(
    ("written", "meant", "as_field"),
    [
        ('nmae = "x"', "name", "nmae: str"),
        ("nonegative = True", "nonnegative", "nonegative: bool"),
        ('sorce = "x"', "source", "sorce: str"),
        ("target_rnge = (0.0, 1.0)", "target_range", "target_rnge: float"),
        ("c = 1.0", None, "c: float"),
        ("c = Field(1.0, ge=0)", None, "c: float"),
        ("count = Field(3, ge=0)", None, "count: int"),
        ("gamma = Field(ge=0)", None, "gamma: float"),
    ],
)
def test_an_attribute_without_a_type_is_named_with_its_line_and_what_was_meant(refused, written, meant, as_field):
    name = written.partition(" ")[0]
    near = f" Did you mean {meant!r}?" if meant else ""
    said = refused(PLUGIN.format(slip=written))
    assert said == f"focal.py, line 8: {name!r} has no type.{near} A field is written {as_field} = Field(…)"


def test_the_line_is_that_of_the_helper_which_holds_the_class(refused, tmp_path):
    (tmp_path / "focal_helper.py").write_text(PLUGIN.format(slip="c = 1.0"))
    said = refused("from focal_helper import Focal")
    assert said.startswith("focal.py, line 1: focal_helper.py, line 8: 'c' has no type.")


def test_a_class_whose_source_is_nowhere_is_named_without_a_line(refused):
    said = refused("from landscape import Cost\nexec('class A(Cost):\\n    c = 1.0')")
    assert said.endswith("'c' has no type. A field is written c: float = Field(…)")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from landscape import Cots", "landscape has no 'Cots'. Did you mean 'Cost'?"),
        ("from landscape import hookimp", "landscape has no 'hookimp'. Did you mean 'hookimpl'?"),
        ("from landscape.costs import Hubr", "landscape.costs has no 'Hubr'. Did you mean 'Huber'?"),
        ("from landscape import Zzz", "landscape has no 'Zzz'"),
    ],
)
def test_what_the_package_does_not_have_is_named_with_the_near_name(refused, line, said):
    assert refused(f"import sys\n{line}\n") == f"focal.py, line 2: ImportError: {said}"


def test_an_attribute_that_the_package_does_not_have_is_named_with_the_near_name():
    with pytest.raises(AttributeError, match=r"module 'landscape' has no attribute 'Cots'\. Did you mean 'Cost'\?$"):
        landscape.Cots  # noqa: B018


def test_other_errors_say_it_themselves():
    for error in (ValueError("c"), ImportError("cannot import name 'x' from 'numpy'"), KeyError("Field 'c' requires")):
        assert slip(error) is None
