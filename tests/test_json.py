"""JSON that every program reads: no infinity and no NaN gets into it, whatever a plugin's defaults and bounds are."""

import json
import math
import sys

import numpy as np
import pytest
from pydantic import Field
from typer.testing import CliRunner

from landscape._json import sayable, strict, without_unsayable
from landscape.cli.app import app
from landscape.costs import Quadratic
from landscape.describe import field_facts, value_text
from landscape.experiment import Experiment
from landscape.registry import load_plugin, registry

PLUGIN = """
import math
import numpy as np
from pydantic import Field
from landscape import hookimpl
from landscape.costs import Quadratic

class Odd(Quadratic):
    '''Odd numbers.'''
    name = "odd_numbers"
    unlimited: float = Field(math.inf, gt=0, le=math.inf, description="No limit")
    undefined: float = Field(math.nan, ge=0, description="No number")
    root: float = Field(np.sqrt(2.0), ge=0, le=9, description="A root")
    {more}

@hookimpl
def register_costs():
    return [Odd]
"""


def read(text):
    """Return what strict JSON says; ValueError where it is not strict."""

    def refuse(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def odd(tmp_path, monkeypatch):
    monkeypatch.setattr(registry(), "_provided", list(registry()._provided))
    monkeypatch.setattr(registry(), "_files", dict(registry()._files))

    def write(more=""):
        file = tmp_path / "odd.py"
        file.write_text(PLUGIN.format(more=more))
        return file

    yield write
    sys.modules.pop("landscape_plugin_odd", None)


def said(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert result.stderr == ""  # no warning either
    return read(result.stdout)


def test_the_schema_is_strict_and_leaves_out_what_json_cannot_say(odd):
    tables = said("schema", "--plugin", odd())["properties"]["cost"]["anyOf"]
    (fields,) = [
        table["properties"]
        for table in tables
        if table.get("properties", {}).get("name", {}).get("const") == "odd_numbers"
    ]
    assert fields["unlimited"] == {
        "description": "No limit",
        "exclusiveMinimum": 0,
        "title": "Unlimited",
        "type": "number",
    }
    assert "default" not in fields["undefined"]
    assert fields["root"]["default"] == math.sqrt(2)


def test_the_schema_is_strict_also_where_a_class_says_its_own(odd):
    own = """
    @classmethod
    def __get_pydantic_json_schema__(cls, core, handler):
        return {"type": "object", "properties": {"root": {"default": math.inf}}, "examples": [math.nan, 1.0]}
    """
    said("schema", "--plugin", odd(own))


def test_the_lists_and_descriptions_are_strict_and_say_infinity_as_a_text(odd):
    file = odd()
    (entry,) = [one for one in said("plugins", "--json", "--plugin", file) if one["name"] == "odd_numbers"]
    described = said("describe", "odd_numbers", "--json", "--plugin", file)
    for fields in (entry["fields"], described["fields"]):
        assert [field["default"] for field in fields] == ["inf", "nan", math.sqrt(2)]
        assert [field["bounds"] for field in fields] == ["> 0", "≥ 0", "≥ 0, ≤ 9"]


def test_a_default_of_numpy_is_pythons_number():
    class Odd(Quadratic):
        plain: float = np.float32(0.5)
        count: int = Field(np.int64(3), ge=0, le=9, description="How many")
        flag: bool = Field(np.True_, description="Whether")

    assert [type(value) for _, value in Odd()] == [float, int, bool]
    assert [facts.default for facts in field_facts(Odd)] == [0.5, 3, True]


def test_a_class_made_of_one_with_a_default_of_numpy_has_pythons_number_too():
    class Odd(Quadratic):
        root: float = Field(np.sqrt(2.0), ge=0, le=9, description="A root")

    class Odder(Odd):
        other: float = 1.0

    assert Odder.model_json_schema()["properties"]["root"]["default"] == math.sqrt(2)
    assert type(Odder().root) is float


def test_a_loaded_plugin_gives_no_warning_for_a_default_of_numpy(odd):
    load_plugin(odd())  # a warning would be an error
    registry().find("cost", "odd_numbers").cls.model_json_schema()


def test_infinities_within_are_found():
    value = {"a": [1, math.inf, {"b": -math.inf}], "c": (math.nan,), "d": "inf", "e": None}
    assert without_unsayable(value) == {"a": [1, {}], "c": [], "d": "inf", "e": None}
    assert sayable(value) == {"a": [1, "inf", {"b": "-inf"}], "c": ["nan"], "d": "inf", "e": None}
    assert read(strict(sayable(value)))
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict(value)


def test_infinity_is_typed_as_toml_says_it():
    assert [value_text(value) for value in (math.inf, -math.inf, math.nan)] == ["inf", "-inf", "nan"]


def test_an_experiment_with_an_infinite_default_is_said_and_read_back(odd):
    file = odd()
    file.write_text(file.read_text().replace("math.nan", "0.5"))
    load_plugin(file)
    experiment = Experiment(cost="odd_numbers")
    again = Experiment(**read(json.dumps(experiment.to_dict())))
    assert again.cost.unlimited == math.inf
    assert again == experiment
    assert experiment.with_overrides(["cost.root=2"]).cost.root == 2
    assert "unlimited" not in experiment.to_toml()


def test_an_infinite_value_that_is_no_default_is_said_and_read_back_too(odd):
    file = odd("limit: float = Field(1.0, ge=0, allow_inf_nan=True, description='A limit')")
    file.write_text(file.read_text().replace("math.nan", "0.5"))
    load_plugin(file)
    experiment = Experiment(cost={"name": "odd_numbers", "limit": math.inf})
    assert experiment.to_dict()["cost"]["limit"] == "inf"
    assert Experiment(**read(json.dumps(experiment.to_dict()))) == experiment
