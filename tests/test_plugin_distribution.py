"""A plugin as a distribution: installed with pip into an environment of its own, found through its entry point."""

import ast
import itertools
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from environment import PIP, Environment

from landscape import Run, load_plugin
from landscape.kinds import KINDS
from landscape.registry import registry

PLUGINS = Path(__file__).parents[1] / "plugins"
EXAMPLES = sorted(path for path in PLUGINS.iterdir() if path.is_dir())
FOCAL = PLUGINS / "landscape-focal"
SMALL = ["dataset=spirals", "dataset.train_size=40", "hidden=4", "epochs=2", "output=identity"]

# Beside the real one: a distribution that cannot be imported, and one that provides the same name.
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"

[project.entry-points.landscape]
point = "{module}"

[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Build the real plugin's wheel, and those of the two others, with pip."""
    folder = tmp_path_factory.mktemp("wheels")
    focal = folder / "landscape-focal"
    shutil.copytree(FOCAL, focal, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.egg-info"))
    rival = (FOCAL / "landscape_focal.py").read_text(encoding="utf-8")
    sources = [
        focal,
        project(folder, "landscape-broken", "0.9", "landscape_broken", "import a_module_that_is_missing\n"),
        project(folder, "landscape-rival", "7.0", "landscape_rival", rival),
    ]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", folder]
    Environment(folder / "builder").pip("wheel", *options, *sources)
    return {path.name.partition("-")[0]: path for path in folder.glob("*.whl")}


def project(folder, name, version, module, source):
    """Write a distribution of one module and return its folder."""
    made = folder / name
    made.mkdir()
    (made / "pyproject.toml").write_text(PROJECT.format(name=name, version=version, module=module))
    (made / f"{module}.py").write_text(source, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheels):
    """Return an environment with the real plugin, built and installed from its folder, and the broken one."""
    environment = Environment(tmp_path_factory.mktemp("installed"))
    source = environment.folder / "source"
    shutil.copytree(FOCAL, source, ignore=shutil.ignore_patterns("__pycache__"))
    environment.pip(*PIP, source, wheels["landscape_broken"])
    shutil.rmtree(source)
    return environment


def test_an_installed_distribution_is_listed_with_its_version(installed):
    assert ["cost", "focal", "landscape-focal", "0.1.0", "✓"] in installed.plugins()


def test_a_broken_distribution_is_listed_with_the_reason(installed):
    reason = "✗ ModuleNotFoundError: No module named 'a_module_that_is_missing' (landscape_broken.py line 1)"
    assert ["–", "point", "landscape-broken", "0.9", reason] in installed.plugins()


def test_an_experiment_trains_with_the_installed_cost_despite_a_broken_distribution(installed):
    overrides = [word for setting in [*SMALL, "cost=focal", "cost.gamma=1"] for word in ("--set", setting)]
    output = installed.landscape("train", *overrides, "--out", "focal.zarr")
    assert "finished after step 8" in output
    assert "landscape-focal:focal 0.1.0" in installed.landscape("show", "focal.zarr")


def test_the_run_records_the_distribution_and_opens_where_the_plugin_is_loaded_from_a_file(installed):
    registry.cache_clear()
    try:
        load_plugin(FOCAL / "landscape_focal.py")
        run = Run.open(installed.folder / "focal.zarr")
        assert run.provenance.plugins["cost"] == "landscape-focal:focal 0.1.0"
        assert run.experiment.cost.gamma == 1
        assert run.objective.evaluate(run.theta).cost == pytest.approx(run.history.train_cost[-1], rel=1e-5)
    finally:
        registry.cache_clear()


def test_names_mean_the_same_in_every_order_of_installation(tmp_path, wheels):
    names = ("landscape_focal", "landscape_rival", "landscape_broken")
    seen = set()
    for count, order in enumerate(list(itertools.permutations(names))[::2]):
        environment = Environment(tmp_path / str(count))
        for name in order:
            environment.pip(*PIP, wheels[name])
        seen.add(environment.landscape("plugins"))
    (table,) = seen
    assert "landscape-focal:focal" in table
    assert "landscape-rival:focal" in table


def test_a_name_of_two_distributions_is_an_error_only_when_it_is_asked_for(tmp_path, wheels):
    environment = Environment(tmp_path / "clash")
    environment.pip(*PIP, wheels["landscape_focal"], wheels["landscape_rival"])
    code = """
from landscape import Experiment
print(Experiment().cost.name, type(Experiment(cost="landscape-rival:focal").cost).__module__)
try:
    Experiment(cost="focal")
except ValueError as error:
    print(error)
"""
    works, error = environment.run("-c", code).splitlines()
    assert works == "quadratic landscape_rival"
    assert "'landscape-focal:focal' or 'landscape-rival:focal'" in error


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_distribution_needs_nothing_that_it_does_not_ask_for(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == folder.name
    asked = {requirement.partition(">=")[0] for requirement in project["dependencies"]}
    assert any(requirement.startswith("landscape-explorer>=") for requirement in project["dependencies"])
    (module,) = project["entry-points"]["landscape"].values()
    source = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
    names = [node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(source) if isinstance(node, ast.Import) for alias in node.names]
    used = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert {name.replace("landscape", "landscape-explorer") for name in used} <= asked


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_distribution_says_how_to_install_use_and_test_it(folder):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {folder.name}\n")
    for command in (f"$ pip install ./plugins/{folder.name}\n", "$ landscape ", f"`pytest plugins/{folder.name}`"):
        assert command in readme, command
    (tests,) = (folder / "tests").glob("test_*.py")
    assert "landscape.testing" in tests.read_text(encoding="utf-8")


def test_all_example_distributions_work_together(tmp_path):
    environment = Environment(tmp_path)
    sources = [shutil.copytree(folder, tmp_path / "sources" / folder.name) for folder in EXAMPLES]
    environment.pip(*PIP, *sources)
    listed = {(row[0], row[2]) for row in environment.plugins() if row[4] == "✓"}
    assert {kind for kind, _ in listed} == set(KINDS)
    assert {distribution for _, distribution in listed} == {folder.name for folder in EXAMPLES}
    chosen = ["cost=focal", "activation=snake", "optimizer=lion", "schedule=triangular", "observers=keep_best"]
    overrides = [word for setting in [*SMALL, *chosen] for word in ("--set", setting)]
    environment.landscape("train", *overrides, "--out", "all.zarr")
    assert (tmp_path / "best.npy").is_file()
    surfaced = environment.landscape("surface", "all.zarr", "--projection", "sharpest", "--resolution", "5")
    assert "sharpest" in surfaced
    assert "apt-get install dataset-fashion-mnist" in environment.refused(
        "train", "--set", "dataset=fashion_mnist", "--set", f"dataset.path={tmp_path / 'none'}"
    )
