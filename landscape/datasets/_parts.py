"""How do arrays as they come become inputs, labels and targets?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.errors import DataError
from landscape.kinds import Data, Examples
from landscape.layout import Array, IntArray

# One-hot targets take classes × examples numbers; a label beyond this is damage more often than a class.
MAX_CLASSES = 10_000


def children(rng: np.random.Generator, count: int) -> list[np.random.Generator]:
    """Return `count` generators seeded by `rng`, one per purpose, so that none shifts another's draws."""
    return [np.random.default_rng(int(seed)) for seed in rng.integers(2**63, size=count)]


def one_hot(labels: IntArray, classes: int) -> Array:
    """Return (n, max(2, classes)) float32 with a one in the column of each label."""
    targets = np.zeros((len(labels), max(2, classes)), np.float32)
    targets[np.arange(len(labels)), labels] = 1
    return targets


def class_names(classes: int) -> tuple[str, ...]:
    """Return the names "0", "1", … of at least two classes."""
    return tuple(str(k) for k in range(max(2, classes)))


def as_inputs(values: NDArray[Any], where: str) -> Array:
    """Return `values` (n, ...) as (n, d): bytes scaled from 0-255 to 0-1, float64 kept, all else float32.

    Raises DataError, naming `where`, for anything but one or more rows of finite real numbers.
    """
    if values.ndim < 2 or values.size == 0 or values.dtype.kind not in "buif":
        raise DataError(
            f"{where} is an array {values.shape} of {values.dtype}: inputs must be real numbers (n, d), or "
            "images (n, height, width), with at least one example"
        )
    rows = values.reshape(len(values), -1)
    if values.dtype == np.uint8:
        scaled: Array = np.divide(rows, 255, dtype=np.float32)
        return scaled
    inputs: Array = rows.astype(np.float64 if values.dtype.newbyteorder("=") == np.float64 else np.float32)
    if not np.isfinite(inputs).all():
        raise DataError(f"{where} holds values that are not finite in {inputs.dtype}: replace or drop them")
    return inputs


def as_labels(values: NDArray[Any], where: str) -> IntArray:
    """Return integer `values`, (n,) or (n, 1), as int64 labels (n,).

    Raises DataError, naming `where`, when they are not whole numbers from 0 to `MAX_CLASSES` - 1.
    """
    column = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if column.ndim != 1 or column.size == 0 or column.dtype.kind not in "bui":
        raise DataError(f"{where} is an array {values.shape} of {values.dtype}: labels must be one integer per example")
    low, high = int(column.min()), int(column.max())
    if low < 0 or high >= MAX_CLASSES:
        raise DataError(
            f"{where} holds label {low if low < 0 else high}: labels count the classes from 0, up to "
            f"{MAX_CLASSES - 1} at most; renumber them"
        )
    return column.astype(np.int64)


def check_rows(inputs: NDArray[Any], targets: NDArray[Any], inputs_name: str, targets_name: str) -> None:
    """Raise DataError unless both arrays have rows, and equally many of them."""
    if not inputs.ndim or inputs.shape[:1] != targets.shape[:1]:
        raise DataError(
            f"{inputs_name} is an array {inputs.shape} and {targets_name} one {targets.shape}: both must "
            "have the same number of rows, one target for each input"
        )


def image_shape(values: NDArray[Any]) -> tuple[int, int] | None:
    """Return (height, width) of grey images (n, height, width), None for anything else."""
    return (values.shape[1], values.shape[2]) if values.ndim == 3 else None


def classified(
    train: tuple[Array, IntArray],
    test: tuple[Array, IntArray],
    where: str,
    image: tuple[int, int] | None = None,
) -> Data:
    """Return the data of inputs and labels, with as many classes as the training labels have.

    Raises DataError, naming `where` as the test labels' source, for a test label that training never shows.
    """
    last = int(train[1].max())
    if test[1].max() > last:
        raise DataError(
            f"{where} holds label {test[1].max()}, but the training labels run only to {last}: both must "
            "use the same classes"
        )
    splits = [Examples(inputs, one_hot(labels, last + 1), labels) for inputs, labels in (train, test)]
    return Data(splits[0], splits[1], image, class_names(last + 1))
