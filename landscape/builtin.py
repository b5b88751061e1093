"""Which plugins come with the package? They are registered through the same hooks as anybody's."""

from __future__ import annotations

from landscape import activations, costs, datasets, observers, optimizers, projections, schedules
from landscape.hookspecs import hookimpl
from landscape.kinds import Activation, Cost, Dataset, Observer, Optimizer, Projection, Schedule


@hookimpl
def register_costs() -> list[type[Cost]]:
    """Return the built-in costs."""
    return [
        costs.Quadratic,
        costs.Absolute,
        costs.Huber,
        costs.LogCosh,
        costs.CrossEntropy,
        costs.BinaryCrossEntropy,
        costs.KLDivergence,
        costs.Poisson,
        costs.Hinge,
        costs.SquaredHinge,
    ]


@hookimpl
def register_activations() -> list[type[Activation]]:
    """Return the built-in activations."""
    return [
        activations.Identity,
        activations.Sigmoid,
        activations.Tanh,
        activations.HardTanh,
        activations.HardSigmoid,
        activations.Softsign,
        activations.Sin,
        activations.ReLU,
        activations.LeakyReLU,
        activations.ELU,
        activations.SELU,
        activations.Softplus,
        activations.GELU,
        activations.SiLU,
        activations.Mish,
        activations.HardSwish,
        activations.Heaviside,
    ]


@hookimpl
def register_optimizers() -> list[type[Optimizer]]:
    """Return the built-in optimizers."""
    return [
        optimizers.SGD,
        optimizers.ASGD,
        optimizers.Rprop,
        optimizers.Adam,
        optimizers.AdamW,
        optimizers.NAdam,
        optimizers.RAdam,
        optimizers.Adamax,
        optimizers.RMSprop,
        optimizers.Adagrad,
        optimizers.Adadelta,
    ]


@hookimpl
def register_schedules() -> list[type[Schedule]]:
    """Return the built-in learning-rate schedules."""
    return [
        schedules.Constant,
        schedules.Step,
        schedules.Exponential,
        schedules.Cosine,
        schedules.OneCycle,
        schedules.Warmup,
    ]


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


@hookimpl
def register_observers() -> list[type[Observer]]:
    """Return the built-in observers."""
    return [observers.CSV, observers.TensorBoard]
