"""How do examples flow through the network, and errors back? The hot path of training.

Hidden layers hold units × examples, so that elementwise passes run over contiguous memory; a last row of ones
in each meets the bias column of the next matrix, so that one product gives weights and biases at once. The
output layer holds examples × units, as costs expect. Every buffer is allocated once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from landscape.kinds import Activation, Cost
from landscape.layout import Array, IntArray
from landscape.network.perceptron import Perceptron


class _Layer(NamedTuple):
    """What one layer reads and writes.

    For the output layer, `z`, `a` and `error` are examples × units; for the others units × examples.
    """

    activation: Activation
    matrix: Array  # (out, in + 1), weights and bias
    slope: Array  # the same of the gradient
    below: Array  # (in + 1, size), what comes in, the last row ones
    z: Array  # the weighted inputs
    a: Array  # their activations
    error: Array  # ∂ cost / ∂ z


class Backpropagation:
    """Cost and gradient of minibatches of `size` examples, bound to `theta` and `gradient`, both (P,).

    Parameters
    ----------
    inputs : (n, d + 1), the last column ones.
    targets : (n, k).
    """

    def __init__(
        self,
        network: Perceptron,
        cost: Cost,
        inputs: Array,
        targets: Array,
        theta: Array,
        gradient: Array,
        size: int,
    ) -> None:
        dtype = theta.dtype
        self._inputs, self._targets = inputs, targets
        self._batch = np.empty((size, inputs.shape[1]), dtype)
        self._batch_targets = np.empty((size, targets.shape[1]), dtype)
        self._total_and_gradient = cost.total_and_gradient
        self._mean = 1 / size
        below, layers = self._batch.T, []
        matrices, slopes = network.matrices(theta), network.matrices(gradient)
        for activation, matrix, slope in zip(network.activations[:-1], matrices, slopes, strict=False):
            units = len(matrix)
            above = np.ones((units + 1, size), dtype)
            z, error = np.empty((2, units, size), dtype)
            layers.append(_Layer(activation, matrix, slope, below, z, above[:-1], error))
            below = above
        z, a = np.empty((2, size, len(matrices[-1])), dtype)
        self._hidden = layers
        self._top = _Layer(network.activations[-1], matrices[-1], slopes[-1], below, z, a, z)

    def __call__(self, rows: IntArray) -> float:
        """Write the gradient at the bound θ for the examples `rows` (size,) and return their mean loss."""
        # "clip" spares the bounds check that would make a copy of the buffer
        self._inputs.take(rows, 0, self._batch, "clip")
        self._targets.take(rows, 0, self._batch_targets, "clip")
        self._forward()
        total, error = self._total_and_gradient(self._top.a, self._batch_targets)
        self._backward(error)
        return total * self._mean

    def _forward(self) -> None:
        for activation, matrix, _, below, z, a, _ in self._hidden:
            np.matmul(matrix, below, z)
            activation.value_into(z, a)
        top = self._top
        np.matmul(top.below.T, top.matrix.T, top.z)
        top.activation.value_into(top.z, top.a)

    def _backward(self, error: Array) -> None:
        top = self._top
        top.activation.multiply_derivative(top.z, top.a, error)
        error *= self._mean
        error = error.T
        matrix = top.matrix
        np.matmul(error, top.below.T, top.slope)
        for layer in reversed(self._hidden):
            np.matmul(matrix[:, :-1].T, error, layer.error)
            error, matrix = layer.error, layer.matrix
            layer.activation.multiply_derivative(layer.z, layer.a, error)
            np.matmul(error, layer.below.T, layer.slope)
