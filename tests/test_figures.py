"""Figures: what is drawn is what the arrays say, in cost units."""

import base64
import json
import os
import re
import sys
from pathlib import Path as FilePath

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape.errors import FigureError
from landscape.figures import (
    CostScale,
    PathOnPlane,
    contour_figure,
    cost_figure,
    interpolate,
    path_on_plane,
    save,
    scale_for,
    surface_figure,
    weights_figure,
)
from landscape.figures.curves import thin
from landscape.figures.scale import label, linear_ticks, log_ticks
from landscape.path import as_path
from landscape.plane import Plane

A = np.linspace(-3, 2, 7)
B = np.array([-1.0, 0.0, 0.5, 2.0])
COST = 0.05 + (A[None, :] - 0.5) ** 2 + 3 * (B[:, None] - 0.25) ** 2


def a_path(true_cost=(4.0, 1.0, 0.2)):
    points = np.array([[-2.0, -0.5], [0.0, 0.1], [0.6, 0.3]])
    return PathOnPlane(
        a=points[:, 0],
        b=points[:, 1],
        true_cost=np.array(true_cost, dtype=float),
        surface_cost=interpolate(A, B, COST, points),
        steps=np.array([0, 10, 1000]),
    )


def trace(figure, name):
    return next(t for t in figure.data if t.name == name)


def note_of(figure):
    return figure.layout.title.subtitle.text


def number(text):
    """Read a tick label back: the inverse of `label`, written independently of it."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    mantissa, _, exponent = text.translate(digits).rpartition("×")
    if not re.search("[⁰¹²³⁴⁵⁶⁷⁸⁹]", text):
        return float(text.translate(digits))
    return float(mantissa or 1) * 10.0 ** int(exponent.removeprefix("10"))


# --- scale ---------------------------------------------------------------------------------------


def test_positive_costs_are_drawn_at_their_log10():
    scale = scale_for(COST)
    assert scale.kind == "log"
    np.testing.assert_allclose(scale.heights(COST), np.log10(COST), rtol=1e-15)


def test_a_zero_cost_gives_a_scale_that_shows_zero_and_says_so():
    costs = [0.0, 0.002, 5.0, 800.0]
    scale = scale_for(costs)
    assert scale.kind == "symlog"
    heights = scale.heights(costs)
    assert heights[0] == 0
    assert (np.diff(heights) > 0).all()
    # Far above the threshold it is a logarithm: a factor of ten is one unit of height.
    assert scale.heights(500.0) - scale.heights(50.0) == pytest.approx(1, abs=1e-3)
    assert scale.title("cost") == "cost<br>(linear below 0.002)"


def test_a_negative_cost_gives_a_linear_scale_that_says_so():
    scale = scale_for([[-1.0, 3.0]], [0.5])
    assert scale.kind == "linear"
    assert "linear" in scale.title("cost")


def test_a_scale_covers_all_the_arrays_it_is_made_for():
    assert scale_for(COST, [0.0]).kind == "symlog"
    assert scale_for(COST, [np.nan, np.inf]).kind == "log"


@pytest.mark.parametrize("kind", ["log", "symlog", "linear"])
def test_costs_invert_heights(kind):
    scale = CostScale(kind, threshold=0.01)
    costs = np.array([1e-4, 0.3, 7.0, 2e5])
    np.testing.assert_allclose(scale.costs(scale.heights(costs)), costs, rtol=1e-12)


def test_what_has_no_finite_height_is_nan_on_every_scale():
    for kind in ("log", "symlog", "linear"):
        assert np.isnan(CostScale(kind).heights([np.nan, np.inf, -np.inf])).all()
    assert np.isnan(CostScale("log").heights([0.0, -1.0])).all()


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0897, 0.0903), (0.09, 1.1), (0.07, 2.5), (1.1, 5.5), (3e-9, 2e4), (1e-3, 1.0), (40, 7e3), (1e-300, 1e300)],
)
def test_log_ticks_are_few_round_costs_inside_the_range(low, high):
    ticks = log_ticks(low, high)
    assert 3 <= len(ticks) <= 10
    assert all(low <= tick <= high for tick in ticks)
    assert all(len(f"{tick:.9e}".split("e")[0].strip("0").replace(".", "")) <= 4 for tick in ticks)


@pytest.mark.parametrize(("low", "high"), [(-8.9, 4.0), (0, 1), (-1e-9, 1e-9), (99.5, 100.5)])
def test_linear_ticks_are_evenly_spaced_inside_the_range(low, high):
    ticks = linear_ticks(low, high)
    assert 3 <= len(ticks) <= 7
    assert low <= ticks[0]
    assert ticks[-1] <= high
    np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0], rtol=1e-6)


def test_ticks_of_a_range_without_extent_are_its_one_value():
    assert linear_ticks(0.25, 0.25) == [0.25]
    assert log_ticks(0.25, 0.25) == [0.25]


@pytest.mark.parametrize("value", [0.2, 1.0, -3.5, 1000.0, 0.0, 3e-7, 1e6, 2.5e12, -4e-5])
def test_a_tick_label_reads_back_as_its_cost(value):
    assert number(label(value)) == pytest.approx(value, rel=1e-12)


# --- on the plane --------------------------------------------------------------------------------


def test_interpolation_is_exact_for_a_bilinear_function_on_an_uneven_oblong_grid():
    def function(a, b):
        return 2 - a + 3 * b + 0.5 * a * b

    points = np.random.default_rng(0).uniform([A[0], B[0]], [A[-1], B[-1]], (50, 2))
    values = function(A[None, :], B[:, None])
    np.testing.assert_allclose(interpolate(A, B, values, points), function(*points.T), rtol=1e-12)


def test_interpolation_returns_the_grids_values_on_its_points_edges_included():
    points = np.stack(np.meshgrid(A, B), axis=-1)
    np.testing.assert_allclose(interpolate(A, B, COST, points), COST, rtol=1e-12)


def test_interpolation_is_nan_outside_the_grid():
    outside = [[A[0] - 1e-9, 0], [A[-1] + 1e-9, 0], [0, B[0] - 1e-9], [0, B[-1] + 1e-9], [np.nan, 0]]
    assert np.isnan(interpolate(A, B, COST, outside)).all()


def test_a_corner_that_is_not_finite_spoils_its_cells_and_nothing_else():
    values = COST.copy()
    values[1, 2] = np.inf
    spoilt = interpolate(A, B, values, [[A[2] + 0.1, B[1] + 0.1], [A[2] - 0.1, B[1]], [A[2], B[1]]])
    assert np.isnan(spoilt).all()
    fine = interpolate(A, B, values, [[A[3], B[1]], [A[2], B[2]], [A[3] + 0.1, B[1] + 0.1]])
    assert np.isfinite(fine).all()


@pytest.mark.parametrize(
    ("a", "b", "values"),
    [(A, B, COST.T), (A[::-1], B, COST), (A[:1], B, COST[:, :1]), (A, B, COST[0])],
    ids=["transposed", "decreasing", "one column", "one row"],
)
def test_a_grid_that_does_not_fit_its_values_is_refused(a, b, values):
    with pytest.raises(FigureError, match="a grid needs"):
        interpolate(a, b, values, [[0, 0]])
    with pytest.raises(FigureError, match="a grid needs"):
        surface_figure(a, b, values)


def test_a_path_on_a_plane_has_the_planes_coordinates_and_the_surface_below_them():
    plane = Plane(np.array([1.0, 0, 0]), np.array([[0, 2.0, 0], [0, 0, 1.0]]))
    path = as_path([0, 5], [np.array([1.0, -2, 0.5]), np.array([3.0, 1, 0])])
    seen = path_on_plane(plane, path, [9.0, 8.0], A, B, COST)
    np.testing.assert_allclose(np.stack([seen.a, seen.b], -1), [[-1, 0.5], [0.5, 0]], atol=1e-12)
    np.testing.assert_allclose(seen.surface_cost, interpolate(A, B, COST, [[-1, 0.5], [0.5, 0]]))
    assert seen.true_cost.tolist() == [9.0, 8.0]
    assert seen.steps.tolist() == [0, 5]


def test_a_path_on_a_plane_refuses_arrays_of_different_lengths():
    with pytest.raises(FigureError, match=r"one shape \(T,\)"):
        PathOnPlane(np.zeros(3), np.zeros(3), np.zeros(2), np.zeros(3), np.arange(3))


# --- surface and contour -------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
def test_rows_are_b_and_columns_are_a_on_an_oblong_grid(draw):
    surface = trace(draw(A, B, COST, labels=("one", "two")), "surface")
    assert np.shape(surface.z) == (4, 7)
    np.testing.assert_array_equal(surface.x, A)
    np.testing.assert_array_equal(surface.y, B)
    np.testing.assert_allclose(surface.z, np.log10(COST), rtol=1e-14)
    hover = np.asarray(surface.text)
    assert hover.shape == (4, 7)
    assert hover[3, 1] == f"cost {COST[3, 1]:.5g}<br>one: {A[1]:.4g}<br>two: {B[3]:.4g}"


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
def test_colour_bar_ticks_are_costs_at_the_heights_of_these_costs(draw):
    bar = trace(draw(A, B, COST), "surface").colorbar
    assert bar.title.text == "cost"
    assert len(bar.tickvals) >= 3
    for height, text in zip(bar.tickvals, bar.ticktext, strict=True):
        assert height == pytest.approx(np.log10(number(text)), rel=1e-12)


def test_the_vertical_axis_is_marked_in_costs_up_to_the_highest_true_cost():
    path = a_path(true_cost=(500.0, 1.0, 0.2))
    axis = surface_figure(A, B, COST, path).layout.scene.zaxis
    assert axis.title.text == "cost"
    for height, text in zip(axis.tickvals, axis.ticktext, strict=True):
        assert height == pytest.approx(np.log10(number(text)), rel=1e-12)
    assert max(number(text) for text in axis.ticktext) == 100
    assert axis.range[0] < np.log10(COST.min())
    assert axis.range[1] > np.log10(500)


@pytest.mark.parametrize("at", [0, 1, 2, -1])
def test_the_ball_is_centred_at_the_true_cost_and_the_stem_ends_on_the_surface(at):
    path = a_path()
    figure = surface_figure(A, B, COST, path, at=at)
    ball, stem = trace(figure, "ball"), trace(figure, "stem")
    centre = [(np.min(v) + np.max(v)) / 2 for v in (ball.x, ball.y, ball.z)]
    np.testing.assert_allclose(centre, [path.a[at], path.b[at], np.log10(path.true_cost[at])], rtol=1e-12)
    np.testing.assert_allclose(stem.z, np.log10([path.true_cost[at], path.surface_cost[at]]), rtol=1e-12)
    assert f"cost here {path.true_cost[at]:.5g}" in ball.text
    assert f"surface below {path.surface_cost[at]:.5g}" in ball.text
    assert f"step {path.steps[at]:,}" in ball.text


def test_the_ball_is_round_on_the_screen():
    figure = surface_figure(A, B, COST, a_path())
    ball, scene = trace(figure, "ball"), figure.layout.scene
    sizes = [
        np.ptp(getattr(ball, xyz)) / np.ptp(getattr(scene, f"{xyz}axis").range) * scene.aspectratio[xyz]
        for xyz in "xyz"
    ]
    np.testing.assert_allclose(sizes, sizes[0], rtol=1e-9)


def test_the_path_is_drawn_up_to_the_ball_and_faintly_after_it():
    path = a_path()
    for draw in (surface_figure, contour_figure):
        figure = draw(A, B, COST, path, at=1)
        np.testing.assert_array_equal(trace(figure, "path").x, path.a[:2])
        np.testing.assert_array_equal(trace(figure, "later").x, path.a[1:])
        assert trace(figure, "path").line.color == "#ffffff"
        assert trace(figure, "outline").line.width > trace(figure, "path").line.width


def test_lines_hover_by_no_more_than_three_percent_of_the_height():
    surface = a_path().surface_cost
    path = a_path(surface * [0.5, 0.999, 1.5])
    figure = surface_figure(A, B, COST, path)
    low, high = figure.layout.scene.zaxis.range
    lift = (np.asarray(trace(figure, "path").z) - np.log10(path.true_cost)) / (high - low)
    assert (lift > 0).all()
    assert lift.max() < 0.03
    assert lift[2] < 0.01
    ball = trace(figure, "ball").z
    assert (ball.min() + ball.max()) / 2 == pytest.approx(np.log10(path.true_cost[2]), rel=1e-12)


def test_the_shadow_lies_on_the_surface_where_the_path_does_not():
    surface = a_path().surface_cost
    figure = surface_figure(A, B, COST, a_path(surface * [0.5, 1.001, 1.5]))
    low, high = figure.layout.scene.zaxis.range
    shadow = (np.asarray(trace(figure, "shadow").z) - np.log10(surface)) / (high - low)
    assert np.isnan(shadow).tolist() == [False, True, False]
    assert np.nanmax(np.abs(shadow)) < 0.01


@pytest.mark.parametrize(("sign_a", "sign_b"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_the_camera_stands_on_the_lower_side(sign_a, sign_b):
    cost = np.exp(-(sign_a * A[None, :] + sign_b * B[:, None]))
    eye = surface_figure(A, B, cost).layout.scene.camera.eye
    assert sign_a * eye.x + sign_b * eye.y > 1
    ends = 1.5 * np.array([sign_a, sign_b]) * np.array([[-1], [1]])
    values = np.ones(2)
    path = PathOnPlane(ends[:, 0], ends[:, 1], values, values, np.arange(2))
    eye = surface_figure(A, B, np.ones(COST.shape), path).layout.scene.camera.eye
    assert sign_a * eye.x + sign_b * eye.y > 1


def test_a_path_below_the_surface_is_seen_through_it():
    assert trace(surface_figure(A, B, COST, a_path((50.0, 50, 50))), "surface").opacity == 1
    assert trace(surface_figure(A, B, COST, a_path((0.1, 0.1, 0.1))), "surface").opacity < 1


def test_a_point_that_the_path_does_not_have_is_refused():
    for draw in (surface_figure, contour_figure):
        with pytest.raises(FigureError, match="at = 3: the path has the points 0 to 2"):
            draw(A, B, COST, a_path(), at=3)


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
def test_cells_that_are_not_finite_are_open_and_counted(draw):
    cost = COST.copy()
    cost[0, 1], cost[2, 3], cost[3, 6] = np.nan, np.inf, -np.inf
    figure = draw(A, B, cost, note="From 100 images.")
    surface = trace(figure, "surface")
    assert np.argwhere(np.isnan(surface.z)).tolist() == [[0, 1], [2, 3], [3, 6]]
    assert not surface.connectgaps
    assert note_of(figure) == "From 100 images.<br>3 of 28 cells have no finite cost and are left open."
    np.testing.assert_allclose(np.nanmax(surface.z), np.log10(np.nanmax(np.where(np.isinf(cost), 0, cost))))


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
@pytest.mark.parametrize("value", [np.nan, 0.0, 1.0, -2.0])
def test_a_surface_without_extent_or_without_any_cost_is_drawn(draw, value):
    surface = trace(draw(A, B, np.full(COST.shape, value)), "surface")
    low, high = (surface.cmin, surface.cmax) if draw is surface_figure else (surface.zmin, surface.zmax)
    assert high > low


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
def test_costs_of_zero_and_below_are_drawn_on_a_scale_that_the_colour_bar_names(draw):
    bar = trace(draw(A, B, COST - COST.min()), "surface").colorbar
    assert "linear below" in bar.title.text
    assert bar.ticktext[0] == "0"
    surface = trace(draw(A, B, COST - 5), "surface")
    assert "linear scale" in surface.colorbar.title.text
    np.testing.assert_allclose(surface.z, COST - 5, rtol=1e-14)


def test_accuracy_is_drawn_on_a_linear_scale():
    accuracy = 1 / (1 + COST)
    surface = trace(surface_figure(A, B, accuracy, quantity="accuracy"), "surface")
    np.testing.assert_array_equal(surface.z, accuracy)
    assert surface.colorbar.title.text == "accuracy"


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
def test_points_outside_the_grid_are_counted_and_shown(draw):
    points = np.array([[-4.0, 0.0], [0.0, 0.0]])
    below = interpolate(A, B, COST, points)
    path = PathOnPlane(points[:, 0], points[:, 1], np.array([2.0, 1.0]), below, np.arange(2))
    figure = draw(A, B, COST, path, at=0)
    assert "1 of 2 points of the path lie outside the grid." in note_of(figure)
    axis = figure.layout.scene.xaxis if draw is surface_figure else figure.layout.xaxis
    assert axis.range[0] == -4
    assert "outside the grid" in trace(figure, "path").text[0]


def test_a_diverged_point_has_no_ball_and_does_not_stop_the_figure():
    figure = surface_figure(A, B, COST, a_path((4.0, 9.0, np.inf)))
    assert "ball" not in [t.name for t in figure.data]
    assert np.isfinite(figure.layout.scene.zaxis.range).all()
    assert "cost here inf" in trace(figure, "path").text[2]


def test_axes_are_called_what_the_caller_calls_them():
    labels = ("PC 1 (61 %)", "PC 2 (17 %)")
    solid, flat = surface_figure(A, B, COST, labels=labels), contour_figure(A, B, COST, labels=labels)
    assert (solid.layout.scene.xaxis.title.text, solid.layout.scene.yaxis.title.text) == labels
    assert (flat.layout.xaxis.title.text, flat.layout.yaxis.title.text) == labels


def test_both_axes_of_a_contour_have_one_scale_unless_the_grid_is_very_oblong():
    assert contour_figure(A, B, COST).layout.yaxis.scaleanchor == "x"
    assert contour_figure(10 * A, B, COST).layout.yaxis.scaleanchor is None


@pytest.mark.parametrize("draw", [surface_figure, contour_figure])
def test_cividis_is_an_option(draw):
    first = {name: trace(draw(A, B, COST, colours=name), "surface").colorscale[0] for name in ("viridis", "cividis")}
    assert first == {"viridis": (0.0, "#440154"), "cividis": (0.0, "#00224e")}


def test_themes_differ_and_unknown_ones_are_refused():
    papers = {t: contour_figure(A, B, COST, theme=t).layout.template.layout.paper_bgcolor for t in ("light", "dark")}
    assert papers["light"] != papers["dark"]
    with pytest.raises(FigureError, match="choose one of light, dark"):
        contour_figure(A, B, COST, theme="sepia")


def test_arguments_are_left_as_they_were():
    cost, path = COST.copy(), a_path()
    before = [x.copy() for x in (path.a, path.b, path.true_cost, path.surface_cost)]
    surface_figure(A, B, cost, path)
    contour_figure(A, B, cost, path)
    np.testing.assert_array_equal(cost, COST)
    for was, now in zip(before, (path.a, path.b, path.true_cost, path.surface_cost), strict=True):
        np.testing.assert_array_equal(was, now)


# --- curves --------------------------------------------------------------------------------------

EPOCHS = np.arange(4)
TRAIN, TEST = np.array([0.9, 0.3, 0.12, 0.08]), np.array([0.91, 0.32, 0.15, 0.13])


def test_batch_costs_lie_in_the_epoch_in_which_they_were_met():
    batch = trace(cost_figure(np.linspace(1, 0.1, 30), EPOCHS, TRAIN, TEST), "batch")
    np.testing.assert_allclose(batch.x, np.arange(1, 31) / 10)
    assert (batch.customdata[0], batch.customdata[-1]) == (1, 30)
    interrupted = cost_figure(np.ones(25), EPOCHS[:3], TRAIN[:3], TEST[:3], steps_per_epoch=10)
    assert trace(interrupted, "batch").x[-1] == 2.5


def test_train_and_test_differ_in_colour_and_in_dash():
    figure = cost_figure(np.ones(30), EPOCHS, TRAIN, TEST)
    train, test = trace(figure, "train").line, trace(figure, "test").line
    assert train.color != test.color
    assert (train.dash, test.dash) == ("solid", "dash")
    np.testing.assert_array_equal(trace(figure, "test").y, TEST)


def test_the_cost_axis_is_logarithmic_with_costs_as_ticks():
    axis = cost_figure(np.ones(30), EPOCHS, TRAIN, TEST).layout.yaxis
    assert (axis.type, axis.title.text) == ("log", "cost")
    assert [number(text) for text in axis.ticktext] == list(axis.tickvals)
    assert axis.range[0] < np.log10(0.08)
    assert axis.range[1] > 0


def test_a_cost_of_zero_makes_the_cost_axis_linear_and_its_title_says_so():
    axis = cost_figure(np.ones(30), EPOCHS, TRAIN - TRAIN.min(), TEST).layout.yaxis
    assert axis.type != "log"
    assert "linear" in axis.title.text


def test_accuracies_have_a_panel_only_where_there_are_some():
    with_them = cost_figure(np.ones(30), EPOCHS, TRAIN, TEST, 1 - TRAIN, 1 - TEST)
    assert with_them.layout.yaxis2.title.text == "accuracy"
    drawn = [t for t in with_them.data if t.yaxis == "y2"]
    np.testing.assert_array_equal([t.y for t in drawn], [1 - TRAIN, 1 - TEST])
    without = cost_figure(np.ones(30), EPOCHS, TRAIN, TEST, np.full(4, np.nan), np.full(4, np.nan))
    assert "yaxis2" not in without.to_dict()["layout"]


def test_thinning_keeps_the_spikes_that_every_kth_would_lose():
    values = np.ones(100_000)
    values[12_345], values[54_321] = 50.0, 0.001
    shown = thin(values, 1000)
    assert len(shown) <= 1000
    assert {12_345, 54_321} <= set(shown.tolist())
    assert (np.diff(shown) > 0).all()
    assert thin(values[:1000], 1000).tolist() == list(range(1000))


def test_a_thinned_curve_says_so():
    names = [t.name for t in cost_figure(np.ones(9000), EPOCHS, TRAIN, TEST).data]
    assert names[0] == "batch (least and greatest of each 4)"


def test_a_run_that_never_finished_a_step_is_drawn():
    figure = cost_figure([], [0], [0.9], [0.91])
    np.testing.assert_array_equal(trace(figure, "train").y, [0.9])


def test_costs_that_are_not_one_per_epoch_are_refused():
    with pytest.raises(FigureError, match=r"test needs one value for each of the epochs \(4,\), not \(3,\)"):
        cost_figure(np.ones(30), EPOCHS, TRAIN, TEST[:3])


# --- weights -------------------------------------------------------------------------------------


def test_each_unit_is_an_upright_image_of_its_weights():
    weights = np.arange(3 * 6, dtype=float).reshape(3, 6) - 4
    figure = weights_figure(weights, (2, 3))
    sheet = trace(figure, "weights")
    assert figure.layout.yaxis.autorange == "reversed"
    for unit in range(3):
        where = np.argwhere(~np.isnan(sheet.z) & (sheet.customdata[..., 0] == unit))
        (top, left), (bottom, right) = where.min(axis=0), where.max(axis=0)
        np.testing.assert_array_equal(sheet.z[top : bottom + 1, left : right + 1], weights[unit].reshape(2, 3))
    assert np.isfinite(sheet.z).sum() == weights.size
    unit, row, column = sheet.customdata[tuple(np.argwhere(sheet.z == weights[2, 4])[0])]
    assert (unit, row, column) == (2, 1, 1)


def test_weights_share_one_scale_centred_at_zero():
    sheet = trace(weights_figure([[0.5, -2.0], [1.0, 0.25]], (1, 2)), "weights")
    assert (sheet.zmin, sheet.zmax) == (-2, 2)
    red, middle, blue = (sheet.colorscale[i][1] for i in (0, len(sheet.colorscale) // 2, -1))
    assert (red, middle, blue) == ("rgb(103,0,31)", "rgb(247,247,247)", "rgb(5,48,97)")


def test_weights_that_are_all_zero_are_drawn():
    sheet = trace(weights_figure(np.zeros((2, 4)), (2, 2)), "weights")
    assert sheet.zmax > sheet.zmin


def test_more_units_than_can_be_drawn_are_counted_in_the_note():
    figure = weights_figure(np.ones((130, 4)), (2, 2))
    assert note_of(figure) == "The first 100 of 130 units."
    assert trace(figure, "weights").customdata[..., 0].max() == 99


def test_weights_that_are_not_images_of_that_shape_are_refused():
    with pytest.raises(FigureError, match=r"\(16, 783\) are not images of 28×28: each row needs 784 numbers"):
        weights_figure(np.ones((16, 783)), (28, 28))


# --- files ---------------------------------------------------------------------------------------


@pytest.fixture
def figure():
    return surface_figure(A, B, COST, a_path(), title="A <b>title</b>", note="From 100 images.", theme="dark")


def test_a_page_holds_all_that_it_needs(figure, tmp_path):
    page = save(figure, tmp_path / "figure.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|iframe|link)[^>]*\s(src|href)\s*=", page.replace("\n", " "), re.IGNORECASE)
    assert len(page) > 1_000_000  # Plotly itself
    assert "cdn.jsdelivr" not in page.rsplit("Plotly.newPlot", 1)[1]
    assert '"displaylogo": false' in page
    assert '"showSendToCloud": false' in page
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in page
    assert "background: #14171c" in page


def test_json_reads_back_bit_for_bit(figure, tmp_path):
    text = save(figure, str(tmp_path / "figure.json")).read_text(encoding="utf-8")
    again = go.Figure(json.loads(text))
    packed = again.data[0].z
    z = np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]).reshape(COST.shape)
    np.testing.assert_array_equal(z, figure.data[0].z)
    assert [t.name for t in again.data] == [t.name for t in figure.data]
    assert again.layout.title == figure.layout.title


def test_saving_leaves_the_figure_as_it_was(figure, tmp_path):
    before = json.loads(figure.to_json())
    save(figure, tmp_path / "figure.html")
    assert json.loads(figure.to_json()) == before
    assert (figure.layout.width, figure.layout.height) == (1000, 700)


def test_an_unknown_suffix_lists_the_known_ones(figure, tmp_path):
    with pytest.raises(FigureError, match=r"'figure.gif': the name must end in \.html, \.png, \.svg, \.json"):
        save(figure, tmp_path / "figure.gif")


def test_a_missing_folder_is_named(figure, tmp_path):
    with pytest.raises(FigureError, match="absent' does not exist"):
        save(figure, tmp_path / "absent" / "figure.html")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(figure, tmp_path, monkeypatch):
    target = tmp_path / "figure.json"
    target.write_text("old")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        save(figure, target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_images_without_kaleido_say_how_to_get_it(figure, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(FigureError, match=re.escape('pip install "landscape-explorer[png]"')):
        save(figure, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []


def test_images_without_a_browser_say_what_to_install(figure, tmp_path, monkeypatch):
    pytest.importorskip("kaleido", reason="images need the png extra")
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no-browser"))
    with pytest.raises(FigureError, match=r"install Chrome or Chromium.*landscape-explorer\[png\]"):
        save(figure, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_images_have_the_size_that_was_asked_for(figure, tmp_path):
    pytest.importorskip("kaleido", reason="images need the png extra")
    png = save(figure, tmp_path / "figure.png", scale=1).read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1000, 700)
    flat = contour_figure(A, B, COST, a_path(), note="From 100 images.")
    svg = save(flat, tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "From 100 images." in svg


@pytest.mark.browser
def test_a_page_in_a_browser_asks_for_nothing_and_shows_exact_costs_on_hover(browser, tmp_path: FilePath):
    page_file = save(surface_figure(A, B, COST, labels=("one", "two")), tmp_path / "figure.html")
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_file.as_uri())
    page.wait_for_selector(".gl-container canvas, canvas")
    page.wait_for_function("document.querySelector('.plotly-graph-div')._fullLayout?.scene?._scene?.glplot")
    page.mouse.move(480, 400)
    page.mouse.move(500, 420)
    page.wait_for_selector(".hovertext")
    shown = page.locator(".hovertext text").first.inner_html()
    page.close()
    assert asked == [page_file.as_uri()]
    assert errors == []
    cost, one, two = (float(re.sub(r"<[^>]*>", "", t).split()[-1]) for t in re.findall(r"<tspan.*?</tspan>", shown))
    i, j = np.abs(A - one).argmin(), np.abs(B - two).argmin()
    assert cost == pytest.approx(COST[j, i], rel=1e-4)
