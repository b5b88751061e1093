"""PyTorch, a loop over the points: each a full-batch forward pass without gradients."""

from __future__ import annotations

import numpy as np
import torch
from problem import Data, PlaneProblem, Surface, grid, layers

from contenders.torch_eager import network


def start(data: Data, plane: PlaneProblem) -> Surface:
    inputs, targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)
    model = network(plane.centre)
    parts = zip(*(layers(t) for t in (plane.centre, *plane.directions)), strict=True)
    tensors = [
        [torch.tensor(p, dtype=torch.float32) for p in same] for layer in parts for same in zip(*layer, strict=True)
    ]

    @torch.no_grad()
    def surface():
        costs = []
        for a, b in zip(*grid(plane.ticks), strict=True):
            for parameter, (centre, u, v) in zip(model.parameters(), tensors, strict=True):
                parameter.copy_(centre).add_(u, alpha=a).add_(v, alpha=b)
            costs.append(torch.nn.functional.mse_loss(model(inputs), targets, reduction="sum").item())
        return np.array(costs).reshape(len(plane.ticks), -1) / len(inputs)

    return surface
