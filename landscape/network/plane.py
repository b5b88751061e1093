"""What does a network cost at many points of one plane? Exactly, and with most of the work done once.

The first layer is affine in the plane's coordinates::

    X·(W + aU + bV)ᵀ = X·Wᵀ + a·X·Uᵀ + b·X·Vᵀ

so three products with the examples serve all points. What is left of a point is a combination of three
arrays and the small later layers. Where an activation is offset + scale·tanh(slope·z), the slope goes into
its own layer's matrix and scale and offset into the next one's, which saves three passes in four.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import cast

import numpy as np

from landscape.kinds import TANH, Activation, Cost, TanhForm, checked_losses
from landscape.layout import Array, IntArray
from landscape.network.moments import Moments, hits
from landscape.network.perceptron import Perceptron
from landscape.objective import Evaluations
from landscape.plane import Plane

# Points per call and bytes of one layer's activations at these points: measured to be fastest over networks
# 16 to 256 units wide. Fewer points leave threads waiting for Python, larger arrays leave the cache.
_POINTS = 17
_BYTES = 2_200_000
# Below this mean loss, outputs are so close to their targets that float32 leaves too few digits of the difference.
_TINY = 1e-5


@dataclass(frozen=True)
class _Block:
    """A block of m examples.

    `first` is (3, units · m), the first layer's weighted inputs along 1, a and b; `targets` (m, k) a view of
    memory laid out (k, m), as the outputs are; `labels` (m,) or None, and `chosen` (m,) where in such memory the
    outputs of the labels lie.
    """

    first: Array
    targets: Array
    labels: IntArray | None
    chosen: IntArray


class NetworkPlane:
    """Evaluates points of `plane` on examples with `inputs` (n, d + 1), as `Backpropagation` has them, and `targets`.

    Accuracy is NaN when `labels` is None. Safe to call from several threads.
    """

    def __init__(
        self,
        network: Perceptron,
        cost: Cost,
        plane: Plane,
        inputs: Array,
        targets: Array,
        labels: IntArray | None,
    ) -> None:
        self._network, self._cost, self._dtype = network, cost, inputs.dtype
        self._own = threading.local()
        self._forms = [a.tanh_form for a in network.activations]
        matrices = [network.matrices(np.asarray(v, np.float64)) for v in (plane.centre, *plane.directions)]
        self._later = [np.stack(layer) for layer in zip(*(m[1:] for m in matrices), strict=True)]
        first = np.concatenate([m[0] for m in matrices]) * ((self._forms[0] or TANH).slope / network.input_scale)
        first = first.astype(self._dtype)
        width = max(network.sizes[1:]) + 1
        size = max(64, _BYTES // (_POINTS * width * self._dtype.itemsize))
        self._blocks = [
            _block(first, inputs[k : k + size], targets[k : k + size], _part(labels, k, size))
            for k in range(0, len(inputs), size)
        ]

    def __call__(self, a: Array, b: Array) -> Evaluations:
        """Return the evaluations at coordinates `a`, `b`, each (p,)."""
        starts = range(0, len(a), _POINTS)
        parts = [self._evaluate(a[k : k + _POINTS], b[k : k + _POINTS]) for k in starts]
        return Evaluations(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _evaluate(self, a: Array, b: Array, precise: bool = False) -> Evaluations:
        """Return the evaluations at up to `_POINTS` points; `precise` takes outputs and costs in float64."""
        coordinates = np.stack([np.ones_like(a, np.float64), a, b], axis=1)
        later = [self._fold(k, coordinates) for k in range(len(self._later))]
        buffers = self._buffers()
        moments, right = Moments(), np.zeros(len(a))
        for block in self._blocks:
            outputs = self._outputs(block, coordinates.astype(self._dtype), later, buffers, precise)
            # before the ones below it, the outputs are all that the memory of a point holds
            moments.add(checked_losses(self._cost, outputs[:, :-1].swapaxes(-1, -2), block.targets))
            if block.labels is None:
                right += np.nan
            else:
                chosen = outputs.reshape(len(a), -1).take(block.chosen, 1, mode="clip")
                right += hits(outputs[:, :-1], chosen, block.labels)
        if not precise and self._dtype == np.float32 and (np.abs(moments.mean) < _TINY).any():
            return self._evaluate(a, b, precise=True)
        return Evaluations(moments.mean, right / moments.count, moments.deviation)

    def _fold(self, k: int, coordinates: Array) -> Array:
        """Return later matrix `k` at each point, the tanh forms before and after it folded in."""
        matrices = np.tensordot(coordinates, self._later[k], 1)
        before, after = self._forms[k] or TANH, self._forms[k + 1] or TANH
        matrices[..., -1] += before.offset * matrices[..., :-1].sum(axis=-1)
        matrices[..., :-1] *= before.scale
        return (matrices * after.slope).astype(self._dtype)

    def _buffers(self) -> list[tuple[Array, Array]]:
        """Return this thread's flat work space for each layer's weighted inputs, and for its activations and ones.

        It is kept: the system takes as long to provide such arrays anew as the arithmetic takes to fill them.
        """
        if not hasattr(self._own, "buffers"):
            size = _POINTS * len(self._blocks[0].targets)
            self._own.buffers = [
                (np.empty(size * units, self._dtype), np.empty(size * (units + 1), self._dtype))
                for units in self._network.sizes[1:]
            ]
        return cast("list[tuple[Array, Array]]", self._own.buffers)

    def _outputs(
        self,
        block: _Block,
        coordinates: Array,
        later: list[Array],
        buffers: list[tuple[Array, Array]],
        precise: bool,
    ) -> Array:
        """Return the outputs for one block of examples, above a last row of ones: (points, k + 1, m)."""
        points, m = len(coordinates), len(block.targets)
        below: Array = coordinates
        for k, activation in enumerate(self._network.activations):
            units = self._network.sizes[k + 1]
            z: Array = buffers[k][0][: points * units * m].reshape(points, units, m)
            a: Array = buffers[k][1][: points * (units + 1) * m].reshape(points, units + 1, m)
            if k == 0:
                np.matmul(coordinates, block.first, z.reshape(points, -1))
            else:
                np.matmul(later[k - 1], below, z)
            a[:, -1] = 1
            _activate(activation, self._forms[k], z, a[:, :-1])
            below = a
        if precise:
            below = np.ones((points, units + 1, m))
            _activate(activation, self._forms[-1], z.astype(np.float64), below[:, :-1])
        outputs, form = below[:, :-1], self._forms[-1]
        if form is not None:
            outputs *= form.scale
            outputs += form.offset
        return below


def _activate(activation: Activation, form: TanhForm | None, z: Array, out: Array) -> None:
    if form is None:
        activation.value_into(z, out)
    else:
        np.tanh(z, out)


def _block(first: Array, inputs: Array, targets: Array, labels: IntArray | None) -> _Block:
    products = first @ inputs.T
    m = len(inputs)
    chosen = np.arange(m) + m * (0 if labels is None else labels)
    return _Block(products.reshape(3, -1), np.ascontiguousarray(targets.T).T, labels, chosen)


def _part(labels: IntArray | None, start: int, size: int) -> IntArray | None:
    return None if labels is None else labels[start : start + size]
