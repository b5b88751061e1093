"""PyTorch, torch.compile of the whole step: batch, forward, backward and update in one compiled function."""

from __future__ import annotations

import numpy as np
import torch
from problem import RATE, Data, Training, layers, training


def cost(parameters, x, y):
    for w, b in parameters:
        x = torch.sigmoid(torch.addmm(b, x, w.T))
    return torch.square(x - y).sum() / len(y)


def step(parameters, inputs, targets, rows):
    """Move `parameters` in place and return the cost before."""
    gradients, value = torch.func.grad_and_value(cost)(parameters, inputs[rows], targets[rows])
    for (w, b), (dw, db) in zip(parameters, gradients, strict=True):
        w.sub_(dw, alpha=RATE)
        b.sub_(db, alpha=RATE)
    return value


def start(data: Data, theta, batch: int) -> Training:
    inputs, targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)
    parameters = [tuple(torch.tensor(p, dtype=torch.float32) for p in layer) for layer in layers(theta)]
    torch.compiler.reset()
    compiled = torch.compile(step, fullgraph=True, dynamic=False)

    def train(rows):
        costs = np.empty(len(rows), np.float32)
        with torch.no_grad():
            for i, chosen in enumerate(torch.from_numpy(rows)):
                costs[i] = compiled(parameters, inputs, targets, chosen).item()
        return costs

    return training(train, len(data.inputs), batch)
