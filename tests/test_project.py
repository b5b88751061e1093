"""Do the files around the package agree with it: metadata, README, constraints, CI, and what the wheel holds?"""

import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import landscape
from landscape.registry import registry

ROOT = Path(__file__).parents[1]
FOCAL = ROOT / "plugins" / "landscape-focal" / "landscape_focal.py"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def pinned() -> dict[str, str]:
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(text) for text in [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """Build the wheel and open it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        yield opened


def test_version_is_one_and_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+) - (?:Unreleased|\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert newest is not None
    assert {landscape.__version__, str(citation["version"]), newest[1]} == {PROJECT["version"]}


def test_citation_names_title_authors_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": PROJECT["authors"][0]["name"]}]
    assert citation["license"] == PROJECT["license"]
    assert {"message", "title", "type"} <= citation.keys()


def test_constraints_hold_names_and_versions_only():
    assert "/" not in CONSTRAINTS
    assert "@" not in CONSTRAINTS
    assert all(re.fullmatch(r"\d+(\.\w+)*", version) for version in pinned().values())
    assert canonicalize_name(PROJECT["name"]) not in pinned()


def test_constraints_pin_every_requirement_within_its_bounds():
    for requirement in requirements():
        version = pinned()[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement
    assert pinned()["torch"] == "2.13.0"


def test_constraints_pin_what_the_requirements_need_in_turn():
    missing = set()
    for name in pinned():
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # of an extra that is not installed here
            continue
        for text in map(Requirement, needed):
            if text.marker is None and canonicalize_name(text.name) not in pinned():
                missing.add(f"{text.name} of {name}")
    assert missing == set()


def test_torch_is_no_requirement_of_the_package():
    assert "torch" not in {Requirement(text).name for text in PROJECT["dependencies"]}


def test_readme_has_the_two_commands():
    first, second = (block.strip() for block in blocks("console")[:2])
    assert first == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/landscape explore"
    assert second == (
        'python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e ".[test]" && .venv/bin/pytest'
    )
    assert set(PROJECT["scripts"]) == {"landscape"}


def test_whatever_brings_torch_is_installed_under_the_constraints():
    pages = [ROOT / "README.md", ROOT / ".ci" / "run", *(ROOT / "docs").glob("*.md")]
    installs = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines() if "/pip" in line]
    assert not any("torch" in line for line in installs)
    with_tests = [line for line in installs if "[test" in line]
    assert len(with_tests) >= 2
    assert all("-c constraints.txt" in line for line in with_tests)


def test_readme_links_lead_to_files():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert "docs/images/dashboard.png" in links
    assert [link for link in links if not link.startswith("https://") and not (ROOT / link).exists()] == []


def test_readme_shows_the_tested_examples():
    program, plugin = blocks("python")
    assert program == (ROOT / "docs" / "examples" / "quickstart.py").read_text(encoding="utf-8")
    assert plugin == FOCAL.read_text(encoding="utf-8")
    assert len([line for line in program.splitlines() if line]) == 5
    assert len(plugin.splitlines()) <= 25


def test_readme_overrides_make_an_experiment(monkeypatch):
    monkeypatch.setattr(registry(), "_provided", list(registry()._provided))
    landscape.load_plugin(FOCAL)
    commands = [line for block in blocks("console") for line in block.splitlines() if "landscape train" in line]
    assert commands
    for command in commands:
        overrides = [value for option, value in pairwise(shlex.split(command)) if option == "--set"]
        assert overrides
        assert landscape.Experiment().with_overrides(overrides) != landscape.Experiment()


def test_ci_runs_every_check_and_requires_the_browser():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    for part in ('/ruff" check', '/ruff" format --check', '/mypy"', 'sphinx-build" -q -W', '/pytest"'):
        assert part in script, part
    assert "LANDSCAPE_REQUIRE_BROWSER=1" in script


def test_wheel_carries_the_digits_and_their_notice(wheel):
    data = "landscape/datasets/mnist_data"
    names = {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"}
    expected = {f"{data}/{name}-ubyte.gz" for name in names} | {f"{data}/NOTICE.md"}
    assert {name for name in wheel.namelist() if name.startswith(f"{data}/")} == expected
    for name in expected:
        assert wheel.read(name) == (ROOT / name).read_bytes()


def test_wheel_carries_every_file_of_the_package_and_nothing_else(wheel):
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = (file for file in (ROOT / "landscape").rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    assert held == {file.relative_to(ROOT).as_posix() for file in files}
    assert "landscape/py.typed" in held
    assert any(name.startswith("landscape/presets/") and name.endswith(".toml") for name in held)
    assert any(name.startswith("landscape/dashboard/assets/") and name.endswith(".js") for name in held)


def test_wheel_metadata_say_licence_command_and_python(wheel):
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert folder == f"landscape_explorer-{landscape.__version__}.dist-info"
    said = wheel.read(f"{folder}/METADATA").decode()
    assert "Requires-Python: >=3.11" in said
    assert "License-Expression: MIT" in said
    assert f"{folder}/licenses/LICENSE" in wheel.namelist()
    assert "landscape = landscape.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()


def test_wheel_names_no_folder_of_the_machine_that_built_it(wheel):
    here = str(ROOT).encode()
    assert [name for name in wheel.namelist() if here in wheel.read(name)] == []
