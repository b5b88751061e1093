"""How do arrays travel to the browser? As base64 of little-endian numbers, inside JSON."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from landscape.layout import Array
from landscape.surface import Surface

POINT_COLUMNS = ("a", "b", "cost", "under", "off", "extent", "batch")
"""What is known of a point of the path: coordinates on the plane; the cost at θ itself and on the plane below
it; the distances from the plane and from its centre; and the cost of the last batch before it."""


def encode(values: Array | Sequence[float], dtype: str = "<f4") -> str:
    """Return `values`, of any shape, flattened row by row, as base64."""
    return b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode("ascii")


def points_payload(steps: Sequence[int], rows: Array) -> dict[str, str]:
    """Return the points after `steps` (n,) with their `POINT_COLUMNS`, rows (n, 7)."""
    return {"steps": encode(steps, "<i4"), "rows": encode(rows)}


def finite(value: float) -> float | None:
    """Return `value`, or None where JSON has no number for it."""
    return float(value) if math.isfinite(value) else None


def surface_payload(surface: Surface, *, version: str, plane: str) -> dict[str, Any]:
    """Return the part of `surface` that is computed on a regular grid.

    `version` changes with every finer part, `plane` only with the plane. Heights are logarithms when all
    costs are positive; some functions and cost plugins go to zero and below, and are shown as they are.
    One of no examples is ``absent``: there is but its grid.
    """
    along_b, along_a = surface.finest()
    cost = surface.masked[np.ix_(along_b, along_a)]
    known = cost[np.isfinite(cost)]
    return {
        "version": version,
        "plane": plane,
        "a": encode(surface.grid.a[along_a]),
        "b": encode(surface.grid.b[along_b]),
        "cost": encode(cost),
        "scale": "log" if known.size and known.min() > 0 else "linear",
        "labels": list(surface.plane.labels),
        "examples": surface.examples,
        "available": surface.available,
        "absent": not surface.examples,
        "nonfinite": int(cost.size - known.size) if surface.examples else 0,
        "error": finite(float(np.nanmedian(surface.standard_error))) if known.size else None,
    }
