"""Planes through a path, against scikit-like oracles and the mistakes of other tools."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import numpy as np
import pytest

from landscape import Path
from landscape.errors import PlaneError, PluginError
from landscape.functions import FunctionObjective
from landscape.kinds import Projection, checked_plane
from landscape.plane import Plane
from landscape.projections import PCA, FilterNormalized, Random, StartEnd


@pytest.fixture
def path(classic, rng):
    """A curved, noisy path of 30 snapshots that ends at a trained-like θ."""
    start, end = classic.initial(rng).astype(float), classic.initial(rng).astype(float)
    t = np.linspace(0, 1, 30)[:, None]
    bend = rng.normal(size=start.size)
    thetas = start + t * (end - start) + 0.3 * np.sin(3 * t) * bend + 0.01 * rng.normal(size=(30, start.size))
    return Path(np.arange(30) ** 2, thetas)


PROJECTIONS = [Random(), FilterNormalized(), FilterNormalized(normalization="layer", biases=True), PCA(), StartEnd()]


@pytest.mark.parametrize("projection", PROJECTIONS, ids=repr)
def test_planes_pass_through_the_last_point_and_repeat_with_their_seed(classic, path, projection):
    before = path.thetas.copy()
    one, two = (projection.plane(classic, path, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one.centre, path.last)
    np.testing.assert_array_equal(one.directions, two.directions)
    np.testing.assert_array_equal(path.thetas, before)
    assert one.name == projection.name
    assert one.random_walk == projection.random_walk_captured(path)
    assert abs(one.cosine) < 0.1


@pytest.mark.parametrize("projection", [Random(), FilterNormalized(biases=True)], ids=repr)
def test_random_directions_are_centred(classic, path, projection):
    """Uniform [0, 1] entries would put every axis 30° from the all-ones vector."""
    plane = projection.plane(classic, path, np.random.default_rng(1))
    ones = np.ones(plane.centre.size) / np.sqrt(plane.centre.size)
    assert np.abs(plane.directions @ ones / plane.norms).max() < 0.05


def test_random_axes_are_distances_in_theta(classic, path):
    plane = Random().plane(classic, path, np.random.default_rng(1))
    np.testing.assert_allclose(plane.norms, 1, rtol=1e-12)


def test_filter_normalized_directions_have_the_norms_of_the_filters(classic, path):
    plane = FilterNormalized().plane(classic, path, np.random.default_rng(1))
    for block in classic.layout:
        for direction in plane.directions:
            part = block.view(direction)
            if block.role == "bias":
                np.testing.assert_array_equal(part, 0)
            else:
                expected = np.linalg.norm(block.view(path.last), axis=1)
                np.testing.assert_allclose(np.linalg.norm(part, axis=1), expected, rtol=1e-12)


def test_one_unit_is_a_perturbation_of_all_weight_matrices_by_their_norm(classic, path):
    plane = FilterNormalized().plane(classic, path, np.random.default_rng(1))
    weights = [block.view(path.last).ravel() for block in classic.layout if block.role == "weight"]
    np.testing.assert_allclose(plane.norms, np.linalg.norm(np.concatenate(weights)), rtol=1e-12)


def test_layer_normalization_scales_layers_as_a_whole(classic, path):
    plane = FilterNormalized(normalization="layer").plane(classic, path, np.random.default_rng(1))
    for block in classic.layout:
        if block.role == "weight":
            expected = np.linalg.norm(block.view(path.last))
            assert np.linalg.norm(block.view(plane.directions[0])) == pytest.approx(expected, rel=1e-12)
            filters = np.linalg.norm(block.view(plane.directions[0]), axis=1)
            assert np.ptp(filters / np.linalg.norm(block.view(path.last), axis=1)) > 1e-3


def test_biases_of_the_two_directions_differ(classic, path):
    shifted = Path(path.steps, path.thetas + 0.1)
    plane = FilterNormalized(biases=True).plane(classic, shifted, np.random.default_rng(1))
    u, v = (
        np.concatenate([block.view(d) for block in classic.layout if block.role == "bias"]) for d in plane.directions
    )
    assert np.linalg.norm(u) > 0
    assert abs(u @ v) / np.linalg.norm(u) / np.linalg.norm(v) < 0.5


def test_a_filter_of_zero_norm_gets_a_zero_direction(classic, path):
    thetas = path.thetas.copy()
    classic.layout["layer2.weight"].view(thetas[-1])[3] = 0
    plane = FilterNormalized().plane(classic, Path(path.steps, thetas), np.random.default_rng(1))
    assert np.isfinite(plane.directions).all()
    np.testing.assert_array_equal(classic.layout["layer2.weight"].view(plane.directions)[:, 3], 0)


def test_pca_equals_the_svd_of_the_path_seen_from_its_end(classic, path):
    plane = PCA().plane(classic, path, np.random.default_rng(1))
    _, values, vectors = np.linalg.svd(path.thetas - path.last, full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(plane.directions * vectors[:2], axis=1)), 1, rtol=1e-9)
    share = (values[:2] ** 2).sum() / (values**2).sum()
    assert plane.captured(path.thetas) == pytest.approx(share, rel=1e-9)
    first = 100 * values[0] ** 2 / (values**2).sum()
    assert plane.labels[0].startswith(f"PC 1 ({first:.0f} %" if first < 99.5 else f"PC 1 ({first:.1f} %")


def test_pca_is_not_recentred_on_the_mean(classic, path):
    """Directions fitted around the mean would capture less of the path in a plane through its last point."""
    plane = PCA().plane(classic, path, np.random.default_rng(1))
    _, _, vectors = np.linalg.svd(path.thetas - path.thetas.mean(0), full_matrices=False)
    recentred = type(plane)(path.last, vectors[:2])
    assert plane.captured(path.thetas) > recentred.captured(path.thetas)


def test_start_end_holds_both_ends(classic, path):
    plane = StartEnd().plane(classic, path, np.random.default_rng(1))
    np.testing.assert_allclose(plane.lift(-1.0, 0.0), path.first, atol=1e-12)
    np.testing.assert_allclose(plane.lift(0.0, 0.0), path.last, atol=1e-12)
    middle = plane.lift(-0.5, 0.0)
    np.testing.assert_allclose(middle, path.first + 0.5 * (path.last - path.first), atol=1e-12)
    np.testing.assert_allclose(plane.off_plane(path.thetas[[0, -1]]), 0, atol=1e-10)
    np.testing.assert_allclose(plane.norms[1], 1, rtol=1e-12)


def test_start_end_needs_two_different_ends(classic, path):
    closed = Path(path.steps[:2], np.stack([path.last, path.last]))
    with pytest.raises(PlaneError, match="ends where it starts"):
        StartEnd().plane(classic, closed, np.random.default_rng(1))


@pytest.mark.parametrize("projection", [Random(), FilterNormalized(), PCA()], ids=repr)
def test_a_path_of_one_point_has_a_plane(classic, path, projection):
    single = Path(path.steps[:1], path.thetas[:1])
    plane = projection.plane(classic, single, np.random.default_rng(1))
    assert np.isfinite(plane.directions).all()


@pytest.mark.parametrize("projection", [PCA(), StartEnd(), Random(), FilterNormalized()], ids=repr)
@pytest.mark.parametrize("steps", [np.arange(60), np.geomspace(1, 1e5, 60).astype(int)], ids=["even", "thinned"])
def test_random_walk_baseline_equals_simulated_walks(projection, steps):
    size, rng = 2500, np.random.default_rng(3)
    found = []
    for _ in range(6):
        gaps = np.sqrt(np.diff(steps))[:, None] * rng.normal(size=(len(steps) - 1, size))
        walk = Path(steps, np.concatenate([np.ones((1, size)), gaps]).cumsum(axis=0))
        objective = FunctionObjective(lambda t: 0.0 * t.sum(), lambda t: 0 * t, np.ones(size), np.float64)
        plane = projection.plane(objective, walk, rng)
        found.append(plane.captured(walk.thetas))
    baseline = projection.random_walk_captured(walk)
    assert baseline == pytest.approx(np.mean(found), abs=0.02 if baseline > 0.1 else 0.002)


@pytest.mark.parametrize("projection", [PCA(), StartEnd()], ids=repr)
@pytest.mark.parametrize("steps", [np.arange(0, 20), np.arange(0, 90, 3), np.arange(50, 60)], ids=str)
def test_random_walk_baseline_holds_for_a_part_of_the_walk_and_beyond_its_end(projection, steps):
    size, fitted, rng = 2500, np.arange(60), np.random.default_rng(3)
    shares = []
    for _ in range(6):
        walk = np.concatenate([np.ones((1, size)), rng.normal(size=(99, size))]).cumsum(axis=0)
        objective = FunctionObjective(lambda t: 0.0 * t.sum(), lambda t: 0 * t, np.ones(size), np.float64)
        plane = projection.plane(objective, Path(fitted, walk[fitted]), rng)
        shares.append(plane.captured(walk[steps]))
    baseline = projection.random_walk_captured(Path(fitted, walk[fitted]), steps)
    assert baseline == pytest.approx(np.mean(shares), abs=0.03)


def test_even_walks_anchored_at_one_end_give_ninety_percent():
    walk = Path(np.arange(400), np.zeros((400, 1)))
    assert PCA().random_walk_captured(walk) == pytest.approx(8 / np.pi**2 * (1 + 1 / 9), abs=2e-3)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_start_end_of_a_straight_path_takes_any_second_direction(rng, precision):
    for steps, direction in itertools.product((2, 5, 40), (np.ones(6), rng.normal(size=6))):
        thetas = np.outer(np.linspace(0, 4, steps), direction)
        path = Path(np.arange(steps), thetas.astype(precision))
        plane = StartEnd().plane(None, path, rng)
        assert abs(plane.cosine) < 1e-6
        assert plane.captured(path.thetas) == pytest.approx(1)


class Told(Projection):
    """Returns what it is told."""

    name = "told"
    returns: ClassVar[Any] = None

    def plane(self, objective, path, rng):
        return self.returns


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (None, "projection 'told': plane returned nothing: return a landscape.Plane"),
        ((1, 2), "projection 'told': plane returned one tuple"),
        (Plane(np.zeros(3), np.eye(2, 3)), "projection 'told' laid a plane in 3 dimensions, but θ has 5 parameters"),
    ],
    ids=["nothing", "tuple", "other size"],
)
def test_what_is_no_plane_of_the_path_is_named(rng, returns, words):
    told = type("Other", (Told,), {"returns": returns, "__module__": __name__})()
    with pytest.raises(PluginError, match=words):
        checked_plane(told, None, Path(np.arange(2), np.eye(2, 5)), rng)


def test_a_checked_plane_has_the_name_of_its_projection(rng):
    told = type("Other", (Told,), {"returns": Plane(np.zeros(5), np.eye(2, 5)), "__module__": __name__})()
    assert checked_plane(told, None, Path(np.arange(2), np.eye(2, 5)), rng).name == "told"
