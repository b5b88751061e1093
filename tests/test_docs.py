"""Do the documentation's examples run, and do its generated pages say what the code does?"""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from plotly.basedatatypes import BaseFigure
from pydantic import BaseModel

import landscape
from landscape import Experiment, fit, load_plugin
from landscape.experiment import preset_names
from landscape.functions import FORMULAS
from landscape.kinds import KINDS
from landscape.registry import BUILTIN, registry

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PLUGINS = ("log_cosh.py", "lion.py")


@pytest.fixture
def plugin():
    """Load an example as a plugin, and forget it afterwards."""
    before = list(registry()._provided)
    yield lambda name: load_plugin(EXAMPLES / name)
    registry()._provided[:] = before


@pytest.fixture
def generated(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    return runpy.run_path(str(DOCS / "generated.py"))


@pytest.mark.parametrize("name", PLUGINS)
def test_plugin_examples_have_at_most_25_lines(name):
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) <= 25


def test_cost_example_matches_its_formula_without_overflow(plugin):
    cost = plugin("log_cosh.py").LogCosh(scale=0.5)
    differences = np.linspace(-3, 3, 41)[:, None]
    expected = 0.25 * np.log(np.cosh(differences[:, 0] / 0.5))
    losses = cost.per_example(differences, np.zeros((41, 1)))
    np.testing.assert_allclose(losses, expected, rtol=1e-12, atol=1e-15)
    far = cost.per_example(np.array([[1e30]]), np.zeros((1, 1)))
    np.testing.assert_allclose(far, 0.5e30, rtol=1e-12)


def test_cost_example_keeps_precision_and_leading_axes(plugin):
    cost = plugin("log_cosh.py").LogCosh()
    outputs, targets = np.ones((2, 3, 5, 4), np.float32), np.zeros((5, 4), np.float32)
    losses, gradient = cost.per_example(outputs, targets), cost.gradient(outputs, targets)
    assert (losses.shape, losses.dtype) == ((2, 3, 5), np.float32)
    assert (gradient.shape, gradient.dtype) == (outputs.shape, np.float32)


def test_gradient_check_of_the_tutorial_passes_and_catches_an_error(plugin, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    runpy.run_path("check_gradient.py")
    right = plugin("log_cosh.py").LogCosh
    monkeypatch.setattr(right, "gradient", lambda self, outputs, targets: outputs - targets)
    monkeypatch.setattr("landscape.load_plugin", lambda path: sys.modules[right.__module__])
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        runpy.run_path("check_gradient.py")


def test_cost_example_trains(plugin):
    plugin("log_cosh.py")
    run = fit(Experiment(dataset="blobs", cost={"name": "log_cosh", "scale": 0.5}, epochs=10))
    assert run.history.test_accuracy[-1] > 0.9
    assert run.provenance.plugins["cost"].startswith("log_cosh.py:log_cosh")


def test_optimizer_example_matches_a_reference_written_from_the_paper(plugin):
    lion = plugin("lion.py").Lion(learning_rate=0.01, beta=0.9)
    rng = np.random.default_rng(0)
    theta, mean = rng.normal(size=8), np.zeros(8)
    state = lion.init(theta)
    for gradient in rng.normal(size=(5, 8)):
        increment, state = lion.update(gradient, state, theta)
        expected = [-0.01 if 0.9 * m + 0.1 * g > 0 else 0.01 for m, g in zip(mean, gradient, strict=True)]
        np.testing.assert_array_equal(increment, expected)
        mean = 0.9 * mean + 0.1 * gradient
        np.testing.assert_allclose(state["mean"], mean, rtol=1e-12)


def test_optimizer_example_trains(plugin):
    plugin("lion.py")
    run = fit(Experiment(dataset="blobs", optimizer="lion", batch_size=32, epochs=20, output="identity"))
    assert run.history.test_accuracy[-1] > 0.9


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quickstart.py", "of the test digits are read correctly"),
        ("steps.py", "the batch's cost is below 0.1"),
        ("own_data.py", "of the rows held out are told apart"),
    ],
)
def test_program_examples_run(name, said, tmp_path, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(BaseFigure, "show", lambda figure: shown.append(figure))
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / name))
    assert said in capsys.readouterr().out
    assert len(shown) == (name == "quickstart.py")


def test_every_example_file_is_shown_on_a_page():
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert [
        file.name for file in EXAMPLES.glob("*.py") if f"{{literalinclude}} examples/{file.name}" not in pages
    ] == []


def test_experiment_reference_holds_every_built_in_field_with_default_and_description(generated):
    page = generated["expand"]((DOCS / "experiment.md").read_text(encoding="utf-8"))
    models: list[type[BaseModel]] = [Experiment]
    for kind in KINDS:
        models += [provided.cls for provided in registry().provided(kind) if provided.distribution == BUILTIN]
    for model in models:
        assert model is Experiment or f"### `{model.name}`" in page
        for name, info in model.model_fields.items():
            rows = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
            described = generated["plain"](info.description)
            assert any(described in row and generated["default"](info.default) in row for row in rows), (model, name)
    assert all(f"| `{name}` |" in page for name in FORMULAS)


def test_bounds_of_a_field_are_said(generated):
    page = "\n".join(generated["MAKERS"]["optimizers"]())
    assert "| `momentum` | number | `0.0` | ≥ 0, \\< 1 |" in page


def test_every_figure_of_the_dashboard_and_of_captions_is_defined():
    page = (DOCS / "figures.md").read_text(encoding="utf-8")
    defined = " ".join(re.findall(r"^\*\*(.+?)\*\*", page, re.MULTILINE)).lower()
    layout = "".join(
        (ROOT / "landscape" / "dashboard" / name).read_text(encoding="utf-8") for name in ("layout.py", "stage.py")
    )
    labels = re.findall(r"""_honest\(\s*"([^"]+)"|_figure\("[^"]+", "([^"]+)\"""", layout)
    shown = [name.strip().lower() for pair in labels for label in pair if label for name in label.split("|")]
    assert {"path captured", "test accuracy"} <= set(shown)
    captions = ["random walk", "standard error", "axes' cosine", "not finite", "fitted at step", "stale"]
    assert [name for name in [*shown, *captions] if name not in defined] == []


def test_architecture_page_lists_every_module():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.+?) \|", page, re.MULTILINE))))
    package = ROOT / "landscape"
    files = [*package.glob("*.py"), *(file.parent for file in package.glob("*/__init__.py"))]
    assert {file.stem for file in files if not file.stem.startswith("_")} - listed == set()


def test_api_page_documents_every_public_name():
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    assert [name for name in landscape.__all__ if name != "__version__" and f"`{name}`" not in page] == []


def test_presets_page_shows_every_preset(generated):
    page = "\n".join(generated["MAKERS"]["presets"]())
    assert preset_names()
    assert all(f"## `{name}`" in page for name in preset_names())


def test_commands_page_shows_every_command_and_option(generated):
    page = "\n".join(generated["MAKERS"]["commands"]())
    for command in ("train", "surface", "show", "plugins", "explore"):
        assert f"## `landscape {command}`" in page
    assert "--set" in page


def test_command_lines_on_the_pages_name_options_that_exist(generated):
    known = "\n".join(generated["MAKERS"]["commands"]())
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for line in page.read_text(encoding="utf-8").splitlines():
            words = line.removeprefix("$ ").split()
            if words[:1] == ["landscape"] and len(words) > 1 and not words[1].startswith("-"):
                assert f"## `landscape {words[1]}`" in known, line
                assert all(word in known for word in words if word.startswith("--")), line


def test_markdown_is_escaped_outside_of_code(generated):
    assert generated["plain"]("|x| < `a|b` and a_b") == "\\|x\\| \\< `a|b` and a\\_b"
