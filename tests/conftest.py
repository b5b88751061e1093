"""Fixtures that several test files share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from landscape import Experiment, NetworkObjective

os.environ.setdefault("OMP_NUM_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # shells start background jobs so; tests press Ctrl-C, in this process and in children, which inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
