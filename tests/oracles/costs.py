"""What must the costs equal? PyTorch's losses, unreduced and summed over outputs, and what autograd makes of them."""

from __future__ import annotations

import numpy as np
import torch

from landscape.costs import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Poisson,
    Quadratic,
    SquaredHinge,
)
from landscape.kinds import Cost
from oracles import Oracle, largest

F = torch.nn.functional

N, K = 40, 7
TARGETS = ("one-hot", "distribution", "any", "counts")


def outputs(*lead):
    """Return outputs (*lead, n, k), most between −9 and 9."""
    return 3 * np.random.default_rng(2).normal(size=(*lead, N, K))


def targets(kind):
    """Return targets (n, k) of one of the kinds `TARGETS`."""
    rng = np.random.default_rng(1)
    if kind == "one-hot":
        return np.eye(K)[rng.integers(K, size=N)]
    if kind == "counts":
        return rng.poisson(1.5, size=(N, K)).astype(float)
    return rng.dirichlet(np.ones(K), size=N) if kind == "distribution" else rng.uniform(size=(N, K))


def losses(oracle, o, t):
    """Return PyTorch's losses (..., n)."""
    return oracle.reference(torch.from_numpy(o), torch.from_numpy(t)).numpy()


def gradient(oracle, o, t):
    """Return what autograd makes of PyTorch's losses, (..., n, k)."""
    variable = torch.from_numpy(o.copy()).requires_grad_()
    oracle.reference(variable, torch.from_numpy(t)).sum().backward()
    return variable.grad.numpy()


def differences(oracle):
    """Return the largest differences of losses and of gradients, over every kind of targets."""
    o, found = outputs(), {"loss": 0.0, "gradient": 0.0}
    for t in map(targets, TARGETS):
        found["loss"] = max(found["loss"], largest(oracle.plugin.per_example(o, t), losses(oracle, o, t)))
        found["gradient"] = max(found["gradient"], largest(oracle.plugin.gradient(o, t), gradient(oracle, o, t)))
    return found


def _cross_entropy(label_smoothing):
    cost = CrossEntropy(label_smoothing=label_smoothing)
    return cost, lambda o, t: F.cross_entropy(o, t, reduction="none", label_smoothing=label_smoothing)


def _huber(delta):
    return Huber(delta=delta), lambda o, t: F.huber_loss(o, t, reduction="none", delta=delta).sum(-1)


def _log_cosh(scale):
    return LogCosh(scale=scale), lambda o, t: (scale**2 * torch.log(torch.cosh((o - t) / scale))).sum(-1)


def _hinge(cls, p, margin):
    cost = cls(margin=margin)
    return cost, lambda o, t: F.multi_margin_loss(o, t.argmax(-1), p=p, margin=margin, reduction="none")


def _poisson(full):
    return Poisson(full=full), lambda o, t: F.poisson_nll_loss(o, t, full=full, reduction="none").sum(-1)


def _binary(o, t):
    return F.binary_cross_entropy_with_logits(o, t, reduction="none").sum(-1)


def _kl(o, t):
    return F.kl_div(F.log_softmax(o, dim=-1), t, reduction="none").sum(-1)


def _several(equal_to, *pairs):
    return [Oracle(cost, equal_to, reference) for cost, reference in pairs]


ORACLES: list[Oracle] = [
    *_several("F.mse_loss(o, t)", (Quadratic(), lambda o, t: F.mse_loss(o, t, reduction="none").sum(-1))),
    *_several("F.l1_loss(o, t)", (Absolute(), lambda o, t: F.l1_loss(o, t, reduction="none").sum(-1))),
    *_several("F.huber_loss(o, t)", _huber(1.0), _huber(0.25), _huber(5.0)),
    *_several("torch.log(torch.cosh(o - t))", _log_cosh(1.0), _log_cosh(0.25), _log_cosh(4.0)),
    *_several("F.cross_entropy(o, t)", _cross_entropy(0.0), _cross_entropy(0.1), _cross_entropy(0.9)),
    *_several("F.binary_cross_entropy_with_logits(o, t)", (BinaryCrossEntropy(), _binary)),
    *_several("F.kl_div(F.log_softmax(o), t)", (KLDivergence(), _kl)),
    *_several("F.poisson_nll_loss(o, t)", _poisson(False), _poisson(True)),
    *_several("F.multi_margin_loss(o, y)", *(_hinge(Hinge, 1, margin) for margin in (1.0, 0.3, 4.0))),
    *_several("F.multi_margin_loss(o, y, p=2)", *(_hinge(SquaredHinge, 2, margin) for margin in (1.0, 0.3, 4.0))),
]
EVERY: list[Cost] = [oracle.plugin for oracle in ORACLES]
