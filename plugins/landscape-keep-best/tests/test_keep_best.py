"""The observer that keeps the best epoch: the kit's checks, events by hand, and a real training."""

import numpy as np
import pytest
from landscape import EpochEvent, Experiment, fit
from landscape.testing import parametrize_with_checks

from landscape_keep_best import KeepBest, register_observers


@parametrize_with_checks([KeepBest(), KeepBest(path="other.npy")])
def test_keep_best_passes_the_kit(plugin, check, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(plugin)


def test_the_file_holds_the_epoch_of_the_lowest_test_cost(tmp_path):
    watcher = KeepBest(path=str(tmp_path / "best.npy")).watch(None)
    for epoch, cost in enumerate([0.9, 0.5, 0.7, float("nan"), 0.5]):
        watcher.epoch(EpochEvent(epoch, 10 * epoch, 0.0, cost, 0.5, 0.5, np.full(3, float(epoch))))
    watcher.close()
    np.testing.assert_array_equal(np.load(tmp_path / "best.npy"), [1, 1, 1])


def test_in_a_training_the_kept_parameters_have_the_lowest_cost_of_the_history(tmp_path):
    path = tmp_path / "best.npy"
    run = fit(
        Experiment(
            dataset="moons",
            hidden=[4],
            epochs=4,
            optimizer={"name": "sgd", "learning_rate": 5.0},
            observers=[KeepBest(path=str(path))],
        )
    )
    kept = run.objective.evaluate(np.load(path), "test").cost
    assert kept == pytest.approx(min(run.history.test_cost), rel=1e-5)


def test_the_module_registers_the_observer():
    assert register_observers() == [KeepBest]
