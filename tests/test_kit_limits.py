"""Checks that do not end: each is left after its time, says where it was, and keeps no other check from its turn."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import landscape
from landscape.activations import Tanh
from landscape.costs import Quadratic
from landscape.datasets import Blobs
from landscape.kinds import Observer, Watcher
from landscape.optimizers import SGD
from landscape.projections import Random
from landscape.schedules import Constant
from landscape.testing import checks_for, limits, run_checks
from landscape.testing.core import Check, _result
from landscape.testing.limits import Limits, Overrun, still_going

HERE = Path(__file__)


def line_of(words):
    """Return the number of the one line of this file that ends with `words`."""
    (number,) = (i for i, line in enumerate(HERE.read_text(encoding="utf-8").splitlines(), 1) if line.endswith(words))
    return number


class EndlessCost(Quadratic):
    def per_example(self, outputs, targets):
        while True:
            outputs = outputs + 0  # in the cost


class EndlessActivation(Tanh):
    tanh_form = None

    def derivative(self, z, value):
        while True:
            z = z + 0  # in the activation


class EndlessDataset(Blobs):
    def load(self, rng):
        while True:
            rng.random()  # in the data set


class EndlessOptimizer(SGD):
    def update(self, *arguments):
        while True:
            np.zeros(1)  # in the optimizer


class EndlessProjection(Random):
    def plane(self, objective, path, rng):
        while True:
            rng.random()  # in the projection


class EndlessSchedule(Constant):
    def factors(self, steps, *length):
        while True:
            steps = steps + 0  # in the schedule


class EndlessWatcher(Watcher):
    def step(self, event):
        while True:
            event.theta.sum()  # in the watcher


class EndlessObserver(Observer):
    """Never gets beyond the first step."""

    name = "endless_observer"
    source = "the tests of the kit"

    def watch(self, training):
        return EndlessWatcher()


class Catching(Quadratic):
    """Catches whatever is an Exception in its loop."""

    def per_example(self, outputs, targets):
        while True:
            with contextlib.suppress(Exception):
                outputs = outputs + 0  # in what catches


ENDLESS = {
    EndlessCost: ("shapes_fit", "in the cost"),
    EndlessActivation: ("derivative_is_the_slope_of_the_value", "in the activation"),
    EndlessDataset: ("loads", "in the data set"),
    EndlessOptimizer: ("is_deterministic", "in the optimizer"),
    EndlessProjection: ("lays_a_plane", "in the projection"),
    EndlessSchedule: ("is_deterministic", "in the schedule"),
    EndlessObserver: ("bears_any_training", "in the watcher"),
    Catching: ("shapes_fit", "in what catches"),
}


@pytest.mark.parametrize(("cls", "check", "words"), [(cls, *rest) for cls, rest in ENDLESS.items()])
def test_an_endless_method_fails_its_check_and_says_where_it_was(cls, check, words):
    streams, threads = (sys.stdout, sys.stderr, Path.cwd()), set(threading.enumerate())
    (one,) = (each for each in checks_for(cls.kind) if each.id == check)
    result = _result(one, cls(), None, Limits(0.2, __file__))
    assert result.outcome == "failed"
    said = re.match(r"test_kit_limits\.py, line (\d+): (\w+)\.\w+ had not returned after 0\.2 s\. Let ", result.message)
    assert 0 <= line_of(f"# {words}") - int(said[1]) <= 2
    assert cls.__name__.startswith(said[2].removesuffix("Watcher"))
    assert (sys.stdout, sys.stderr, Path.cwd()) == streams
    assert {one for one in threading.enumerate() if one.name == "landscape check"} <= threads


def test_the_other_checks_are_run_and_get_less_time():
    results = {result.check.id: result for result in run_checks(EndlessCost(), time_limit=0.1)}
    assert list(results) == [check.id for check in checks_for("cost")]
    assert results["pickles"].outcome == "passed"
    first, *others = (r.message for r in results.values() if "had not returned" in r.message)
    assert "after 0.1 s" in first
    assert len(others) > 10
    assert all("in the short time that is left once a check did not end" in message for message in others)


def test_time_is_cut_step_by_step():
    limits = Limits(20, None)
    assert limits.seconds == 20
    limits.overruns = 1
    assert limits.seconds == 2
    limits.overruns = 3
    assert limits.seconds == 0.5
    assert Limits(0.1, None).seconds == 0.1


def test_an_expected_failure_may_be_one_that_does_not_end():
    check = Check("some_check", "Something holds.", lambda plugin: plugin.per_example(np.ones(2), np.ones(2)))
    result = _result(check, EndlessCost(), "it is slow", Limits(0.1, __file__))
    assert result.outcome == "expected"
    assert result.message.startswith("Expected, since it is slow: test_kit_limits.py, line")


def test_what_a_check_raises_or_returns_is_that_of_the_check():
    limits = Limits(60, None)
    assert limits.within(lambda: 7) == 7
    with pytest.raises(KeyError, match="what"):
        limits.within(lambda: {}["what"])
    with pytest.raises(KeyboardInterrupt):
        limits.within(lambda: (_ for _ in ()).throw(KeyboardInterrupt))


def test_contexts_are_those_of_the_caller():
    with np.errstate(divide="raise"):
        assert Limits(60, None).within(np.geterr)["divide"] == "raise"


@pytest.fixture
def clock(monkeypatch):
    """Put time into our hands."""
    made = SimpleNamespace(now=0.0)
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_whatever_says_that_it_goes_on_may_take_the_time_again(clock):
    def work():
        for _ in range(5):
            clock.now += 8
            still_going()
        return "done"

    assert Limits(10, None).within(work) == "done"


def test_whatever_does_not_may_not(clock):
    def work():
        clock.now += 11
        while True:
            pass

    with pytest.raises(Overrun, match="the check had not ended after 10 s"):
        Limits(10, None).within(work)


def test_what_a_stuck_check_has_changed_is_restored():
    def work():
        os.environ["LANDSCAPE_STUCK"] = "1"
        sys.stdout = None
        sys.setswitchinterval(1e-6)
        warnings.simplefilter("ignore")
        while True:
            pass

    before = sys.stdout, sys.getswitchinterval(), list(warnings.filters)
    with pytest.raises(Overrun):
        Limits(0.1, None).within(work)
    assert (sys.stdout, sys.getswitchinterval(), list(warnings.filters)) == before
    assert "LANDSCAPE_STUCK" not in os.environ


def test_still_going_means_nothing_where_there_is_no_limit():
    still_going()


PLUGIN = """
import re, time
from landscape import hookimpl
from landscape.costs import Quadratic


class Stuck(Quadratic):
    '''Σⱼ (oⱼ − tⱼ)², but for its sum.'''

    name = "stuck"

    def total_and_gradient(self, outputs, targets):
        BODY


@hookimpl
def register_costs():
    return [Stuck]
"""
LINE = 1 + PLUGIN[: PLUGIN.index("BODY")].count("\n")


@pytest.fixture
def command(tmp_path):
    """Return what starts a command in a process of its own, in a folder with a plugin file whose method is `body`."""

    def start(body, *words):
        (tmp_path / "stuck.py").write_text(PLUGIN.replace("BODY", body), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(Path(landscape.__file__).parents[1]), "PYTHONUTF8": "1"}
        started = subprocess.Popen(
            [sys.executable, *words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        running.append(started)
        return started

    running = []
    yield start
    for one in running:
        one.kill()
        one.communicate()


CHECK = ("-m", "landscape", "check", "./stuck.py")


def test_the_command_ends_though_a_thread_cannot_be_stopped(command):
    body = "from threading import Thread; t = Thread(target=time.sleep, args=(10_000,)); t.start(); t.join()"
    run = command(body, *CHECK, "--time-limit", "0.5")
    output, errors = run.communicate(timeout=60)
    assert run.returncode == 1, errors
    assert f"✗ total_agrees\n      stuck.py, line {LINE}: Stuck.total_and_gradient had not returned" in output
    assert "✓ leaves_the_process_alone" in output
    assert "checks failed" in output


def test_ctrl_c_ends_the_command_with_what_is_known(command):
    run = command("time.sleep(10_000)", *CHECK)
    known = [run.stdout.readline()]
    while "pickles" not in known[-1]:
        known.append(run.stdout.readline())
    run.send_signal(signal.SIGINT)
    output, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert re.search(r"\ninterrupted; until then, all \d+ checks are as they should be", output)
    assert errors == "interrupted\n"
    assert "✓ has_a_name\n" in "".join(known)


def test_what_lets_nothing_else_run_ends_the_process_and_says_where(command):
    code = "import re; from landscape.cli.check import _watchdog; _watchdog(0.3)(); re.match('(a+)+$', 'a' * 60 + 'b')"
    run = command("pass", "-c", code)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "Timeout" in errors
    assert 'File "<string>", line 1 in <module>' in errors
