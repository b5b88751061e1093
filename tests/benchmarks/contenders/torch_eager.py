"""PyTorch, eager: tensors in memory, index-permuted batches, torch.optim.SGD."""

from __future__ import annotations

import numpy as np
import torch
from problem import RATE, SIZES, Data, Training, layers, training


def network(theta) -> torch.nn.Sequential:
    """Return the network with the weights of `theta` (P,)."""
    parts: list[torch.nn.Module] = []
    for (w, b), fan_in, out in zip(layers(theta), SIZES, SIZES[1:], strict=False):
        linear = torch.nn.Linear(fan_in, out)
        linear.weight.data = torch.tensor(w, dtype=torch.float32)
        linear.bias.data = torch.tensor(b, dtype=torch.float32)
        parts += [linear, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*parts)


def start(data: Data, theta, batch: int) -> Training:
    inputs, targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)
    model = network(theta)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

    def train(rows):
        costs = np.empty(len(rows), np.float32)
        for i, chosen in enumerate(torch.from_numpy(rows)):
            loss = torch.nn.functional.mse_loss(model(inputs[chosen]), targets[chosen], reduction="sum") / batch
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            costs[i] = loss.item()
        return costs

    return training(train, len(data.inputs), batch)
