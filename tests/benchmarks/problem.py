"""What does every contender compute? The data, the starting points, and the contracts that they fulfil.

It imports NumPy and nothing of landscape, so that no rival runs with settings that landscape chose.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIZES = (784, 16, 16, 10)
RATE = 0.5
REPLAYED_STEPS = 60

MNIST = Path(__file__).parents[2] / "landscape" / "datasets" / "mnist_data"


class Data(NamedTuple):
    """One split: inputs (n, 784) float32 from 0 to 1, one-hot targets (n, 10) float32, labels (n,) int64."""

    inputs: NDArray
    targets: NDArray
    labels: NDArray


class Training(NamedTuple):
    """A contender in training.

    `replay` takes rows (steps, batch), trains on them in this order and returns the cost of each batch, all
    in one call. `epoch` shuffles the data, trains on all of it and computes each batch's cost too.
    """

    replay: Callable[[NDArray], NDArray]
    epoch: Callable[[], object]


class PlaneProblem(NamedTuple):
    """The plane centre + a·u + b·v: centre (P,), directions (2, P), float64; a and b (points,) the axes' ticks."""

    centre: NDArray
    directions: NDArray
    ticks: NDArray


Surface = Callable[[], NDArray]
"""Returns the cost at each point of the grid, (points, points): row = b, column = a."""


def mnist(split: str) -> Data:
    """Return ``"train"`` or ``"test"``, decoded from the files that landscape ships."""
    stem = {"train": "train", "test": "t10k"}[split]
    pixels = np.frombuffer(gzip.decompress((MNIST / f"{stem}-images-idx3-ubyte.gz").read_bytes()), np.uint8, -1, 16)
    labels = np.frombuffer(gzip.decompress((MNIST / f"{stem}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, -1, 8)
    inputs = pixels.reshape(-1, SIZES[0]) / np.float32(255)
    return Data(inputs, np.eye(SIZES[-1], dtype=np.float32)[labels], labels.astype(np.int64))


def random_theta(rng: np.random.Generator) -> NDArray:
    """Return weights and biases ~ N(0, 1/fan-in), (P,) float64: each layer a row-major (out, in + 1), bias last."""
    parts = [rng.normal(0, fan_in**-0.5, out * (fan_in + 1)) for fan_in, out in pairwise(SIZES)]
    return np.concatenate(parts)


def layers(theta: NDArray) -> list[tuple[NDArray, NDArray]]:
    """Return W (..., out, in) and b (..., out) of every layer, views on `theta` (..., P)."""
    found, start = [], 0
    for fan_in, out in pairwise(SIZES):
        stop = start + out * (fan_in + 1)
        both = theta[..., start:stop].reshape(*theta.shape[:-1], out, fan_in + 1)
        found.append((both[..., :-1], both[..., -1]))
        start = stop
    return found


def replayed_rows(batch: int) -> NDArray:
    """Return the batches on which all contenders must agree, (REPLAYED_STEPS, batch) int64."""
    return np.random.default_rng(1).integers(0, 60_000, (REPLAYED_STEPS, batch))


def training(train: Callable[[NDArray], NDArray], examples: int, batch: int) -> Training:
    """Return the contender that trains on given rows (steps, batch) by `train` and is shuffled by NumPy."""
    rng = np.random.default_rng(2)

    def epoch() -> NDArray:
        order = rng.permutation(examples)
        return train(order[: examples // batch * batch].reshape(-1, batch))

    return Training(train, epoch)


def grid(ticks: NDArray) -> tuple[NDArray, NDArray]:
    """Return the coordinates a and b of all grid points, each (points²,), a running fastest."""
    b, a = np.meshgrid(ticks, ticks, indexing="ij")
    return a.ravel(), b.ravel()
