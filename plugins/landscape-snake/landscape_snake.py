import numpy as np
from landscape import Activation, hookimpl
from pydantic import Field


class Snake(Activation):
    """a = z + sin²(αz)/α: rises like z, and ripples with the period π/α, so that it can learn what repeats."""

    name = "snake"
    source = "Ziyin, Hartwig & Ueda 2020, arXiv:2006.08195"
    alpha: float = Field(1.0, ge=0.01, le=100, description="Frequency α of the ripple; its height is 1/α")

    def value(self, z):
        return z + np.sin(self.alpha * z) ** 2 / self.alpha

    def derivative(self, z, a):
        return 1 + np.sin(2 * self.alpha * z)


@hookimpl
def register_activations():
    return [Snake]
