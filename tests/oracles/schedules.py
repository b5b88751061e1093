"""What must the schedules equal? The learning rates of PyTorch's schedulers, stepped through a whole training."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from landscape.schedules import Constant, Cosine, Exponential, OneCycle, Step, Warmup
from oracles import Oracle, largest

schedulers = torch.optim.lr_scheduler

RATE = 0.3
TRAININGS = ((1, 60), (7, 70), (25, 100), (40, 1000))
"""Steps per epoch and in all; in the first an epoch is one step, as a test function's is."""


def factors(oracle, steps_per_epoch, total_steps):
    """Return what PyTorch multiplies the learning rate by, (total_steps,)."""
    parameter = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=RATE)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one of PyTorch's schedulers calls another in a deprecated way
        scheduler, per_epoch = oracle.reference(optimizer, steps_per_epoch, total_steps)
        for step in range(1, total_steps + 1):
            found.append(optimizer.param_groups[0]["lr"] / RATE)
            optimizer.step()
            if step < total_steps and (not per_epoch or step % steps_per_epoch == 0):
                scheduler.step()
    return np.array(found)


def differences(oracle):
    """Return the largest difference of the factors, over trainings of several lengths."""
    found = 0.0
    for steps_per_epoch, total_steps in TRAININGS:
        ours = oracle.plugin.factors(np.arange(total_steps), steps_per_epoch, total_steps)
        found = max(found, largest(ours, factors(oracle, steps_per_epoch, total_steps)))
    return {"factor": found}


def _constant():
    return Oracle(
        Constant(),
        "torch.optim.lr_scheduler.ConstantLR(factor=1)",
        lambda optimizer, each, total: (schedulers.ConstantLR(optimizer, factor=1.0), False),
    )


def _step(every, gamma):
    return Oracle(
        Step(every=every, gamma=gamma),
        "torch.optim.lr_scheduler.StepLR, stepped every epoch",
        lambda optimizer, each, total: (schedulers.StepLR(optimizer, every, gamma), True),
    )


def _exponential(gamma):
    return Oracle(
        Exponential(gamma=gamma),
        "torch.optim.lr_scheduler.ExponentialLR, stepped every epoch",
        lambda optimizer, each, total: (schedulers.ExponentialLR(optimizer, gamma), True),
    )


def _cosine(final):
    return Oracle(
        Cosine(final=final),
        "torch.optim.lr_scheduler.CosineAnnealingLR over all steps",
        lambda optimizer, each, total: (schedulers.CosineAnnealingLR(optimizer, total, eta_min=final * RATE), False),
    )


def _one_cycle(rise, first, last):
    def reference(optimizer, each, total):
        how = {"pct_start": rise, "div_factor": 1 / first, "final_div_factor": first / last, "cycle_momentum": False}
        return schedulers.OneCycleLR(optimizer, max_lr=RATE, total_steps=total, **how), False

    return Oracle(
        OneCycle(rise=rise, first=first, last=last), "torch.optim.lr_scheduler.OneCycleLR over all steps", reference
    )


def _warmup(start, epochs, then):
    def reference(optimizer, each, total):
        rising = max(1, round(epochs * each))
        rise = schedulers.LinearLR(optimizer, start_factor=start, total_iters=rising)
        if then == "constant":
            return rise, False
        rest = total - rising
        fall = (
            schedulers.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=rest)
            if then == "linear"
            else schedulers.CosineAnnealingLR(optimizer, rest)
        )
        return schedulers.SequentialLR(optimizer, [rise, fall], [rising]), False

    return Oracle(
        Warmup(start=start, epochs=epochs, then=then),
        "torch.optim.lr_scheduler.LinearLR, then torch.optim.lr_scheduler.LinearLR or "
        "torch.optim.lr_scheduler.CosineAnnealingLR",
        reference,
    )


ORACLES = [
    _constant(),
    _step(3, 0.5),
    _step(1, 0.9),
    _step(2, 1.0),
    _exponential(0.9),
    _exponential(0.5),
    _exponential(1.0),
    _cosine(0.0),
    _cosine(0.1),
    _cosine(1.0),
    _one_cycle(0.3, 0.04, 4e-6),
    _one_cycle(0.7, 0.5, 0.1),
    _warmup(0.1, 1.0, "constant"),
    _warmup(0.5, 2.5, "constant"),
    _warmup(0.1, 1.0, "linear"),
    _warmup(1.0, 0.5, "cosine"),
    _warmup(0.01, 3.0, "cosine"),
]
