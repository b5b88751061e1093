"""Can a new author go from nothing to a published plugin in fifteen minutes? Each step, in a fresh environment.

The steps build on each other: they are run in the order in which they stand, with what the documentation says and
nothing else. What happens on the dashboard's page (controls, help, source, saving the file, errors in it) is tested
in a browser, in `browser/test_reload.py`.
"""

import json
import re
import shutil
import tomllib
import urllib.request
from pathlib import Path

import pytest
from environment import PIP, Environment

from landscape.testing import checks_for

ROOT = Path(__file__).parents[1]
SMALL = ["dataset=spirals", "dataset.train_size=40", "hidden=4", "epochs=2", "output=identity"]
IDS = {check.id for check in checks_for("cost")}


def sets(*settings):
    return [word for setting in settings for word in ("--set", setting)]


class Author:
    """Somebody who has the package, the README's example in a file, and an empty folder."""

    def __init__(self, folder):
        self.here = Environment(folder)
        self.folder = folder
        self.focal = folder / "focal.py"
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        program = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)[1]
        self.focal.write_text(program, encoding="utf-8")
        self.before = self.here.plugins()

    def altered(self, name, old, new):
        """Write the example into another file, with `new` in place of `old`, and return its name."""
        text = self.focal.read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")
        return f"./{name}"


@pytest.fixture(scope="module")
def author(tmp_path_factory):
    return Author(tmp_path_factory.mktemp("author"))


@pytest.fixture(scope="module")
def distribution(author):
    """The folder that the command writes; it is told what to write, and asks for nothing."""
    author.here.landscape("new", "cost", "focal")
    return author.folder / "landscape-focal"


@pytest.fixture(scope="module")
def installed(author, distribution):
    author.here.pip(*PIP, "-e", distribution)
    return distribution


@pytest.fixture(scope="module")
def filled(author, installed):
    """The distribution with the author's class in place of the one that was written."""
    shutil.copy(author.focal, installed / "landscape_focal.py")
    return installed


@pytest.fixture(scope="module")
def trained(author, filled):
    """The folder of a run that used the installed cost, said by ``--set``."""
    author.here.landscape("train", *sets(*SMALL, "cost=focal", "cost.gamma=3"), "--out", "focal.zarr", "--quiet")
    return author.folder / "focal.zarr"


def test_minute_1_a_file_of_25_lines_is_a_cost_in_the_dashboard(author):
    assert len(author.focal.read_text(encoding="utf-8").splitlines()) <= 25
    options = ["--plugin", "./focal.py", "--reload", "--no-browser", *sets("cost=focal", "output=identity")]
    process = author.here.start("-m", "landscape", "explore", *options)
    try:
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://127\S+", line)))
        with urllib.request.urlopen(f"{address}_dash-layout", timeout=60) as answer:
            layout = json.dumps(json.load(answer), ensure_ascii=False)
    finally:
        process.kill()
        process.communicate()
    assert '"focal"' in layout
    assert "Focus γ on wrong answers; 0 is binary cross-entropy" in layout


def test_minute_3_a_syntax_error_names_file_and_line(author):
    broken = author.altered("broken.py", "    def gradient(self, outputs, targets):", "    def gradient(self, outputs:")
    line = author.focal.read_text(encoding="utf-8").splitlines().index("    def gradient(self, outputs, targets):") + 1
    assert re.search(rf"broken\.py, line {line}\b", author.here.refused("plugins", "--plugin", broken))


def test_minute_4_check_lists_every_check(author):
    said = author.here.landscape("check", "./focal.py")
    assert {name for name in IDS if re.search(rf"✓ +{name}\b", said)} == IDS
    assert "✗" not in said


def test_minute_4_a_wrong_sign_is_reported_with_entry_and_both_values(author):
    wrong = author.altered("wrong.py", "return side * miss", "return -side * miss")
    status, said, _ = author.here.attempt("-m", "landscape", "check", wrong)
    assert status == 1
    assert "✗" in said
    found = re.search(r"gradient\[\d+, \d+\] is (\S+), but the losses rise by (\S+) for", said.replace("−", "-"))
    assert found, said
    analytic, numerical = (float(text.rstrip(",.;")) for text in found.groups())
    assert analytic == pytest.approx(-numerical, rel=1e-3)
    assert "sign" in said


def test_minute_5_new_writes_a_complete_distribution(distribution):
    files = {path.relative_to(distribution).as_posix() for path in distribution.rglob("*") if path.is_file()}
    assert {"pyproject.toml", "README.md", "landscape_focal.py", "tests/test_focal.py"} <= files
    project = tomllib.loads((distribution / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["landscape"] == {"focal": "landscape_focal"}
    assert any(requirement.startswith("landscape-explorer>=") for requirement in project["dependencies"])


def test_minute_6_once_installed_it_is_listed(author, installed):
    assert ["cost", "focal", "landscape-focal", "0.1.0", "✓"] in author.here.plugins()


def test_minute_6_its_tests_pass_and_are_the_full_kit(author, installed):
    said = author.here.run("-m", "pytest", "-v", "-p", "no:cacheprovider", installed)
    passed = re.findall(r"^(\S.*) PASSED", said, re.MULTILINE)
    assert {name for name in IDS if any(re.search(rf"-{name}\]", test) for test in passed)} == IDS
    assert re.search(r"\d+ passed in", said), said
    assert "landscape_focal" in (installed / "tests" / "test_focal.py").read_text(encoding="utf-8")


def test_minute_9_python_toml_and_set_say_the_same_cost(author, trained):
    from_toml = (ROOT / "docs" / "examples" / "focal.toml").read_text(encoding="utf-8")
    (author.folder / "focal.toml").write_text(from_toml, encoding="utf-8")
    author.here.landscape("train", "--config", "focal.toml", *sets(*SMALL), "--out", "toml.zarr", "--quiet")
    program = """
from landscape import Experiment, Run, fit
focal = {"name": "focal", "gamma": 3}
spirals = {"name": "spirals", "train_size": 40}
run = fit(Experiment(cost=focal, dataset=spirals, hidden=[4], epochs=2, output="identity"))
said, toml = (Run.open(name) for name in ("focal.zarr", "toml.zarr"))
print(run.experiment.cost == said.experiment.cost == toml.experiment.cost)
print(run.experiment == toml.experiment, run.theta.tobytes() == toml.theta.tobytes())
"""
    # what --set changes is the preset that the command starts from, whose learning rate falls
    assert author.here.run("-c", program).split() == ["True"] * 3


def test_minute_13_a_typo_in_a_hook_says_which_was_meant(author):
    typo = author.altered("typo.py", "register_costs", "register_cost")
    said = author.here.refused("plugins", "--plugin", typo)
    assert "'register_cost' is not a hook. Did you mean 'register_costs'?" in said


def test_minute_13_a_typo_in_a_field_or_a_name_says_which_was_meant(author, filled):
    field = author.here.refused("train", *sets(*SMALL, "cost=focal", "cost.gama=3"))
    assert "'gama'" in field
    assert "Did you mean 'gamma'?" in field
    name = author.here.refused("train", *sets(*SMALL, "cost=focl"))
    assert "'focl'" in name
    assert "Did you mean 'focal'?" in name


def test_minute_13_a_duplicate_names_both_and_what_to_write(author, filled):
    both = ["--plugin", "./focal.py"]
    assert "landscape-focal:focal" in author.here.landscape("plugins", *both)
    said = author.here.refused("train", *both, *sets(*SMALL, "cost=focal"))
    assert "'focal'" in said
    assert "'landscape-focal:focal'" in said
    assert "'focal.py:focal'" in said
    author.here.landscape("train", *both, *sets(*SMALL, "cost=focal.py:focal"), "--out", "file.zarr", "--quiet")


def test_minute_14_uninstalling_changes_nothing_else_and_old_runs_open(author, trained):
    author.here.pip("uninstall", "--yes", "--quiet", "--disable-pip-version-check", "landscape-focal")
    assert author.here.plugins() == author.before
    author.here.landscape("train", *sets(*SMALL), "--out", "other.zarr", "--quiet")
    shown = author.here.landscape("show", "focal.zarr")
    assert "pip install landscape-focal==0.1.0" in shown
    program = """
from landscape import Run
from landscape.errors import PluginError
run = Run.open("focal.zarr")
print(len(run.path), run.history.test_accuracy.size, run.theta.size)
try:
    run.experiment
except PluginError as error:
    print(error)
"""
    kept, missing = author.here.run("-c", program).splitlines()
    assert all(int(number) > 1 for number in kept.split())
    assert "cost 'focal' of landscape-focal 0.1.0 is not installed: pip install landscape-focal==0.1.0" in missing
