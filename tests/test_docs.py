"""Do the documentation's examples run, and do its generated pages say what the code does?"""

import ast
import inspect
import re
import runpy
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from plotly.basedatatypes import BaseFigure
from pydantic import BaseModel

import landscape
from landscape import Experiment, hookspecs, kinds, load_plugin
from landscape.experiment import preset_names
from landscape.functions import FORMULAS
from landscape.kinds import KINDS
from landscape.registry import BUILTIN, registry
from landscape.testing import checks_for
from landscape.training import fit

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PLUGINS = ROOT / "plugins"
OF_KIND = {
    "cost": "focal",
    "activation": "snake",
    "optimizer": "lion",
    "schedule": "triangular",
    "dataset": "fashion_mnist",
    "projection": "sharpest",
    "observer": "keep_best",
}


@pytest.fixture
def plugin():
    """Load the plugin of a kind's tutorial, and forget afterwards whatever was loaded."""
    before = list(registry()._provided)
    yield lambda kind: load_plugin(module_of(kind))
    registry()._provided[:] = before


def module_of(kind):
    name = OF_KIND[kind]
    return PLUGINS / f"landscape-{name.replace('_', '-')}" / f"landscape_{name}.py"


def page_of(kind):
    (found,) = DOCS.glob(f"write-a*-{kind}.md")
    return found.read_text(encoding="utf-8")


@pytest.fixture
def generated(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    return runpy.run_path(str(DOCS / "generated.py"))


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    return runpy.run_path(str(DOCS / "pages.py"))


def test_there_is_a_tutorial_with_an_example_distribution_for_every_kind():
    assert OF_KIND.keys() == KINDS.keys()
    assert {module_of(kind).parent for kind in KINDS} == {path for path in PLUGINS.iterdir() if path.is_dir()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_tutorial_begins_with_the_whole_module_of_its_distribution(kind):
    """The code itself, so that it is read where the page is not built, too."""
    title, comment, rest = page_of(kind).split("\n\n", 2)
    assert title.startswith("# Write a")
    file = module_of(kind)
    assert comment == f"<!-- copied: {file.relative_to(ROOT).as_posix()} as {OF_KIND[kind]}.py -->"
    assert rest.startswith(f"```python\n{file.read_text(encoding='utf-8')}```\n")


def test_copies_on_the_pages_are_as_their_originals(pages):
    assert pages["outdated"]() == [], "python docs/pages.py --write brings them up to date"


def test_a_copy_that_differs_is_renewed_and_nothing_else(pages):
    page = (DOCS / "write-a-plugin.md").read_text(encoding="utf-8")
    changed = page.replace("import numpy as np\n", "", 1).replace("gamma = 3", "gamma = 4", 1)
    changed = changed.replace("| [cost](write-a-cost.md) |", "| a cost |", 1)
    assert len({page, changed}) == 2
    assert pages["renewed"](changed) == page
    assert pages["renewed"](changed.replace("# Write a plugin", "# Plugins")) == page.replace(
        "# Write a plugin", "# Plugins"
    )


def test_a_part_of_a_file_is_copied_as_far_as_is_said(pages):
    asked = "<!-- copied: docs/examples/focal.toml {} -->"
    assert pages["renewed"](asked.format("before [cost]")).endswith('-->\n\n```toml\noutput = "identity"\n```')
    assert pages["renewed"](asked.format("through name")).endswith('\n\n[cost]\nname = "focal"\n```')


def test_no_page_that_is_read_in_the_repository_leaves_anything_to_be_filled_in(pages):
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        assert "literalinclude" not in text, page
        comments = [line for line in text.splitlines() if line.startswith("<!-- ")]
        filled = [*pages["_COPIED"].finditer(text), *pages["_WRITTEN"].finditer(text)]
        assert all(len(found[0].splitlines()) > 4 for found in filled), page
        assert len([line for line in comments if line != "<!-- end -->"]) == len(filled), page


def test_captions_are_shown_where_the_pages_are_built(pages):
    page = pages["captioned"](page_of("cost"))
    assert "```{code-block} python\n:caption: focal.py\n\nimport numpy as np\n" in page


@pytest.mark.parametrize("kind", KINDS)
def test_the_class_of_a_tutorial_is_found_under_the_name_that_its_page_uses(kind, plugin):
    plugin(kind)
    found = registry().find(kind, OF_KIND[kind])
    assert found.distribution == module_of(kind).name
    assert found.cls.source
    if kind not in ("projection",):  # which is no part of an experiment
        field = "observers" if kind == "observer" else kind
        assert f"--set {field}={OF_KIND[kind]}" in page_of(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_methods_of_a_tutorial_take_what_its_contract_says(kind, plugin):
    plugin(kind)
    written = registry().find(kind, OF_KIND[kind]).cls
    for name in KINDS[kind].__abstractmethods__:
        said, taken = (inspect.signature(getattr(cls, name)).parameters for cls in (KINDS[kind], written))
        assert list(said) == list(taken), name


def test_the_cost_of_the_tutorial_has_at_most_25_lines():
    assert len(module_of("cost").read_text(encoding="utf-8").splitlines()) <= 25


def without_quotes(signature):
    """Return a signature as its source says it, whose annotations are not evaluated."""
    return re.sub(r"'((?:[\w.]|[\[\], |])+)'", r"\1", str(signature))


def signatures(functions):
    """Return how the page of hooks must say functions, so that a change of one is noticed before authors notice."""
    return {f"def {function.__name__}{without_quotes(inspect.signature(function))}: ..." for function in functions}


@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_is_documented_with_its_exact_signature_and_those_of_its_methods(kind):
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    hook, base = getattr(hookspecs, f"register_{kind}s"), KINDS[kind]
    section = page.split(f"\n## `{hook.__name__}`\n")[1].split("\n## ")[0]
    methods = [getattr(base, name) for name in base.__abstractmethods__]
    if kind == "observer":
        methods += [method for method in vars(kinds.Watcher).values() if inspect.isfunction(method)]
    assert set(re.findall(r"^ *(def .+)$", section, re.MULTILINE)) == signatures([hook, *methods])
    assert hook.__doc__ in section


def test_there_are_no_other_hooks():
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    hooks = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert hooks == set(re.findall(r"^## `(\w+)`$", page, re.MULTILINE)) == {f"register_{kind}s" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_of_a_kind_is_documented_with_its_exact_signature(kind):
    page = page_of(kind)
    bases = [KINDS[kind]] + ([kinds.Watcher] if kind == "observer" else [])
    for base in bases:
        methods = {name: value for name, value in vars(base).items() if inspect.isfunction(value)}
        own = {name for name in methods if not name.startswith("_")}
        assert own
        for name in own:
            assert f"    def {name}{without_quotes(inspect.signature(methods[name]))}:\n" in page, name
            assert inspect.getdoc(methods[name]).splitlines()[0] in page, name
    assert f"def register_{kind}s" in module_of(kind).read_text(encoding="utf-8")


def test_every_environment_variable_about_plugins_is_documented():
    page = (DOCS / "find-plugins.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "landscape").glob("*.py"))
    names = {name for name in re.findall(r'"(LANDSCAPE_\w+)"', sources) if "BLAS" not in name}
    assert names == set(re.findall(r"^`(LANDSCAPE_\w+)`\n: ", page, re.MULTILINE))


@pytest.mark.parametrize("cls", [kinds.StepEvent, kinds.EpochEvent, kinds.Training, kinds.Data, kinds.Examples])
def test_what_methods_get_and_return_is_documented_with_every_field(cls, generated):
    page = "\n".join(generated["MAKERS"][f"outline_{cls.__name__}"]())
    fields = list(inspect.signature(cls).parameters)
    assert re.findall(r"^    (\w+): ", page.split('"""')[2], re.MULTILINE) == fields


def test_every_check_of_the_kit_is_listed_once(generated):
    page = (DOCS / "check-a-plugin.md").read_text(encoding="utf-8")
    for kind in KINDS:
        for check in checks_for(kind):
            rows = [line for line in page.splitlines() if line.startswith(f"| `{check.id}` |")]
            assert any(generated["plain"](check.says) in row for row in rows), (kind, check.id)
    general = page.split("## Checks of every kind")[1].split("## Checks of each kind")[0]
    assert re.findall(r"^\| `(\w+)` \|", general, re.MULTILINE)
    for kind in KINDS:
        section = page.split(f"### {kind.capitalize()}\n")[1].split("\n### ")[0]
        assert len(re.findall(r"^\| `\w+` \|", general + section, re.MULTILINE)) == len(checks_for(kind))


def test_the_failure_that_the_kit_page_expects_is_a_check():
    page = (DOCS / "check-a-plugin.md").read_text(encoding="utf-8")
    (expected,) = re.findall(r"expected_failures=(\{.+?\})", page)
    assert set(ast.literal_eval(expected)) <= {check.id for kind in KINDS for check in checks_for(kind)}


@pytest.mark.usefixtures("plugin")
def test_the_ways_to_use_the_tutorial_cost_mean_the_same(tmp_path, monkeypatch, capsys):
    shutil.copy(module_of("cost"), tmp_path / "focal.py")
    monkeypatch.chdir(tmp_path)
    seen = []
    monkeypatch.setattr("landscape.fit", lambda experiment: seen.append(experiment) or _small(experiment))
    runpy.run_path(str(EXAMPLES / "use_focal.py"))
    assert "of the test digits are read correctly" in capsys.readouterr().out
    assert seen == [Experiment.from_toml(EXAMPLES / "focal.toml")]
    assert seen == [Experiment().with_overrides(["cost=focal", "cost.gamma=3", "output=identity"])]
    program = (EXAMPLES / "use_focal.py").read_text(encoding="utf-8")
    assert len([line for line in program.splitlines() if line]) <= 6


def _small(experiment):
    """Train the experiment of an example on few digits."""
    small = ["epochs=1", "dataset.train_size=200", "dataset.test_size=100"]
    return fit(experiment.with_overrides(small))


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
    files = [file.name for file in EXAMPLES.iterdir() if file.is_file()]
    assert [name for name in files if f"<!-- copied: docs/examples/{name}" not in pages] == []


def test_experiment_reference_holds_every_built_in_field_with_default_and_description(generated):
    page = (DOCS / "experiment.md").read_text(encoding="utf-8")
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
    for words in command_lines():
        assert f"## `landscape {words[1]}`" in known, words
        assert all(word in known for word in words if word.startswith("--")), words


def command_lines():
    """Yield the words of every line on the pages, and on those of the plugins, that begins with our command."""
    for page in [ROOT / "README.md", *DOCS.glob("*.md"), *PLUGINS.glob("*/README.md")]:
        for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True) if "landscape " in line[:12] else []
            if words[:1] == ["landscape"] and len(words) > 1 and not words[1].startswith("-"):
                yield words


def test_command_lines_on_the_pages_describe_experiments(plugin):
    for kind in KINDS:
        plugin(kind)
    described = [words for words in command_lines() if words[1] in ("train", "explore")]
    assert len(described) > 20
    for words in described:
        settings = [value for option, value in pairwise(words) if option == "--set"]
        settings = [value.replace("landscape-focal:", "").replace("=my_cost", "=focal") for value in settings]
        assert Experiment.preset("classic").with_overrides(settings), words


def test_markdown_is_escaped_outside_of_code(generated):
    assert generated["plain"]("|x| < `a|b` and a_b") == "\\|x\\| \\< `a|b` and a\\_b"
