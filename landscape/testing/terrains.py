"""On which objectives and paths is a projection tried?"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from landscape.activations import Tanh
from landscape.costs import Quadratic
from landscape.functions import Function
from landscape.kinds import Data, Examples
from landscape.layout import Array
from landscape.network import NetworkObjective, Perceptron
from landscape.objective import Objective
from landscape.path import Path

_POINTS = 40


class Terrain(NamedTuple):
    """An objective, a path on it, and what they are called in messages."""

    name: str
    objective: Objective
    path: Path


def terrains(shrink: float = 1) -> list[Terrain]:
    """Return fresh paths on a small network, in float32, and on functions of five and of two parameters.

    All points of a path are nearer to its last one by the factor `shrink`.
    """
    return [
        Terrain("a small network", _network(), _path("network", shrink)),
        Terrain("a function of five parameters", _function(5), _path("five", shrink)),
        Terrain("a function of two parameters", _function(2), _path("two", shrink)),
    ]


def short_paths(path: Path) -> dict[str, Path]:
    """Return paths that span no plane, made of the first points of `path`."""
    steps, thetas = path.steps, path.thetas
    return {
        "of a single point": Path(steps[:1], thetas[:1]),
        "of two points": Path(steps[:2], thetas[:2]),
        "of three equal points": Path(steps[:3], np.repeat(thetas[:1], 3, axis=0)),
        "that ends where it starts": Path(steps[:3], thetas[[0, 1, 0]]),
        "along a line": Path(steps[:3], np.stack([thetas[0], 2 * thetas[0], 3 * thetas[0]])),
    }


def random_walks(count: int) -> list[Terrain]:
    """Return that many random walks on a small network."""
    walks = []
    for seed in range(count):
        moves = 0.05 * np.random.default_rng(seed).normal(size=_thetas("network").shape)
        thetas = (_thetas("network")[0] + moves.cumsum(axis=0)).astype(np.float32)
        walks.append(Terrain("a random walk on a small network", _network(), Path(np.arange(_POINTS), thetas)))
    return walks


def _network() -> Objective:
    rng = np.random.default_rng(11)
    inputs = rng.normal(size=(24, 3)).astype(np.float32)
    labels = (inputs[:, 0] * inputs[:, 1] > 0).astype(np.int64)
    train, test = (Examples(x, np.eye(2, dtype=np.float32)[y], y) for x, y in ((inputs, labels), (-inputs, 1 - labels)))
    network = Perceptron((3, 4, 2), (Tanh(), Tanh()))
    return NetworkObjective(network, Quadratic(), Data(train, test), dtype=np.float32)


def _function(size: int) -> Objective:
    start = tuple(np.linspace(-1.2, 1.4, size).tolist())
    return Function(name="rosenbrock", start=start).objective(np.float64)


def _path(which: str, shrink: float) -> Path:
    thetas = _thetas(which)
    nearer = (thetas[-1] + shrink * (thetas - thetas[-1])).astype(thetas.dtype)
    return Path(2 * np.arange(_POINTS, dtype=np.int64), nearer)


@cache
def _thetas(which: str) -> Array:
    """Return the points (T, P) of a path, two steps of plain descent apart."""
    objective = _network() if which == "network" else _function({"five": 5, "two": 2}[which])
    rate = 0.5 if which == "network" else 0.0005
    theta = np.array(objective.initial(np.random.default_rng(1)))
    thetas = [theta]
    for step in range(1, 2 * _POINTS - 1):
        theta = (theta - rate * objective.gradient(theta)[1]).astype(theta.dtype)
        if step % 2 == 0:
            thetas.append(theta)
    return np.stack(thetas)
