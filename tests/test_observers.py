"""Observers: what they are told, what they write, and what becomes of a training when one of them fails."""

from __future__ import annotations

import csv
import math
import signal
import struct
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from pydantic import PrivateAttr

import landscape
from landscape import Experiment, Observer, Run, Trainer, Watcher, fit, steps
from landscape.errors import PluginError
from landscape.kinds import EpochEvent, StepEvent, Training
from landscape.observers import CSV, TensorBoard, _let_rest
from landscape.training import DivergenceWarning, ObserverWarning

ROOT = Path(landscape.__file__).parents[1]
SMALL = Experiment(dataset={"name": "moons", "train_size": 100, "test_size": 50}, hidden=[8], batch_size=32, epochs=3)


class Log(Observer):
    """Keeps all that it is told in a list that tests read, and raises where it is told to."""

    name = "log"
    raises: str = ""
    _told: list = PrivateAttr(default_factory=list)

    @property
    def told(self):
        return self._told

    def watch(self, training):
        if self.raises == "watch":
            raise OSError("no room left")
        self.told.append(("watch", training))
        return LogWatcher(self.told, self.raises)


class LogWatcher(Watcher):
    def __init__(self, told, raises):
        self.told, self.raises = told, raises

    def step(self, event):
        self.told.append(("step", event._replace(theta=event.theta.copy())))
        if self.raises == "step" and event.step == 6:
            raise OSError("no room left")

    def epoch(self, event):
        self.told.append(("epoch", event))
        if self.raises == "epoch" and event.epoch == 2:
            raise OSError("no room left")

    def close(self):
        self.told.append(("close", None))
        if self.raises == "close":
            raise OSError("no room left")


def watched(*observers, **changes):
    """Return the small experiment with observers, which need not be registered."""
    return SMALL.model_copy(update={"observers": observers, **changes})


def events(told, kind):
    return [event for what, event in told if what == kind]


# What observers are told


def test_an_observer_is_told_of_every_step_and_epoch_in_order():
    log = Log()
    run = fit(watched(log))
    each = ["epoch"] + (["step"] * 4 + ["epoch"]) * 3
    assert [what for what, _ in log.told] == ["watch", *each, "close"]
    (training,) = events(log.told, "watch")
    assert (training.steps_per_epoch, training.total_steps, training.folder) == (4, 12, None)
    assert training.layout == run.objective.layout
    assert training.experiment["batch_size"] == 32
    assert [event.epoch for event in events(log.told, "epoch")] == [0, 1, 2, 3]
    assert [event.step for event in events(log.told, "epoch")] == [0, 4, 8, 12]
    assert [event[2:6] for event in events(log.told, "epoch")] == [row[1:] for row in run.history.epochs()]


def test_a_step_is_told_as_it_was():
    log = Log()
    experiment = watched(log, schedule=Experiment(schedule="cosine").schedule, clip_norm=0.01)
    fit(experiment)
    trainer = Trainer(experiment, norms=True)
    for event, record in zip(events(log.told, "step"), steps(experiment), strict=True):
        trainer.step()
        assert (event.step, event.epoch, event.cost) == (record.index, record.epoch, record.cost)
        assert event.learning_rate == trainer.learning_rate
        assert event.gradient_norm == trainer.gradient_norm > 0.01
        np.testing.assert_array_equal(event.theta, record.theta)


def test_being_watched_changes_no_bit():
    for changes in ({}, {"optimizer": Experiment(optimizer="adam").optimizer}):
        alone, seen = fit(watched(**changes)), fit(watched(Log(), **changes))
        np.testing.assert_array_equal(alone.path.thetas, seen.path.thetas)
        np.testing.assert_array_equal(alone.history.batch_cost, seen.history.batch_cost)


def test_theta_is_live_and_cannot_be_changed():
    class Meddler(Observer):
        name = "meddler"

        def watch(self, training):
            return MeddlingWatcher()

    class MeddlingWatcher(Watcher):
        def epoch(self, event):
            self.theta, self.start = event.theta, event.theta.copy()

        def step(self, event):
            assert event.theta is self.theta
            assert not np.array_equal(event.theta, self.start)
            with pytest.raises(ValueError, match="read-only"):
                event.theta[0] = 1
            with pytest.raises(ValueError, match="cannot set WRITEABLE"):
                event.theta.flags.writeable = True

    assert fit(watched(Meddler())).ending == "finished"


def test_an_optimizer_without_a_rate_has_none_to_tell(tmp_path):
    class Signs(type(Experiment(optimizer="adam").optimizer)):
        name = "signs"
        learning_rate: None = None

        def step(self, gradient, state, theta):
            theta -= 0.01 * np.sign(gradient)
            return state

    log = Log()
    fit(watched(log, optimizer=Signs()))
    assert all(math.isnan(event.learning_rate) for event in events(log.told, "step"))


def test_steps_and_trainers_tell_nobody():
    log = Log()
    trainer = Trainer(watched(log))
    trainer.step()
    assert len(list(steps(watched(log)))) == 12
    assert log.told == []


# What becomes of a training


@pytest.mark.parametrize(
    ("raises", "message", "done"),
    [
        ("watch", r"observer 'log' stopped training after step 0: OSError: no room left \(test_observers\.py, line", 0),
        ("step", "observer 'log' stopped training after step 6: OSError: no room left", 6),
        ("epoch", "observer 'log' stopped training after step 8: OSError: no room left", 8),
        ("close", "observer 'log' could not finish after step 12: OSError: no room left", 12),
    ],
)
def test_an_observer_that_raises_stops_the_run_and_what_was_recorded_is_kept(raises, message, done, tmp_path):
    before, after = Log(), Log()
    failing = Log(raises=raises)
    with pytest.warns(ObserverWarning, match=message):
        run = fit(watched(before, failing, after), folder=tmp_path / "run.zarr")
    assert run.ending == "stopped"
    assert len(run.history.batch_cost) == run.path.steps[-1] == done
    np.testing.assert_array_equal(run.path.thetas, fit(SMALL).path.thetas[: done + 1])
    assert len(run.history.epochs()) == done // 4 + 1
    for log in (before, after):
        assert len(events(log.told, "close")) == len(events(log.told, "watch")) == (log is before or raises != "watch")


def test_a_stopped_run_is_kept_on_disk(tmp_path):
    class Unsteady(CSV):
        name = "csv"  # so that it can be opened again

        def watch(self, training):
            return LogWatcher([], "step")

    with pytest.warns(ObserverWarning, match="after step 6"):
        run = fit(watched(Unsteady()), folder=tmp_path / "run.zarr")
    opened = Run.open(tmp_path / "run.zarr")
    assert (opened.ending, opened.message) == ("stopped", run.message)
    np.testing.assert_array_equal(opened.path.thetas, run.path.thetas)
    np.testing.assert_array_equal(opened.history.batch_cost, run.history.batch_cost)
    assert opened.path.steps[-1] == 6


def test_sys_exit_in_an_observer_is_a_failure_of_it():
    class Leaving(Observer):
        name = "leaving"

        def watch(self, training):
            sys.exit(3)

    with pytest.warns(ObserverWarning, match="observer 'leaving' .* SystemExit: 3"):
        assert fit(watched(Leaving())).ending == "stopped"


@pytest.mark.parametrize("returned", [None, LogWatcher])
def test_what_is_no_watcher_is_said_to_be_none(returned):
    class Forgetful(Observer):
        name = "forgetful"

        def watch(self, training):
            return returned

    kind = type(returned).__name__
    with pytest.warns(ObserverWarning, match=f"'forgetful' .*watch returned {kind}: it must return a landscape"):
        fit(watched(Forgetful()))


def test_divergence_closes_watchers():
    log = Log()
    experiment = Experiment(function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 0.1}, epochs=200)
    with pytest.warns(DivergenceWarning, match="diverged at step"):
        run = fit(experiment.model_copy(update={"observers": (log,)}))
    assert run.ending == "diverged"
    assert len(events(log.told, "step")) == len(run.history.batch_cost)
    assert log.told[-1] == ("close", None)


def test_a_failure_to_close_is_said_beside_a_divergence():
    log = Log(raises="close")
    experiment = Experiment(function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 0.1}, epochs=200)
    with pytest.warns(DivergenceWarning, match="diverged at step .*; observer 'log' could not finish"):
        assert fit(experiment.model_copy(update={"observers": (log,)})).ending == "diverged"


def test_interruption_closes_watchers():
    class Impatient(Observer):
        name = "impatient"

        def watch(self, training):
            return ImpatientWatcher()

    class ImpatientWatcher(Watcher):
        def step(self, event):
            if event.step == 5:
                signal.raise_signal(signal.SIGINT)

    log = Log()
    run = fit(watched(Impatient(), log))
    assert (run.ending, run.path.steps[-1]) == ("interrupted", 5)
    assert len(events(log.told, "step")) == 5  # the step is told to all before training ends
    assert log.told[-1] == ("close", None)


def test_an_error_that_nobody_foresaw_closes_watchers_too():
    class Faulty(type(SMALL.optimizer)):
        name = "faulty"

        def factor(self):
            return None

        def update(self, gradient, state, theta):
            raise ZeroDivisionError

        step = update

    log = Log()
    with pytest.raises(ZeroDivisionError):
        fit(watched(log, optimizer=Faulty()))
    assert log.told[-1] == ("close", None)


# Tables


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tables_hold_every_step_and_epoch_with_all_digits(tmp_path):
    log = Log()
    run = fit(watched(CSV(), log), folder=tmp_path / "moons.zarr")
    table, epochs = rows(tmp_path / "moons.csv"), rows(tmp_path / "moons.epochs.csv")
    for row, event in zip(table, events(log.told, "step"), strict=True):
        assert [float(value) for value in row.values()] == list(event[:-1])
        assert list(row) == list(StepEvent._fields[:-1])
    assert list(epochs[0]) == list(EpochEvent._fields[:-1])
    assert [float(row["test_cost"]) for row in epochs] == run.history.test_cost.tolist()
    assert [row["step"] for row in epochs] == ["0", "4", "8", "12"]


@pytest.mark.parametrize(
    ("path", "steps_file", "epochs_file"),
    [
        ("logs/mine.csv", "logs/mine.csv", "logs/mine.epochs.csv"),
        ("logs", "logs/steps.csv", "logs/epochs.csv"),
        ("", "landscape.csv", "landscape.epochs.csv"),
    ],
)
def test_tables_go_where_the_path_says(path, steps_file, epochs_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(watched(CSV(path=path, every=5)))
    assert [row["step"] for row in rows(tmp_path / steps_file)] == ["5", "10"]
    assert len(rows(tmp_path / epochs_file)) == 4


def test_rows_are_on_disk_before_the_next_step(tmp_path):
    class Reader(Observer):
        name = "reader"

        def watch(self, training):
            return ReadingWatcher()

    class ReadingWatcher(Watcher):
        def step(self, event):
            assert rows(tmp_path / "log.csv")[-1]["step"] == str(event.step)

        def epoch(self, event):
            assert rows(tmp_path / "log.epochs.csv")[-1]["epoch"] == str(event.epoch)

    assert fit(watched(CSV(path=str(tmp_path / "log.csv")), Reader())).ending == "finished"


def test_earlier_tables_are_overwritten_and_other_files_are_not(tmp_path):
    observer = CSV(path=str(tmp_path / "log.csv"))
    fit(watched(observer))
    fit(watched(observer, epochs=1))
    assert len(rows(tmp_path / "log.csv")) == 4
    for name in ("log.csv", "log.epochs.csv"):
        kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
        (tmp_path / name).write_bytes(b"\xffname,age\nAda,36\n")
        with pytest.warns(ObserverWarning, match=f"after step 0: '.*{name}' is not a table of this observer: move"):
            assert fit(watched(observer)).ending == "stopped"
        assert (tmp_path / name).read_bytes() == b"\xffname,age\nAda,36\n"
        (tmp_path / name).write_bytes(kept[tmp_path / name])
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.warns(ObserverWarning, match="observer 'csv' stopped training after step 0: .*file"):
        fit(watched(CSV(path=str(tmp_path / "file" / "log.csv"))))


def test_both_tables_are_closed_when_the_second_cannot_be_opened(tmp_path):
    (tmp_path / "log.epochs.csv").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ObserverWarning)
        assert fit(watched(CSV(path=str(tmp_path / "log.csv")))).ending == "stopped"


# TensorBoard


def curves(folder):
    """Return the points (step, value) of each curve in the only event file of `folder`, having checked its sums."""
    proto = pytest.importorskip("tensorboardX.proto.event_pb2")
    from tensorboardX.crc32c import crc32c

    def masked(data):
        value = crc32c(data)
        return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF

    (file,) = folder.iterdir()
    data, found = file.read_bytes(), {}
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        record, data_sum = data[12 : 12 + length], data[12 + length : 16 + length]
        assert struct.unpack("<I", data[8:12])[0] == masked(data[:8])
        assert struct.unpack("<I", data_sum)[0] == masked(record)
        data = data[16 + length :]
        event = proto.Event.FromString(record)
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_event_files_read_back_as_what_was_told(tmp_path):
    pytest.importorskip("tensorboardX")
    log = Log()
    fit(watched(TensorBoard(), log), folder=tmp_path / "moons.zarr")
    found = curves(tmp_path / "moons.tensorboard")
    for name in ("cost", "gradient_norm", "learning_rate"):
        told = [(event.step, getattr(event, name)) for event in events(log.told, "step")]
        np.testing.assert_allclose(found.pop(f"step/{name}"), told, rtol=1e-6)
    for name in ("train_cost", "test_cost", "train_accuracy", "test_accuracy"):
        told = [(event.step, getattr(event, name)) for event in events(log.told, "epoch")]
        np.testing.assert_allclose(found.pop(f"epoch/{name}"), told, rtol=1e-6)
    assert not found


def test_what_there_is_not_has_no_curve(tmp_path):
    pytest.importorskip("tensorboardX")
    experiment = Experiment(function="ravine", epochs=6, observers=TensorBoard(path=str(tmp_path / "log"), every=3))
    fit(experiment)
    found = curves(tmp_path / "log")
    assert [step for step, _ in found["step/cost"]] == [3, 6]
    assert [step for step, _ in found["epoch/train_cost"]] == list(range(7))
    assert not {"epoch/train_accuracy", "epoch/test_accuracy"} & found.keys()


@pytest.fixture
def heavy(tmp_path, monkeypatch):
    """Write a package whose top notes that it is run, and return the list that it notes it in."""
    (tmp_path / "heavy").mkdir()
    (tmp_path / "heavy" / "__init__.py").write_text(
        "import sys\nsys.tops_run.append(__name__)\nfrom .part import ANSWER\nTOP = 2 * ANSWER\n"
    )
    (tmp_path / "heavy" / "part.py").write_text("ANSWER = 21\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "tops_run", [], raising=False)
    yield sys.tops_run
    for name in [name for name in sys.modules if name.partition(".")[0] == "heavy"]:
        del sys.modules[name]


def test_the_top_of_a_package_at_rest_is_run_when_it_is_asked_for(heavy):
    _let_rest("heavy")
    part = import_module("heavy.part")
    assert (part.ANSWER, heavy) == (21, [])
    top = import_module("heavy")
    assert heavy == []
    assert top.part is part
    assert (top.TOP, heavy) == (42, ["heavy"])
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        top.nothing  # noqa: B018
    _let_rest("heavy")
    assert (import_module("heavy").TOP, heavy) == (42, ["heavy"])


def test_a_top_that_cannot_be_run_says_so_each_time(heavy, tmp_path):
    (tmp_path / "heavy" / "__init__.py").write_text("import no_such_module_at_all\n")
    _let_rest("heavy")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
            import_module("heavy").TOP  # noqa: B018


def test_curves_are_written_without_what_their_writer_would_import(tmp_path):
    pytest.importorskip("tensorboardX")
    code = (
        "import sys; from landscape.observers import TensorBoard; from landscape.kinds import Training\n"
        "from landscape.layout import plain_layout\n"
        "TensorBoard(path=sys.argv[1]).watch(Training({}, plain_layout(2), 1, 1)).close()\n"
        "print('torch' in sys.modules)\n"
        "from tensorboardX import SummaryWriter; SummaryWriter(sys.argv[1]).close()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout == "False\n"


def test_without_tensorboardx_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    message = r"it needs tensorboardX, which is not installed: pip install 'landscape-explorer\[tensorboard\]'"
    with pytest.raises(PluginError, match=message):
        TensorBoard().watch(Training({}, SMALL.objective().layout, 1, 1))
    with pytest.warns(ObserverWarning, match=f"observer 'tensorboard' stopped training after step 0: {message}"):
        assert fit(watched(TensorBoard())).ending == "stopped"
