"""How do examples flow through the network, and errors back? The hot path of training.

Hidden layers hold units × examples, so that elementwise passes run over contiguous memory; a last row of ones
in each meets the bias column of the next matrix, so that one product gives weights and biases at once. The
output layer holds examples × units, as costs expect.

In small batches most of the time goes to Python. So every buffer and view is made once, what a step needs is
bound in tuples once, products are made by `np.dot`, which is quicker to call than `np.matmul`, of whole
matrices, which it need not copy, and neighbouring layers of one activation get their derivative in one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, groupby, pairwise
from operator import itemgetter

import numpy as np

from landscape.kinds import Activation, Cost, TanhForm
from landscape.layout import Array, IntArray
from landscape.network.batches import Batches
from landscape.network.perceptron import Perceptron
from landscape.network.products import FirstProducts


class _Layer:
    """The work space of one layer: weighted inputs, activations, their derivative, and ∂ cost / ∂ z, the error.

    Their memory, four flat arrays, is units × examples, but in the last layer examples × units. Hidden layers have
    a last row more: in `rows` (units + 1, examples) it is the ones that the layer above wants, in `error_rows` what
    no unit needs.
    """

    def __init__(
        self, activation: Activation, matrix: Array, slope: Array, memory: Sequence[Array], size: int, last: bool
    ) -> None:
        self.matrix, self.slope, self.value_into = matrix, slope, activation.value_into
        z, self.rows, derivative, self.error_rows = (
            part.reshape((size, -1) if last else (-1, size)) for part in memory
        )
        own = slice(None) if last else slice(-1)
        self.z, self.a, self.derivative, self.error = z[own], self.rows[own], derivative[own], self.error_rows[own]


class _WorkSpace:
    """The layers of a network on `size` examples; arrays of one kind lie one after the other, layer by layer.

    So neighbouring layers of one activation are one array for it: `derivatives` are calls with such arrays. What
    they give for the rows of ones is not used.
    """

    def __init__(self, network: Perceptron, matrices: Sequence[Array], slopes: Sequence[Array], size: int) -> None:
        activations = network.activations
        heights = [*(len(matrix) + 1 for matrix in matrices[:-1]), len(matrices[-1])]
        ends = [size * height for height in accumulate(heights, initial=0)]
        z, derivative, error = np.zeros((3, ends[-1]), matrices[0].dtype)
        a = np.full_like(z, network.input_scale)
        self.layers = []
        for k, (start, stop) in enumerate(pairwise(ends), 1):
            memory = [part[start:stop] for part in (z, a, derivative, error)]
            self.layers.append(
                _Layer(activations[k - 1], matrices[k - 1], slopes[k - 1], memory, size, last=k == len(heights))
            )
        self.derivatives = []
        for activation, run in groupby(zip(activations, pairwise(ends), strict=True), itemgetter(0)):
            bounds = [bound for _, pair in run for bound in pair]
            where = slice(bounds[0], bounds[-1])
            self.derivatives.append((activation.derivative_into, z[where], a[where], derivative[where]))
        if network.folded is not None:
            self._fold(network.folded, z, a, derivative)

    def _fold(self, form: TanhForm, z: Array, a: Array, derivative: Array) -> None:
        """Replace the activations, offset + scale·tanh(slope·z), by ones that get slope·z and give slope times theirs.

        The outputs are not multiplied; their derivative is then greater by 1/slope, as all errors are to be that are
        multiplied by such activations. Between value and derivative, `derivative` holds the term with tanh.
        """
        scales = np.full_like(z, form.slope * form.scale)
        scales[-self.layers[-1].z.size :] = form.scale
        for layer in self.layers:
            slope = 1.0 if layer is self.layers[-1] else form.slope
            scale, offset = np.array(slope * form.scale, z.dtype), np.array(slope * form.offset, z.dtype)
            layer.value_into = partial(_fold_value, layer.derivative, scale, offset)
        self.derivatives = [(partial(_fold_derivative, scales), z, a, derivative)]


def _fold_value(term: Array, scale: Array, offset: Array, z: Array, a: Array) -> None:
    """Write offset + scale·tanh(z) into `a`, its second term into `term`, and tanh(z) over `z`."""
    np.tanh(z, z)
    np.multiply(z, scale, term)
    np.add(term, offset, a)


def _fold_derivative(scales: Array, z: Array, a: Array, out: Array) -> None:
    """Write scale − scale·tanh² into `out`, which holds scale·tanh; `z` holds tanh."""
    np.multiply(out, z, out)
    np.subtract(scales, out, out)


class Backpropagation:
    """Cost and gradient of minibatches of `size` examples, bound to `theta` and `gradient`, both (P,).

    Parameters
    ----------
    inputs : (n, d + 1), the last column ones, all times the network's `input_scale`.
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
        self._mean, self._factor, self._scale = 1 / size, 1.0, np.array(1 / size, theta.dtype)
        matrices, slopes = network.matrices(theta), network.matrices(gradient)
        space = _WorkSpace(network, matrices, slopes, size)
        self._derivatives = space.derivatives
        self._bind(space.layers)

    def _bind(self, layers: list[_Layer]) -> None:
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
        self._last = last.a, last.derivative
        self._backward = [
            (low.rows.T, up.slope, up.matrix.T, low.error_rows, low.error, low.derivative)
            for low, up in zip(layers[-2::-1], layers[:0:-1], strict=True)
        ]

    def expect(self, batches: Sequence[IntArray]) -> None:
        """Announce the rows of the next calls, in this order, so that they can be gathered ahead."""
        self._batches.expect(batches)

    def __call__(self, rows: IntArray, factor: float = 1.0) -> float:
        """Write `factor` times the gradient at the bound θ for the examples `rows` (size,); return their mean loss."""
        if factor != self._factor:
            self._factor, self._scale = factor, np.array(factor * self._mean, self._scale.dtype)
        inputs, targets = self._batches(rows)
        z, a, value_into = self._first
        self._weigh(inputs)
        value_into(z, a)
        for left, right, z, a, value_into in self._forward:
            np.dot(left, right, z)
            value_into(z, a)
        for derivative_into, z, a, derivative in self._derivatives:
            derivative_into(z, a, derivative)
        a, derivative = self._last
        total, error = self._total_and_gradient(a, targets)
        np.multiply(error, derivative, error)
        np.multiply(error, self._scale, error)
        error = error.T
        for below, slope, weights_t, error_rows, low_error, derivative in self._backward:
            np.dot(error, below, slope)
            np.dot(weights_t, error, error_rows)
            np.multiply(low_error, derivative, low_error)
            error = low_error
        self._first_gradient(error, inputs)
        return total * self._mean
