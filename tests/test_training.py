"""Steps, runs, divergence, interruption, and the same numbers every time."""

from __future__ import annotations

import gc
import itertools
import re
import signal
import sys
import threading

import numpy as np
import pytest

from landscape import Experiment, FunctionObjective, Run, Schedule, Trainer, fit, steps
from landscape.errors import DivergenceError, ExperimentError, PluginError
from landscape.functions import Function
from landscape.kinds import Activation, Cost, Optimizer
from landscape.network.backpropagation import Backpropagation
from landscape.observers import CSV
from landscape.optimizers import SGD
from landscape.training import DivergenceWarning
from landscape.training.clipping import norm_of

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


def rates_of(trainer, at=None, optimizer=None):
    """Return the learning rate of each step; `optimizer` replaces the trainer's after step `at`."""
    found = []
    while not trainer.done:
        trainer.step()
        found.append(trainer.learning_rate)
        if trainer.index == at:
            trainer.optimizer = optimizer
    return found


def test_rate_decays_after_every_epoch():
    trainer = Trainer(SMALL.with_overrides(["schedule=exponential", "schedule.gamma=0.5"]))
    assert rates_of(trainer) == [0.5] * 4 + [0.25] * 4 + [0.125] * 4
    assert trainer.optimizer == SMALL.optimizer


def test_a_constant_schedule_changes_no_bit():
    class Ones(Schedule):
        name = "ones"

        def factors(self, steps, steps_per_epoch, total_steps):
            return np.ones(len(steps))

    plain, scheduled = (fit(SMALL.model_copy(update={"schedule": s})) for s in (SMALL.schedule, Ones()))
    np.testing.assert_array_equal(plain.path.thetas, scheduled.path.thetas)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_scheduled_path_is_that_of_an_optimizer_changed_by_hand(optimizer):
    experiment = SMALL.with_overrides([f"optimizer={optimizer}", "schedule=one_cycle"])
    scheduled, by_hand = Trainer(experiment), Trainer(experiment.with_overrides(["schedule=constant"]))
    factors = experiment.schedule.factors(np.arange(12), 4, 12)
    base = experiment.optimizer
    for factor in factors.tolist():
        by_hand.optimizer = base.model_copy(update={"learning_rate": base.learning_rate * factor})
        assert by_hand.step() == scheduled.step()
        np.testing.assert_array_equal(by_hand.theta, scheduled.theta)


def test_a_factor_of_zero_leaves_theta_where_it_is():
    class Pause(Schedule):
        name = "pause"

        def factors(self, steps, steps_per_epoch, total_steps):
            return (steps != 1).astype(float)

    thetas = [record.theta for record in steps(SMALL.model_copy(update={"schedule": Pause()}))]
    np.testing.assert_array_equal(thetas[0], thetas[1])
    assert not np.array_equal(thetas[1], thetas[2])


def test_an_optimizer_replaced_while_training_is_scheduled_on():
    trainer = Trainer(SMALL.with_overrides(["schedule=cosine"]))
    factors = trainer.experiment.schedule.factors(np.arange(12), 4, 12)
    new = SMALL.optimizer.model_copy(update={"learning_rate": 0.1})
    found = rates_of(trainer, at=6, optimizer=new)
    np.testing.assert_array_equal(found, np.where(np.arange(12) < 6, 0.5, 0.1) * factors)
    assert trainer.optimizer == new


def test_training_beyond_the_last_epoch_asks_for_no_step_after_the_end():
    trainer = Trainer(SMALL.with_overrides(["schedule=warmup", "schedule.then=linear"]))
    for _ in range(13):
        trainer.step()
    assert trainer.learning_rate >= 0


CLIPPING = [
    {"clip_norm": 0.05},
    {"clip_value": 0.01},
    {"clip_norm": 0.05, "clip_value": 0.01},
    {"clip_norm": 1e6, "clip_value": 1e6},
]


def flat(layout, parameters):
    """Return the θ of which PyTorch's parameters are the blocks."""
    theta = np.empty(sum(parameter.numel() for parameter in parameters))
    for block, parameter in zip(layout, parameters, strict=True):
        block.view(theta)[...] = parameter.detach().numpy()
    return theta


@pytest.mark.parametrize("clipping", CLIPPING, ids=str)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_clipping_equals_pytorchs(clipping, momentum):
    experiment = SMALL.model_copy(update={"precision": "float64", "epochs": 25, **clipping})
    experiment = experiment.with_overrides([f"optimizer.momentum={momentum}"])
    trainer = Trainer(experiment, norms=True)
    layout, cut = trainer.objective.layout, 0
    parameters = [torch.tensor(block.view(trainer.theta).copy(), requires_grad=True) for block in layout]
    optimizer = torch.optim.SGD(parameters, lr=0.5, momentum=momentum)
    for epoch in range(25):
        order = experiment.rng("order", epoch).permutation(100)
        for start in range(0, 100, 32):
            rows = order[start : start + 32]
            gradient = trainer.objective.gradient(flat(layout, parameters), "train", rows)[1]
            for parameter, block in zip(parameters, layout, strict=True):
                parameter.grad = torch.tensor(block.view(gradient).copy())
            before = torch.cat([p.grad.flatten() for p in parameters])
            if "clip_value" in clipping:
                torch.nn.utils.clip_grad_value_(parameters, clipping["clip_value"])
            if "clip_norm" in clipping:
                torch.nn.utils.clip_grad_norm_(parameters, clipping["clip_norm"])
            cut += not torch.equal(before, torch.cat([p.grad.flatten() for p in parameters]))
            optimizer.step()
            trainer.step()
            assert trainer.gradient_norm == pytest.approx(before.norm().item(), rel=1e-10)
            np.testing.assert_allclose(trainer.theta, flat(layout, parameters), rtol=0, atol=1e-10)
    assert cut == 0 if max(clipping.values()) == 1e6 else cut > 50


def test_limits_that_nothing_reaches_leave_the_path_as_an_optimizer_makes_it_of_the_gradient():
    class Same(SGD):
        """Makes the same steps, from the gradient itself."""

        def factor(self):
            return None

    unfolded = fit(SMALL.model_copy(update={"optimizer": Same(learning_rate=0.5)}))
    clipped = fit(SMALL.with_overrides(["clip_norm=1e6", "clip_value=1e6"]))
    np.testing.assert_array_equal(unfolded.path.thetas, clipped.path.thetas)


@pytest.mark.parametrize("length", [0.0, 1e-200, 1e-30, 1.0, 1e30, 1e200])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norms_are_right_where_squares_are_not(length, dtype):
    entry = dtype(length) if length <= float(np.finfo(dtype).max) else np.finfo(dtype).max / 4
    norm = norm_of(np.array([3 * entry, 0, 4 * entry], dtype) / dtype(5))
    assert norm == pytest.approx(float(entry), rel=1e-6)


def test_norms_of_what_is_not_finite_are_not():
    assert norm_of(np.array([1.0, -np.inf])) == np.inf
    assert np.isnan(norm_of(np.array([1.0, np.nan])))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_measuring_norms_changes_no_bit_and_tells_those_of_the_gradient(optimizer):
    experiment = SMALL.with_overrides([f"optimizer={optimizer}", "schedule=cosine"])
    plain, measured = Trainer(experiment), Trainer(experiment, norms=True)
    assert np.isnan(measured.gradient_norm)
    while not measured.done:
        order = experiment.rng("order", measured.index // 4).permutation(100)
        rows = order[32 * (measured.index % 4) :][:32]
        gradient = measured.objective.gradient(measured.theta, "train", rows)[1]
        assert plain.step() == measured.step()
        assert measured.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
    np.testing.assert_array_equal(plain.theta, measured.theta)
    assert np.isnan(plain.gradient_norm)


def test_clipped_gradients_are_gathered_ahead_too():
    experiment = SMALL.with_overrides(["clip_norm=0.05", "epochs=20"])
    one, two = (fit(experiment, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.path.thetas, two.path.thetas)


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


# What becomes of a run when a plugin raises


def failing(method, call, error=None):
    """Return the quadratic cost, one of whose methods raises when it is called for that time."""
    calls = itertools.count(1)

    class Failing(Cost):
        name = "quadratic"  # so that the run can be opened again

        def per_example(self, outputs, targets):
            self.called("per_example")
            return ((outputs - targets) ** 2).sum(axis=-1)

        def gradient(self, outputs, targets):
            self.called("gradient")
            return 2 * (outputs - targets)

        def called(self, name):
            if name == method and next(calls) == call:
                raise error or ValueError("no such digit")

    return Failing()


# per_example is called at the start for both splits, then as gradient once for each of 4 batches
@pytest.mark.parametrize(
    ("method", "call", "steps", "epochs"),
    [("per_example", 1, 0, 0), ("gradient", 1, 0, 1), ("gradient", 7, 6, 2), ("per_example", 8, 4, 1)],
)
def test_a_cost_that_raises_is_named_and_what_was_recorded_is_kept(method, call, steps, epochs, tmp_path):
    folder = tmp_path / "run.zarr"
    with pytest.raises(ValueError, match="no such digit") as caught:
        fit(SMALL.model_copy(update={"cost": failing(method, call)}), folder=folder)
    run = Run.open(folder)
    assert run.ending == "stopped"
    said = rf"cost 'quadratic' stopped training after step {steps}: ValueError: no such digit \(test_training.py, line"
    assert re.match(said, run.message)
    assert len(run.history.batch_cost) == run.path.steps[-1] == steps
    assert len(run.history.epochs()) == epochs
    np.testing.assert_array_equal(run.path.thetas, fit(SMALL).path.thetas[: steps + 1])
    assert caught.value.__notes__ == [
        f"training stopped after step {steps}; what was recorded is kept in {str(folder)!r}"
    ]


class Jagged(Activation):
    name = "jagged"

    def value(self, z):
        return z.reshape(7, -1) if len(z) > 50 else z

    def derivative(self, z, a):
        return np.ones_like(z)


class Misshapen(Optimizer):
    name = "misshapen"

    def init(self, theta):
        return {}

    def update(self, gradient, state, theta):
        return np.zeros(3), state


class Late(Schedule):
    name = "late"

    def factors(self, steps, steps_per_epoch, total_steps):
        return [1 / (4 - step) for step in steps.tolist()]


@pytest.mark.parametrize(
    ("part", "step", "line"),
    [({"activation": Jagged()}, 0, True), ({"optimizer": Misshapen()}, 0, False), ({"schedule": Late()}, 4, True)],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_every_kind_that_training_uses_is_blamed_for_what_it_raises(part, step, line, tmp_path):
    ((kind, plugin),) = part.items()
    with pytest.raises((ValueError, ZeroDivisionError)):
        fit(SMALL.model_copy(update=part), folder=tmp_path / "run.zarr")
    run = Run.open(tmp_path / "run.zarr")
    assert run.ending == "stopped"
    assert run.message.startswith(f"{kind} {plugin.name!r} stopped training after step {step}: ")
    assert ("test_training.py, line" in run.message) == line


def test_an_error_that_is_nobodys_is_said_too(tmp_path):
    def tell(progress):
        raise LookupError("nobody listens")

    with pytest.raises(LookupError):
        fit(SMALL, folder=tmp_path / "run.zarr", on_progress=tell)
    run = Run.open(tmp_path / "run.zarr")
    assert run.ending == "stopped"
    assert run.message.startswith("training stopped after step 12: LookupError: nobody listens (test_training.py, line")
    assert len(run.history.epochs()) == 4


def test_a_contract_that_is_broken_is_said_in_the_folder_as_it_is_raised(tmp_path):
    class Short(type(failing("", 0))):
        def per_example(self, outputs, targets):
            return np.zeros(3)

    with pytest.raises(PluginError, match="returned losses of shape") as caught:
        fit(SMALL.model_copy(update={"cost": Short()}), folder=tmp_path / "run.zarr")
    assert Run.open(tmp_path / "run.zarr").message == f"training stopped after step 0: {caught.value}"


def test_a_plugin_cannot_end_the_program(tmp_path):
    leaving = failing("gradient", 3, SystemExit(3))
    with pytest.raises(PluginError, match=r"cost 'quadratic' raised SystemExit: 3 \(test_training.py, line"):
        fit(SMALL.model_copy(update={"cost": leaving}), folder=tmp_path / "run.zarr")
    run = Run.open(tmp_path / "run.zarr")
    assert (run.ending, len(run.history.batch_cost)) == ("stopped", 2)
    with pytest.raises(SystemExit):
        fit(SMALL, on_progress=sys.exit)


@pytest.mark.parametrize("method", ["per_example", "gradient"])
def test_an_interruption_before_the_first_step_is_said_in_the_folder(method, tmp_path):
    experiment = SMALL.model_copy(update={"cost": failing(method, 1, KeyboardInterrupt())})
    fit(experiment, folder=tmp_path / "run.zarr")
    run = Run.open(tmp_path / "run.zarr")
    assert (run.ending, run.message) == ("interrupted", "interrupted after step 0")
    assert run.path.steps.tolist() == [0]


def test_watchers_are_closed_when_a_cost_raises(tmp_path):
    log = CSV(path=str(tmp_path / "log.csv"))
    with pytest.raises(ValueError, match="no such digit"):
        fit(SMALL.model_copy(update={"cost": failing("gradient", 3), "observers": (log,)}))
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3


def test_memory_that_runs_out_while_recording_leaves_a_folder_that_opens(tmp_path, monkeypatch):
    def full(self):
        raise MemoryError

    monkeypatch.setattr("landscape.training.recording._Recorder._snapshot", full)
    with pytest.raises(MemoryError) as caught:
        fit(SMALL, folder=tmp_path / "run.zarr")
    assert any("what was not recorded yet is lost: MemoryError" in note for note in caught.value.__notes__)
    run = Run.open(tmp_path / "run.zarr")
    assert (run.ending, len(run.path)) == ("stopped", 0)
    assert run.message.startswith("training stopped after step 0: MemoryError")
