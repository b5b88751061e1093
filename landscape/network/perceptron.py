"""What is a multilayer perceptron? Its sizes, its activations, and where θ starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from landscape.errors import ExperimentError
from landscape.kinds import TANH, Activation, TanhForm
from landscape.layout import Array, Layout, dense_layout

Initialization = Literal["glorot", "he", "normal", "uniform"]
INITIALIZATIONS: tuple[Initialization, ...] = get_args(Initialization)


@dataclass(frozen=True)
class Perceptron:
    """A chain of dense layers.

    Parameters
    ----------
    sizes : units of each layer, the input first and the output last; at least two.
    activations : one for each layer but the input.
    """

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ExperimentError(f"a network needs two or more layers of one or more units, not {self.sizes}")
        if len(self.activations) != len(self.sizes) - 1:
            raise ExperimentError(f"{len(self.sizes) - 1} layers need as many activations, not {len(self.activations)}")

    @cached_property
    def layout(self) -> Layout:
        """Blocks ``layer1.weight``, ``layer1.bias``, …: each layer one (out, in + 1) matrix, bias last."""
        return dense_layout(self.sizes)

    @cached_property
    def folded(self) -> TanhForm | None:
        """The one form of all activations, where its slope can be taken into what layers get: see `input_scale`.

        That is so where the slope is a power of two, by which nothing is rounded; plain tanh has nothing to gain.
        """
        form = self.activations[0].tanh_form
        if form is None or form == TANH or any(a.tanh_form != form for a in self.activations):
            return None
        return form if math.frexp(form.slope)[0] == 0.5 else None

    @property
    def input_scale(self) -> float:
        """What inputs and their ones are multiplied by once and for all, so that no batch's weighted inputs need be."""
        return 1.0 if self.folded is None else self.folded.slope

    def matrices(self, theta: Array) -> list[Array]:
        """Return each layer's (out, in + 1) matrix as a view of `theta` (..., P): (..., out, in + 1)."""
        views, start = [], 0
        for fan_in, fan_out in pairwise(self.sizes):
            stop = start + fan_out * (fan_in + 1)
            views.append(theta[..., start:stop].reshape(*theta.shape[:-1], fan_out, fan_in + 1))
            start = stop
        return views


def initialize(
    network: Perceptron, how: Initialization, rng: np.random.Generator, dtype: np.dtype[np.floating]
) -> Array:
    """Return a fresh θ, (P,) of `dtype`.

    With fan-in f and fan-out g of a layer, its weights are drawn from

    * ``glorot``: N(0, 2/(f+g)) (Glorot & Bengio 2010);
    * ``he``: N(0, 2/f) (He et al. 2015);
    * ``normal``: N(0, 1/f) (LeCun et al. 1998);
    * ``uniform``: U(−1/√f, 1/√f), the biases too.

    Biases start at zero, but for ``uniform``. Draws are made in float64, so both precisions start alike.
    """
    theta = np.zeros(network.layout.size)
    for matrix in network.matrices(theta):
        fan_out, fan_in = matrix.shape[0], matrix.shape[1] - 1
        if how == "uniform":
            matrix[...] = rng.uniform(-1, 1, matrix.shape) / np.sqrt(fan_in)
        else:
            variance = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "normal": 1 / fan_in}[how]
            matrix[:, :-1] = rng.normal(0, np.sqrt(variance), (fan_out, fan_in))
    return theta.astype(dtype)
