"""An optimizer whose steps have one length along every parameter: only signs count."""

import numpy as np
from pydantic import Field

from landscape import Optimizer, hookimpl


class Lion(Optimizer):
    name = "lion"
    learning_rate: float = Field(0.001, gt=0, description="Length of a step along each parameter")
    beta: float = Field(0.99, ge=0, lt=1, description="Share of the mean that is kept")

    def init(self, theta):
        return {"mean": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        step = -self.learning_rate * np.sign(0.9 * state["mean"] + 0.1 * gradient)
        return step, {"mean": self.beta * state["mean"] + (1 - self.beta) * gradient}


@hookimpl
def register_optimizers():
    return [Lion]
