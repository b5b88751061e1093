"""The plane of the sharpest directions: the kit's checks, and eigenvectors of Hessians that are known."""

import numpy as np
import pytest
from landscape import Experiment, Path, fit
from landscape.testing import parametrize_with_checks

from landscape_sharpest import Sharpest, eigenpairs, reach, register_projections


@parametrize_with_checks([Sharpest(), Sharpest(iterations=3, examples=10, second="lowest")])
def test_sharpest_passes_the_kit(plugin, check):
    check(plugin)


class Bowl:
    """The cost θᵀHθ/2 of a known H, as an objective."""

    dtype = np.dtype(np.float64)

    def __init__(self, hessian):
        self.hessian = hessian

    def examples(self, split):
        return 1

    def gradient(self, theta, split="train", rows=None):
        return float(theta @ self.hessian @ theta / 2), self.hessian @ theta


@pytest.fixture
def known():
    """A symmetric matrix and its eigenvalues and eigenvectors, ascending."""
    rng = np.random.default_rng(1)
    vectors = np.linalg.qr(rng.normal(size=(12, 12)))[0].T
    values = np.array([-6, -1, -0.5, 0, 0, 0.1, 0.2, 0.3, 0.5, 1, 4, 9])
    return (vectors.T * values) @ vectors, values, vectors


def plane(projection, objective, theta):
    path = Path(np.arange(2), np.stack([theta + 1, theta]))
    return projection.plane(objective, path, np.random.default_rng(0))


@pytest.mark.parametrize(("second", "places"), [("next", (-1, -2)), ("lowest", (-1, 0))])
def test_directions_are_the_eigenvectors_of_a_known_hessian(known, second, places):
    hessian, values, vectors = known
    found = plane(Sharpest(second=second), Bowl(hessian), np.linspace(-1, 1, 12))
    for direction, label, place in zip(found.directions, found.labels, places, strict=True):
        assert abs(direction @ vectors[place]) == pytest.approx(1, abs=1e-6)
        assert label == f"curvature {values[place]:.3g}"


def test_few_iterations_find_the_outermost_eigenvalues_of_a_large_matrix():
    spectrum = np.r_[np.linspace(0, 1, 2000), 20, 50]
    values, vectors = eigenpairs(lambda v: spectrum * v, spectrum.size, 15, np.random.default_rng(2))
    np.testing.assert_allclose(values[-2:], [20, 50], rtol=1e-6)
    assert np.abs(vectors[-2:, -2:]).max(axis=1) == pytest.approx([1, 1], abs=1e-4)


def test_a_flat_cost_still_gives_two_orthogonal_directions():
    found = plane(Sharpest(), Bowl(np.zeros((5, 5))), np.zeros(5))
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(2), atol=1e-12)


def test_curvatures_agree_with_the_surface_of_a_trained_network():
    experiment = Experiment(dataset="moons", hidden=[4], activation="tanh", epochs=5, precision="float64")
    run = fit(experiment)
    found = Sharpest().plane(run.objective, run.path, np.random.default_rng(0))
    h, centre = 1e-3, run.objective.evaluate(run.theta).cost
    for (a, b), label in zip(np.eye(2) * h, found.labels, strict=True):
        sides = [run.objective.evaluate(theta).cost for theta in found.lift([a, -a], [b, -b])]
        # second differences are good to the square of the distance
        assert (sum(sides) - 2 * centre) / h**2 == pytest.approx(float(label.split()[1]), rel=0.01)


def test_the_view_reaches_to_where_the_parabola_has_risen_by_one():
    assert (reach(8.0, 3.0), reach(-8.0, 3.0), reach(0.0, 3.0), reach(0.1, 3.0)) == (0.5, 0.5, 3.0, 3.0)


def test_the_module_registers_the_projection():
    assert register_projections() == [Sharpest]
