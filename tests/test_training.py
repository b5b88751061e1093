"""Steps, runs, divergence, interruption, and the same numbers every time."""

from __future__ import annotations

import gc
import itertools
import signal
import threading

import numpy as np
import pytest

from landscape import Experiment, FunctionObjective, Trainer, fit, steps
from landscape.errors import DivergenceError, ExperimentError
from landscape.functions import Function
from landscape.kinds import Optimizer
from landscape.network.backpropagation import Backpropagation
from landscape.training import DivergenceWarning

torch = pytest.importorskip("torch", reason="PyTorch, the oracle of these tests, is not installed")

SMALL = Experiment(dataset={"name": "moons", "train_size": 100, "test_size": 50}, hidden=[8], batch_size=32, epochs=3)


def test_training_equals_pytorch_step_by_step():
    """The whole loop: batches, passes, cost and optimizer, over 200 steps in float64."""
    experiment = SMALL.with_overrides(["precision=float64", "epochs=50", "optimizer.momentum=0.9"])
    trainer = Trainer(experiment)
    layout, data = trainer.objective.layout, trainer.objective.data.train
    parameters = [torch.tensor(block.view(trainer.theta).copy(), requires_grad=True) for block in layout]
    rate = experiment.optimizer.learning_rate
    optimizer = torch.optim.SGD(parameters, lr=rate, momentum=0.9)
    inputs, targets = (torch.tensor(np.asarray(x, np.float64)) for x in (data.inputs, data.targets))
    for epoch in range(50):
        order = experiment.rng("order", epoch).permutation(100)
        for start in range(0, 100, 32):
            rows = torch.tensor(order[start : start + 32])
            w1, b1, w2, b2 = parameters
            outputs = torch.sigmoid(torch.sigmoid(inputs[rows] @ w1.T + b1) @ w2.T + b2)
            cost = ((outputs - targets[rows]) ** 2).sum(1).mean()
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
            assert trainer.step() == pytest.approx(cost.item(), rel=1e-10)
    assert trainer.index == 200
    assert trainer.done
    for block, expected in zip(layout, parameters, strict=True):
        np.testing.assert_allclose(block.view(trainer.theta), expected.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_steps_count_from_one_and_end_with_the_last_epoch():
    records = list(steps(SMALL))
    assert [record.index for record in records] == list(range(1, 13))
    assert [record.epoch for record in records] == [1] * 4 + [2] * 4 + [3] * 4


def test_step_records_keep_their_own_theta():
    records = list(steps(SMALL))
    assert not np.array_equal(records[0].theta, records[1].theta)
    with pytest.raises(ValueError, match="read-only"):
        records[0].theta[0] = 1


@pytest.mark.parametrize("wrong", [3, {"epochs": 1}, "mnist"])
def test_what_is_no_experiment_is_said_to_be_none(wrong):
    with pytest.raises(ExperimentError, match="is no experiment"):
        fit(wrong)


def test_leaving_the_loop_stops_training():
    for record in steps(SMALL):
        if record.index == 2:
            break
    assert record.index == 2


def test_every_epoch_sees_every_example_once(monkeypatch):
    seen = []
    original = Backpropagation.__call__
    monkeypatch.setattr(
        Backpropagation, "__call__", lambda self, rows, *f: seen.extend(rows) or original(self, rows, *f)
    )
    trainer = Trainer(SMALL)
    for _ in range(trainer.steps_per_epoch):
        trainer.step()
    assert sorted(seen) == list(range(100))


@pytest.mark.parametrize("threads", [1, 2])
def test_same_experiment_gives_the_same_path_bit_for_bit(threads):
    experiment = Experiment(dataset={"name": "mnist", "train_size": 2000, "test_size": 100}, epochs=2)
    one, two = (fit(experiment, threads=threads) for _ in range(2))
    np.testing.assert_array_equal(one.path.thetas, two.path.thetas)
    np.testing.assert_array_equal(one.history.batch_cost, two.history.batch_cost)
    other = fit(experiment.with_overrides(["seed=1"]), threads=threads)
    assert not np.array_equal(one.path.thetas, other.path.thetas)


def test_gathering_ahead_in_a_second_thread_changes_no_bit():
    experiment = Experiment(
        dataset={"name": "mnist", "train_size": 2050, "test_size": 10}, batch_size=100, epochs=3, snapshots=100
    )
    one, two = (fit(experiment, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.path.thetas, two.path.thetas)
    np.testing.assert_array_equal(one.history.batch_cost, two.history.batch_cost)


def test_the_gathering_thread_ends_with_its_trainer():
    def gathering():
        return [thread for thread in threading.enumerate() if thread.name == "batches"]

    others = gathering()
    trainer = Trainer(SMALL, threads=2)
    trainer.step()
    started = [thread for thread in gathering() if thread not in others]
    assert len(started) == 1
    del trainer
    gc.collect()
    started[0].join(timeout=30)
    assert not started[0].is_alive()


def test_fit_follows_the_same_path_as_steps():
    run = fit(SMALL)
    thetas = [record.theta for record in steps(SMALL)]
    np.testing.assert_array_equal(run.path.thetas[1:], thetas)
    np.testing.assert_array_equal(run.history.batch_cost, [record.cost for record in steps(SMALL)])


def test_history_is_measured_on_all_examples():
    run = fit(SMALL)
    objective = run.objective
    np.testing.assert_array_equal(run.history.epoch, [0, 1, 2, 3])
    for epoch, index in enumerate([0, 4, 8, 12]):
        theta = run.path.thetas[index]
        assert run.history.train_cost[epoch] == objective.evaluate(theta, "train").cost
        assert run.history.test_accuracy[epoch] == objective.evaluate(theta, "test").accuracy
    np.testing.assert_array_equal(run.theta, run.path.last)
    assert run.ending == "finished"
    assert run.seconds > 0


def test_path_is_thinned_to_its_bound_and_keeps_both_ends():
    run = fit(SMALL.with_overrides(["epochs=100", "snapshots=20"]))
    assert len(run.path) <= 20
    assert run.path.steps[0] == 0
    assert run.path.steps[-1] == 400
    np.testing.assert_array_equal(run.path.steps[:5], range(5))


def test_divergence_names_step_and_cause_and_keeps_the_record():
    experiment = Experiment(function="rosenbrock", optimizer={"name": "sgd", "learning_rate": 0.1}, epochs=200)
    with pytest.warns(DivergenceWarning, match=r"diverged at step \d+ .*learning rate of 0\.1 is likely too large"):
        run = fit(experiment)
    assert run.ending == "diverged"
    assert "diverged at step" in run.message
    assert np.isfinite(run.path.thetas).all()
    assert 1 < len(run.path) < 200
    assert len(run.history.batch_cost) == run.path.steps[-1]
    with pytest.raises(DivergenceError, match="diverged at step"):
        list(steps(experiment))


def test_divergence_of_a_network_is_caught(rng):
    experiment = SMALL.with_overrides(
        ["cost=quadratic", "activation=relu", "output=identity", "optimizer.learning_rate=100", "epochs=50"]
    )
    with pytest.warns(DivergenceWarning, match="diverged at step"):
        run = fit(experiment)
    assert run.ending == "diverged"
    assert np.isfinite(run.path.thetas).all()


def test_interruption_keeps_the_run():
    def interrupt(progress):
        if progress.step >= 8:
            signal.raise_signal(signal.SIGINT)

    run = fit(SMALL.with_overrides(["epochs=100000", "snapshots=100"]), on_progress=interrupt)
    assert run.ending == "interrupted"
    assert 8 <= run.path.steps[-1] < 400_000
    assert len(run.history.batch_cost) == run.path.steps[-1]


def test_progress_is_told_and_ends_at_the_last_step():
    told = []
    fit(SMALL, on_progress=told.append)
    assert told[-1].step == told[-1].total_steps == 12
    assert told[-1].saved == -1
    assert told[-1].measured.epoch == 3


def test_rate_decays_after_every_epoch():
    trainer = Trainer(SMALL.with_overrides(["learning_rate_decay=0.5"]))
    rates = []
    while not trainer.done:
        trainer.step()
        rates.append(trainer.optimizer.learning_rate)
    assert rates == [0.5] * 4 + [0.25] * 4 + [0.125] * 4


def test_optimizer_may_be_replaced_between_steps():
    plain, changed = Trainer(SMALL), Trainer(SMALL)
    for trainer in (plain, changed):
        trainer.step()
    changed.optimizer = changed.optimizer.model_copy(update={"learning_rate": 1e-6})
    before = changed.theta.copy()
    plain.step()
    changed.step()
    np.testing.assert_allclose(changed.theta - before, 2e-6 * (plain.theta - before), rtol=0.05, atol=1e-7)


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "beale", "rastrigin", "saddle", "ravine"])
def test_functions_train_by_the_same_code(name):
    experiment = Experiment(function=name, optimizer={"name": "adam", "learning_rate": 0.02}, epochs=300)
    run = fit(experiment)
    assert run.history.train_cost[-1] < 0.5 * run.history.train_cost[0]
    assert len(run.history.batch_cost) == 300
    surface = run.surface(projection="start_end", resolution=9)
    assert surface.complete


def test_an_objective_of_the_users_own_trains():
    objective = Function(name="himmelblau").objective(np.dtype(np.float64))
    run = fit(Experiment(epochs=40, optimizer={"name": "sgd", "learning_rate": 0.01}), objective=objective)
    assert run.history.train_cost[-1] < 1e-3


def test_optimizer_plugin_with_only_init_and_update_trains():
    class Signed(Optimizer):
        name = "signed"

        def init(self, theta):
            return {"count": np.array(0)}

        def update(self, gradient, state, theta):
            return -0.01 * np.sign(gradient), {"count": state["count"] + 1}

    run = fit(SMALL.model_copy(update={"optimizer": Signed()}))
    moves = np.abs(np.diff(run.path.thetas.astype(float), axis=0))
    assert moves.max() == pytest.approx(0.01, rel=1e-3)


def test_overlapping_trainers_restore_blas_threads():
    from threadpoolctl import threadpool_info

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    first, second = steps(SMALL), steps(SMALL)
    for record in itertools.islice(zip(first, second, strict=True), 2):
        assert record[0].index == record[1].index
    assert max(threads()) == 1
    first.close()
    second.close()
    assert threads() == before


class Broken(Optimizer):
    """Puts θ where saturated units hide it from the cost, at the third step."""

    name = "broken"

    def init(self, theta):
        return {"count": np.array(0)}

    def update(self, gradient, state, theta):
        count = state["count"] + 1
        return np.full_like(theta, np.inf if count == 3 else 0.0), {"count": count}


def test_a_theta_that_is_not_finite_ends_training_though_the_cost_is():
    experiment = SMALL.model_copy(update={"optimizer": Broken()})
    with pytest.warns(DivergenceWarning, match=r"diverged at step 3 \(epoch 1\): the largest parameter is inf"):
        run = fit(experiment)
    assert run.ending == "diverged"
    assert run.path.steps.tolist() == [0, 1, 2]
    assert np.isfinite(run.path.thetas).all()
    seen = []
    with pytest.raises(DivergenceError, match="diverged at step 3 "):
        seen.extend(record.theta for record in steps(experiment))


def test_training_leaves_an_objectives_own_start_alone():
    class Shared:
        def __init__(self, inner):
            self.inner, self.start = inner, np.array([1.0, 2.0])
            self.layout, self.dtype = inner.layout, np.dtype(np.float64)

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def initial(self, rng):
            return self.start

    objective = Shared(Function(name="himmelblau").objective(np.float64))
    run = fit(Experiment(epochs=5, optimizer={"name": "sgd", "learning_rate": 0.01}), objective=objective)
    assert objective.start.tolist() == [1, 2]
    assert run.theta.tolist() != [1, 2]


def test_a_start_that_is_not_finite_ends_training_at_once():
    bowl = FunctionObjective(lambda t: float(t @ t), lambda t: 2 * t, [1.0, 2.0], np.float64)
    bowl.initial = lambda rng: np.array([np.nan, 1.0])
    with pytest.warns(DivergenceWarning, match="at step 0 .*choose another initialization"):
        run = fit(Experiment(epochs=3), objective=bowl)
    assert (run.ending, len(run.path)) == ("diverged", 1)
