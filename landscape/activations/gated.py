"""Which activations multiply z by a gate, a share between 0 and 1 that itself depends on z?"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from landscape.activations._inplace import InPlace, hard_sigmoid_into, logistic
from landscape.activations._normal import normal, normal_by_tanh
from landscape.layout import Array


class GELU(InPlace):
    """a = z · Φ(z), with Φ the share of a standard normal distribution below z; its slope is Φ(z) + z · φ(z).

    As in PyTorch, the approximation `tanh` replaces Φ(z) by ½ + ½ tanh(√(2/π) · (z + 0.044715 z³)).
    """

    name: ClassVar[str] = "gelu"
    source: ClassVar[str] = "Hendrycks & Gimpel 2016, arXiv:1606.08415"

    approximation: Literal["none", "tanh"] = Field(
        "none", description="How Φ is computed: exactly (none), or by a hyperbolic tangent, which is faster"
    )

    def value_into(self, z: Array, out: Array) -> None:
        """Write z · Φ(z) into `out`."""
        np.multiply(z, self._cdf_and_pdf(z)[0], out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write Φ(z) + z · φ(z) into `out`."""
        cdf, pdf = self._cdf_and_pdf(z)
        np.multiply(z, pdf, out=out)
        np.add(out, cdf, out=out)

    def _cdf_and_pdf(self, z: Array) -> tuple[Array, Array]:
        return normal(z) if self.approximation == "none" else normal_by_tanh(z)


class SiLU(InPlace):
    """a = z · σ(z), with σ the sigmoid; also called swish. Its slope is σ(z) · (1 + z · (1 − σ(z)))."""

    name: ClassVar[str] = "silu"
    source: ClassVar[str] = "Elfwing, Uchibe & Doya 2018, arXiv:1702.03118"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z · σ(z) into `out`."""
        np.multiply(z, logistic(z), out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write σ(z) · (1 + z − a) into `out`."""
        np.subtract(z, a, out=out)
        np.add(out, 1.0, out=out)
        np.multiply(out, logistic(z), out=out)


class Mish(InPlace):
    """a = z · τ(z) with τ(z) = tanh(log(1 + exp(z))); its slope is τ(z) + z · σ(z) · (1 − τ(z)²), σ the sigmoid.

    With u = exp(−|z|), τ is (1 + 2u) / (1 + 2u + 2u²) where z ≥ 0 and (u² + 2u) / (u² + 2u + 2) elsewhere: relatively
    exact, and a single exponential.
    """

    name: ClassVar[str] = "mish"
    source: ClassVar[str] = "Misra 2020, arXiv:1908.08681"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z · τ(z) into `out`."""
        np.multiply(z, _mish_gate(z, np.exp(-np.abs(z))), out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write τ(z) + z · σ(z) · (1 − τ(z)²) into `out`."""
        decay = np.exp(-np.abs(z))
        gate = _mish_gate(z, decay)
        np.multiply(gate, gate, out=out)
        np.subtract(1.0, out, out=out)
        np.multiply(out, np.where(z < 0.0, decay, 1.0) / (1.0 + decay), out=out)
        np.multiply(out, z, out=out)
        np.add(out, gate, out=out)


class HardSwish(InPlace):
    """a = z · (½ + z/6 limited to [0, 1]): 0 up to −3, z from 3 on, and a parabola between, of slope z/3 + ½.

    At ±3, where the slope jumps, it is taken to be that of the straight piece, as in PyTorch.
    """

    name: ClassVar[str] = "hard_swish"
    source: ClassVar[str] = "Howard et al. 2019, arXiv:1905.02244"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z · (½ + z/6, limited to [0, 1]) into `out`."""
        gate = np.empty_like(z)
        hard_sigmoid_into(z, gate)
        np.multiply(z, gate, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write z/3 + ½ where |z| < 3, and beyond 0 below and 1 above, into `out`."""
        np.divide(z, 3.0, out=out)
        np.add(out, 0.5, out=out)
        np.copyto(out, z > 0.0, where=np.abs(z) >= 3.0)


def _mish_gate(z: Array, decay: Array) -> Array:
    """Return tanh(log(1 + exp(z))), given exp(−|z|)."""
    twice = 2.0 * decay
    square = decay * decay
    top = np.where(z < 0.0, square, 1.0) + twice
    return np.asarray(top / (top + np.where(z < 0.0, 2.0, 2.0 * square)))
