"""PyTorch, points stacked: many points at a time as one batched product per layer."""

from __future__ import annotations

import numpy as np
import torch
from problem import SIZES, Data, PlaneProblem, Surface, grid, layers

POINTS = 17


def start(data: Data, plane: PlaneProblem) -> Surface:
    inputs, targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)
    centre, directions = torch.tensor(plane.centre), torch.tensor(plane.directions)

    def costs(a, b):
        thetas = centre + torch.stack([a, b], dim=1) @ directions
        (w, bias), *rest = layers(thetas.float())
        p = len(thetas)
        # One wide product serves all points in the first layer, where they share the inputs.
        z = torch.addmm(bias.reshape(-1), inputs, w.reshape(-1, SIZES[0]).T)
        x = torch.sigmoid_(z).view(-1, p, SIZES[1]).transpose(0, 1)
        for w, bias in rest:
            x = torch.sigmoid_(torch.baddbmm(bias[:, None], x, w.transpose(1, 2)))
        return torch.square(x - targets).sum(dim=(1, 2)) / len(inputs)

    @torch.no_grad()
    def surface():
        a, b = (torch.from_numpy(c) for c in grid(plane.ticks))
        chunks = [costs(*c) for c in zip(a.split(POINTS), b.split(POINTS), strict=True)]
        return np.asarray(torch.cat(chunks)).reshape(len(plane.ticks), -1)

    return surface
