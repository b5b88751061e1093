"""How are products summed without a copy, whatever the memory order?"""

from __future__ import annotations

import numpy as np

from landscape.layout import Array


def dots(a: Array, b: Array) -> Array:
    """Return Σⱼ aⱼbⱼ over the last axis."""
    return np.asarray(np.einsum("...j,...j->...", a, b))


def dot(a: Array, b: Array) -> float:
    """Return the sum of products of two arrays laid out alike in contiguous memory."""
    return float(np.dot(a.ravel("K"), b.ravel("K")))
