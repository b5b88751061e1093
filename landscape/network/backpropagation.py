"""How do examples flow through the network, and errors back? The hot path of training.

Hidden layers hold units × examples, so that elementwise passes run over contiguous memory; a last row of ones
in each meets the bias column of the next matrix, so that one product gives weights and biases at once. The
output layer holds examples × units, as costs expect.

In small batches most of the time goes to Python. So every buffer and view is made once, what a step needs is
bound in tuples once, and products are made by `np.dot`, which is quicker to call than `np.matmul`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from landscape.kinds import Activation, Cost
from landscape.layout import Array, IntArray
from landscape.network.batches import Batches
from landscape.network.perceptron import Perceptron
from landscape.network.products import FirstProducts


class _Layer:
    """The work space of one layer: weighted inputs `z`, activations `a`, ∂ cost / ∂ z in `error`.

    Their memory is units × examples, but in the last layer examples × units. `rows` are the activations with
    a last row of ones (units + 1, examples), for the layer above.
    """

    def __init__(self, activation: Activation, matrix: Array, slope: Array, size: int, last: bool) -> None:
        units = len(matrix)
        self.value_into, self.multiply_derivative = activation.value_into, activation.multiply_derivative
        self.matrix, self.slope = matrix, slope
        self.weights_t = matrix[:, :-1].T
        self.rows = np.ones((units + 1, size), matrix.dtype)
        self.z, self.error = np.empty((2, size, units) if last else (2, units, size), matrix.dtype)
        self.a = np.empty_like(self.z) if last else self.rows[:-1]


class Backpropagation:
    """Cost and gradient of minibatches of `size` examples, bound to `theta` and `gradient`, both (P,).

    Parameters
    ----------
    inputs : (n, d + 1), the last column ones.
    targets : (n, k).
    threads : with two, the examples of the next batches are gathered meanwhile; numbers stay the same.
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
        threads: int = 1,
    ) -> None:
        self._batches = Batches(inputs, targets, size, threads)
        self._total_and_gradient = cost.total_and_gradient
        self._mean, self._mean_array = 1 / size, np.array(1 / size, theta.dtype)
        matrices, slopes = network.matrices(theta), network.matrices(gradient)
        count = len(matrices)
        layers = [
            _Layer(activation, matrix, slope, size, k == count)
            for k, (activation, matrix, slope) in enumerate(zip(network.activations, matrices, slopes, strict=True), 1)
        ]
        self._bind(layers, size)

    def _bind(self, layers: list[_Layer], size: int) -> None:
        """Bind what each pass reads and writes, layer by layer; the first layer's input is the batch's."""
        first, last = layers[0], layers[-1]
        # a single layer's weighted inputs are the outputs, and lie examples × units
        products = FirstProducts(first.matrix, first.slope, first.z.T if first is last else first.z)
        self._weigh, self._first_gradient = products.weigh, products.gradient
        self._first = first.z, first.a, first.value_into
        self._forward = [
            (low.rows.T, up.matrix.T, up.z, up.a, up.value_into)
            if up is last
            else (up.matrix, low.rows, up.z, up.a, up.value_into)
            for low, up in pairwise(layers)
        ]
        self._last = last.z, last.a, last.multiply_derivative
        self._backward = [
            (low.rows.T, up.slope, up.weights_t, low.error, low.z, low.a, low.multiply_derivative)
            for low, up in zip(layers[-2::-1], layers[:0:-1], strict=True)
        ]

    def expect(self, batches: Sequence[IntArray]) -> None:
        """Announce the rows of the next calls, in this order, so that they can be gathered ahead."""
        self._batches.expect(batches)

    def __call__(self, rows: IntArray) -> float:
        """Write the gradient at the bound θ for the examples `rows` (size,) and return their mean loss."""
        inputs, targets = self._batches(rows)
        z, a, value_into = self._first
        self._weigh(inputs)
        value_into(z, a)
        for left, right, z, a, value_into in self._forward:
            np.dot(left, right, z)
            value_into(z, a)
        z, a, multiply_derivative = self._last
        total, error = self._total_and_gradient(a, targets)
        multiply_derivative(z, a, error)
        np.multiply(error, self._mean_array, error)
        error = error.T
        for below, slope, weights_t, low_error, z, a, multiply_derivative in self._backward:
            np.dot(error, below, slope)
            np.dot(weights_t, error, low_error)
            multiply_derivative(z, a, low_error)
            error = low_error
        self._first_gradient(error, inputs)
        return total * self._mean
