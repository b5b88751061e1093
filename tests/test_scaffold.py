"""`landscape new`: what it writes for each kind works, passes the whole kit, and harms nothing that is there."""

import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from environment import PIP, Environment
from typer.testing import CliRunner

import landscape
from landscape import builtin
from landscape.cli import app
from landscape.errors import PluginError
from landscape.kinds import KINDS
from landscape.registry import why_invalid
from landscape.scaffold import class_name, create, why_unusable
from landscape.testing import checks_for

ROOT = Path(__file__).parents[1]
LONGEST = "as_many_letters_as_are_allowed"


def new(*arguments):
    """Run ``landscape new`` in this process."""
    return CliRunner().invoke(app, ["new", *map(str, arguments)])


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def ruff(*arguments):
    """Run ruff and return what it complains about."""
    done = subprocess.run([sys.executable, "-m", "ruff", *map(str, arguments)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return an environment in which one new plugin of each kind is installed, in folders as `new` made them."""
    environment = Environment(tmp_path_factory.mktemp("installed"))
    folders = [create(kind, f"my_{kind}", folder=environment.folder) for kind in KINDS]
    environment.pip(*PIP, *(word for folder in folders for word in ("-e", folder)))
    return environment


def test_a_new_distribution_is_complete():
    result = new("cost", "log_cauchy")
    assert result.exit_code == 0, result.output
    assert written(Path("landscape-log-cauchy")) == [
        ".gitignore",
        "README.md",
        "landscape_log_cauchy.py",
        "pyproject.toml",
        "tests/test_log_cauchy.py",
    ]
    assert [path.name for path in Path().iterdir()] == ["landscape-log-cauchy"]


def test_it_says_what_was_written_and_three_commands_to_go_on_with():
    result = new("cost", "log_cauchy")
    commands = [line.strip() for line in result.output.partition("try next:")[2].splitlines() if line.strip()]
    assert "landscape-log-cauchy/landscape_log_cauchy.py" in result.output
    assert commands == [
        "pip install -e './landscape-log-cauchy[test]'",
        "pytest landscape-log-cauchy",
        "landscape train --set cost=log_cauchy",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_name_the_module_and_require_this_version(kind):
    folder = create(kind, "quite_new", author="Ada Lovelace <ada@example.org>")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == folder.name == "landscape-quite-new"
    assert project["entry-points"] == {"landscape": {"quite_new": "landscape_quite_new"}}
    assert f"landscape-explorer>={landscape.__version__}" in project["dependencies"]
    assert project["optional-dependencies"]["test"] == ["pytest>=8.3"]
    assert project["authors"] == [{"name": "Ada Lovelace", "email": "ada@example.org"}]


@pytest.mark.parametrize(
    ("author", "said"),
    [
        ("Ada", [{"name": "Ada"}]),
        ('Ada "Countess" Łęcka', [{"name": 'Ada "Countess" Łęcka'}]),
        ("<ada@example.org>", [{"email": "ada@example.org"}]),
        ("", None),
    ],
)
def test_an_author_is_named_as_metadata_want_it(author, said):
    project = tomllib.loads((create("cost", "focal", author=author) / "pyproject.toml").read_text())["project"]
    assert project.get("authors") == said


@pytest.mark.parametrize("author", ["Ada <ada>", "Ada\nLovelace", "a <b@c> d"])
def test_an_author_that_cannot_be_read_is_refused_before_anything_is_written(author):
    result = new("cost", "focal", "--author", author)
    assert result.exit_code == 2
    assert "'Ada Lovelace <ada@example.org>'" in result.stderr
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Focal", "Try 'focal'"),
        ("LogCauchy", "Try 'log_cauchy'"),
        ("log-cauchy", "Try 'log_cauchy'"),
        ("log__cauchy_", "Try 'log_cauchy'"),
        ("2nd", "Try 'nd'"),
        ("../away", "Try 'away'"),
        ("ünï", "Try 'uni'"),
        ("Straße", "Try 'strasse'"),
        ("½", "begins with a letter"),
        ("", "begins with a letter"),
        ("lambda", "try 'my_lambda'"),
        ("quadratic", "comes with landscape"),
        ("explorer", "is landscape"),
        (f"{LONGEST}s", "30 at most"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_a_remedy(name, said):
    result = new("cost", name)
    assert result.exit_code == 2
    assert repr(name) in result.stderr
    assert said in result.stderr
    assert not list(Path().iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_the_name_of_a_built_in_is_refused_for_its_own_kind_only(kind):
    for cls in getattr(builtin, f"register_{kind}s")():
        assert "comes with landscape" in why_unusable(kind, cls.name)
        assert not why_unusable("dataset" if kind == "cost" else "cost", cls.name)


def test_an_unknown_kind_suggests_the_near_one():
    result = new("coast", "focal")
    assert result.exit_code == 2
    assert "Did you mean 'cost'?" in result.stderr


@pytest.mark.parametrize("there", ["folder", "full folder", "file", "dangling link"])
def test_what_is_there_is_never_overwritten(there):
    target = Path("landscape-focal")
    if there == "file":
        target.write_text("mine")
    elif there == "dangling link":
        target.symlink_to("nowhere")
    else:
        target.mkdir()
    if there == "full folder":
        (target / "README.md").write_text("mine")
    result = new("cost", "focal")
    assert result.exit_code == 2
    assert "'landscape-focal' is there already" in result.stderr
    assert written(Path()) == {"file": ["landscape-focal"], "full folder": ["landscape-focal/README.md"]}.get(there, [])


def test_a_folder_that_is_not_there_is_not_made():
    result = new("cost", "focal", "--folder", "plugins")
    assert result.exit_code == 2
    assert "'plugins' is not a folder: create it first" in result.stderr
    Path("plugins").mkdir()
    assert new("cost", "focal", "--folder", "plugins").exit_code == 0
    assert Path("plugins/landscape-focal/pyproject.toml").is_file()


def test_a_distribution_that_cannot_be_finished_leaves_nothing_behind(monkeypatch):
    write = Path.write_text
    count = 0

    def fail_at_the_third(path, *arguments, **options):
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(28, "No space left on device")
        return write(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", fail_at_the_third)
    with pytest.raises(OSError, match="No space left"):
        create("cost", "focal")
    assert count == 3
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("log_cauchy", "LogCauchy"),
        ("l2_norm", "L2Norm"),
        ("cost", "MyCost"),
        ("array", "MyArray"),
        ("value_error", "MyValueError"),
        ("testing", "MyTesting"),
    ],
)
def test_the_class_is_called_as_nothing_else_in_its_module(name, cls):
    assert class_name(name) == cls


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a", "field", "path", "training", "np", "json", "test", "cost", "observer"])
def test_a_name_that_something_else_has_makes_a_valid_plugin_all_the_same(kind, name):
    folder = create(kind, name)
    module = runpy.run_path(str(folder / f"landscape_{name}.py"))
    (cls,) = module[f"register_{kind}s"]()
    assert cls.name == name
    assert why_invalid(kind, cls) == ""


@pytest.mark.parametrize("name", ["a", LONGEST, "testing"])
def test_the_code_is_clean_and_formatted_whatever_the_length_of_the_name(name):
    for kind in KINDS:
        create(kind, name, folder=Path(kind).absolute().parent).rename(kind)
    assert ruff("check", "--no-cache", ".") == ""
    assert ruff("check", "--no-cache", "--config", ROOT / "pyproject.toml", *Path().glob("*/landscape_*.py")) == ""
    assert ruff("format", "--no-cache", "--check", "--diff", ".") == ""


def test_the_code_satisfies_the_strictest_types():
    modules = [create(kind, f"my_{kind}") / f"landscape_my_{kind}.py" for kind in KINDS]
    options = ["--strict", "--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, [*options, *(module.absolute() for module in modules)])],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_implementation_is_short(kind):
    lines = (create(kind, "short") / "landscape_short.py").read_text().splitlines()
    assert len(lines) <= 60


def test_plugins_lists_one_of_each_kind(installed):
    rows = [line.split() for line in installed.landscape("plugins").splitlines()]
    for kind in KINDS:
        assert [kind, f"my_{kind}", f"landscape-my-{kind}", "0.1.0", "✓"] in rows


@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_pass_and_hold_every_check_twice(installed, kind):
    folder = installed.folder / f"landscape-my-{kind}"
    output = installed.run("-m", "pytest", "-v", "-p", "no:cacheprovider", folder)
    passed = re.findall(r"^(\S+::.*) PASSED", output, re.MULTILINE)
    for check in checks_for(kind):
        assert sum(f"-{check.id}]" in line for line in passed) == 2, check.id
    own = [line for line in passed if "test_conformance" not in line]
    assert own
    assert f"{2 * len(checks_for(kind)) + len(own)} passed in" in output


def test_a_training_uses_one_of_each_kind(installed):
    settings = [f"{kind}=my_{kind}" for kind in ("cost", "activation", "optimizer", "schedule", "dataset")]
    settings += ["dataset.train_size=60", "dataset.test_size=20", "hidden=8", "epochs=4", "observers=my_observer"]
    words = [word for setting in settings for word in ("--set", setting)]
    assert "finished after step 24" in installed.landscape("train", *words, "--out", "run.zarr")
    assert len((installed.folder / "run.jsonl").read_text().splitlines()) == 5
    said = installed.landscape("surface", "run.zarr", "--projection", "my_projection", "--resolution", "5")
    assert "downhill and across, at random" in said
    shown = installed.landscape("show", "run.zarr")
    for kind in ("cost", "activation", "optimizer", "schedule", "dataset", "observer"):
        assert f"landscape-my-{kind}:my_{kind} 0.1.0" in shown


def test_the_readme_names_commands_that_there_are():
    text = (create("projection", "mine") / "README.md").read_text()
    known = [command.name or command.callback.__name__ for command in app.registered_commands]
    used = re.findall(r"landscape (\w+) (?:projection|explore|--|RUN|#|$)", text, re.MULTILINE)
    assert "landscape surface RUN --projection mine" in text
    assert used
    assert set(used) <= {*known, "check"}


def test_create_raises_what_the_command_says():
    with pytest.raises(PluginError, match="comes with landscape"):
        create("optimizer", "adam")
    shutil.rmtree(create("cost", "adam"))
