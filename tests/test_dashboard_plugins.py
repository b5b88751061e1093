"""The page's plugins: files that are loaded again, what becomes of settings, and what is told of a plugin."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import html
from typer.testing import CliRunner

from landscape import Experiment, costs
from landscape.dashboard import PluginFiles, Server
from landscape.dashboard.about import about, code_of
from landscape.dashboard.chunks import Known
from landscape.dashboard.code import coloured
from landscape.dashboard.controls import controls_of, label_of, read, written
from landscape.dashboard.plugin_callbacks import notes
from landscape.dashboard.renewal import Replacement, chain, kept, renewed
from landscape.dashboard.session import Session
from landscape.dashboard.settings import NETWORK, Identity, default_of, options, read_settings
from landscape.dashboard.visitors import Visitors
from landscape.describe import where_in_plugins
from landscape.errors import PluginError
from landscape.experiment import projection
from landscape.kinds import Plugin
from landscape.registry import load_plugin, registry

LENS = '''
from pydantic import Field
from landscape import Cost, hookimpl

class Lens(Cost):
    """Half the squared distance, seen through a lens.

    More than the summary.
    """

    name = "lens"
    source = "Nobody 1900"
    power: float = Field(2.0, gt=0, le=9, description="How much it enlarges")
    # more fields

    def per_example(self, outputs, targets):
        return self.power * ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * self.power * (outputs - targets)

@hookimpl
def register_costs():
    return [Lens]
'''
TWO_FIELDS = LENS.replace("# more fields", 'tint: int = Field(3, ge=1, description="How dark")')
BROKEN = LENS.replace("return [Lens]", "return [Lens")
SMALL = {"dataset": {"name": "xor", "train_size": 20, "test_size": 10}, "hidden": [2]}


@pytest.fixture(autouse=True)
def _registry_as_before() -> Iterator[None]:
    before = list(registry()._provided)
    yield
    registry()._provided[:] = before


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lens.py"
    path.write_text(LENS)
    return path


def save(files: PluginFiles, path: Path, text: str) -> None:
    """Write the file, and look as often as the thread does until the content counts as settled."""
    path.write_text(text)
    files.look()
    files.look()


def lens() -> type[Plugin]:
    return registry().find("cost", "lens").cls


# Files


def test_saved_file_brings_its_new_class_and_tells_what_it_replaced(file: Path) -> None:
    files = PluginFiles([file])
    old, told = lens(), []
    files.on_change(told.append)
    save(files, file, TWO_FIELDS)
    assert list(lens().model_fields) == ["power", "tint"]
    assert [change.replacements for change in told] == [(Replacement("cost", "lens", old, lens(), "lens"),)]
    assert files.since(0) == list(told[0].replacements)
    assert files.since(files.version) == []
    assert "lens.py was reloaded at" in files.files[0].said


def test_nothing_happens_while_nothing_is_saved(file: Path) -> None:
    files, before = PluginFiles([file]), lens()
    os.utime(file, (1, 1))
    files.look()
    files.look()
    assert (files.version, lens()) == (0, before)


def test_content_is_loaded_only_once_it_has_settled(file: Path) -> None:
    files = PluginFiles([file])
    file.write_text(TWO_FIELDS[:200])
    files.look()
    file.write_text(TWO_FIELDS)
    files.look()
    assert (files.version, files.files[0].problem) == (0, "")
    files.look()
    assert "tint" in lens().model_fields


def test_edit_of_equal_length_at_the_same_moment_counts(file: Path) -> None:
    files = PluginFiles([file])
    stamp = file.stat()
    file.write_text(LENS.replace("Field(2.0", "Field(5.0"))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    files.look()
    files.look()
    assert lens()().power == 5.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BROKEN, "lens.py, line 24"),
        (LENS.replace("from pydantic", "from pydanctic"), "lens.py, line 2"),
        (LENS + "1 / 0\n", "lens.py, line 25: ZeroDivisionError"),
        (LENS + "raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        (LENS + "raise SystemExit\n", "SystemExit"),
        (LENS.replace("def gradient", "def slope"), "gradient"),
        ("", "hook"),
    ],
)
def test_mistake_names_file_and_line_and_leaves_the_version_before_in_force(file: Path, text: str, words: str) -> None:
    files, before = PluginFiles([file]), lens()
    save(files, file, text)
    assert words in files.files[0].problem
    assert "lens.py" in files.files[0].problem
    assert lens() is before
    assert (files.version, files.since(0)) == (1, [])
    (note,) = notes(files)
    assert "wrong" in note.className  # type: ignore[attr-defined]
    save(files, file, TWO_FIELDS)
    assert files.files[0].problem == ""
    assert "tint" in lens().model_fields


def test_mistake_that_is_undone_leaves_everything_as_it_was(file: Path) -> None:
    files, before = PluginFiles([file]), lens()
    save(files, file, BROKEN)
    save(files, file, LENS)
    assert (files.files[0].problem, files.version, lens()) == ("", 2, before)


def test_file_may_be_wrong_at_first(file: Path) -> None:
    file.write_text(BROKEN)
    files = PluginFiles([file])
    assert "line 24" in files.files[0].problem
    assert "version before" not in str(notes(files))
    save(files, file, LENS)
    assert (files.files[0].problem, lens()().name) == ("", "lens")


def test_endless_file_is_given_up_and_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDSCAPE_PLUGIN_TIMEOUT", "0.3")
    files, before = PluginFiles([file]), lens()
    save(files, file, LENS + "while True:\n    pass\n")
    assert "did not finish" in files.files[0].problem
    assert lens() is before


def test_deleted_file_is_said_and_its_plugins_stay_until_it_is_back(file: Path) -> None:
    files, before = PluginFiles([file]), lens()
    file.unlink()
    files.look()
    assert files.version == 0
    files.look()
    assert "lens.py is gone" in files.files[0].problem
    assert lens() is before
    save(files, file, LENS)
    assert (files.files[0].problem, lens()) == ("", before)


def test_editor_that_puts_another_file_in_its_place_is_followed(file: Path, tmp_path: Path) -> None:
    files = PluginFiles([file])
    written = tmp_path / ".lens.py.swp"
    written.write_text(TWO_FIELDS)
    written.replace(file)
    files.look()
    files.look()
    assert "tint" in lens().model_fields


def test_module_beside_the_file_counts_as_part_of_it(file: Path, tmp_path: Path) -> None:
    helper = tmp_path / "optics_of_lens.py"
    helper.write_text("POWER = 2.0\n")
    file.write_text("from optics_of_lens import POWER" + LENS.replace("Field(2.0", "Field(POWER"))
    files = PluginFiles([file])
    save(files, helper, "POWER = ")
    assert "optics_of_lens.py, line 1" in files.files[0].problem
    save(files, helper, "POWER = 3.0\n")
    assert (files.files[0].problem, lens()().power) == ("", 3.0)  # type: ignore[attr-defined]
    files.look()
    files.look()
    assert files.version == 2


def test_two_plugin_files_in_one_folder_are_no_part_of_each_other(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "another_lens.py"
    other.write_text(LENS.replace('name = "lens"', 'name = "mirror"'))
    files = PluginFiles([file, other])
    save(files, file, LENS + "\n1 / 0\n")
    save(files, file, LENS + "\n")
    assert files.version == 2
    assert "was reloaded" in files.files[0].said
    assert [file.reloaded for file in files.files] == [True, False]


def test_plugins_that_come_and_go_are_told(file: Path) -> None:
    files = PluginFiles([file])
    save(files, file, LENS.replace('name = "lens"', 'name = "prism"'))
    assert files.files[0].said.endswith("; new: cost prism; gone: cost lens.")
    (renamed,) = files.since(0)
    assert (renamed.name, renamed.new_name, renamed.new) == ("lens", "prism", registry().find("cost", "prism").cls)


@pytest.mark.parametrize("name", ["absent.py", "notes.txt"])
def test_what_can_be_no_plugin_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(PluginError, match="not a plugin file"):
        PluginFiles([tmp_path / name])


def test_thread_looks_until_the_server_is_closed(file: Path) -> None:
    files = PluginFiles([file])
    server = Server(plugins=files)
    server.close()
    server.run()  # which ends at once, being closed
    assert files._thread is not None
    assert not files._thread.is_alive()


# Settings


def classes(file: Path, *texts: str) -> list[type[Plugin]]:
    """Return the class that each version of the file provides."""
    found = []
    for text in texts:
        file.write_text(text)
        load_plugin(file)
        found.append(lens())
    return found


def test_chosen_values_are_kept_where_they_fit_and_untouched_ones_follow_the_new_default(file: Path) -> None:
    old, new, narrow = classes(
        file, TWO_FIELDS, TWO_FIELDS.replace("Field(2.0", "Field(4.0"), LENS.replace("le=9", "le=3")
    )
    assert kept(new, {"power": "2", "tint": "7"}, old) == {"tint": "7"}
    assert kept(new, {"power": 8.0, "tint": 3}, old) == {"power": 8.0}
    assert kept(narrow, {"power": "8", "tint": 5}, old) == {}
    assert kept(narrow, {"power": "2.5", "tint": 5}, old) == {"power": "2.5"}
    assert kept(new, {"power": "abc"}, old) == {}


def test_experiment_takes_the_new_class_with_its_values(file: Path) -> None:
    old, new = classes(file, LENS, TWO_FIELDS)
    experiment = Experiment(**SMALL, cost=old(power=3.0), seed=4)
    after = renewed(experiment, [Replacement("cost", "lens", old, new, "lens")])
    assert after == experiment.model_copy(update={"cost": new(power=3.0, tint=3)})
    assert renewed(after, [Replacement("cost", "lens", old, new, "lens")]) is after


def test_experiment_without_its_plugin_falls_back_to_the_default_part(file: Path) -> None:
    (old,) = classes(file, LENS)
    after = renewed(Experiment(**SMALL, cost=old(), seed=4), [Replacement("cost", "lens", old, None, "")])
    assert after == Experiment(**SMALL, cost="quadratic", seed=4)


def test_replacements_are_followed_one_after_another() -> None:
    a, b, c = (type(name, (costs.Quadratic,), {}) for name in "abc")
    steps = [Replacement("cost", "lens", a, b, "lens"), Replacement("cost", "lens", b, c, "lens.py:lens")]
    assert chain("cost", "lens", steps) == Replacement("cost", "lens", a, c, "lens.py:lens")
    assert chain("optimizer", "lens", steps) is None


CHOICES = {"function": NETWORK, "dataset": "xor", "activation": "tanh", "output": "tanh", "cost": "lens"} | {
    "optimizer": "sgd",
    "schedule": "constant",
}


def test_controls_of_a_class_before_are_passed_over(file: Path) -> None:
    classes(file, LENS)
    given = [(Identity("cost", "lens", "tint"), "7"), (Identity("cost", "lens", "power"), "3")]
    settings = read_settings(CHOICES, given, Experiment(**SMALL))
    assert settings.experiment is not None
    assert settings.experiment.cost == lens()(power=3.0)


def test_choice_that_is_gone_is_a_problem_and_no_crash() -> None:
    settings = read_settings(CHOICES, [], Experiment(**SMALL))
    assert settings.experiment is None
    assert "there is no cost 'lens'" in settings.problem
    assert default_of("cost") == "quadratic"


def test_plugin_of_a_file_is_in_the_list(file: Path) -> None:
    load_plugin(file)
    assert {"value": "lens", "label": "Lens"} in options("cost")
    assert label_of("lens.py:leaky_relu") == "Leaky ReLU (lens.py)"


# Sessions


def until(session: Session, holds: Callable[[dict[str, Any]], bool]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if holds(session.chunk(Known())):
            return
    pytest.fail("it never came")


def test_run_under_way_keeps_its_class_until_reset(file: Path) -> None:
    files = PluginFiles([file])
    visitors = Visitors(None, Experiment(**SMALL, cost="lens"), files)
    session, old = visitors.new(), lens()
    visitors._sessions["one"] = session
    try:
        session.step()
        until(session, lambda chunk: chunk.get("to") == 2)
        save(files, file, TWO_FIELDS)
        assert isinstance(session.experiment.cost, lens())
        assert session.waits == "Reset"
        assert session._work is not None
        assert type(session._work.experiment.cost) is old
        session.reset()
        until(session, lambda chunk: chunk.get("to") == 1)
        assert type(session._work.objective.loss) is lens()
        assert session.waits == ""
        save(files, file, LENS)
        assert isinstance(visitors.new().experiment.cost, lens())  # by way of two replacements
    finally:
        session.close()


def test_error_in_a_plugin_names_its_line_and_goes_when_the_file_is_mended(file: Path) -> None:
    file.write_text(LENS.replace("return 2 *", "return nothing *"))
    files = PluginFiles([file])
    visitors = Visitors(None, Experiment(**SMALL, cost="lens"), files)
    session = visitors._sessions["one"] = visitors.new()
    try:
        session.toggle()
        until(session, lambda chunk: bool(chunk["state"]["notice"]) and not chunk["state"]["running"])
        notice = session.chunk(Known())["state"]["notice"]
        assert notice.startswith("cost 'lens', lens.py, line 20: NameError: name 'nothing'")
        save(files, file, LENS)
        assert session.chunk(Known())["state"]["notice"] == ""
        session.reset()
        session.step()
        until(session, lambda chunk: chunk.get("to") == 2)
    finally:
        session.close()


PROJECTION = """
from pydantic import Field
from landscape import Plane, Projection, hookimpl

class First(Projection):
    name = "first"
    turn: int = Field(0, ge=0, le=5, description="Which parameter comes first")

    def plane(self, objective, path, rng):
        import numpy as np
        return Plane(path.thetas[-1], np.eye(path.thetas.shape[1])[self.turn : self.turn + 2])

@hookimpl
def register_projections():
    return [First]
"""


def test_projection_in_use_is_replaced_and_falls_back_to_pca(tmp_path: Path) -> None:
    path = tmp_path / "first.py"
    path.write_text(PROJECTION)
    files = PluginFiles([path])
    visitors = Visitors(None, Experiment(**SMALL), files)
    session = visitors._sessions["one"] = visitors.new()
    session.set_view(projection("first"))
    save(files, path, PROJECTION.replace("Field(0", "Field(1"))
    assert session.view.turn == 1  # type: ignore[attr-defined]
    save(files, path, PROJECTION.replace('"first"', '"second"'))
    assert session.view == projection("second")  # one went and one came: it was renamed
    save(files, path, LENS)
    assert session.view == projection("pca")


# About


def test_code_is_that_of_the_class_in_force_whatever_the_file_says_now(file: Path) -> None:
    files = PluginFiles([file])
    save(files, file, BROKEN)
    code = code_of(lens())
    assert code.startswith("class Lens(Cost):")
    assert code in LENS
    save(files, file, TWO_FIELDS)
    assert "tint" in code_of(lens())


def texts(component: Any) -> str:
    """Return all text in a component."""
    if isinstance(component, list | tuple):
        return "".join(map(texts, component))
    return component if isinstance(component, str) else texts(getattr(component, "children", None) or "")


def test_about_tells_summary_source_provider_and_code(file: Path) -> None:
    load_plugin(file)
    said = texts(about("cost", "lens"))
    assert "Half the squared distance, seen through a lens." in said
    assert "Nobody 1900" in said
    assert "lens.py" in said
    assert "def per_example(self, outputs, targets):" in said
    assert "landscape-explorer" in texts(about("optimizer", "sgd"))
    with pytest.raises(PluginError, match="lenz"):
        about("cost", "lenz")


def test_class_without_code_is_told_all_the_same() -> None:
    made = type("Made", (costs.Quadratic,), {"__module__": "nowhere"})
    assert code_of(made) == ""


def test_error_elsewhere_names_no_line() -> None:
    with pytest.raises(KeyError) as caught:
        {}["here"]
    assert where_in_plugins(caught.value) == ""


def test_coloured_code_says_exactly_the_code() -> None:
    for code in (inspect.getsource(inspect), inspect.getsource(costs), "x = (", "", "f'{a:>{b}} {{c}}' # ü\n", "\tx"):
        assert texts(coloured(code)) == code


def test_words_strings_numbers_and_comments_are_marked() -> None:
    looks = {
        (piece.children, piece.className)  # type: ignore[attr-defined]
        for piece in coloured('def f(x): return 12 + "a"  # why\n')
        if isinstance(piece, html.Span)
    }
    assert looks == {
        ("def", "keyword"),
        ("f", "name"),
        ("return", "keyword"),
        ("12", "number"),
        ('"a"', "string"),
        ("# why", "comment"),
    }


# The command


def test_reload_needs_a_file() -> None:
    from landscape.cli.app import app

    result = CliRunner().invoke(app, ["explore", "--reload", "--no-browser"])
    assert result.exit_code != 0
    assert "--plugin" in str(result.exception) + result.output


def test_reload_serves_also_while_the_file_has_a_mistake(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from landscape.cli.app import app

    served: dict[str, Any] = {}
    monkeypatch.setattr("landscape.dashboard.app.explore", lambda run, **given: served.update(given))
    file.write_text(BROKEN)
    result = CliRunner().invoke(app, ["explore", "--plugin", str(file), "--reload", "--no-browser"])
    assert "lens.py, line 24" in result.output
    assert [one.path for one in served["plugins"].files] == [file.resolve()]
    assert served["open_browser"] is False


NESTED = """
from pydantic import BaseModel, Field
from landscape import hookimpl
from landscape.costs import Quadratic

class Weights(BaseModel, frozen=True):
    first: float = 1.0

class Nested(Quadratic):
    name = "nested"
    weights: Weights = Field(Weights(), description="Of the classes")
    names: dict[str, float] = Field({"a": 1.5}, description="By name")

@hookimpl
def register_costs():
    return [Nested]
"""


def test_tables_are_shown_and_read_as_json(tmp_path: Path) -> None:
    path = tmp_path / "nested.py"
    path.write_text(NESTED)
    load_plugin(path)
    cls = registry().find("cost", "nested").cls
    controls = {control.name: control for control in controls_of(cls)}
    for name, text in (("weights", '{"first": 1.0}'), ("names", '{"a": 1.5}')):
        control = controls[name]
        assert written(getattr(cls(), name)) == written(control.default) == text
        assert cls(**{name: read(control, text)}) == cls()
        assert read(control, '{"first') == '{"first'


def test_files_without_news_share_a_line_and_mistakes_come_first(tmp_path: Path) -> None:
    paths = [tmp_path / f"lens{k}.py" for k in range(4)]
    for k, path in enumerate(paths):
        path.write_text(LENS.replace('"lens"', f'"lens{k}"'))
    files = PluginFiles(paths)
    assert texts(notes(files)) == "4 plugin files are watched: save one, and it is loaded again."
    save(files, paths[2], BROKEN)
    said = [texts(note) for note in notes(files)]
    assert said[0].startswith("lens2.py, line 24")
    assert said[0].endswith(". The version before stays in force.")
    assert said[1:] == ["3 plugin files are watched: save one, and it is loaded again."]


def test_a_plugin_of_a_file_says_the_file_in_its_command(file: Path) -> None:
    load_plugin(file)
    assert "--set cost=lens --plugin lens.py" in texts(about("cost", "lens"))
