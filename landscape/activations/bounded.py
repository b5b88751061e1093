"""Which activations stay within bounds? S-shaped curves, steps and waves."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.activations._inplace import InPlace, hard_sigmoid_into, logistic
from landscape.kinds import TANH, TanhForm
from landscape.layout import Array

# As an array of no dimensions: half the time of a Python number in a call on few elements. Exact in any dtype.
_HALF, _ONE = np.array(0.5, np.float32), np.array(1, np.float32)


class Sigmoid(InPlace):
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
            out[...] = logistic(z)
            return
        np.multiply(z, _HALF, out)
        np.tanh(out, out)
        np.multiply(out, _HALF, out)
        np.add(out, _HALF, out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write a − a² into `out`."""
        np.multiply(a, a, out)
        np.subtract(a, out, out)


class Tanh(InPlace):
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


class HardTanh(InPlace):
    """a = z limited to [−1, 1]; its slope is 1 where |z| < 1 and 0 elsewhere, ±1 included."""

    name: ClassVar[str] = "hard_tanh"
    source: ClassVar[str] = "Collobert 2004, thesis, Université Paris VI"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z, limited to [−1, 1], into `out`."""
        np.maximum(z, -1.0, out=out)
        np.minimum(out, 1.0, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 where |a| < 1, 0 elsewhere, into `out`."""
        np.abs(a, out=out)
        np.less(out, 1.0, out=out)


class HardSigmoid(InPlace):
    """a = ½ + z/6 limited to [0, 1]; its slope is 1/6 where |z| < 3 and 0 elsewhere, ±3 included.

    This is PyTorch's, whose slope in float64 is off by 5e-9, however: it is 1/6 as float32 has it. Others of that
    name have another slope: Courbariaux et al. 2015 have ½, Keras had 1/5.
    """

    name: ClassVar[str] = "hard_sigmoid"
    source: ClassVar[str] = "Howard et al. 2019, arXiv:1905.02244"

    def value_into(self, z: Array, out: Array) -> None:
        """Write ½ + z/6, limited to [0, 1], into `out`."""
        hard_sigmoid_into(z, out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1/6 where |z| < 3, 0 elsewhere, into `out`."""
        np.abs(z, out=out)
        np.less(out, 3.0, out=out)
        np.divide(out, 6.0, out=out)


class Softsign(InPlace):
    """a = z / (1 + |z|), an S from −1 to 1 that saturates far more slowly than tanh; its slope is 1 / (1 + |z|)²."""

    name: ClassVar[str] = "softsign"
    source: ClassVar[str] = "Bergstra, Desjardins, Lamblin & Bengio 2009, report 1337, Université de Montréal"

    def value_into(self, z: Array, out: Array) -> None:
        """Write z / (1 + |z|) into `out`."""
        np.divide(z, np.abs(z) + 1.0, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write 1 / (1 + |z|)² into `out`; divided before it is squared, which would overflow."""
        np.abs(z, out=out)
        np.add(out, 1.0, out=out)
        np.divide(1.0, out, out=out)
        np.multiply(out, out, out=out)


class Sin(InPlace):
    """a = sin(ωz), a wave: not monotonic, so that a neuron answers to many places; its slope is ω cos(ωz).

    PyTorch has it as `torch.sin`, with ω = 1; the paper's networks take ω = 30.
    """

    name: ClassVar[str] = "sin"
    source: ClassVar[str] = "Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, arXiv:2006.09661"

    frequency: float = Field(1.0, gt=0, le=1000, description="Frequency ω: how many radians the wave turns per unit")

    def value_into(self, z: Array, out: Array) -> None:
        """Write sin(ωz) into `out`."""
        np.multiply(z, self.frequency, out=out)
        np.sin(out, out=out)

    def derivative_into(self, z: Array, a: Array, out: Array) -> None:
        """Write ω cos(ωz) into `out`."""
        np.multiply(z, self.frequency, out=out)
        np.cos(out, out=out)
        np.multiply(out, self.frequency, out=out)


class Heaviside(InPlace):
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
