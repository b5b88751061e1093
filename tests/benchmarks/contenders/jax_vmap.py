"""JAX, jit + vmap: a few points at a time, all in one compiled loop."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from problem import Data, PlaneProblem, Surface, grid, layers

POINTS = 17


def cost(theta, inputs, targets):
    x = inputs
    for w, b in layers(theta):
        x = jax.nn.sigmoid(x @ w.T + b)
    return jnp.square(x - targets).sum() / len(inputs)


@jax.jit
def costs(centre, directions, coordinates, inputs, targets):
    """Return the costs at `coordinates` (points, 2)."""

    def at(point):
        return cost(centre + point @ directions, inputs, targets)

    return jax.lax.map(at, coordinates, batch_size=POINTS)


def start(data: Data, plane: PlaneProblem) -> Surface:
    inputs, targets = jnp.asarray(data.inputs), jnp.asarray(data.targets)
    centre, directions = (jnp.asarray(p, jnp.float32) for p in (plane.centre, plane.directions))

    def surface():
        coordinates = jnp.asarray(np.stack(grid(plane.ticks), axis=1), jnp.float32)
        return np.asarray(costs(centre, directions, coordinates, inputs, targets)).reshape(len(plane.ticks), -1)

    return surface
