"""Which functions may stand between layers? The built-in activations.

Each is written once, in place, as training uses it; `value` and `derivative` are made of that. All keep the
dtype of their input, and none overflows or warns at any |z| up to 1e30.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from landscape.kinds import TANH, Activation, TanhForm
from landscape.layout import Array

# As an array of no dimensions: half the time of a Python number in a call on few elements. Exact in any dtype.
_HALF, _ONE = np.array(0.5, np.float32), np.array(1, np.float32)


class _InPlace(Activation):
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


class Identity(_InPlace):
    """a = z: what a cost on logits, or a regression, wants of the output layer."""

    name: ClassVar[str] = "identity"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z into `out`."""
        if out is not z:
            np.copyto(out, z)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Fill `out` with 1."""
        out.fill(1.0)


class Sigmoid(_InPlace):
    """a = 1 / (1 + exp(−z)), an S from 0 to 1; its slope is a(1 − a).

    In float32 computed as ½ + ½ tanh(z/2), which costs least; the error is below two units of rounding of 1, so
    that values near 0 are exact in absolute terms only. In float64 they are relatively exact.
    """

    name: ClassVar[str] = "sigmoid"
    source: ClassVar[str] = "Rumelhart, Hinton & Williams 1986, Nature 323"
    tanh_form: ClassVar[TanhForm | None] = TanhForm(slope=0.5, scale=0.5, offset=0.5)

    def value_into(self, z: Array, out: Array) -> None:
        """Write 1 / (1 + exp(−z)) into `out`."""
        if z.itemsize == 8:
            out[...] = _logistic(z)
            return
        np.multiply(z, _HALF, out)
        np.tanh(out, out)
        np.multiply(out, _HALF, out)
        np.add(out, _HALF, out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write a − a² into `out`."""
        np.multiply(a, a, out)
        np.subtract(a, out, out)


class Tanh(_InPlace):
    """a = tanh(z), an S from −1 to 1; its slope is 1 − a²."""

    name: ClassVar[str] = "tanh"
    source: ClassVar[str] = "LeCun, Bottou, Orr & Müller 1998, Efficient BackProp"
    tanh_form: ClassVar[TanhForm | None] = TANH

    def value_into(self, z: Array, out: Array) -> None:
        """Write tanh(z) into `out`."""
        np.tanh(z, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 − a² into `out`."""
        np.multiply(a, a, out)
        np.subtract(_ONE, out, out)


class ReLU(_InPlace):
    """a = max(z, 0); its slope is 1 where z > 0 and 0 elsewhere, 0 included."""

    name: ClassVar[str] = "relu"
    source: ClassVar[str] = "Nair & Hinton 2010, ICML"

    def value_into(self, z: Array, out: Array) -> None:
        """Write max(z, 0) into `out`."""
        np.maximum(z, 0.0, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 where a > 0, 0 elsewhere, into `out`."""
        np.greater(a, 0.0, out=out)


class LeakyReLU(_InPlace):
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


class Softplus(_InPlace):
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


class GELU(_InPlace):
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
        return _normal(z) if self.approximation == "none" else _normal_by_tanh(z)


class SiLU(_InPlace):
    """a = z · σ(z), with σ the sigmoid; also called swish. Its slope is σ(z) · (1 + z · (1 − σ(z)))."""

    name: ClassVar[str] = "silu"
    source: ClassVar[str] = "Elfwing, Uchibe & Doya 2018, arXiv:1702.03118"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z · σ(z) into `out`."""
        np.multiply(z, _logistic(z), out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write σ(z) · (1 + z − a) into `out`."""
        np.subtract(z, a, out=out)
        np.add(out, 1.0, out=out)
        np.multiply(out, _logistic(z), out=out)


class Heaviside(_InPlace):
    """a = 1 where z ≥ 0, and 0 elsewhere: the binary step.

    Its slope is 0 wherever it has one, so that no gradient passes: it is here to show why a cost must be
    smooth.
    """

    name: ClassVar[str] = "heaviside"
    source: ClassVar[str] = "McCulloch & Pitts 1943; Rosenblatt 1958"

    def value_into(self, z: Array, out: Array) -> None:
        """Write 1 where z ≥ 0, else 0, into `out`; NaN stays NaN."""
        np.heaviside(z, 1.0, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Fill `out` with 0."""
        out.fill(0.0)


def _logistic(z: Array) -> Array:
    """Return 1 / (1 + exp(−z)) at full relative precision, also where it is near 0."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0.0, e, 1.0) / (1.0 + e))


# Chebyshev series of (1 + 2x) exp(x²) erfc(x) in y = (x − 3.75) / (x + 3.75), for x from 0 to infinity: the
# form of Shepherd & Laframboise 1981, Math. Comp. 36, computed anew with 40 digits. Turned into powers of y
# it is still exact to rounding, since no coefficient exceeds 1.3.
_CHEBYSHEV = (
    1.1775789345674017,
    -0.004590054580646478,
    -0.08424913336651792,
    0.05920993999819189,
    -0.026658668435305753,
    0.009074997670705265,
    -0.002413163540417608,
    0.0004907758365258086,
    -6.916973302501207e-05,
    4.13902798607301e-06,
    7.74038306619849e-07,
    -2.1886401049234397e-07,
    1.076499946567091e-08,
    4.521959811218287e-09,
    -7.754400208831351e-10,
    -6.318088340886684e-11,
    2.86879501093067e-11,
    1.9455868545777347e-13,
    -9.65469674843344e-13,
    3.25254814814874e-14,
    3.3478119482868056e-14,
    -1.864562880419313e-15,
    -1.2507950530688648e-15,
)
_FAR = 40.0  # The normal distribution's tail beyond this is 0 in float64.


def _powers(terms: int) -> list[float]:
    """Return the coefficients of y⁰, y¹, … of the first `terms` of the series."""
    powers: list[float] = np.polynomial.chebyshev.cheb2poly(_CHEBYSHEV[:terms]).tolist()
    return powers


_POWERS_SINGLE = _powers(12)  # 1e-8 relative, a tenth of float32's rounding
_POWERS_DOUBLE = _powers(len(_CHEBYSHEV))


def _normal(z: Array) -> tuple[Array, Array]:
    """Return the standard normal's cumulative distribution Φ(z) and density φ(z), in the dtype of `z`.

    Φ is relatively exact in the lower tail too: in float64 to 1e-14 where z > −6, and to 1e-12 where z > −36.
    """
    distance = np.minimum(np.abs(z), _FAR)
    x = distance * math.sqrt(0.5)
    y = (x - 3.75) / (x + 3.75)
    powers = _POWERS_SINGLE if y.dtype == np.float32 else _POWERS_DOUBLE
    tail = np.full_like(y, powers[-1])
    for coefficient in reversed(powers[:-1]):
        tail *= y
        tail += coefficient
    bell = np.exp(-0.5 * distance * distance)
    tail *= bell
    tail /= 2.0 + 4.0 * x
    return np.where(z < 0.0, tail, 1.0 - tail), bell * (1 / math.sqrt(2 * math.pi))


def _normal_by_tanh(z: Array) -> tuple[Array, Array]:
    """Return ½ + ½ tanh(√(2/π) · (z + 0.044715 z³)) and its derivative."""
    rate = math.sqrt(2 / math.pi)
    near = np.minimum(np.maximum(z, -_FAR), _FAR)  # tanh is ±1 long before; z³ might overflow
    square = near * near
    t = np.tanh(rate * near * (1.0 + 0.044715 * square))
    return 0.5 + 0.5 * t, (1.0 - t * t) * (0.5 * rate) * (1.0 + 3 * 0.044715 * square)
