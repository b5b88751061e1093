"""Which plugins come with the package? They are registered through the same hooks as anybody's."""

from __future__ import annotations

from landscape import activations, costs, datasets, optimizers, projections
from landscape.hookspecs import hookimpl
from landscape.kinds import Activation, Cost, Dataset, Optimizer, Projection


@hookimpl
def register_costs() -> list[type[Cost]]:
    """Return the built-in costs."""
    return [costs.Quadratic, costs.CrossEntropy, costs.BinaryCrossEntropy, costs.Huber]


@hookimpl
def register_activations() -> list[type[Activation]]:
    """Return the built-in activations."""
    return [
        activations.Identity,
        activations.Sigmoid,
        activations.Tanh,
        activations.ReLU,
        activations.LeakyReLU,
        activations.Softplus,
        activations.GELU,
        activations.SiLU,
        activations.Heaviside,
    ]


@hookimpl
def register_optimizers() -> list[type[Optimizer]]:
    """Return the built-in optimizers."""
    return [optimizers.SGD, optimizers.Adam, optimizers.AdamW, optimizers.RMSprop, optimizers.Adagrad]


@hookimpl
def register_datasets() -> list[type[Dataset]]:
    """Return the built-in data sets."""
    return [
        datasets.Mnist,
        datasets.Spirals,
        datasets.Moons,
        datasets.Circles,
        datasets.Xor,
        datasets.Blobs,
        datasets.Sine,
        datasets.Idx,
        datasets.Npz,
    ]


@hookimpl
def register_projections() -> list[type[Projection]]:
    """Return the built-in projections."""
    return [projections.PCA, projections.StartEnd, projections.FilterNormalized, projections.Random]
