import numpy as np
from landscape import Optimizer, hookimpl
from pydantic import Field


class Lion(Optimizer):
    """θ ← θ − η (sign(β₁m + (1 − β₁)g) + λθ), then m ← β₂m + (1 − β₂)g: of the gradients, only signs count."""

    name = "lion"
    source = "Chen et al. 2023, arXiv:2302.06675, Algorithm 2"
    learning_rate: float = Field(0.001, gt=0, description="Learning rate η: how far each parameter moves in a step")
    beta1: float = Field(0.9, ge=0, lt=1, description="Weight of the mean against the gradient in a step")
    beta2: float = Field(0.99, ge=0, lt=1, description="Share of the mean that is kept at every step")
    weight_decay: float = Field(0.0, ge=0, description="Pull λ of every parameter towards 0")

    def init(self, theta):
        return {"mean": np.zeros_like(theta)}

    def update(self, gradient, state, theta):
        mean = state["mean"]
        direction = np.sign(self.beta1 * mean + (1 - self.beta1) * gradient)
        increment = -self.learning_rate * (direction + self.weight_decay * theta)
        return increment, {"mean": self.beta2 * mean + (1 - self.beta2) * gradient}


@hookimpl
def register_optimizers():
    return [Lion]
