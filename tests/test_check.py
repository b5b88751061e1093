"""What `landscape check` takes: names, files, several of them; and what it says of what is neither."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from landscape.cli import app
from landscape.registry import registry

PLUGINS = Path(__file__).parents[1] / "plugins"
FOCAL, SNAKE = (PLUGINS / f"landscape-{name}" / f"landscape_{name}.py" for name in ("focal", "snake"))


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    registry.cache_clear()
    yield
    registry.cache_clear()


def check(*words):
    """Run ``landscape check`` in this process."""
    return CliRunner().invoke(app, ["check", *map(str, words)])


def checked(*words):
    """Return the kinds and names of what was checked."""
    result = check(*words, "--json")
    assert result.exit_code == 0, result.output
    return [(one["kind"], one["name"]) for one in json.loads(result.stdout)]


def test_several_files_and_names_are_checked_in_their_order():
    assert checked(SNAKE, "identity", FOCAL) == [("activation", "snake"), ("activation", "identity"), ("cost", "focal")]


def test_a_kind_is_said_once_for_several_names():
    assert checked("activation", "identity", "relu") == [("activation", "identity"), ("activation", "relu")]


def test_what_is_named_twice_is_checked_once():
    assert checked(FOCAL, FOCAL, "--kind", "cost") == [("cost", "focal")]


def test_a_folder_is_no_plugin_but_names_the_file_in_it():
    result = check(PLUGINS / "landscape-focal")
    assert result.exit_code == 2
    assert "is a folder: name the plugin's file in it, which ends in .py, such as" in result.stderr
    assert str(FOCAL) in result.stderr
    Path("empty").mkdir()
    Path("empty/other.py").touch()
    assert "which ends in .py\n" in check("./empty").stderr


def test_a_file_of_another_kind_and_one_that_is_not_there_are_no_plugins():
    Path("notes.txt").touch()
    for words in (["notes.txt"], ["cost", "notes.txt"]):
        result = check(*words)
        assert result.exit_code == 2
        assert "'notes.txt' is no plugin file: one ends in .py" in result.stderr
    assert "there is no './focal': name a plugin, or a file that ends in .py" in check("./focal").stderr


def test_a_name_means_the_plugin_whatever_lies_beside():
    Path("identity").mkdir()
    assert checked("identity") == [("activation", "identity")]


def test_a_name_among_several_that_is_unknown_is_said():
    result = check("cost", "huber", "hubr")
    assert result.exit_code == 2
    assert "there is no cost 'hubr'. Did you mean 'huber'?" in result.stderr
