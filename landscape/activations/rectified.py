"""Which activations pass what is positive and hold back what is not? The line, bent at 0."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.activations._inplace import InPlace
from landscape.layout import Array


class Identity(InPlace):
    """a = z: what a cost on logits, or a regression, wants of the output layer."""

    name: ClassVar[str] = "identity"
    source: ClassVar[str] = "Widrow & Hoff 1960, IRE WESCON, whose units are linear"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z into `out`."""
        if out is not z:
            np.copyto(out, z)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Fill `out` with 1."""
        out.fill(1.0)


class ReLU(InPlace):
    """a = max(z, 0); its slope is 1 where z > 0 and 0 elsewhere, 0 included."""

    name: ClassVar[str] = "relu"
    source: ClassVar[str] = "Nair & Hinton 2010, ICML"

    def value_into(self, z: Array, out: Array) -> None:
        """Write max(z, 0) into `out`."""
        np.maximum(z, 0.0, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 where a > 0, 0 elsewhere, into `out`."""
        np.greater(a, 0.0, out=out)


class LeakyReLU(InPlace):
    """a = z where z > 0, and negative_slope · z elsewhere."""

    name: ClassVar[str] = "leaky_relu"
    source: ClassVar[str] = "Maas, Hannun & Ng 2013, ICML"

    negative_slope: float = Field(0.01, ge=0, le=1, description="Slope where the input is not positive")

    def value_into(self, z: Array, out: Array) -> None:
        """Write max(z, negative_slope · z) into `out`."""
        np.maximum(z, self.negative_slope * z, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 where z > 0, the negative slope elsewhere, into `out`."""
        np.greater(z, 0.0, out=out)
        np.maximum(out, self.negative_slope, out=out)


class ELU(InPlace):
    """a = z where z > 0, and α(exp(z) − 1) elsewhere, which levels off at −α; its slope there is α exp(z)."""

    name: ClassVar[str] = "elu"
    source: ClassVar[str] = "Clevert, Unterthiner & Hochreiter 2016, arXiv:1511.07289"

    alpha: float = Field(1.0, gt=0, le=1000, description="Depth α of the plateau for very negative inputs")

    def value_into(self, z: Array, out: Array) -> None:
        """Write max(z, 0) + α(exp(min(z, 0)) − 1) into `out`."""
        _exponential_into(z, 1.0, self.alpha, out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 where z > 0, α exp(z) elsewhere, into `out`."""
        _exponential_slope_into(z, 1.0, self.alpha, out)


class SELU(InPlace):
    """a = 1.0507 z where z > 0, and 1.7581 (exp(z) − 1) elsewhere: an elu that keeps mean 0 and variance 1.

    The two constants are the fixed point of the paper's equations, to all digits of float64. It wants weights of
    variance 1/n for n inputs.
    """

    name: ClassVar[str] = "selu"
    source: ClassVar[str] = "Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515"

    def value_into(self, z: Array, out: Array) -> None:
        """Write λ max(z, 0) + λα(exp(min(z, 0)) − 1) into `out`."""
        _exponential_into(z, _SELU_SCALE, _SELU_SCALE * _SELU_ALPHA, out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write λ where z > 0, λα exp(z) elsewhere, into `out`."""
        _exponential_slope_into(z, _SELU_SCALE, _SELU_SCALE * _SELU_ALPHA, out)


class Softplus(InPlace):
    """a = log(1 + exp(βz)) / β, a smooth relu; its slope is 1 − exp(−βa).

    Computed as max(z, 0) + log(1 + exp(−|βz|)) / β, at full relative precision everywhere, where PyTorch
    returns z itself beyond its `threshold`.
    """

    name: ClassVar[str] = "softplus"
    source: ClassVar[str] = "Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, NeurIPS 13"

    beta: float = Field(1.0, ge=1e-3, le=1e3, description="Sharpness β: the larger, the closer to relu")

    def value_into(self, z: Array, out: Array) -> None:
        """Write max(z, 0) + log(1 + exp(−|βz|)) / β into `out`."""
        tail = np.empty_like(z)
        np.abs(z, out=tail)
        tail *= -self.beta
        np.exp(tail, out=tail)
        np.log1p(tail, out=tail)
        tail /= self.beta
        np.maximum(z, 0.0, out=out)
        np.add(out, tail, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 − exp(−βa), which is the sigmoid of βz, into `out`."""
        np.multiply(a, -self.beta, out=out)
        np.expm1(out, out=out)
        np.negative(out, out=out)


# λ and α of Klambauer et al. 2017, section 2
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


def _exponential_into(z: Array, scale: float, depth: float, out: Array) -> None:
    """Write scale · z where z > 0, and depth · (exp(z) − 1) elsewhere, into `out`."""
    below = np.empty_like(z)
    np.minimum(z, 0.0, out=below)
    np.expm1(below, out=below)
    below *= depth
    np.maximum(z, 0.0, out=out)
    np.multiply(out, scale, out=out)
    np.add(out, below, out=out)


def _exponential_slope_into(z: Array, scale: float, depth: float, out: Array) -> None:
    """Write scale where z > 0, and depth · exp(z) elsewhere, into `out`."""
    np.minimum(z, 0.0, out=out)
    np.exp(out, out=out)
    np.multiply(out, depth, out=out)
    np.copyto(out, scale, where=z > 0.0)
