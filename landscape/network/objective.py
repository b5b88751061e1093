"""What does a network's θ cost on its data, and which way is down?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from landscape.errors import DataError, ExperimentError
from landscape.kinds import Cost, Data, check_shapes, checked_losses
from landscape.layout import Array, IntArray, Layout
from landscape.network.backpropagation import Backpropagation
from landscape.network.moments import Moments, hits
from landscape.network.perceptron import Initialization, Perceptron, initialize
from landscape.network.plane import NetworkPlane
from landscape.objective import Evaluation, Minibatch, PlaneEvaluator, Split
from landscape.plane import Plane

# Examples per pass: long enough that Python's share is small, short enough that a layer stays in cache.
_BLOCK = 1000


class NetworkObjective:
    """The mean loss of a multilayer perceptron over the examples of a data set.

    Parameters
    ----------
    network : its first size must be the data's inputs, its last the data's targets.
    cost, data : what to measure, and on what.
    initialization : how `initial` draws θ.
    dtype : float32 or float64; data are converted once.

    Raises
    ------
    ExperimentError
        When the network's sizes do not fit the data.
    PluginError
        When an activation does not give back the shape of what it gets.
    """

    def __init__(
        self,
        network: Perceptron,
        cost: Cost,
        data: Data,
        initialization: Initialization = "normal",
        dtype: np.dtype[np.floating] | type[np.floating] = np.float32,
    ) -> None:
        ends = data.train.inputs.shape[1], data.train.targets.shape[1]
        if (network.sizes[0], network.sizes[-1]) != ends:
            raise ExperimentError(
                f"the network has {network.sizes[0]} inputs and {network.sizes[-1]} outputs, "
                f"the data {ends[0]} and {ends[1]}: they must agree"
            )
        for activation in dict.fromkeys(network.activations):
            check_shapes(activation)
        self.network = network
        self.loss = cost
        self.data = data
        self.initialization: Initialization = initialization
        self.dtype: np.dtype[np.floating] = np.dtype(dtype)

    @property
    def layout(self) -> Layout:
        """The network's layout."""
        return self.network.layout

    @cached_property
    def _arrays(self) -> dict[Split, tuple[Array, Array]]:
        """Of each split, inputs with a last column of ones (n, d + 1), times `input_scale`, and targets (n, k)."""
        return {split: self._convert(split) for split in ("train", "test")}

    def _convert(self, split: Split) -> tuple[Array, Array]:
        examples = self.data[split]
        for what, values in (("inputs", examples.inputs), ("targets", examples.targets)):
            if not max(float(values.max()), -float(values.min())) <= float(np.finfo(self.dtype).max):
                raise DataError(f"the {split} {what} hold values that are not finite in {self.dtype}: drop such rows")
        scale = self.network.input_scale
        inputs = np.full((len(examples), examples.inputs.shape[1] + 1), scale, self.dtype)
        np.multiply(examples.inputs, scale, out=inputs[:, :-1], dtype=self.dtype, casting="same_kind")
        targets = np.array(examples.targets, self.dtype, order="C")
        targets.flags.writeable = False  # a cost that writes into its arguments shall not change what is learnt
        return inputs, targets

    def examples(self, split: Split) -> int:
        """Return how many examples the split has."""
        return len(self.data[split])

    def initial(self, rng: np.random.Generator) -> Array:
        """Return a fresh θ by the objective's initialization."""
        return initialize(self.network, self.initialization, rng, self.dtype)

    def outputs(self, theta: Array, inputs: Array) -> Array:
        """Return what the network puts out, (n, k), for `inputs` (n, d)."""
        first = self.network.matrices(theta)[0]
        return self._later_outputs(theta, np.asarray(inputs, self.dtype) @ first[:, :-1].T + first[:, -1])

    def _later_outputs(self, theta: Array, z: Array) -> Array:
        """Return the outputs (n, k) for weighted inputs `z` (n, units) of the first layer."""
        first, *later = self.network.activations
        a = first.value(z)
        for activation, matrix in zip(later, self.network.matrices(theta)[1:], strict=True):
            a = activation.value(a @ matrix[:, :-1].T + matrix[:, -1])
        return a

    def _blocks(self, split: Split, rows: IntArray | None) -> Iterator[tuple[Array, Array, IntArray | None]]:
        """Yield inputs (m, d + 1), targets (m, k) and labels (m,) of a block of examples at a time."""
        inputs, targets = self._arrays[split]
        labels = self.data[split].labels
        for where in _split(self.examples(split), rows):
            yield inputs[where], targets[where], None if labels is None else labels[where]

    def evaluate(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> Evaluation:
        """Return cost, accuracy and deviation at `theta`, summed in float64."""
        moments, right, theta = Moments(), 0.0, np.asarray(theta, self.dtype)
        first = self.network.matrices(theta)[0] / self.network.input_scale
        for inputs, targets, labels in self._blocks(split, rows):
            outputs = self._later_outputs(theta, inputs @ first.T)
            moments.add(checked_losses(self.loss, outputs, targets))
            if labels is None:
                right = float("nan")
            else:
                right += float(hits(outputs.T, outputs[np.arange(len(labels)), labels], labels))
        return Evaluation(float(moments.mean), right / moments.count, float(moments.deviation))

    def gradient(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> tuple[float, Array]:
        """Return the cost and its gradient at `theta`, summed over blocks in float64."""
        theta = np.array(theta, self.dtype)
        block = np.empty_like(theta)
        total, gradient, count = 0.0, np.zeros(theta.size), 0
        for size, chunks in _by_size(self.examples(split), rows):
            compute = Backpropagation(self.network, self.loss, *self._arrays[split], theta, block, size)
            for chunk in chunks:
                total += size * compute(chunk)
                gradient += size * block.astype(np.float64)
                count += size
        return total / count, (gradient / count).astype(self.dtype)

    def minibatch(self, theta: Array, gradient: Array, size: int, threads: int = 1) -> Minibatch:
        """Return backpropagation over `size` training rows, bound to `theta` and `gradient`."""
        return Backpropagation(self.network, self.loss, *self._arrays["train"], theta, gradient, size, threads)

    def plane_evaluator(self, plane: Plane, split: Split, rows: IntArray | None, accuracy: bool) -> PlaneEvaluator:
        """Return an evaluator of the plane that makes the first layer's products only once."""
        inputs, targets = self._arrays[split]
        labels = self.data[split].labels if accuracy else None
        if rows is not None:
            inputs, targets = inputs[rows], targets[rows]
            labels = None if labels is None else labels[rows]
        return NetworkPlane(self.network, self.loss, plane, inputs, targets, labels)


def _split(count: int, rows: IntArray | None) -> Iterator[slice | IntArray]:
    """Yield blocks of `rows`, or of all `count` examples."""
    for start in range(0, count if rows is None else len(rows), _BLOCK):
        stop = start + _BLOCK
        yield slice(start, stop) if rows is None else rows[start:stop]


def _by_size(count: int, rows: IntArray | None) -> Iterator[tuple[int, list[IntArray]]]:
    """Yield the blocks as indices, grouped by how many examples they have."""
    indices = np.arange(count) if rows is None else np.arange(count)[rows]
    whole = len(indices) // _BLOCK * _BLOCK
    if whole:
        yield _BLOCK, list(indices[:whole].reshape(-1, _BLOCK))
    if whole < len(indices):
        yield len(indices) - whole, [indices[whole:]]
