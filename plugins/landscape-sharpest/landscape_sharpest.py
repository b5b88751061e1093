from typing import Literal

import numpy as np
from landscape import Plane, Projection, hookimpl
from pydantic import Field


class Sharpest(Projection):
    """The two directions in which the cost curves most at the path's last point, orthogonal unit vectors.

    They are eigenvectors of the Hessian, found from gradients alone, a little to either side of the point. On
    most other planes through a minimum the surface looks flat; on this one it is as steep as it gets.
    """

    name = "sharpest"
    source = "Böttcher & Wheeler 2022, arXiv:2208.13219; Lanczos 1950"
    iterations: int = Field(20, ge=2, le=200, description="Pairs of gradients to compute; more find a truer direction")
    examples: int = Field(10_000, ge=1, le=10**9, description="On how many training examples, by the seed, at most")
    second: Literal["next", "lowest"] = Field(
        "next", description="The second axis: the next largest curvature, or the lowest, which shows saddles"
    )

    def plane(self, objective, path, rng):
        n = objective.examples("train")
        rows = None if n <= self.examples else np.sort(rng.choice(n, self.examples, replace=False))
        theta = path.last.astype(np.float64)
        # for central differences: errors of rounding over the step and of the step squared are then alike
        step = np.cbrt(np.finfo(objective.dtype).eps) * max(1.0, np.sqrt(np.mean(theta**2)))

        def gradient(point):
            return objective.gradient(point.astype(objective.dtype), "train", rows)[1].astype(np.float64)

        def hessian_times(v):
            return (gradient(theta + step * v) - gradient(theta - step * v)) / (2 * step)

        values, vectors = eigenpairs(hessian_times, theta.size, self.iterations, rng)
        chosen = [-1, -2 if self.second == "next" else 0]
        curvatures, directions = values[chosen], vectors[chosen]
        labels = tuple(f"curvature {value:.3g}" for value in curvatures)
        walk = self.random_walk_captured(path)
        size = float(np.linalg.norm(theta)) or 1.0
        return Plane(path.last, directions, labels, self.name, tuple(reach(c, size) for c in curvatures), walk)


def eigenpairs(times, size, iterations, rng):
    """Return approximate eigenvalues (k,), ascending, and unit eigenvectors (k, size) of a symmetric matrix.

    `times` multiplies a vector by it. Lanczos's method, with each vector made orthogonal to all before it: exact
    up to rounding with k = size, and the outermost eigenvalues converge first.
    """
    basis, products = np.empty((0, size)), np.empty((0, size))
    direction = rng.normal(size=size)
    for _ in range(min(iterations, size)):
        rest = without(direction, basis)
        if np.linalg.norm(rest) <= 1e-10 * np.linalg.norm(direction):  # nothing new: begin elsewhere
            rest = without(rng.normal(size=size), basis)
        basis = np.vstack([basis, rest / np.linalg.norm(rest)])
        direction = times(basis[-1])
        products = np.vstack([products, direction])
    small = basis @ products.T
    values, vectors = np.linalg.eigh((small + small.T) / 2)
    return values, vectors.T @ basis


def without(vector, basis):
    """Return `vector` less its components along the orthonormal rows of `basis`; twice, because of rounding."""
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector


def reach(curvature, most):
    """Return how far to look: to where the parabola has risen, or fallen, by 1, but `most` at most."""
    return most if abs(curvature) * most**2 < 2 else float(np.sqrt(2 / abs(curvature)))


@hookimpl
def register_projections():
    return [Sharpest]
