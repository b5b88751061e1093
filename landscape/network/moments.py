"""How are losses and hits summed up, block by block, without losing digits?"""

from __future__ import annotations

import numpy as np

from landscape.layout import Array, IntArray


class Moments:
    """Running mean and sample standard deviation of losses at one point (n,) or at several (p, n).

    Blocks are merged by the parallel update of Chan, Golub & LeVeque (1983), in float64.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Array = np.float64(0)  # type: ignore[assignment]
        self._squares: Array = np.float64(0)  # type: ignore[assignment]

    def add(self, losses: Array) -> None:
        """Take in the losses of one more block of examples, on the last axis."""
        size = losses.shape[-1]
        mean = losses.mean(axis=-1, dtype=np.float64)
        centred = losses - mean.astype(losses.dtype)[..., None]
        difference = mean - self.mean
        self._squares = (
            self._squares
            + np.vecdot(centred, centred).astype(np.float64)
            + np.square(difference) * (self.count * size / (self.count + size))
        )
        self.count += size
        self.mean = self.mean + difference * (size / self.count)

    @property
    def deviation(self) -> Array:
        """Sample standard deviation; zero for a single example."""
        return np.asarray(np.sqrt(self._squares / max(self.count - 1, 1)))


def hits(outputs: Array, chosen: Array, labels: IntArray) -> Array:
    """Return for how many of n examples the first largest of `outputs` (..., k, n) is the label's: (...).

    `chosen` (..., n) are the outputs of the `labels` (n,). An example with an output that is NaN is no hit.
    """
    top = outputs.max(axis=-2)
    right = chosen == top
    # two equal largest outputs are rare until a network saturates: only then look for the first one
    equal = sum(np.count_nonzero(outputs[..., k, :] == top) for k in range(outputs.shape[-2]))
    if equal > np.count_nonzero(top == top):  # NaN equals nothing
        right &= outputs.argmax(axis=-2) == labels
    return np.asarray(right.sum(axis=-1))
