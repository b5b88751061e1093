"""What stands in for an objective that cannot be had here? Its data and layout of θ, and the reason for all else."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from landscape.layout import Array, IntArray, Layout
from landscape.objective import Evaluation, Objective, Split


class Costless:
    """An objective that knows its data and the layout of θ at most, enough for a plane that the path alone decides.

    Parameters
    ----------
    outline : an objective of the same data and layout, or None where these cannot be told either.
    dtype : the precision of θ.
    reason : raised when anything else is asked for.
    """

    def __init__(self, outline: Objective | None, dtype: np.dtype[np.floating], reason: Exception) -> None:
        self._outline = outline
        self.dtype = dtype
        self.reason = reason

    @property
    def layout(self) -> Layout:
        """The named blocks of θ."""
        return self._refuse() if self._outline is None else self._outline.layout

    def examples(self, split: Split) -> int:
        """Return how many examples the split has."""
        return self._refuse() if self._outline is None else self._outline.examples(split)

    def initial(self, rng: np.random.Generator) -> Array:
        """Raise the reason."""
        self._refuse()

    def evaluate(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> Evaluation:
        """Raise the reason."""
        self._refuse()

    def gradient(self, theta: Array, split: Split = "train", rows: IntArray | None = None) -> tuple[float, Array]:
        """Raise the reason."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise self.reason
