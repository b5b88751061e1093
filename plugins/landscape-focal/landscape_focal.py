import numpy as np
from landscape import Cost, hookimpl
from pydantic import Field


class Focal(Cost):
    """−Σⱼ (1 − pⱼ)^γ log pⱼ: outputs are logits, targets 0 or 1, and pⱼ is what logit j gives its target."""

    name = "focal"
    source = "Lin et al. 2017, arXiv:1708.02002"
    gamma: float = Field(2.0, ge=0, le=10, description="Focus γ on wrong answers; 0 is binary cross-entropy")

    def per_example(self, outputs, targets):
        z = (2 * targets - 1) * outputs  # p = σ(z), and logaddexp(0, z) = -log(1 - p) without overflow
        return (np.exp(-self.gamma * np.logaddexp(0, z)) * np.logaddexp(0, -z)).sum(axis=-1)

    def gradient(self, outputs, targets):
        z = (side := 2 * targets - 1) * outputs
        miss = np.exp(-np.logaddexp(0, z))  # 1 - p
        return side * miss**self.gamma * (self.gamma * (miss - 1) * np.logaddexp(0, -z) - miss)


@hookimpl
def register_costs():
    return [Focal]
