"""How is a flat parameter vector divided into named blocks and filters?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]

Role = Literal["weight", "bias"]


@dataclass(frozen=True)
class Block:
    """A named block of parameters: the columns [first, last) of a row-major matrix inside θ.

    A weight has shape (rows, last - first), and each of its rows is a *filter*: one neuron's incoming
    weights. A bias is one column, of shape (rows,).
    """

    name: str
    role: Role
    start: int
    rows: int
    row_length: int
    first: int
    last: int

    def view(self, theta: Array) -> Array:
        """Return this block of `theta` (..., P) as a view: (..., rows, columns) or, for a bias, (..., rows)."""
        stop = self.start + self.rows * self.row_length
        matrix = theta[..., self.start : stop].reshape(*theta.shape[:-1], self.rows, self.row_length)
        return matrix[..., self.first] if self.role == "bias" else matrix[..., self.first : self.last]

    @property
    def size(self) -> int:
        """How many parameters the block holds."""
        return self.rows * (self.last - self.first)


@dataclass(frozen=True)
class Layout:
    """The blocks of one flat parameter vector of `size` entries; together they cover it once."""

    blocks: tuple[Block, ...]
    size: int

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    def __getitem__(self, name: str) -> Block:
        """Return the block called `name`; KeyError lists the names there are."""
        for block in self.blocks:
            if block.name == name:
                return block
        raise KeyError(f"{name!r} is not a block; there are {', '.join(b.name for b in self.blocks)}")


def dense_layout(sizes: tuple[int, ...]) -> Layout:
    """Return the layout of a multilayer perceptron with `sizes` units, input first.

    Layer k is one row-major (out, in + 1) matrix whose last column is the bias, so that one product with
    inputs that end in a one gives weights and bias at once.
    """
    blocks: list[Block] = []
    start = 0
    for k, (fan_in, fan_out) in enumerate(pairwise(sizes), 1):
        where = {"start": start, "rows": fan_out, "row_length": fan_in + 1}
        blocks.append(Block(f"layer{k}.weight", "weight", **where, first=0, last=fan_in))
        blocks.append(Block(f"layer{k}.bias", "bias", **where, first=fan_in, last=fan_in + 1))
        start += fan_out * (fan_in + 1)
    return Layout(tuple(blocks), start)


def plain_layout(size: int) -> Layout:
    """Return the layout of `size` parameters without structure: one weight of one filter."""
    return Layout((Block("parameters", "weight", 0, 1, size, 0, size),), size)
