"""Which costs depend on the difference of output and target? Those of regression; targets are any numbers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.costs._sums import dot, dots
from landscape.kinds import Cost
from landscape.layout import Array

# As an array of no dimensions: half the time of a Python number in a call on few elements. Exact in any dtype.
_TWO = np.array(2, np.float32)


class Quadratic(Cost):
    """Σⱼ (oⱼ − tⱼ)², the sum over outputs of squared differences, divided by neither their number nor 2."""

    name: ClassVar[str] = "quadratic"
    source: ClassVar[str] = "Rumelhart, Hinton & Williams 1986, Nature 323, without their factor ½"
    nonnegative: ClassVar[bool] = True

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ (oⱼ − tⱼ)², (..., n)."""
        difference = outputs - targets
        return dots(difference, difference)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return 2(o − t), (..., n, k)."""
        difference = outputs - targets
        difference *= 2.0
        return difference

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        difference = outputs - targets
        flat = difference.ravel("K")
        total = float(flat.dot(flat))
        np.multiply(difference, _TWO, difference)
        return total, difference


class Absolute(Cost):
    """Σⱼ |oⱼ − tⱼ|: every output pulls with the same force, however far it is off; the median minimizes it.

    Targets are any numbers. Where an output is right, its slope is taken to be 0, as in PyTorch.
    """

    name: ClassVar[str] = "absolute"
    source: ClassVar[str] = "Boscovich 1757 and Laplace 1793, the method of least absolute deviations"
    nonnegative: ClassVar[bool] = True

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ |oⱼ − tⱼ|, (..., n)."""
        difference = outputs - targets
        np.abs(difference, out=difference)
        return np.asarray(difference.sum(axis=-1))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return the sign of o − t, (..., n, k)."""
        difference = outputs - targets
        np.sign(difference, out=difference)
        return difference

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        difference = outputs - targets
        total = float(np.abs(difference).sum())
        np.sign(difference, out=difference)
        return total, difference


class Huber(Cost):
    """Σⱼ ½dⱼ² where |dⱼ| ≤ δ, and δ(|dⱼ| − ½δ) beyond, with d = o − t: outliers pull with bounded force.

    With c = d clipped to [−δ, δ], both branches are c(d − ½c), and the gradient is c.
    """

    name: ClassVar[str] = "huber"
    source: ClassVar[str] = "Huber 1964, Annals of Mathematical Statistics 35"
    nonnegative: ClassVar[bool] = True

    delta: float = Field(1.0, gt=0, description="Difference δ at which the loss turns from square to straight")

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ cⱼ(dⱼ − ½cⱼ), (..., n)."""
        difference = outputs - targets
        clipped = self._clip(difference)
        difference -= 0.5 * clipped
        return dots(clipped, difference)

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return c, (..., n, k)."""
        return self._clip(outputs - targets)

    def total_and_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the sum of the losses and the gradient at `outputs` (n, k)."""
        difference = outputs - targets
        clipped = self._clip(difference)
        difference -= 0.5 * clipped
        return dot(clipped, difference), clipped

    def _clip(self, difference: Array) -> Array:
        """Return `difference` limited to ±δ."""
        clipped = np.maximum(difference, -self.delta)
        np.minimum(clipped, self.delta, out=clipped)
        return clipped


# log cosh x is straight to rounding from here on: what bends it, log(1 + exp(−2x)), is below 1e-17.
_STRAIGHT = 20.0


class LogCosh(Cost):
    """Σⱼ s² log cosh(dⱼ/s), with d = o − t: about ½d² where |d| is below s, about s|d| beyond, and smooth throughout.

    Targets are any numbers. Computed as log(1 + 2 sinh²(x/2)) up to x = |d|/s = 20 and on along its tangent, which
    keeps all digits of small losses. PyTorch has no function for it.
    """

    name: ClassVar[str] = "log_cosh"
    source: ClassVar[str] = "Green 1990, IEEE Transactions on Medical Imaging 9"
    nonnegative: ClassVar[bool] = True

    scale: float = Field(
        1.0, ge=1e-6, le=1e6, description="Difference s around which the loss turns from square to straight"
    )

    def per_example(self, outputs: Array, targets: Array) -> Array:
        """Return Σⱼ s² log cosh(dⱼ/s), (..., n)."""
        straight = self._scaled(outputs, targets)
        np.abs(straight, out=straight)
        bent = np.minimum(straight, _STRAIGHT)
        straight -= bent
        bent *= 0.5
        np.sinh(bent, out=bent)
        bent *= bent
        bent *= 2.0
        np.log1p(bent, out=bent)
        bent += straight
        bent *= self.scale**2
        return np.asarray(bent.sum(axis=-1))

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return s tanh(d/s), (..., n, k)."""
        slopes = self._scaled(outputs, targets)
        np.tanh(slopes, out=slopes)
        slopes *= self.scale
        return slopes

    def _scaled(self, outputs: Array, targets: Array) -> Array:
        """Return d/s."""
        difference = outputs - targets
        difference /= self.scale
        return difference
