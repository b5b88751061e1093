"""Fixtures that several test files share."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landscape import Experiment, NetworkObjective

# the folder of tests is no package; `oracles` in it is one
sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # shells start background jobs so; tests press Ctrl-C, in this process and in children, which inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


@pytest.fixture(scope="session")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that anything may be written into."""
    return tmp_path_factory.mktemp("somewhere")


@pytest.fixture(autouse=True)
def _stray_files_land_elsewhere(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, somewhere: Path
) -> None:
    """Run the kit's tests elsewhere: some of the plugins that they try write files into the working folder."""
    if request.path.name.startswith("test_kit_"):
        monkeypatch.chdir(somewhere)


def _unavailable(reason: str) -> None:
    if os.environ.get("LANDSCAPE_REQUIRE_BROWSER") == "1":
        pytest.fail(f"LANDSCAPE_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium or Chrome; the test skips where there is none, or fails where one is required."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        _unavailable("no Chromium was found: install Debian's package chromium, for one")
    return str(path)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A running browser; one for all tests, since a process can drive only one at a time."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _unavailable("playwright is not installed: pip install playwright")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def _classic() -> NetworkObjective:
    objective = Experiment(dataset={"name": "mnist", "train_size": 3000, "test_size": 1000}).objective()
    assert isinstance(objective, NetworkObjective)
    return objective


@pytest.fixture
def classic(_classic: NetworkObjective) -> Iterator[NetworkObjective]:
    """The classic network on 3,000 digits and 1,000 to test, whose data no test may change."""
    before = [_classic.data[split].inputs[::97].tobytes() for split in ("train", "test")]
    yield _classic
    assert [_classic.data[split].inputs[::97].tobytes() for split in ("train", "test")] == before
