"""What was reported as saved survives ``kill -9`` at any moment.

A server process imports the package once and forks a child for each kill. The child trains, or evaluates a surface,
and writes a line to the test's pipe each time something is reported as saved; the test kills it at a random line,
after a random delay. What it then finds on disk must hold all that was reported and agree, bit for bit, with a run
that nobody killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
import xarray

import landscape
from landscape.experiment import Experiment
from landscape.runs import Run
from landscape.training import Progress, fit

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

NETWORK = Experiment(
    dataset={"name": "spirals", "train_size": 60, "test_size": 20},
    hidden=(24, 24),
    batch_size=10,
    epochs=60,
    snapshots=60,
)
FUNCTION = Experiment(
    function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 0.001}, epochs=300, snapshots=60
)
EXPERIMENTS = {"network": NETWORK, "function": FUNCTION}
RESOLUTION = 45
MOST_REPORTS = {"train": 60, "surface": 20}
KILLS = 25  # of each of the two jobs


# --- the server ------------------------------------------------------------------------------------------------


def say(*words: object) -> None:
    """Write one line, in one piece, that outlives this process."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def train(experiment: str, folder: str) -> None:
    def report(progress: Progress) -> None:
        say("saved", progress.saved, progress.measured.epoch)

    fit(EXPERIMENTS[experiment], folder=folder, on_progress=report)


def surface(experiment: str, folder: str) -> None:
    Run.open(folder).surface(resolution=RESOLUTION, name="s", on_progress=lambda progress: say("saved", progress.saved))


def serve() -> None:
    """Fork a child for each line ``job experiment folder``; say its process id, and when it has ended."""
    import landscape.runs.surfaces as surfaces
    import landscape.training.recording as training

    # as often as possible, so that most kills fall into the middle of writing
    training._SECONDS_BETWEEN_REPORTS = surfaces._SECONDS_BETWEEN_SAVES = 0.0
    import zarr  # noqa: F401  (once, here; it starts no thread before it is used)

    for line in sys.stdin:
        job, experiment, folder = line.split()
        child = os.fork()
        if not child:
            {"train": train, "surface": surface}[job](experiment, folder)
            say("completed")
            os._exit(0)
        say("started", child)
        os.waitpid(child, 0)
        say("ended")


# --- the test --------------------------------------------------------------------------------------------------


@dataclass
class Server:
    process: subprocess.Popen[str]

    def lines(self) -> Iterator[list[str]]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            words = line.split()
            if words == ["ended"]:
                return
            yield words
        raise AssertionError(f"the server ended with {self.process.wait()}")

    def kill_during(self, job: str, experiment: str, folder: Path, rng: np.random.Generator) -> list[list[int]]:
        """Start the job, kill it at a random moment, and return the numbers of all that it reported as saved."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{job} {experiment} {folder}\n")
        self.process.stdin.flush()
        wanted, delay = int(rng.integers(MOST_REPORTS[job])), float(rng.uniform(0, 0.015))
        reported: list[list[int]] = []
        for kind, *numbers in self.lines():
            if kind == "started":
                child = int(numbers[0])
            if kind == "saved":
                reported.append([int(number) for number in numbers])
            if kind == "completed":
                pytest.fail("the job was over before it was killed: make it longer")
            if len(reported) == wanted:
                sleep(delay)  # the random moment
                os.kill(child, signal.SIGKILL)
                wanted = -1
        return reported


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    root = str(Path(landscape.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture(scope="module", params=EXPERIMENTS)
def unharmed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Run]:
    folder = tmp_path_factory.mktemp("unharmed") / "run"
    return request.param, fit(EXPERIMENTS[request.param], folder=folder)


def same_start(part: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> None:
    np.testing.assert_array_equal(part, whole[: len(part)])


def test_training_killed_at_any_moment_keeps_what_was_reported(
    server: Server, unharmed: tuple[str, Run], tmp_path: Path
) -> None:
    experiment, whole = unharmed
    kills = KILLS // 2 + (experiment == "network")
    for kill in range(kills):
        folder = tmp_path / f"run{kill}"
        reported = server.kill_during("train", experiment, folder, np.random.default_rng(kill))
        if not reported and not folder.exists():
            continue  # killed before the folder took its name
        run = Run.open(folder)
        assert run.ending == "running"
        step, epoch = reported[-1] if reported else (-1, -1)
        assert max(run.path.steps, default=-1) >= step
        assert max(run.history.epoch, default=-1) >= epoch
        assert len(run.history.batch_cost) >= step
        same_start(run.path.steps, whole.path.steps)
        same_start(run.path.thetas, whole.path.thetas)
        same_start(run.history.batch_cost, whole.history.batch_cost)
        same_start(np.array(run.history.epochs()), np.array(whole.history.epochs()))


def test_a_surface_killed_at_any_moment_keeps_what_was_reported_and_is_completed(
    server: Server, unharmed: tuple[str, Run], tmp_path: Path
) -> None:
    experiment, run = unharmed
    assert run.folder is not None
    whole = run.surface(resolution=RESOLUTION)
    for kill in range(KILLS // 2 + (experiment == "function")):
        folder = shutil.copytree(run.folder, tmp_path / f"run{kill}")
        reported = server.kill_during("surface", experiment, folder, np.random.default_rng(1000 + kill))
        opened = Run.open(folder)
        part = opened.surfaces.get("s")
        saved = reported[-1][0] if reported else 0
        if part is None:
            assert saved == 0
            continue
        known = part.evaluated
        assert known.sum() >= saved
        for name in ("cost", "accuracy", "standard_error"):
            np.testing.assert_array_equal(getattr(part, name)[known], getattr(whole, name)[known])
        if kill % 5 == 0:
            complete = opened.surface(resolution=RESOLUTION, name="s")
            np.testing.assert_allclose(complete.cost, whole.cost, rtol=1e-5)
            again = Run.open(folder).surfaces["s"]
            assert again.complete
            np.testing.assert_array_equal(again.cost, complete.cost)


@pytest.mark.filterwarnings("ignore:Object at .*partial is not recognized")  # what a killed write leaves behind
def test_xarray_reads_a_killed_run(server: Server, tmp_path: Path) -> None:
    for kill in range(3):
        folder = tmp_path / f"run{kill}"
        reported = server.kill_during("train", "network", folder, np.random.default_rng(2000 + kill))
        assert reported
        run = Run.open(folder)
        path = xarray.open_zarr(folder, group="path", consolidated=False)
        np.testing.assert_array_equal(path.theta[: len(run.path)].values, run.path.thetas)
        history = xarray.open_zarr(folder, group="history", consolidated=False)
        np.testing.assert_array_equal(history.batch_cost[: len(run.history.batch_cost)], run.history.batch_cost)


if __name__ == "__main__":
    serve()
