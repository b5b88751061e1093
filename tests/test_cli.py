"""The command line: what it does, what it says, and with which status it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import landscape
from landscape import Experiment, Run, fit
from landscape.cli import app
from landscape.cli.output import Output
from landscape.experiment import preset_names
from landscape.kinds import KINDS
from landscape.network import NetworkObjective
from landscape.registry import BUILTIN, registry

ROOT = Path(landscape.__file__).parents[1]
PLUGINS = Path(__file__).parents[1] / "plugins"
SMALL = {"dataset": {"name": "spirals", "train_size": 40, "test_size": 20}, "hidden": (4,), "epochs": 3}
SETTINGS = ["dataset=spirals", "dataset.train_size=40", "dataset.test_size=20", "hidden=4", "epochs=3"]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def sets(*overrides):
    return [word for override in overrides for word in ("--set", override)]


def landscape_(*arguments):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def start(*arguments, **options):
    """Start the command as a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "landscape", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _fresh_registry():
    """Forget the plugin files that a test loads."""
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def run(tmp_path):
    """Return a small run on disk."""
    return fit(Experiment(**SMALL), folder=tmp_path / "small.zarr")


def test_help_names_every_command_and_says_how_to_begin():
    result = landscape_("--help")
    assert result.exit_code == 0
    for name in ("train", "surface", "show", "plugins", "new", "describe", "check", "explore", "schema"):
        assert re.search(rf"│ {name}\s", result.output)
    assert "landscape explore" in result.output


@pytest.mark.parametrize(
    "command", ["train", "surface", "show", "plugins", "new", "describe", "check", "explore", "schema"]
)
def test_every_command_explains_itself_by_example(command):
    result = landscape_(command, "--help")
    assert result.exit_code == 0
    assert re.search(rf"For instance:\s+landscape {command}", result.output)


def test_help_names_every_preset_and_projection():
    presets, projections = landscape_("train", "--help").output, landscape_("surface", "--help").output
    assert all(name in presets for name in preset_names())
    assert all(p.name in projections for p in registry().provided("projection") if p.distribution == BUILTIN)


def test_version():
    assert landscape_("--version").output == f"landscape {landscape.__version__}\n"


def test_an_unknown_command_is_bad_input_that_suggests_the_near_one():
    result = landscape_("trian")
    assert result.exit_code == 2
    assert "train" in result.output


def test_train_saves_the_run_that_fit_makes():
    result = landscape_("train", *sets(*SETTINGS), "--out", "here.zarr")
    assert result.exit_code == 0, result.output
    made, expected = Run.open("here.zarr"), fit(Experiment.preset("classic").with_overrides(SETTINGS))
    np.testing.assert_array_equal(made.path.thetas, expected.path.thetas)
    assert made.experiment == expected.experiment
    assert made.ending == "finished"


def test_train_tells_every_epoch_what_is_saved_where_and_what_to_do_next():
    output = landscape_("train", *sets(*SETTINGS), "--out", "here.zarr").output
    history = Run.open("here.zarr").history
    for epoch in range(4):
        said = f"epoch    {epoch}   train cost {history.train_cost[epoch]:.4g}"
        assert output.count(said) == 1
    assert f"{100 * history.test_accuracy[-1]:.2f} %" in output
    assert "saved step 12\n" in output
    assert "landscape surface here.zarr" in output
    assert not CONTROL.search(output)


def test_without_options_the_classic_network_is_trained():
    printed = tomllib.loads(landscape_("train", "--print-config").output)
    assert Experiment(**printed) == Experiment.preset("classic")
    assert (printed["dataset"]["name"], printed["hidden"], printed["cost"]["name"]) == ("mnist", [16, 16], "quadratic")


def test_by_default_runs_go_to_new_folders_in_runs():
    for _ in range(2):
        assert landscape_("train", *sets(*SETTINGS)).exit_code == 0
    folders = sorted(Path("runs").iterdir())
    assert len(folders) == 2
    assert all(Run.open(folder).ending == "finished" for folder in folders)
    assert all(re.fullmatch(r"spirals-\d{8}-\d{6}(-2)?\.zarr", folder.name) for folder in folders)


def test_train_never_overwrites(run):
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    result = landscape_("train", *sets(*SETTINGS, "seed=1"), "--out", run.folder)
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


def test_quiet_says_only_where_the_run_is():
    result = landscape_("train", *sets(*SETTINGS), "--out", "here.zarr", "--quiet")
    assert result.output == "here.zarr\n"


def test_a_configuration_printed_and_read_again_is_the_same_experiment(tmp_path):
    Path("mine.toml").write_text(landscape_("train", "--preset", "spirals", *sets("seed=7"), "--print-config").output)
    again = landscape_("train", "--config", "mine.toml", "--print-config").output
    assert Experiment.from_toml("mine.toml") == Experiment(**tomllib.loads(again))
    assert tomllib.loads(again)["seed"] == 7


def test_an_experiment_without_steps_is_a_run_all_the_same():
    result = landscape_("train", *sets(*SETTINGS, "epochs=0"), "--out", "start.zarr")
    assert result.exit_code == 0, result.output
    assert "finished after step 0" in result.output
    assert "try next" not in result.output
    assert landscape_("show", "start.zarr").exit_code == 0
    assert landscape_("surface", "start.zarr", "--resolution", "3").exit_code == 0


def test_observers_write_beside_the_run():
    result = landscape_("train", *sets(*SETTINGS, "observers=csv", "observers.every=2"), "--out", "here.zarr")
    assert result.exit_code == 0, result.output
    assert Path("here.csv").read_text().startswith("step,epoch,cost,gradient_norm,learning_rate\n2,1,")
    assert len(Path("here.epochs.csv").read_text().splitlines()) == 5
    assert "observers       csv path= every=2" in landscape_("show", "here.zarr").output


def test_a_run_stopped_by_an_observer_is_kept_and_has_a_status_of_its_own():
    Path("mine.csv").write_text("name,age\n")
    settings = [*SETTINGS, "observers=csv", "observers.path=mine.csv"]
    result = landscape_("train", *sets(*settings), "--out", "here.zarr")
    assert result.exit_code == 4
    assert "observer 'csv' stopped training after step 0: 'mine.csv' is not a table" in result.stderr
    assert "stopped after step 0" in result.stdout
    assert Run.open("here.zarr").ending == "stopped"
    assert "observer 'csv' stopped training" in landscape_("show", "here.zarr").output
    assert landscape_("train", *sets(*settings), "--out", "there.zarr", "--quiet").exit_code == 4


def test_train_warns_of_what_is_most_likely_a_mistake():
    result = landscape_("train", *sets(*SETTINGS, "cost=cross_entropy"), "--out", "here.zarr", "--quiet")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: cost 'cross_entropy' takes logits")
    assert result.stderr.count("\n") == 1
    right = landscape_("train", *sets(*SETTINGS, "cost=cross_entropy", "output=identity"), "--out", "there.zarr")
    assert right.stderr == ""


def test_regression_has_no_accuracy_to_tell():
    settings = ["dataset=sine", "dataset.train_size=20", "epochs=1", "output=identity"]
    result = landscape_("train", *sets(*settings), "--out", "sine.zarr")
    assert result.exit_code == 0, result.output
    assert "accuracy" not in result.output
    assert not re.search(r"\bnan\b", result.output + landscape_("show", "sine.zarr").output)


def test_a_function_is_trained_drawn_and_shown_like_a_network():
    assert landscape_("train", "--preset", "ravine", "--out", "ravine.zarr").exit_code == 0
    surfaced = landscape_("surface", "ravine.zarr", "--resolution", "9")
    assert surfaced.exit_code == 0, surfaced.output
    assert "examples" not in surfaced.output
    assert landscape_("show", "ravine.zarr").exit_code == 0
    assert landscape_("show", "ravine.zarr", "--figure", "contour", "--no-open").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "cost=qadratic"], "there is no cost 'qadratic'. Did you mean 'quadratic'?"),
        (["--set", "optimizer.learning_rat=1"], "Did you mean 'learning_rate'?"),
        (["--set", "optimizer.learning_rate=-1"], "optimizer.learning_rate: Input should be greater than 0, not -1"),
        (["--set", "epochs"], "'epochs' is not an override: write path=value"),
        (["--preset", "clasic"], "Did you mean 'classic'?"),
        (["--config", "absent.toml"], "cannot read 'absent.toml': No such file"),
        (["--plugin", "absent.py"], "is not a plugin file"),
        (["--preset", "wide", "--config", "mine.toml"], "give one of them"),
        (["--set", "dataset=npz", "--set", "dataset.path=absent.npz"], "absent.npz"),
        (["--threads", "0"], "'--threads'"),
        (["--threds", "1"], "No such option"),
    ],
)
def test_bad_input_is_a_message_without_traceback_and_status_2(arguments, said):
    result = landscape_("train", *arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == "" or "recording to" in result.stdout
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "absent.zarr"],
        ["surface", "absent.zarr"],
        ["explore", "absent.zarr"],
        ["show", "small.zarr", "--figure", "surface"],
        ["show", "small.zarr", "--figure", "weights"],
        ["show", "small.zarr", "--figure", "cost", "--out", "cost.pdf"],
        ["show", "small.zarr", "--figure", "const"],
        ["surface", "small.zarr", "--projection", "pcaa"],
        ["surface", "small.zarr", "--projection", "filter_normalized", "--set", "normalization=row"],
        ["surface", "small.zarr", "--resolution", "0"],
        ["surface", "small.zarr", "--resolution", "5x6x7"],
        ["surface", "small.zarr", "--resolution", "many"],
        ["surface", "small.zarr", "--split", "validation"],
        ["surface", "small.zarr", "--sample", "0"],
        ["surface", "small.zarr", "--name", "../out"],
        ["surface", "small.zarr", "--resolution", "3", "--figure", "surface.pdf"],
        ["explore", "small.zarr", "--preset", "wide"],
    ],
    ids=" ".join,
)
def test_bad_input_to_other_commands_has_status_2(run, arguments):
    result = landscape_(*arguments)
    assert result.exit_code == 2, result.output
    assert "rror" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "--figure", "history"], "'history' is not one of"),
        (["surface", "--split", "dev"], "'dev' is not one of"),
    ],
)
def test_a_choice_that_there_is_not_is_said_in_our_words(run, arguments, said):
    command, *options = arguments
    errors = " ".join(landscape_(command, run.folder, *options).stderr.split())
    assert f"Invalid value for '{options[0]}': {said}" in errors


def test_what_to_try_next_needs_each_plugin_file_once(capsys):
    Output().try_next([("show", "a run")], ["b.py", "a.py", "./b.py", Path("a.py").resolve()])
    assert capsys.readouterr().out.splitlines()[-1] == "  landscape show 'a run' --plugin b.py --plugin a.py"


def test_debug_shows_the_traceback():
    process = start("train", "--set", "cost=qadratic", "--debug")
    _, errors = process.communicate()
    assert process.returncode not in (0, None)
    assert "Traceback" in errors
    assert "ExperimentError" in errors


def test_divergence_is_stated_kept_and_has_status_3():
    settings = [*SETTINGS, "optimizer.learning_rate=1e30", "output=identity", "activation=identity"]
    result = landscape_("train", *sets(*settings), "--out", "here.zarr")
    assert result.exit_code == 3
    assert re.fullmatch(r"training diverged at step \d+ \(epoch \d\): .* learning rate of 1e\+30 .*\n", result.stderr)
    kept = Run.open("here.zarr")
    assert kept.ending == "diverged"
    assert kept.message == result.stderr.strip()
    assert "saved in" in result.stdout


def read_until(process, pattern):
    """Return the first line of the process's output that matches `pattern`."""
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return found
    raise AssertionError(f"{pattern!r} was never said: {process.stderr.read()}")


def test_ctrl_c_ends_training_and_keeps_what_was_reported():
    process = start("train", *sets(*SETTINGS, "epochs=1000000"), "--out", "here.zarr")
    saved = int(read_until(process, r"^saved step (\d+)$")[1])
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert re.search(r"interrupted after step \d+", output)
    assert "saved in" in output
    kept = Run.open("here.zarr")
    assert kept.ending == "interrupted"
    assert kept.path.steps[-1] >= saved
    assert kept.path.steps[-1] == len(kept.history.batch_cost)


def test_ctrl_c_while_a_surface_is_computed_keeps_the_points_that_are_done(run):
    arguments = ("surface", run.folder, "--resolution", "1001", "--threads", "1")
    process = start(*arguments)
    saved = int(read_until(process, r"^saved (\d+) of 1002001 points$")[1])
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    kept = Run.open(run.folder).surfaces["pca"]
    assert saved <= kept.evaluated.sum() < kept.evaluated.size
    assert np.isfinite(kept.cost[kept.evaluated]).all()


def test_ctrl_c_before_training_began_has_status_130(monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Experiment, "objective", interrupted)
    result = landscape_("train", *sets(*SETTINGS))
    assert result.exit_code == 130
    assert result.stderr == "interrupted\n"


def test_ctrl_c_before_the_first_measurement_keeps_the_run(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(NetworkObjective, "evaluate", interrupted)
    result = landscape_("train", *sets(*SETTINGS), "--out", "here.zarr")
    assert result.exit_code == 130
    assert "interrupted after step 0" in result.stdout
    assert landscape_("show", "here.zarr").exit_code == 0


def test_memory_that_runs_out_is_a_message_without_traceback(monkeypatch):
    def too_large(*_):
        return np.empty(1 << 50)

    monkeypatch.setattr(NetworkObjective, "evaluate", too_large)
    result = landscape_("train", *sets(*SETTINGS), "--out", "here.zarr")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: there is not enough memory: ")
    assert Run.open("here.zarr").ending == "stopped"


def test_a_pipe_that_is_closed_early_ends_the_command_without_noise():
    process = start("schema")
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(timeout=60) in (0, 1)
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_progress_bar_and_the_same_lines(tmp_path):
    import pty

    here, there = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "landscape", "train", *sets(*SETTINGS, "epochs=2000"), "--out", "here.zarr"]
    process = subprocess.Popen(command, env=environment, stdout=there, stderr=there)
    os.close(there)
    chunks = []
    try:
        while chunk := os.read(here, 65536):
            chunks.append(chunk)
    except OSError:  # how Linux says that the other side is closed
        pass
    finally:
        os.close(here)
    text = b"".join(chunks).decode()
    assert process.wait() == 0, text
    assert re.search(r"epoch \d+/2000 .*━.* step [\d,]+ cost [\d.e-]+ test [\d.]+ % [\d,]+ examples/s", text)
    assert "\x1b[?25l" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")
    assert "saved step" not in text
    assert "epoch 2000   train cost" in text


def test_a_surface_is_kept_in_the_run_with_its_read_outs(run):
    arguments = ["surface", run.folder, "--resolution", "9x5", "--sample", "10", "--split", "test"]
    result = landscape_(*arguments)
    assert result.exit_code == 0, result.output
    made = Run.open(run.folder).surfaces["pca-test"]
    expected = run.surface(resolution=(9, 5), split="test", sample=10)
    np.testing.assert_array_equal(made.cost, expected.cost)
    assert made.cost.shape == (5, 9)
    captured, walk = made.plane.captured(run.path.thetas), re.search(r"random walk .* ([\d.]+) %", result.output)
    assert f"captured  {100 * captured:.2f} % of the path" in result.output
    assert 0 < float(walk[1]) < 100
    assert "cosine +0.0000" in result.output
    assert "0 of them without a finite cost" in result.output
    error = np.median(made.standard_error)
    assert f"10 of 20 test examples, standard error {error:.4g} (median)" in result.output
    assert "saved 45 of 45 points\n" in result.output
    assert not CONTROL.search(result.output)


def test_an_incomplete_surface_of_the_same_name_is_completed(run, monkeypatch):
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.surface(resolution=(31, 31), name="pca", on_progress=stop)
    before = Run.open(run.folder).surfaces["pca"]
    assert 0 < before.evaluated.sum() < before.evaluated.size
    assert landscape_("surface", run.folder, "--resolution", "31").exit_code == 0
    after = Run.open(run.folder).surfaces["pca"]
    assert after.complete
    np.testing.assert_array_equal(after.cost[before.evaluated], before.cost[before.evaluated])
    np.testing.assert_array_equal(after.cost, fit(Experiment(**SMALL)).surface(resolution=(31, 31)).cost)


def test_another_surface_of_the_same_name_is_refused_and_kept(run):
    assert landscape_("surface", run.folder, "--resolution", "5").exit_code == 0
    result = landscape_("surface", run.folder, "--resolution", "6")
    assert result.exit_code == 2
    assert "choose another name" in result.stderr
    assert "--name pca-2\n" in result.stderr
    assert landscape_("surface", run.folder, "--resolution", "6", "--name", "finer").exit_code == 0
    assert {name: s.cost.shape for name, s in Run.open(run.folder).surfaces.items()} == {"finer": (6, 6), "pca": (5, 5)}


def test_settings_of_the_projection_reach_it(run):
    filters = ["--projection", "filter_normalized", "--resolution", "3"]
    assert landscape_("surface", run.folder, *filters, "--name", "a").exit_code == 0
    layers = [*filters, "--set", "normalization=layer", "--set", "biases=true", "--seed", "1"]
    assert landscape_("surface", run.folder, *layers, "--name", "b").exit_code == 0
    opened = Run.open(run.folder)
    table = {"name": "filter_normalized", "normalization": "layer", "biases": True}
    expected = opened.plane(table, seed=1).directions
    np.testing.assert_array_equal(opened.surfaces["b"].plane.directions, expected)
    assert not np.allclose(opened.surfaces["a"].plane.directions, expected)


def test_a_surface_is_drawn_where_asked(run):
    result = landscape_("surface", run.folder, "--resolution", "5", "--figure", "surface.html", "--quiet")
    assert result.output == "drawn in surface.html\n"
    assert "Plotly" in Path("surface.html").read_text()


def test_show_says_everything_that_is_in_a_run(run):
    run.surface(resolution=(7, 5), name="mine")
    output = landscape_("show", run.folder).output
    for said in (
        "spirals train_size=40",
        "landscape-explorer:quadratic 0.1.0",
        f"{run.history.train_cost[3]:.4g}",
        "finished",
        "12 in",
        "7 × 5",
        "mine",
    ):
        assert said in output
    assert not CONTROL.search(output)


def test_show_says_that_a_run_was_killed(tmp_path):
    process = start("train", *sets(*SETTINGS, "epochs=1000000"), "--out", "here.zarr")
    read_until(process, r"^saved step")
    process.kill()
    process.communicate()
    assert "its process was killed" in landscape_("show", "here.zarr").output


def test_a_long_history_is_thinned_to_a_screen_with_both_ends():
    fit(Experiment(**SMALL | {"epochs": 200}), folder="long.zarr")
    rows = re.findall(r"^ +(\d+) +[\d.e-]+ +[\d.e-]+ +[\d.]+ % ", landscape_("show", "long.zarr").output, re.MULTILINE)
    assert len(rows) == 25
    assert (rows[0], rows[-1]) == ("0", "200")


@pytest.mark.parametrize("figure", ["surface", "contour", "cost"])
def test_show_draws_beside_the_run_and_opens_the_page(run, monkeypatch, figure):
    run.surface(resolution=5, name="pca")
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert landscape_("show", run.folder, "--figure", figure).output.startswith("drawn in ")
    page = run.folder.with_name(f"small-{figure}.html")
    assert opened == [page.as_uri()]
    assert "Plotly" in page.read_text()
    assert landscape_("show", run.folder, "--figure", figure, "--no-open").exit_code == 0
    assert landscape_("show", run.folder, "--figure", figure, "--out", "mine.json").exit_code == 0
    assert len(opened) == 1
    assert json.loads(Path("mine.json").read_text())["data"]


def test_first_weights_are_drawn_for_images():
    digits = {"name": "mnist", "train_size": 50, "test_size": 20}
    fit(Experiment(dataset=digits, hidden=(4,), epochs=1), folder="digits.zarr")
    result = landscape_("show", "digits.zarr", "--figure", "weights", "--out", "weights.json")
    assert result.exit_code == 0, result.output
    assert json.loads(Path("weights.json").read_text())["data"]


def test_plugins_lists_every_plugin_with_provider_and_version():
    lines = [line.split() for line in landscape_("plugins").output.splitlines()]
    assert lines[0] == ["kind", "name", "provided", "by", "version", "status"]
    built_in = [line for line in lines if line[2] == BUILTIN]
    assert [line[:2] for line in built_in] == [
        [kind, p.name] for kind in KINDS for p in registry().provided(kind) if p.distribution == BUILTIN
    ]
    assert all(line[3:] == [landscape.__version__, "✓"] for line in built_in)


@pytest.mark.usefixtures("_fresh_registry")
@pytest.mark.parametrize("setting", ["cost=focal", "activation=snake"])
def test_a_plugin_file_of_25_lines_works_everywhere(setting):
    kind, name = setting.split("=")
    file = f"landscape_{name}.py"
    plugin = PLUGINS / f"landscape-{name}" / file
    assert len(plugin.read_text().splitlines()) <= 25
    options = ["--plugin", plugin]
    trained = landscape_("train", *options, *sets(*SETTINGS, setting), "--out", "here.zarr")
    assert trained.exit_code == 0, trained.output
    assert f"landscape show here.zarr --plugin {plugin}" in trained.output
    assert re.search(rf"^{kind} +{name} +{file} +✓$", landscape_("plugins", *options).output, re.MULTILINE)
    schema = json.loads(landscape_("schema", *options).output)
    assert {"type": "string", "enum": registry().names(kind)} in schema["properties"][kind]["anyOf"]
    registry.cache_clear()
    missing = f"{kind} '{name}' was in the plugin file {file}: load {file}, with --plugin"
    assert missing in landscape_("show", "here.zarr").output
    without = landscape_("surface", "here.zarr", "--resolution", "3")
    assert without.exit_code == 2
    assert missing in without.stderr
    assert landscape_("surface", "here.zarr", "--resolution", "3", *options).exit_code == 0
    assert name in landscape_("show", "here.zarr", *options).output


@pytest.mark.usefixtures("_fresh_registry")
def test_a_broken_plugin_file_is_bad_input_that_names_file_and_line():
    Path("mine.py").write_text("from landscape import Cost\n\nclass Mine(Cots):\n    pass\n")
    result = landscape_("train", "--plugin", "mine.py")
    assert result.exit_code == 2
    assert "mine.py, line 3: NameError: name 'Cots' is not defined" in result.stderr


@pytest.mark.usefixtures("_fresh_registry")
def test_a_plugin_that_raises_is_blamed_by_file_and_line_without_traceback():
    lines = (PLUGINS / "landscape-focal" / "landscape_focal.py").read_text().splitlines()
    wrong = next(k for k, line in enumerate(lines) if "def gradient" in line)
    Path("mine.py").write_text("\n".join([*lines[: wrong + 1], "        return outptus", *lines[wrong + 1 :]]))
    command = ["train", "--plugin", "mine.py", *sets(*SETTINGS, "cost=focal"), "--out", "here.zarr"]
    result = landscape_(*command)
    assert result.exit_code == 1
    said = f"cost 'focal', mine.py, line {wrong + 2}: NameError: name 'outptus' is not defined"
    assert result.stderr.startswith(f"error: {said}")
    assert "training stopped after step 0; what was recorded is kept in 'here.zarr'" in result.stderr
    shown = landscape_("show", "here.zarr", "--plugin", "mine.py").output
    assert re.search(rf"cost 'focal' stopped training after step 0: NameError: .*\(mine.py, line {wrong + 2}\)", shown)
    assert isinstance(landscape_(*command[:-1], "there.zarr", "--debug").exception, NameError)


@pytest.mark.usefixtures("_fresh_registry")
def test_plugins_lists_a_broken_file_and_all_others():
    Path("mine.py").write_text("from landscape import (\n")
    focal = PLUGINS / "landscape-focal" / "landscape_focal.py"
    listing = ["plugins", "--plugin", "mine.py", "--plugin", focal]
    table = landscape_(*listing)
    assert table.exit_code == 2
    assert table.stderr.startswith("error: mine.py, line 1: '(' was never closed")
    assert "✗ mine.py, line 1: '(' was never closed" in table.output
    assert re.search(r"^cost +focal +landscape_focal.py +✓$", table.output, re.MULTILINE)
    assert json.loads(landscape_(*listing, "--json").stdout)[-1]["reason"] == "mine.py, line 1: '(' was never closed"
    assert landscape_("plugins", "--plugin", "absent.py").exit_code == 2


def test_check_says_that_a_kind_is_no_name():
    assert (
        "'cost' is a kind: say which cost you mean, as `landscape check cost NAME`"
        in landscape_("check", "cost").stderr
    )


def test_explore_serves_the_run_that_is_named(run, monkeypatch):
    calls = []
    monkeypatch.setattr("landscape.dashboard.explore", lambda run, **options: calls.append((run, options)))
    assert landscape_("explore", run.folder, "--port", "8123", "--no-browser").exit_code == 0
    assert landscape_("explore", "--preset", "spirals", *sets("seed=5")).exit_code == 0
    assert landscape_("explore").exit_code == 0
    (shown, with_run), (nothing, described), (_, bare) = calls
    assert shown.folder == run.folder
    assert with_run == {"experiment": None, "port": 8123, "open_browser": False, "plugins": None}
    assert nothing is None
    assert described["experiment"] == Experiment.preset("spirals").with_overrides(["seed=5"])
    assert bare == {"experiment": None, "port": None, "open_browser": True, "plugins": None}


def test_explore_says_that_its_page_tells_no_observers(monkeypatch):
    monkeypatch.setattr("landscape.dashboard.explore", lambda run, **options: None)
    assert "use `landscape train`" in landscape_("explore", *sets("observers=csv", "observers.0.path=mine.csv")).stderr
    assert landscape_("explore", *sets("seed=5")).stderr == ""


def test_explore_ends_well_on_ctrl_c():
    process = start("explore", "--no-browser")
    address = read_until(process, r"http://127\.0\.0\.1:\d+/")[0]
    assert address
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_the_module_runs_as_a_script():
    process = start("--version")
    assert process.communicate() == (f"landscape {landscape.__version__}\n", "")
