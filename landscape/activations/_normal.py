"""What share of a normal distribution lies below z? Its cumulative distribution and density, without SciPy."""

from __future__ import annotations

import math

import numpy as np

from landscape.layout import Array

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


def normal(z: Array) -> tuple[Array, Array]:
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


def normal_by_tanh(z: Array) -> tuple[Array, Array]:
    """Return ½ + ½ tanh(√(2/π) · (z + 0.044715 z³)) and its derivative."""
    rate = math.sqrt(2 / math.pi)
    near = np.minimum(np.maximum(z, -_FAR), _FAR)  # tanh is ±1 long before; z³ might overflow
    square = near * near
    t = np.tanh(rate * near * (1.0 + 0.044715 * square))
    return 0.5 + 0.5 * t, (1.0 - t * t) * (0.5 * rate) * (1.0 + 3 * 0.044715 * square)
