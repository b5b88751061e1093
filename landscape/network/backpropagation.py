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


# From this many examples on, BLAS multiplies a tall matrix by a narrow one, and a copy turns the product over,
# in half the time of the product the other way round. Below, the copy's overhead is larger than the gain.
_TALL = 64


class _Layer(NamedTuple):
    """What one layer reads and writes.

    For the output layer, `z`, `a` and `error` are examples × units; for the others units × examples.
    """

    activation: Activation
    matrix: Array  # (out, in + 1), weights and bias
    weights: Array  # (in, out), the weights alone, transposed: they carry errors back
    slope: Array  # (out, in + 1) of the gradient
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
            layers.append(_Layer(activation, matrix, matrix[:, :-1].T, slope, below, z, above[:-1], error))
            below = above
        z, a = np.empty((2, size, len(matrices[-1])), dtype)
        self._hidden = layers
        matrix = matrices[-1]
        self._top = _Layer(network.activations[-1], matrix, matrix[:, :-1].T, slopes[-1], below, z, a, z)
        self._tall = np.empty((size, len(matrices[0])), dtype) if layers and size >= _TALL else None

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
        tall = self._tall
        for activation, matrix, _, _, below, z, a, _ in self._hidden:
            if tall is None:
                np.dot(matrix, below, z)
            else:
                np.dot(below.T, matrix.T, tall)
                np.copyto(z, tall.T)
                tall = None  # only the first layer's inputs lie example by example
            activation.value_into(z, a)
        top = self._top
        np.dot(top.below.T, top.matrix.T, top.z)
        top.activation.value_into(top.z, top.a)

    def _backward(self, error: Array) -> None:
        top = self._top
        top.activation.multiply_derivative(top.z, top.a, error)
        error *= self._mean
        error, weights = error.T, top.weights
        # np.dot is np.matmul for two matrices, with less overhead
        np.dot(error, top.below.T, top.slope)
        for layer in reversed(self._hidden):
            np.dot(weights, error, layer.error)
            error, weights = layer.error, layer.weights
            layer.activation.multiply_derivative(layer.z, layer.a, error)
            np.dot(error, layer.below.T, layer.slope)
