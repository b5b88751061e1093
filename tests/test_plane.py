"""Lifting, projecting and what is left over."""

from __future__ import annotations

import numpy as np
import pytest

from landscape import Plane
from landscape.errors import PlaneError


def oblique(rng, scale=(3.0, 0.02)):
    """A plane whose directions are neither unit vectors nor orthogonal."""
    u = rng.normal(size=50)
    v = rng.normal(size=50) + 0.8 * u
    return Plane(rng.normal(size=50), np.stack([scale[0] * u, scale[1] * v]))


def test_projecting_a_lifted_point_returns_its_coordinates(rng):
    plane = oblique(rng)
    points = rng.normal(size=(7, 2)) * [1, 50]
    lifted = plane.lift(*points.T)
    assert lifted.shape == (7, 50)
    np.testing.assert_allclose(plane.project(lifted), points, rtol=1e-9)
    np.testing.assert_allclose(plane.off_plane(lifted), 0, atol=1e-10)


def test_projection_is_least_squares(rng):
    plane = oblique(rng)
    thetas = rng.normal(size=(5, 50))
    expected, residual, *_ = np.linalg.lstsq(plane.directions.T, (thetas - plane.centre).T, rcond=None)
    np.testing.assert_allclose(plane.project(thetas), expected.T, rtol=1e-9)
    np.testing.assert_allclose(plane.off_plane(thetas) ** 2, residual, rtol=1e-9)


def test_captured_share_is_what_the_residuals_leave(rng):
    plane = oblique(rng)
    thetas = plane.lift(*rng.normal(size=(2, 9))) + 0.1 * rng.normal(size=(9, 50))
    offsets = thetas - plane.centre
    expected = 1 - (plane.off_plane(thetas) ** 2).sum() / (offsets**2).sum()
    assert plane.captured(thetas) == pytest.approx(expected, rel=1e-12)
    assert plane.captured(plane.lift(*rng.normal(size=(2, 9)))) == pytest.approx(1)
    assert np.isnan(plane.captured(plane.centre[None]))


def test_measured_cosine_and_norms(rng):
    plane = oblique(rng)
    u, v = plane.directions
    assert plane.cosine == pytest.approx(u @ v / np.linalg.norm(u) / np.linalg.norm(v), rel=1e-12)
    np.testing.assert_allclose(plane.norms, [np.linalg.norm(u), np.linalg.norm(v)], rtol=1e-12)


def test_a_plane_without_a_name_takes_that_of_its_projection_and_another_keeps_its_own(rng):
    plane = oblique(rng)
    assert plane.name == "custom"
    assert plane.laid_by("sharpest").name == "sharpest"
    assert plane.laid_by("sharpest").laid_by("pca").name == "sharpest"


def test_float32_planes_compute_in_float64(rng):
    plane = Plane(rng.normal(size=9).astype(np.float32), rng.normal(size=(2, 9)).astype(np.float32))
    assert plane.lift(0.1, 0.2).dtype == np.float64
    np.testing.assert_allclose(plane.project(plane.lift(0.1, 0.2)), [0.1, 0.2], rtol=1e-12)


def test_caller_keeps_its_arrays(rng):
    centre, directions = rng.normal(size=8), rng.normal(size=(2, 8))
    copies = centre.copy(), directions.copy()
    plane = Plane(centre, directions)
    lifted = plane.lift(0.0, 0.0)
    lifted += 1
    plane.project(rng.normal(size=(3, 8)))
    np.testing.assert_array_equal(centre, copies[0])
    np.testing.assert_array_equal(directions, copies[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, d: (c, d[:, :-1]), r"\(8,\) and \(2, 7\)"),
        (lambda c, d: (c, np.stack([d[0], 2 * d[0]])), "parallel"),
        (lambda c, d: (c, np.stack([d[0], 0 * d[0]])), "direction 2 of the plane is zero"),
        (lambda c, d: (c * np.nan, d), "centre holds a value that is not finite"),
    ],
)
def test_what_spans_no_plane_is_an_error(rng, change, message):
    centre, directions = change(rng.normal(size=8), rng.normal(size=(2, 8)))
    with pytest.raises(PlaneError, match=message):
        Plane(centre, directions)
