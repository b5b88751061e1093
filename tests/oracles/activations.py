"""What must the activations equal? PyTorch's functions, and what autograd makes of them."""

from __future__ import annotations

import numpy as np
import torch

from landscape.activations import (
    ELU,
    GELU,
    SELU,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Heaviside,
    Identity,
    LeakyReLU,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Sin,
    Softplus,
    Softsign,
    Tanh,
)
from landscape.kinds import Activation
from oracles import Oracle, largest

F = torch.nn.functional

# Kinks are among them: 0, ±1 and ±3.
Z = np.concatenate([[0.0, -0.0, -3, -1, 1, 3], np.linspace(-12, 12, 4801), np.random.default_rng(0).normal(size=2000)])


def values(oracle):
    """Return PyTorch's values at `Z`."""
    return oracle.reference(torch.from_numpy(Z)).numpy()


def derivatives(oracle):
    """Return what autograd makes of PyTorch's values at `Z`."""
    z = torch.from_numpy(Z.copy()).requires_grad_()
    oracle.reference(z).sum().backward()
    return z.grad.numpy()


def differences(oracle):
    """Return the largest differences of values and of derivatives at `Z`."""
    value = oracle.plugin.value(Z)
    found = {"value": largest(value, values(oracle))}
    found["derivative"] = largest(oracle.plugin.derivative(Z, value), derivatives(oracle))
    return found


def _leaky(slope):
    return Oracle(LeakyReLU(negative_slope=slope), "F.leaky_relu(z)", lambda z: F.leaky_relu(z, slope))


def _elu(alpha):
    return Oracle(ELU(alpha=alpha), "F.elu(z)", lambda z: F.elu(z, alpha))


def _softplus(beta):
    # PyTorch returns z itself where βz is beyond `threshold`
    return Oracle(Softplus(beta=beta), "F.softplus(z)", lambda z: F.softplus(z, beta=beta, threshold=1e9))


def _gelu(approximation):
    gelu = GELU(approximation=approximation)
    return Oracle(gelu, "F.gelu(z)", lambda z: F.gelu(z, approximate=approximation))


def _sin(frequency):
    return Oracle(Sin(frequency=frequency), "torch.sin(z)", lambda z: torch.sin(frequency * z))


def _heaviside(z):
    return torch.heaviside(z.detach(), torch.ones_like(z)) + 0.0 * z


ORACLES: list[Oracle] = [
    Oracle(Identity(), "torch.nn.Identity()(z)", lambda z: torch.nn.Identity()(z) * 1.0),
    Oracle(Sigmoid(), "torch.sigmoid(z)", torch.sigmoid),
    Oracle(Tanh(), "torch.tanh(z)", torch.tanh),
    Oracle(HardTanh(), "F.hardtanh(z)", F.hardtanh),
    # F.hardsigmoid has the same values, but its derivative is the 1/6 of float32
    Oracle(HardSigmoid(), "F.relu6(z + 3) / 6", lambda z: F.relu6(z + 3) / 6),
    Oracle(Softsign(), "F.softsign(z)", F.softsign),
    *map(_sin, (1.0, 0.3, 2.5)),
    Oracle(Heaviside(), "torch.heaviside(z, 1)", _heaviside),
    Oracle(ReLU(), "F.relu(z)", F.relu),
    *map(_leaky, (0.01, 0.3, 0.0, 1.0)),
    *map(_elu, (1.0, 0.3, 2.5)),
    Oracle(SELU(), "F.selu(z)", F.selu),
    *map(_softplus, (1.0, 3.0)),
    *map(_gelu, ("none", "tanh")),
    Oracle(SiLU(), "F.silu(z)", F.silu),
    Oracle(Mish(), "F.mish(z)", F.mish),
    Oracle(HardSwish(), "F.hardswish(z)", F.hardswish),
]
EVERY: list[Activation] = [oracle.plugin for oracle in ORACLES]
