"""How is a batch multiplied by the first layer's matrix, and by its errors? Most of the arithmetic of training.

In a network on images nearly all weights are in the first layer, whose matrix is wide and of few rows. How fast
BLAS multiplies such a matrix depends on how the product is put; the forms here were measured against each other.
"""

from __future__ import annotations

import numpy as np

from landscape.layout import Array

# Up to this many examples, the plain form is as fast as any and makes the fewest calls.
_FEW = 64
# OpenBLAS multiplies small matrices without packing them first, up to about so many multiplications. Narrow
# layers gain a third when a batch is cut so, into a few parts of enough examples that calls stay cheap.
_SMALL, _LEAST, _PARTS = 800_000, 16, 64


class FirstProducts:
    """The products of a batch (size, d + 1) with a matrix (units, d + 1), into `z`, and with errors, into `slope`.

    `z` and errors are (units, size).
    """

    def __init__(self, matrix: Array, slope: Array, z: Array) -> None:
        self._matrix, self._slope, self._z = matrix, slope, z
        units, size = z.shape
        self._few = size <= _FEW
        self._multiply = np.dot if z.flags.c_contiguous else np.matmul  # np.dot is quicker to call
        self._part = _part(size, matrix.size)
        self._parts = size // self._part
        self._turned = np.empty((self._parts, self._part, units), z.dtype)
        self._slopes = np.empty((self._parts, *slope.shape), z.dtype) if self._parts > 1 else slope[None]

    def weigh(self, inputs: Array) -> None:
        """Write matrix @ inputs.T into `z`."""
        if self._few:
            self._multiply(self._matrix, inputs.T, self._z)
            return
        turned = self._turned
        np.matmul(self._cut(inputs), self._matrix.T, turned)
        np.copyto(self._z, turned.reshape(len(inputs), -1).T)

    def gradient(self, errors: Array, inputs: Array) -> None:
        """Write errors @ inputs into `slope`."""
        if self._parts == 1:
            np.dot(errors, inputs, self._slope)
            return
        parts = errors.reshape(len(errors), -1, self._part).swapaxes(0, 1)
        np.matmul(parts, self._cut(inputs), self._slopes)
        np.add.reduce(self._slopes, axis=0, out=self._slope)

    def _cut(self, inputs: Array) -> Array:
        return inputs.reshape(-1, self._part, inputs.shape[1])


def _part(size: int, weights: int) -> int:
    """Return into parts of how many examples to cut a batch: a divisor of its size, or the size itself."""
    most = min(_SMALL // weights, size)
    part = max((part for part in range(_LEAST, most + 1) if size % part == 0), default=size)
    return part if size // part <= _PARTS else size
