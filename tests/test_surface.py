"""Surfaces equal the point-by-point forward pass, whatever the grid, and say what they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from landscape import Experiment, FunctionObjective, Grid, NetworkObjective, Path, Plane, fit
from landscape.costs import Quadratic
from landscape.errors import LandscapeError, PluginError
from landscape.functions import Function
from landscape.objective import Evaluation
from landscape.projections import PCA, FilterNormalized
from landscape.surface import GridError, evaluate, tiles


def plane_of(objective, seed=0, scale=1.0):
    theta = objective.initial(np.random.default_rng(seed))
    path = Path(np.array([0]), theta[None])
    plane = FilterNormalized(biases=True, normalization="layer").plane(objective, path, np.random.default_rng(seed + 1))
    return Plane(plane.centre, plane.directions * scale)


def by_points(objective, plane, grid, split, rows=None):
    """The same surface by float64 forward passes, one point at a time."""
    double = NetworkObjective(objective.network, objective.loss, objective.data, "normal", np.float64)
    table = [[double.evaluate(plane.lift(a, b), split, rows) for a in grid.a] for b in grid.b]
    return np.array(table).transpose(2, 0, 1)


NETWORKS = [
    {},
    {"activation": "relu", "output": "identity", "cost": "cross_entropy", "hidden": [40, 20]},
    {"activation": ["tanh", "gelu"], "output": "identity", "cost": "huber"},
    {"activation": "silu", "output": "sigmoid", "cost": "quadratic", "hidden": [12, 9, 8]},
    {"hidden": [], "output": "identity", "cost": "binary_cross_entropy"},
    {"activation": "heaviside", "hidden": [5]},
]


@pytest.mark.parametrize("changes", NETWORKS, ids=lambda c: str(c.get("activation", "sigmoid")))
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_surface_equals_the_forward_pass_at_every_point(changes, precision, tolerance):
    dataset = {"name": "mnist", "train_size": 100, "test_size": 450}
    objective = Experiment(dataset=dataset, precision=precision, initialization="uniform", **changes).objective()
    plane = plane_of(objective)
    grid = Grid.spanning((-1, 0.7), (-0.4, 1.3), (5, 4))
    surface = evaluate(objective, plane, grid, split="test")
    cost, accuracy, _ = by_points(objective, plane, grid, "test")
    if changes.get("activation") == "heaviside" and precision == "float32":
        tolerance = 1e-2  # a step moves when its argument is rounded across zero
    np.testing.assert_allclose(surface.cost, cost, rtol=tolerance)
    np.testing.assert_allclose(surface.accuracy, accuracy, atol=2.5 / 450 if precision == "float32" else 1e-12)


def test_float32_sums_over_all_training_images_keep_their_digits():
    objective = Experiment().objective()
    plane = plane_of(objective)
    grid = Grid.spanning((-0.5, 0.5), (0, 1), (2, 2))
    surface = evaluate(objective, plane, grid)
    assert surface.examples == 60_000
    np.testing.assert_allclose(surface.cost, by_points(objective, plane, grid, "train")[0], rtol=1e-5)


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (1, 5), (6, 6), (51, 3)])
def test_rows_are_b_and_columns_are_a_on_any_grid(shape):
    objective = Function(name="himmelblau").objective(np.dtype(np.float64))
    plane = Plane(np.array([0.5, -0.5]), np.array([[1.0, 0.2], [0.0, 2.0]]))
    grid = Grid.spanning((-2, 3), (-1, 1.5), shape)
    surface = evaluate(objective, plane, grid)
    assert surface.cost.shape == grid.shape == shape[::-1]
    for j, b in enumerate(grid.b):
        for i, a in enumerate(grid.a):
            expected = objective.evaluate(plane.lift(a, b)).cost
            assert surface.cost[j, i] == pytest.approx(expected, rel=1e-12)


def test_grid_ends_are_the_labelled_ones_and_odd_grids_hold_the_centre():
    grid = Grid.spanning((-2, 2), (-1, 1), (5, 3))
    assert (grid.a[0], grid.a[-1], grid.b[0], grid.b[-1]) == (-2, 2, -1, 1)
    assert 0 in grid.a
    assert 0 in grid.b


def test_grid_around_a_path_holds_it_with_a_margin(classic, rng):
    plane = plane_of(classic)
    points = rng.normal(size=(2, 20)) * [[3], [0.5]]
    grid = Grid.around(plane, Path(np.arange(20), plane.lift(*points)), (9, 12))
    for axis, values in zip((grid.a, grid.b), points, strict=True):
        extent = np.ptp(values)
        assert axis[0] < values.min() - 0.2 * extent
        assert axis[-1] > values.max() + 0.2 * extent


def test_grid_around_a_path_goes_as_far_as_the_plane_reaches(classic):
    plane = plane_of(classic)
    far = Plane(plane.centre, plane.directions, reach=(1.0, 0.5))
    grid = Grid.around(far, Path(np.array([0]), plane.centre[None]), 5)
    assert grid.a[0] <= -1
    assert grid.a[-1] >= 1
    assert grid.b[0] <= -0.5
    assert grid.b[-1] >= 0.5


def test_a_grid_of_one_point_holds_the_middle():
    grid = Grid.spanning((-1, 3), (0, 1), (1, 2))
    np.testing.assert_array_equal(grid.a, [1])


def test_grid_around_a_still_path_does_not_degenerate(classic):
    plane = plane_of(classic)
    grid = Grid.around(plane, Path(np.array([0]), plane.centre[None]), 3)
    assert (np.diff(grid.a) > 0).all()
    assert grid.a[1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Grid(np.array([0.0, 0.0]), np.array([1.0])),
        lambda: Grid(np.array([1.0, 0.0]), np.array([1.0])),
        lambda: Grid(np.array([np.nan]), np.array([1.0])),
        lambda: Grid(np.zeros((2, 2)), np.array([1.0])),
        lambda: Grid.spanning(resolution=0),
        lambda: Grid.spanning(resolution=5000),
    ],
)
def test_impossible_grids_are_errors(wrong):
    with pytest.raises(GridError):
        wrong()


def test_sampled_surface_states_its_standard_error(classic):
    plane, grid = plane_of(classic), Grid.spanning(resolution=(2, 2))
    sampled = evaluate(classic, plane, grid, split="test", sample=200, rng=np.random.default_rng(5))
    assert (sampled.examples, sampled.available) == (200, 1000)
    assert len(np.unique(sampled.rows)) == 200
    cost, _, deviation = by_points(classic, plane, grid, "test", sampled.rows)
    np.testing.assert_allclose(sampled.cost, cost, rtol=1e-5)
    np.testing.assert_allclose(sampled.standard_error, deviation / np.sqrt(200) * np.sqrt(0.8), rtol=1e-4)
    again = evaluate(classic, plane, grid, split="test", sample=200, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(again.cost, sampled.cost)


def test_standard_error_is_how_far_samples_scatter(classic):
    plane, grid = plane_of(classic), Grid(np.array([0.3]), np.array([-0.2]))
    whole = evaluate(classic, plane, grid, split="test")
    assert whole.standard_error[0, 0] == 0
    samples = [
        evaluate(classic, plane, grid, split="test", sample=100, rng=np.random.default_rng(k)) for k in range(150)
    ]
    scatter = np.std([s.cost[0, 0] for s in samples])
    assert np.mean([s.standard_error[0, 0] for s in samples]) == pytest.approx(scatter, rel=0.2)


class Hostile:
    """A minimal objective of the user's own: finite, infinite, not a number, negative, one point at a time."""

    layout = Function(name="saddle").objective(np.dtype(np.float64)).layout
    dtype = np.dtype(np.float64)

    def examples(self, split):
        return 1

    def initial(self, rng):
        return np.zeros(2)

    def evaluate(self, theta, split="train", rows=None):
        x, y = theta
        cost = np.nan if x > 1.5 else np.inf if y > 1.5 else -1.0 if x == y == 0 else x * y
        return Evaluation(cost, float("nan"), 0.0)

    def gradient(self, theta, split="train", rows=None):
        return 0.0, theta


def test_non_finite_values_are_masked_and_counted_never_replaced():
    plane = Plane(np.zeros(2), np.eye(2))
    surface = evaluate(Hostile(), plane, Grid.spanning((-2, 2), (-2, 2), 5))
    assert surface.complete
    assert surface.nonfinite == 9
    assert np.isnan(surface.masked[:, -1]).all()
    assert np.isnan(surface.masked[-1]).all()
    assert np.isposinf(surface.cost[-1, 0])
    assert surface.cost[2, 2] == -1, "a negative cost is a cost"
    assert surface.cost[0, 2] == 0, "a cost of zero is evaluated"
    assert surface.evaluated[0, 2]


def test_evaluation_goes_from_coarse_to_fine_and_can_be_stopped_and_resumed(classic):
    plane, grid = plane_of(classic), Grid.spanning(resolution=(33, 20))
    news = tiles(classic, plane, grid, split="test")
    first = next(news)
    assert 0 < first.done < first.total == 33 * 20
    assert not first.surface.complete
    level = first.surface.finest()
    assert [index[0] for index in level] == [0, 0]
    assert [index[-1] for index in level] == [19, 32]
    assert 4 <= len(level[1]) < 33
    news.close()
    stopped = first.surface
    assert stopped.evaluated.sum() < 33 * 20
    computed = stopped.cost.copy()
    counts = []
    for tile in tiles(classic, plane, grid, split="test", resume=stopped):
        counts.append(tile.done)
        assert not stopped.evaluated[tile.rows, tile.columns].any()
    assert counts == sorted(counts)
    assert tile.surface.complete
    np.testing.assert_array_equal(stopped.cost, computed)
    whole = evaluate(classic, plane, grid, split="test")
    np.testing.assert_array_equal(tile.surface.cost, whole.cost)


def test_number_of_threads_changes_no_bit(classic):
    plane, grid = plane_of(classic), Grid.spanning(resolution=(21, 9))
    one, three = (evaluate(classic, plane, grid, split="test", workers=count) for count in (1, 3))
    np.testing.assert_array_equal(one.cost, three.cost)
    np.testing.assert_array_equal(one.accuracy, three.accuracy)


def test_exploring_changes_neither_theta_nor_plane(classic):
    plane = plane_of(classic)
    centre, directions = plane.centre.copy(), plane.directions.copy()
    evaluate(classic, plane, Grid.spanning(resolution=3))
    np.testing.assert_array_equal(plane.centre, centre)
    np.testing.assert_array_equal(plane.directions, directions)


def test_heights_on_the_surface_and_true_costs(classic, rng):
    plane = plane_of(classic)
    surface = evaluate(classic, plane, Grid.spanning(resolution=(41, 41)), split="test")
    on_plane = plane.lift(np.array([0.0, 0.31]), np.array([0.0, -0.27])).astype(np.float32)
    np.testing.assert_allclose(surface.at(on_plane), surface.true_costs(on_plane), rtol=5e-3)
    off = on_plane + 0.1 * rng.normal(size=on_plane.shape).astype(np.float32)
    expected = [classic.evaluate(theta, "test").cost for theta in off]
    np.testing.assert_allclose(surface.true_costs(off), expected, rtol=1e-6)
    assert (np.abs(surface.at(off) - expected) > 1e-3).all()
    assert np.isnan(surface.at(plane.lift(5.0, 0.0)[None]))[0]


def test_figure_puts_the_ball_at_the_true_cost_of_the_surface_examples(classic, rng):
    plane = plane_of(classic)
    surface = evaluate(classic, plane, Grid.spanning(resolution=5), split="test", sample=300)
    thetas = plane.lift(np.array([0.5, 0.2]), np.array([-0.5, 0.1])) + 0.05 * rng.normal(size=(2, plane.centre.size))
    path = Path(np.array([0, 9]), thetas.astype(np.float32))
    figure = surface.figure(path)
    ball = next(trace for trace in figure.data if trace.name and "ball" in trace.name.lower())
    expected = classic.evaluate(path.last, "test", surface.rows).cost
    middle = (np.min(ball.z) + np.max(ball.z)) / 2
    assert middle == pytest.approx(np.log10(expected), rel=1e-6)


def test_caption_puts_a_random_walk_beside_the_captured_share(classic, rng):
    thetas = rng.normal(size=(9, classic.layout.size)).cumsum(axis=0)
    path = Path(np.arange(9), thetas)
    plane = PCA().plane(classic, path, rng)
    surface = evaluate(classic, plane, Grid.spanning(resolution=2), split="test", sample=10)
    captured, walk = plane.captured(thetas), PCA().random_walk_captured(path)
    expected = f"{100 * captured:.0f} % of the path captured (of a random walk {100 * walk:.0f} %)"
    assert surface.caption(path).endswith(expected)


def test_surfaces_are_computed_on_train_or_test(classic):
    with pytest.raises(GridError, match=r"'val'.*'train' or 'test'"):
        evaluate(classic, plane_of(classic), Grid.spanning(resolution=2), split="val")


def test_a_surface_says_what_it_is_in_a_line(classic):
    surface = evaluate(classic, plane_of(classic), Grid.spanning(resolution=(3, 2)), split="test")
    assert repr(surface).startswith("Surface(plane ")
    assert "3 × 2 points" in repr(surface)
    assert len(repr(surface)) < 200


def test_a_surface_without_objective_asks_for_it(classic):
    from dataclasses import replace

    surface = evaluate(classic, plane_of(classic), Grid.spanning(resolution=2), split="test", sample=10)
    with pytest.raises(LandscapeError, match="pass the objective"):
        replace(surface, objective=None).true_costs(surface.plane.centre[None])


def test_plain_functions_are_drawn_by_the_same_code():
    objective = FunctionObjective(
        lambda t: (t**2).sum(axis=-1), lambda t: 2 * t, np.array([1.0, 2.0, 3.0]), np.float64, vectorized=True
    )
    plane = Plane(np.zeros(3), np.eye(3)[:2])
    surface = evaluate(objective, plane, Grid.spanning(resolution=3))
    np.testing.assert_allclose(surface.cost, [[2, 1, 2], [1, 0, 1], [2, 1, 2]], atol=1e-14)
    assert np.isnan(surface.accuracy).all()
    assert surface.standard_error.max() == 0


@pytest.mark.parametrize(
    ("changes", "tiny"),
    [
        ({"activation": "tanh", "output": "identity", "cost": "cross_entropy", "epochs": 20}, 1e-5),
        ({"activation": "relu", "output": "identity", "cost": "cross_entropy", "epochs": 2}, 1e-2),
        ({"epochs": 300}, 1e-6),
    ],
)
def test_float32_keeps_the_digits_of_tiny_costs(changes, tiny):
    adam = {"name": "adam", "learning_rate": 0.1}
    run = fit(Experiment(dataset={"name": "blobs", "noise": 0.05}, hidden=[16], optimizer=adam, **changes))
    plane = run.plane("random")
    plane = Plane(plane.centre, plane.directions * 1e-2)
    grid = Grid.spanning(resolution=3)
    surface = evaluate(run.objective, plane, grid)
    expected = by_points(run.objective, plane, grid, "train")[0]
    assert expected.max() < tiny
    np.testing.assert_allclose(surface.cost, expected, rtol=1e-5)


@pytest.mark.parametrize("size", [1e20, 1e30, 1e45])
def test_costs_beyond_the_precision_are_counted_without_a_warning(size):
    objective = Experiment(dataset="moons", activation="relu", output="identity").objective()
    plane = plane_of(objective, scale=size)
    surface = evaluate(objective, plane, Grid.spanning(resolution=3))
    assert surface.nonfinite == (8 if size < 3e38 else 9)
    assert not np.isfinite(surface.true_costs(plane.lift([1.0], [1.0]))).any()


@pytest.mark.parametrize("reach", [0.3, 1.1, 2.6, 1 / 3])
def test_every_odd_grid_around_the_centre_holds_it(reach):
    for count in range(1, 300, 2):
        grid = Grid.spanning((-reach, reach), (-reach, reach), np.int64(count))
        assert grid.a[count // 2] == 0
        assert (np.diff(grid.b) > 0).all()


def test_a_cost_that_sums_over_the_wrong_axis_of_many_points_is_named(classic):
    class Sideways(Quadratic):
        name = "sideways"

        def per_example(self, outputs, targets):
            return ((outputs - targets) ** 2).sum(axis=1)

    objective = NetworkObjective(classic.network, Sideways(), classic.data)
    with pytest.raises(PluginError, match=r"cost 'sideways' returned losses .* sum over the last axis \(axis=-1\)"):
        evaluate(objective, plane_of(classic), Grid.spanning(resolution=2), split="test")


def test_number_of_blas_threads_of_the_process_changes_no_bit(classic):
    plane, grid = plane_of(classic), Grid.spanning(resolution=3)
    costs = []
    for count in (1, 2):
        with threadpool_limits(count, user_api="blas"):
            costs.append(evaluate(classic, plane, grid).cost)
    np.testing.assert_array_equal(*costs)


def test_a_sample_of_one_has_no_standard_error(classic):
    surface = evaluate(classic, plane_of(classic), Grid.spanning(resolution=2), split="test", sample=1)
    assert np.isnan(surface.standard_error).all()
    assert "standard error" not in surface.caption()
    assert surface.caption().startswith("1 test examples of 1,000")
