"""`landscape describe`: what is said of a plugin is what its class says, and what is drawn is what it computes."""

import json
import math
import re
from enum import Enum
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pydantic import Field
from typer.testing import CliRunner

import landscape
from landscape import Cost, Experiment
from landscape.cli import app
from landscape.describe import describe, field_facts, figure, find, use, value_text
from landscape.errors import FigureError, PluginError
from landscape.figures.functions import function_figure
from landscape.kinds import KINDS
from landscape.parts import build
from landscape.registry import BUILTIN, Provided, registry

CAUCHY = '''
import numpy as np
from landscape import Cost, hookimpl
from pydantic import Field


class Cauchy(Cost):
    """Σ log(1 + (d/c)²), of which
    outliers hardly count.

    Heavy tails.
    """

    name = "{name}"
    source = "Holland & Welsch 1977"
    scale: float = Field(2.0, gt=0, le=9, description="Where it bends")

    def per_example(self, outputs, targets):
        return np.log1p(((outputs - targets) / self.scale) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        d = outputs - targets
        return 2 * d / (self.scale**2 + d**2)


@hookimpl
def register_costs():
    return [Cauchy]
'''


def say(*arguments):
    """Run ``landscape describe`` in this process."""
    return CliRunner().invoke(app, ["describe", *map(str, arguments)])


def facts_of(output):
    """Return the facts that were said, by name."""
    return dict(re.findall(r"^(source|provided by|defined in|use) +(.+)$", output, re.MULTILINE))


def curve(drawn, name, panel=""):
    return next(t for t in drawn.data if t.name == name and (t.yaxis or "y") == f"y{panel}")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def plugin_file():
    """Return a function that writes a plugin file; forget what is loaded afterwards."""

    def write(name="cauchy", file="my_cauchy.py"):
        Path(file).write_text(CAUCHY.format(name=name), encoding="utf-8")
        return file

    registry.cache_clear()
    yield write
    registry.cache_clear()


def test_a_plugin_file_is_described_with_everything_it_says(plugin_file):
    output = say("cost", "cauchy", "--plugin", plugin_file()).output
    assert output.startswith("cost cauchy\n\nΣ log(1 + (d/c)²), of which\noutliers hardly count.\n\nHeavy tails.\n\n")
    assert facts_of(output) == {
        "source": "Holland & Welsch 1977",
        "provided by": "my_cauchy.py",
        "defined in": "Cauchy, my_cauchy.py line 7",
        "use": "landscape train --set cost=cauchy --set cost.scale=2.0 --plugin my_cauchy.py",
    }
    head, row = output.splitlines()[-2:]
    assert re.split(" {2,}", head) == ["field", "type", "default", "bounds", "what it is"]
    assert re.split(" {2,}", row) == ["scale", "number", "2.0", "> 0, ≤ 9", "Where it bends"]


def test_the_same_as_json_alone_on_standard_output(plugin_file):
    said = json.loads(say("cauchy", "--json", "--plugin", plugin_file()).stdout)
    assert said == {
        "kind": "cost",
        "name": "cauchy",
        "key": "my_cauchy.py:cauchy",
        "distribution": "my_cauchy.py",
        "version": "",
        "doc": "Σ log(1 + (d/c)²), of which\noutliers hardly count.\n\nHeavy tails.",
        "source": "Holland & Welsch 1977",
        "defined_in": "Cauchy, my_cauchy.py line 7",
        "use": "landscape train --set cost=cauchy",
        "fields": [
            {
                "name": "scale",
                "type": "number",
                "default": 2.0,
                "bounds": "> 0, ≤ 9",
                "description": "Where it bends",
            }
        ],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_built_in_is_described_with_all_its_fields_and_no_folder_of_this_machine(kind):
    for provided in registry().provided(kind):
        said = describe(provided)
        assert [field.name for field in said.fields] == list(provided.cls.model_fields)
        assert said.doc
        assert re.fullmatch(rf"{provided.cls.__module__}.{provided.cls.__name__}, \w+.py line \d+", said.defined_in)
        assert str(Path(landscape.__file__).parents[1]) not in json.dumps(said.to_dict())
        assert "any value" not in {field.type for field in said.fields}
        result = say(kind, said.name)
        assert result.exit_code == 0, result.output
        assert facts_of(result.output)["provided by"] == f"{BUILTIN} {landscape.__version__}"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "projection"])
def test_the_command_that_uses_it_is_understood(kind):
    for provided in registry().provided(kind):
        words = facts_of(say(kind, provided.name).output)["use"].split()
        assert words[:2] == ["landscape", "train"]
        assert words[2::2] == ["--set"] * len(words[3::2])
        experiment = Experiment().with_overrides(words[3::2])
        parts = experiment.observers if kind == "observer" else [getattr(experiment, kind)]
        assert [type(part) for part in parts] == [provided.cls]


def test_a_projection_is_used_on_a_run():
    assert use("projection", "pca") == ("surface", "RUN", "--projection", "pca")
    said = facts_of(say("filter_normalized").output)["use"]
    assert said == "landscape surface RUN --projection filter_normalized --set normalization=filter"


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Odd(Cost):
    name = "odd"
    text: str = Field("", max_length=9, description="a")
    either: Literal["a", "b"] = Field("b", description="b")
    colour: Colour = Field(Colour.RED, description="c")
    flag: bool = Field(True, description="d")
    most: float | None = Field(None, gt=0, description="e")
    sizes: tuple[int, ...] = Field((1, 2), min_length=1, description="f")
    seeds: list[int] = Field(default_factory=lambda: [3], description="g")
    count: int = Field(5, ge=1, lt=10_000)
    rate: float = Field(1e-6, ge=1e-9, le=1e3, description="i")

    def per_example(self, outputs, targets):
        raise NotImplementedError

    def gradient(self, outputs, targets):
        raise NotImplementedError


def test_fields_of_every_type_are_said_in_words():
    rows = [(f.name, f.type, value_text(f.default), f.bounds, f.description) for f in field_facts(Odd)]
    assert rows == [
        ("text", "text", '""', "at most 9 characters", "a"),
        ("either", "a or b", "b", "", "b"),
        ("colour", "red or blue", "red", "", "c"),
        ("flag", "true or false", "true", "", "d"),
        ("most", "number or none", "none", "> 0", "e"),
        ("sizes", "list of whole numbers", "[1, 2]", "at least 1 of them", "f"),
        ("seeds", "list of whole numbers", "[3]", "", "g"),
        ("count", "whole number", "5", "≥ 1, < 10,000", ""),
        ("rate", "number", "1e-06", "≥ 1e-09, ≤ 1,000", "i"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hubber"], "there is no plugin 'hubber'. Did you mean 'huber'?"),
        (["cost", "hubber"], "there is no cost 'hubber'. Did you mean 'huber'?"),
        (["coast", "huber"], "there is no kind 'coast'. Did you mean 'cost'?"),
        (["schedule"], "'schedule' is a kind: say which schedule you mean, one of constant, "),
        (["a", "cost", "huber"], "3 words: say KIND NAME, or NAME alone"),
        (["huber", "--set", "delta=-1"], "cost.delta: Input should be greater than 0, not -1"),
        (["huber", "--set", "dleta=1"], "Did you mean 'delta'?"),
    ],
)
def test_what_cannot_be_understood_is_bad_input_with_a_remedy(words, said):
    result = say(*words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_name_of_two_kinds_asks_for_the_kind(plugin_file):
    landscape.load_plugin(plugin_file("gelu"))
    with pytest.raises(PluginError, match="'gelu' is a cost and an activation: say which, as in 'cost gelu'"):
        find("gelu")
    assert find("gelu", "cost").distribution == "my_cauchy.py"


def test_a_name_of_two_providers_is_found_by_its_key(plugin_file):
    landscape.load_plugin(plugin_file(file="one.py"))
    with pytest.warns(UserWarning, match="not the only one"):
        landscape.load_plugin(plugin_file(file="two.py"))
    with pytest.raises(PluginError, match=r"'one.py:cauchy'.*'two.py:cauchy'"):
        find("cauchy")
    said = describe(find("two.py:cauchy"))
    assert (said.name, said.distribution) == ("two.py:cauchy", "two.py")
    assert said.use == "landscape train --set cost=two.py:cauchy"
    assert "Σ log" in say("cost", "two.py:cauchy").output


def test_a_file_with_one_plugin_is_described_like_it(plugin_file):
    assert say(plugin_file()).output == say("cost", "cauchy", "--plugin", "my_cauchy.py").output
    assert say("cost", "my_cauchy.py").exit_code == 0


def test_of_a_file_with_several_plugins_one_is_to_be_named(plugin_file):
    file = Path(plugin_file())
    second = "\n\nclass Second(Cauchy):\n    name = 'second'\n"
    file.write_text(
        file.read_text().replace("\n\n\n@hookimpl", second + "\n\n@hookimpl").replace("[Cauchy]", "[Cauchy, Second]")
    )
    said = say(file).stderr
    assert "provides a cost 'cauchy' and a cost 'second': say which, as in KIND NAME --plugin my_cauchy.py" in said
    assert say("cost", "second", "--plugin", file).exit_code == 0


@pytest.mark.parametrize("kind", ["cost", "activation", "schedule"])
def test_every_built_in_of_a_kind_with_a_plot_is_drawn_with_finite_values(kind):
    for provided in registry().provided(kind):
        drawn = figure(provided.cls())
        assert all(np.isfinite(t.y).all() and len(t.y) == len(t.x) > 500 for t in drawn.data)
        assert f"{kind} {provided.name}" in drawn.layout.title.text


def test_an_activation_is_drawn_with_its_derivative():
    drawn = figure(build("activation", "tanh"))
    z = drawn.data[0].x
    assert (z[0], z[-1]) == (-6, 6)
    np.testing.assert_allclose(curve(drawn, "value").y, np.tanh(z), rtol=1e-12)
    np.testing.assert_allclose(curve(drawn, "derivative").y, 1 / np.cosh(z) ** 2, rtol=1e-9, atol=1e-15)


def test_a_cost_is_drawn_as_a_function_of_one_output_for_the_targets_1_and_0():
    drawn = figure(build("cost", "quadratic"))
    for target in (1, 0):
        x = curve(drawn, f"target {target}").x
        np.testing.assert_allclose(curve(drawn, f"target {target}").y, (x - target) ** 2, atol=1e-12)
        np.testing.assert_allclose(curve(drawn, f"target {target}", panel="2").y, 2 * (x - target), atol=1e-12)
    assert "the second is what its target is" in drawn.layout.title.subtitle.text.replace("<br>", " ")


def test_the_drawn_gradient_is_the_slope_of_the_drawn_loss():
    for provided in registry().provided("cost"):
        drawn = figure(provided.cls())
        for target in (1, 0):
            loss = curve(drawn, f"target {target}")
            slope = np.gradient(loss.y, loss.x)[1:-1]
            # a kink lies between two points at most three times; elsewhere the error is of the order of h² = 2.5e-5
            assert (np.abs(slope - curve(drawn, f"target {target}", "2").y[1:-1]) > 1e-3).sum() <= 6


class Odds(Cost):
    """−t log o, of probabilities, of which none may be 0."""

    name = "odds"
    output_range = (0.001, 1)
    target_range = (0.25, math.inf)

    def per_example(self, outputs, targets):
        return (-targets * np.log(outputs)).sum(axis=-1)

    def gradient(self, outputs, targets):
        return -targets / outputs


def test_a_cost_is_drawn_only_where_it_is_defined():
    drawn = figure(Odds())
    assert {t.name for t in drawn.data} == {"target 1", "target 0.25"}
    x = drawn.data[0].x
    assert (x[0], x[-1]) == (0.001, 1)
    np.testing.assert_allclose(curve(drawn, "target 1").y, -np.log(x) - 0.25 * np.log(0.25), rtol=1e-12)
    np.testing.assert_allclose(curve(drawn, "target 0.25", "2").y, -0.25 / x, rtol=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(10, 11, (10, 11)), (6, math.inf, (6, 14)), (-math.inf, -9, (-17, -9))]
)
def test_a_cost_that_is_defined_far_out_is_drawn_there(low, high, shown):
    class Far(Odds):
        output_range = (low, high)

        def per_example(self, outputs, targets):
            return outputs.sum(axis=-1)

    x = figure(Far()).data[0].x
    assert (x[0], x[-1]) == shown


def test_a_schedule_is_drawn_over_ten_epochs():
    drawn = figure(build("schedule", {"name": "exponential", "gamma": 0.5}))
    (line,) = drawn.data
    epochs = np.floor(line.x)
    assert (epochs[0], epochs[-1]) == (0, 9)
    np.testing.assert_allclose(line.y, 0.5**epochs, rtol=1e-12)
    assert drawn.layout.title.text == "schedule exponential (gamma = 0.5)"


@pytest.mark.parametrize("kind", ["optimizer", "dataset", "projection", "observer"])
def test_a_kind_without_a_plot_says_which_have_one(kind):
    result = say(kind, registry().names(kind)[0], "--plot=here.html")
    assert result.exit_code == 2
    assert re.search(f"an? {kind} has no plot: those of activations, costs and schedules", result.stderr)
    assert not list(Path().iterdir())


def test_a_class_that_raises_when_asked_is_said_to():
    class Fickle(Odd):
        name = "fickle"

        @classmethod
        def model_json_schema(cls, *arguments, **options):
            raise RuntimeError("not twice")

    with pytest.raises(
        PluginError, match="'mine:fickle' cannot be described: its class raised RuntimeError: not twice"
    ):
        describe(Provided(Fickle, "mine", "1"))


def test_what_a_foreign_plugin_raises_is_said_in_one_line():
    with pytest.raises(PluginError, match=r"cost 'odd' cannot be drawn, since it raised NotImplementedError.*check"):
        figure(Odd())


@pytest.mark.parametrize(
    "words",
    [
        ["cost", "huber", "--plot=here.html", "--set", "delta=0.25"],
        ["cost", "huber", "--set", "delta=0.25", "--plot", "here.html"],
        ["--plot", "here.html", "huber", "--set", "delta=0.25"],
    ],
)
def test_a_plot_is_saved_where_asked_and_with_the_fields_that_were_set(words, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = say(*words)
    assert result.exit_code == 0, result.output
    assert result.output == "drawn in here.html\n"
    page = Path("here.html").read_text(encoding="utf-8")
    assert "cost huber (delta = 0.25)" in page
    assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=", page)
    assert not opened


@pytest.mark.parametrize("words", [["--plot", "cost", "huber"], ["huber", "--plot"], ["cost", "huber", "--plot"]])
def test_a_plot_without_a_file_opens_as_a_page(words, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = say(*words)
    assert result.exit_code == 0, result.output
    (page,) = tmp_path.glob("landscape-*/cost-huber.html")
    assert result.output == f"drawn in {page}\n"
    assert opened == [page.as_uri()]


def test_a_plot_of_no_known_format_is_bad_input_that_lists_those():
    result = say("huber", "--plot", "huber.gif")
    assert result.exit_code == 2
    assert ".html, .png, .svg" in result.stderr


def test_curves_leave_gaps_where_they_are_not_finite():
    drawn = function_figure([0, 1, 2], {"y": {"a": [1, np.inf, 2], "b": [0, 0, 0]}, "z": {"a": [1, 1, 1]}}, x_title="x")
    np.testing.assert_array_equal(drawn.data[0].y, [1, np.nan, 2])
    assert [t.name for t in drawn.data if t.showlegend] == ["a", "b"]
    assert drawn.data[0].line == drawn.data[2].line


@pytest.mark.parametrize(
    ("panels", "said"),
    [
        ({}, "no curve"),
        ({"y": {}}, "no curve"),
        ({"y": {"a": [1, 2]}}, r"'a' needs a value for each x \(3,\), not \(2,\)"),
    ],
)
def test_curves_that_do_not_fit_are_refused(panels, said):
    with pytest.raises(FigureError, match=said):
        function_figure([0, 1, 2], panels, x_title="x")
