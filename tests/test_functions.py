"""Tests of plain functions as objectives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from landscape.errors import ExperimentError
from landscape.functions import FORMULAS, Function, FunctionObjective
from landscape.objective import Objective, PlaneEvaluators, minibatch, plane_evaluator
from landscape.plane import Plane

NAMES = list(FORMULAS)
MINIMA = {
    "rosenbrock": [(1, 1), (1, 1, 1, 1)],
    "himmelblau": [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)],
    "beale": [(3, 0.5)],
    "rastrigin": [(0, 0), (0, 0, 0)],
    "saddle": [(0, 1), (0, -1), (0, 0, 1)],
    "ravine": [(0, 0), (0, 0, 0)],
}
# Values worked out by hand from the published formulas.
VALUES = {
    "rosenbrock": ((2, 3), 101),
    "himmelblau": ((1, 2), 68),
    "beale": ((1, 2), 2.5**2 + 5.25**2 + 9.625**2),
    "rastrigin": ((0.5, 1), 0.25 + 20 + 1),
    "saddle": ((2, 3), 2 + 16),
    "ravine": ((10, 2), 0.5 + 2),
}


def objective(name, start=None, dtype=np.float64):
    return Function(name=name, start=start).objective(dtype)


@pytest.mark.parametrize("name", NAMES)
def test_value_is_the_published_one(name):
    point, value = VALUES[name]
    assert objective(name).evaluate(np.array(point, float)).cost == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_known_minima_cost_nothing_and_have_no_slope(name):
    for minimum in MINIMA[name]:
        cost, gradient = objective(name, minimum).gradient(np.array(minimum, float))
        assert cost == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(gradient, 0, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [2, 5])
def test_gradient_agrees_with_central_differences(name, size):
    size = 2 if FORMULAS[name].only_two else size
    value = FORMULAS[name].value
    for theta in np.random.default_rng(0).normal(0, 2, (20, size)):
        moves = 1e-5 * np.eye(size)
        slopes = [(value(theta + move) - value(theta - move)) / 2e-5 for move in moves]
        _, gradient = objective(name, theta.tolist()).gradient(theta)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-5)


def test_saddle_point_is_neither_minimum_nor_maximum():
    saddle = FORMULAS["saddle"]
    assert saddle.gradient(np.zeros(2)).tolist() == [0, 0]
    assert saddle.value(np.array([0, 0.1])) < saddle.value(np.zeros(2)) < saddle.value(np.array([0.1, 0]))


def test_ravine_has_condition_number_100():
    curvatures = [FORMULAS["ravine"].gradient(axis)[k] for k, axis in enumerate(np.eye(4))]
    assert max(curvatures) / min(curvatures) == pytest.approx(100)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_function_is_an_objective(name, dtype):
    found = objective(name, dtype=dtype)
    theta = found.initial(np.random.default_rng(0))
    assert isinstance(found, Objective)
    assert isinstance(found, PlaneEvaluators)
    assert theta.dtype == found.gradient(theta)[1].dtype == found.dtype == dtype
    assert theta.shape == (found.layout.size,)
    assert found.examples("train") == found.examples("test") == 1
    train, test = found.evaluate(theta), found.evaluate(theta, "test", np.array([0]))
    assert (train.cost, train.deviation) == (test.cost, test.deviation) == (train.cost, 0)
    assert math.isnan(train.accuracy)


@pytest.mark.parametrize("name", NAMES)
def test_descent_starts_on_a_slope(name):
    found = objective(name)
    assert np.abs(found.gradient(found.initial(np.random.default_rng(0)))[1]).max() > 1e-3


def test_initial_is_a_fresh_copy():
    found = objective("beale", (2, 1))
    found.initial(np.random.default_rng(0))[:] = 9
    assert found.initial(np.random.default_rng(1)).tolist() == [2, 1]


def test_gradient_does_not_share_memory_with_theta():
    theta = np.array([1.0, 2.0])
    own = FunctionObjective(lambda t: t @ t / 2, lambda t: t, [1, 2], np.float64)
    own.gradient(theta)[1][:] = 9
    assert theta.tolist() == [1, 2]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_plane_evaluator_equals_evaluation_point_by_point(name, dtype):
    found = objective(name, dtype=dtype)
    plane = Plane(np.array([0.3, -0.2]), np.array([[1.0, 0.5], [0.25, 2.0]]))
    a, b = np.random.default_rng(0).normal(0, 1, (2, 40))
    fast = plane_evaluator(found, plane, "test", None, True)(a, b)
    slow = [objective(name, dtype=np.float64).evaluate(theta).cost for theta in plane.lift(a, b)]
    assert fast.cost.tolist() == pytest.approx(slow, rel=1e-13)
    assert fast.cost.dtype == np.float64
    assert np.isnan(fast.accuracy).all()
    assert not fast.deviation.any()


def test_plane_evaluator_of_a_plain_callable_goes_point_by_point():
    shapes = []

    def value(theta):
        shapes.append(theta.shape)
        return float(theta[0] + 10 * theta[1])

    found = FunctionObjective(value, None, [0, 0], np.float64)
    cost = plane_evaluator(found, Plane(np.zeros(2), np.eye(2)), "train", None, False)(
        np.array([1.0, 2.0]), np.array([3.0, 4.0])
    ).cost
    assert cost.tolist() == [31, 42]
    assert set(shapes) == {(2,)}


def test_minibatch_writes_the_gradient_in_place():
    found = objective("rosenbrock")
    theta, gradient = np.array([-1.2, 1.0]), np.zeros(2)
    compute = minibatch(found, theta, gradient, 1)
    cost = compute(np.array([0]))
    assert cost == pytest.approx(24.2)
    np.testing.assert_allclose(gradient, [-215.6, -88])
    assert compute(np.array([0]), -0.5) == cost
    np.testing.assert_allclose(gradient, [107.8, 44])


def test_without_a_gradient_central_differences_are_taken():
    formula = FORMULAS["rosenbrock"]
    found = FunctionObjective(formula.value, None, [-1.2, 1.0, 3.0], np.float64)
    theta = np.array([0.4, -2.0, 50.0])
    np.testing.assert_allclose(found.gradient(theta)[1], formula.gradient(theta), rtol=1e-8)


def test_costs_of_float32_parameters_are_computed_in_float64():
    theta = np.array([1.0003, 1.0005], np.float32)
    x, y = (float(v) for v in theta)
    expected = 100 * (y - x * x) ** 2 + (1 - x) ** 2
    assert objective("rosenbrock", dtype=np.float32).evaluate(theta).cost == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [1e31, -3e38, math.inf])
def test_far_away_the_cost_is_infinite_without_a_warning(name, dtype, far):
    found = objective(name, dtype=dtype)
    theta = np.array([1.0, far], dtype)
    cost, gradient = found.gradient(theta)
    assert cost == found.evaluate(theta).cost == math.inf
    assert np.isnan(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_up_to_the_limit_nothing_overflows_in_float64(name):
    cost, gradient = objective(name).gradient(np.array([1e30, -1e30]))
    assert math.isfinite(cost)
    assert np.isfinite(gradient).all()


def test_cost_too_large_for_float32_is_infinite_without_a_warning():
    theta = np.array([1e12, 1e12])
    assert objective("beale").evaluate(theta).cost > 1e90
    found = objective("beale", dtype=np.float32)
    cost, gradient = found.gradient(theta.astype(np.float32))
    assert cost == math.inf
    assert np.isnan(gradient).all()
    plane = Plane(theta, np.eye(2))
    assert found.plane_evaluator(plane, "train", None, False)(np.zeros(1), np.zeros(1)).cost[0] == math.inf


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    assert math.isnan(objective(name).evaluate(np.array([math.nan, 1.0])).cost)


def test_overflow_error_of_a_callable_counts_as_infinite():
    found = FunctionObjective(lambda t: math.exp(t[0]) + t[1], None, [0, 0], np.float64)
    assert found.evaluate(np.array([1000.0, 0])).cost == math.inf


def test_other_errors_of_a_callable_are_not_hidden():
    found = FunctionObjective(lambda t: math.log(t[0]), lambda t: t, [1, 1])
    with pytest.raises(ValueError, match=r"math|positive"):
        found.evaluate(np.array([-1.0, 0]))


@pytest.mark.parametrize("start", [[1], [[1, 2]], 3, [1, math.nan]])
def test_start_must_be_two_or_more_finite_numbers(start):
    with pytest.raises(ExperimentError, match="two or more finite numbers"):
        FunctionObjective(lambda t: 0.0, None, start)


def test_shapes_are_checked_before_the_first_step():
    with pytest.raises(ExperimentError, match=r"value of mine has shape \(2,\): it must be \(\)"):
        FunctionObjective(lambda t: t, None, [1, 2], name="mine")
    with pytest.raises(ExperimentError, match=r"gradient of mine has shape \(\): it must be \(2,\)"):
        FunctionObjective(lambda t: 0.0, lambda t: 0.0, [1, 2], name="mine")
    with pytest.raises(ExperimentError, match=r"vectorized value of mine has shape \(\): it must be \(3,\)"):
        FunctionObjective(lambda t: t.sum(), None, [1, 2], name="mine", vectorized=True)


def test_precision_must_be_one_of_two():
    with pytest.raises(ExperimentError, match="float32 or float64"):
        FunctionObjective(lambda t: 0.0, None, [1, 2], np.float16)


def test_bare_name_stands_for_the_function_of_that_name():
    assert Function.model_validate("beale") == Function(name="beale")
    assert Function.model_validate({"name": "saddle", "start": [-1.5, 2]}).start == (-1.5, 2)


@pytest.mark.parametrize("name", NAMES)
def test_function_round_trips_through_json(name):
    function = Function(name=name, start=(0.1, -0.3))
    assert Function.model_validate_json(function.model_dump_json()) == function


def test_unknown_name_suggests_the_near_one():
    with pytest.raises(ValidationError, match=r"'rosenbrok' is not a test function.*Did you mean 'rosenbrock'"):
        Function(name="rosenbrok")


@pytest.mark.parametrize("start", [(1,), (1, 2, 3), (1, 1e9), (1, math.nan)])
def test_start_that_does_not_fit_the_function_is_refused(start):
    with pytest.raises(ValidationError, match="start"):
        Function(name="himmelblau", start=start)


def test_length_of_the_start_is_the_number_of_parameters():
    assert objective("rastrigin", (1, 2, 3, 4)).layout.size == 4
