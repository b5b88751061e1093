"""How does the learning rate go during training? The built-in schedules, with the semantics of PyTorch's.

Each gives a factor on the optimizer's own learning rate. t is the number of steps done before a step, of T in
the whole training; e is the number of epochs done, and an epoch of a test function is one step.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from landscape.kinds import Schedule
from landscape.layout import Array, IntArray


def _falling(share: Array) -> Array:
    """Return half a period of a cosine, from 1 at a `share` of 0 to 0 at 1."""
    result: Array = 0.5 + 0.5 * np.cos(np.pi * share)
    return result


class Constant(Schedule):
    """The optimizer's own learning rate at every step."""

    name: ClassVar[str] = "constant"
    source: ClassVar[str] = "Cauchy 1847, Comptes rendus 25"

    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return ones."""
        return np.ones(len(steps))


class Step(Schedule):
    """γ^⌊e/k⌋: constant for k epochs, then multiplied by γ, and so on."""

    name: ClassVar[str] = "step"
    source: ClassVar[str] = "He, Zhang, Ren & Sun 2016, arXiv:1512.03385"

    every: int = Field(3, ge=1, le=1_000_000, description="Epochs k from one drop to the next")
    gamma: float = Field(0.5, gt=0, le=1, description="Factor γ on the learning rate at each drop, every k epochs")

    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return γ to the power of the drops so far."""
        drops = steps // steps_per_epoch // self.every
        return np.power(self.gamma, drops.astype(np.float64))


class Exponential(Schedule):
    """γᵉ: multiplied by γ after every epoch."""

    name: ClassVar[str] = "exponential"
    source: ClassVar[str] = "Szegedy et al. 2015, arXiv:1409.4842"

    gamma: float = Field(0.9, gt=0, le=1, description="Factor γ on the learning rate after every epoch")

    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return γ to the power of the epochs so far."""
        return np.power(self.gamma, (steps // steps_per_epoch).astype(np.float64))


class Cosine(Schedule):
    """f + (1 − f)(1 + cos(πt/T))/2: from 1, along half a cosine, to f after the last step."""

    name: ClassVar[str] = "cosine"
    source: ClassVar[str] = "Loshchilov & Hutter 2017, arXiv:1608.03983"

    final: float = Field(0.0, ge=0, le=1, description="Share f of the learning rate that is left at the end")

    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the cosine, which goes from step to step."""
        result: Array = self.final + (1 - self.final) * _falling(steps / total_steps)
        return result


class OneCycle(Schedule):
    """Up along half a cosine from `first` to 1, over the share `rise` of all steps, then down to `last`.

    The optimizer's learning rate is the greatest. The peak lies at step rT − 1 and the end at T − 1, counted
    from 0, with r the share. PyTorch says the start as 1/`div_factor` and the end as that over
    `final_div_factor`; its momentum cycle is left out.
    """

    name: ClassVar[str] = "one_cycle"
    source: ClassVar[str] = "Smith & Topin 2018, arXiv:1708.07120"

    rise: float = Field(0.3, gt=0, le=0.99, description="Share of all steps in which the learning rate rises")
    first: float = Field(0.04, ge=0, le=1, description="Share of the learning rate at the first step")
    last: float = Field(4e-6, ge=0, le=1, description="Share of the learning rate at the last step")

    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the cycle, which goes from step to step; where it has no time to rise, only the fall."""
        peak, end = self.rise * total_steps - 1, total_steps - 1
        # a rise that ends before or at the first step has no steps of its own
        up = 1 + (self.first - 1) * _falling(steps / peak if peak > 0 else np.ones(len(steps)))
        down = self.last + (1 - self.last) * _falling((steps - peak) / (end - peak))
        return np.where(steps <= peak, up, down)


class Warmup(Schedule):
    """Up along a line from `start` to 1 over the first k epochs; then constant, or down to 0 at the end.

    With n steps in these epochs, step t has s + (1 − s) min(t, n)/n; what follows takes the T − n steps left.
    """

    name: ClassVar[str] = "warmup"
    source: ClassVar[str] = "Goyal et al. 2017, arXiv:1706.02677"

    start: float = Field(0.1, gt=0, le=1, description="Share s of the learning rate at the first step")
    epochs: float = Field(
        1.0, gt=0, le=1_000_000, description="Epochs k of the rise, which goes from step to step; may be a fraction"
    )
    then: Literal["constant", "linear", "cosine"] = Field(
        "constant", description="What follows: the learning rate itself, or a line or half a cosine down to 0"
    )

    def factors(self, steps: IntArray, steps_per_epoch: int, total_steps: int) -> Array:
        """Return the rise and what follows, both from step to step."""
        rising = max(1, round(self.epochs * steps_per_epoch))
        up = self.start + (1 - self.start) * np.minimum(steps, rising) / rising
        share = np.maximum(steps - rising, 0) / max(1, total_steps - rising)
        down = {"constant": np.ones(len(steps)), "linear": 1 - share, "cosine": _falling(share)}[self.then]
        result: Array = up * down
        return result
