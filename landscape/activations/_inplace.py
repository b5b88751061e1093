"""How is an activation written once, in place? What several of them are made of."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from landscape.kinds import Activation
from landscape.layout import Array


class InPlace(Activation):
    """An activation whose allocating methods are made of its in-place ones."""

    def value(self, z: Array) -> Array:
        """Return the activation at `z`, of any shape, in the dtype of `z`."""
        out = np.empty_like(z)
        self.value_into(z, out)
        return out

    def derivative(self, z: Array, a: Array) -> Array:
        """Return the derivative at `z`; `a` is ``value(z)``."""
        out = np.empty_like(z)
        self.derivative_into(z, a, out)
        return out

    @abstractmethod
    def value_into(self, z: Array, out: Array) -> None:
        """Write the activation at `z` into `out`, which may be `z`."""

    @abstractmethod
    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write the derivative at `z` into `out`, which is neither `z` nor `a`."""


def logistic(z: Array) -> Array:
    """Return 1 / (1 + exp(−z)) at full relative precision, also where it is near 0."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0.0, e, 1.0) / (1.0 + e))


def hard_sigmoid_into(z: Array, out: Array) -> None:
    """Write ½ + z/6, limited to [0, 1], into `out`, which may be `z`."""
    np.add(z, 3.0, out=out)
    np.maximum(out, 0.0, out=out)
    np.minimum(out, 6.0, out=out)
    np.divide(out, 6.0, out=out)
