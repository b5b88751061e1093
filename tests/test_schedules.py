"""Learning-rate schedules: PyTorch's numbers, and what they do at the ends."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from landscape import Experiment, Schedule, Trainer
from landscape.builtin import register_schedules
from landscape.errors import ExperimentError, PluginError
from landscape.kinds import Optimizer, checked_factors
from landscape.schedules import Constant, Cosine, Exponential, OneCycle, Step, Warmup

SMALL = Experiment(dataset={"name": "moons", "train_size": 100, "test_size": 50}, hidden=[8], batch_size=32, epochs=3)
EVERY = [cls() for cls in register_schedules()] + [Warmup(then="linear"), Warmup(then="cosine", epochs=2.5)]
each = pytest.mark.parametrize("schedule", EVERY, ids=repr)


def factors(schedule, steps_per_epoch, total_steps):
    return schedule.factors(np.arange(total_steps), steps_per_epoch, total_steps)


def test_every_schedule_equals_pytorchs():
    pytest.importorskip("torch", reason="PyTorch is the oracle here: install landscape-explorer[test]")
    from oracles import classes, schedules

    assert classes(schedules.ORACLES) == set(register_schedules())
    for oracle in schedules.ORACLES:
        assert schedules.differences(oracle)["factor"] < 1e-10, oracle.plugin


@each
@pytest.mark.parametrize(("steps_per_epoch", "total_steps"), [(1, 1), (1, 2), (1, 3), (5, 5), (4, 4000)])
def test_factors_are_finite_and_between_none_and_all(schedule, steps_per_epoch, total_steps):
    found = factors(schedule, steps_per_epoch, total_steps)
    assert found.dtype == np.float64
    assert ((found >= 0) & (found <= 1)).all()


@each
def test_factors_are_the_same_however_steps_are_asked_for(schedule):
    whole = factors(schedule, 7, 70)
    cut = [schedule.factors(np.array([step]), 7, 70)[0] for step in range(70)]
    np.testing.assert_array_equal(whole, cut)
    backwards = schedule.factors(np.arange(70)[::-1], 7, 70)
    np.testing.assert_array_equal(whole, backwards[::-1])


def test_schedules_by_epoch_change_between_epochs_only():
    np.testing.assert_allclose(factors(Step(every=2, gamma=0.1), 2, 10), [1] * 4 + [0.1] * 4 + [0.01] * 2)
    np.testing.assert_allclose(factors(Exponential(gamma=0.5), 2, 6), [1, 1, 0.5, 0.5, 0.25, 0.25])


def test_schedules_by_step_have_the_stated_shapes():
    np.testing.assert_allclose(factors(Cosine(final=0.5), 2, 4), 0.75 + 0.25 * np.cos(np.pi * np.arange(4) / 4))
    cycle = factors(OneCycle(rise=0.5, first=0.2, last=0.1), 1, 10)
    assert np.argmax(cycle) == 4
    np.testing.assert_allclose(cycle[[0, 4, 9]], [0.2, 1, 0.1])
    np.testing.assert_allclose(factors(Warmup(start=0.2, epochs=2), 2, 6), [0.2, 0.4, 0.6, 0.8, 1, 1])
    np.testing.assert_allclose(factors(Warmup(start=0.5, epochs=1, then="linear"), 1, 5), [0.5, 1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Step(every=0),
        lambda: Step(gamma=0),
        lambda: Exponential(gamma=1.1),
        lambda: Cosine(final=-0.1),
        lambda: OneCycle(rise=0),
        lambda: OneCycle(rise=1),
        lambda: Warmup(start=0),
        lambda: Warmup(epochs=0),
        lambda: Warmup(then="up"),
    ],
)
def test_values_out_of_bounds_are_errors(wrong):
    with pytest.raises(ValidationError):
        wrong()


def test_a_schedule_is_said_by_name_table_and_object():
    by_name = Experiment(schedule="cosine")
    assert by_name == Experiment(schedule={"name": "cosine"}) == Experiment(schedule=Cosine())
    changed = Experiment().with_overrides(["schedule=step", "schedule.every=5"])
    assert changed.schedule == Step(every=5)
    assert Experiment().schedule == Constant()


def rates(experiment):
    trainer = Trainer(experiment)
    found = []
    while not trainer.done:
        trainer.step()
        found.append(trainer.learning_rate)
    return found


@each
def test_training_uses_the_factor_of_each_step(schedule):
    experiment = SMALL.model_copy(update={"schedule": schedule})
    np.testing.assert_array_equal(rates(experiment), 0.5 * factors(schedule, 4, 12))


class Told(Schedule):
    """Returns what it was made with."""

    name = "told"
    said: object = None

    def factors(self, steps, steps_per_epoch, total_steps):
        return self.said(steps) if callable(self.said) else self.said


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (lambda steps: np.ones(len(steps) + 1), r"shape \(5,\) for steps \(4,\): it must return one for each step"),
        (lambda steps: np.ones((len(steps), 1)), r"shape \(4, 1\)"),
        (1.0, r"shape \(\)"),
        (None, r"shape \(\)"),
        ("none", "str: return an array of numbers"),
        (lambda steps: np.full(len(steps), np.nan), "the factor nan: they must be finite and not negative"),
        (lambda steps: 1 - steps, "the factor -1: they must be finite and not negative"),
    ],
)
def test_factors_that_cannot_be_used_are_errors_naming_the_schedule(said, message):
    with pytest.raises(PluginError, match=f"schedule 'told' returned .*{message}"):
        checked_factors(Told(said=said), np.arange(4), 2, 4)
    with pytest.raises(PluginError, match="schedule 'told'"):
        Trainer(SMALL.model_copy(update={"schedule": Told(said=said)})).step()


def test_factors_may_be_of_any_type_of_number():
    found = checked_factors(Told(said=lambda steps: [1] * len(steps)), np.arange(4), 2, 4)
    assert found.dtype == np.float64


def test_an_optimizer_without_a_rate_takes_no_schedule():
    class Still(Optimizer):
        name = "still"

        def init(self, theta):
            return {}

        def update(self, gradient, state, theta):
            return 0 * theta, state

    assert Experiment(optimizer=Still()).schedule == Constant()
    with pytest.raises(ExperimentError, match="schedule = 'cosine', but still has no learning_rate"):
        Experiment(optimizer=Still(), schedule="cosine")
    trainer = Trainer(SMALL.with_overrides(["schedule=cosine"]))
    trainer.step()
    trainer.step()
    with pytest.raises(ExperimentError, match="still has no learning_rate"):
        trainer.optimizer = Still()
