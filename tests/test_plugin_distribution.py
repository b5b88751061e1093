"""A plugin as a distribution: installed with pip into an environment of its own, found through its entry point."""

import itertools
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import landscape
from landscape import Run, load_plugin
from landscape.registry import registry

FOCAL = Path(__file__).parents[1] / "plugins" / "landscape-focal"
SMALL = ["dataset=spirals", "dataset.train_size=40", "hidden=4", "epochs=2", "output=identity"]
PIP = ["install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]

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


class Environment:
    """A virtual environment that sees the packages of the one the tests run in, and no network."""

    def __init__(self, folder):
        venv.create(folder, with_pip=False)
        paths = {"base": str(folder), "platbase": str(folder)}
        site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        # The package itself first: it may be used from its source folder.
        seen = [Path(landscape.__file__).parents[1], *map(sysconfig.get_path, ("purelib", "platlib"))]
        (site / "seen.pth").write_text("\n".join(map(str, seen)))
        self._python = Path(sysconfig.get_path("scripts", "venv", vars=paths)) / Path(sys.executable).name
        self.folder = folder

    def run(self, *arguments):
        """Run Python in the environment and return what it prints."""
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        done = subprocess.run(
            [self._python, *map(str, arguments)],
            env=kept | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pip(self, *arguments):
        self.run("-m", "pip", *arguments)

    def landscape(self, *arguments):
        return self.run("-m", "landscape", *arguments)

    def plugins(self):
        """Return the rows of ``landscape plugins`` that are not built in, split at blanks."""
        rows = [line.split(maxsplit=4) for line in self.landscape("plugins").splitlines()[1:]]
        return [row for row in rows if row[2] != "landscape-explorer"]


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
    reason = "✗ ModuleNotFoundError: No module named 'a_module_that_is_missing'"
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
