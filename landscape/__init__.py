"""Gradient descent made visible: train networks and see their path on the real cost surface.

Everything below is loaded on first use, so that ``import landscape`` costs little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from landscape import _blas as _blas

if TYPE_CHECKING:
    from landscape.dashboard import explore as explore
    from landscape.errors import LandscapeError as LandscapeError
    from landscape.experiment import Experiment as Experiment
    from landscape.functions import Function as Function
    from landscape.functions import FunctionObjective as FunctionObjective
    from landscape.hookspecs import hookimpl as hookimpl
    from landscape.kinds import Activation as Activation
    from landscape.kinds import Cost as Cost
    from landscape.kinds import Data as Data
    from landscape.kinds import Dataset as Dataset
    from landscape.kinds import EpochEvent as EpochEvent
    from landscape.kinds import Examples as Examples
    from landscape.kinds import Observer as Observer
    from landscape.kinds import Optimizer as Optimizer
    from landscape.kinds import Projection as Projection
    from landscape.kinds import Schedule as Schedule
    from landscape.kinds import StepEvent as StepEvent
    from landscape.kinds import Watcher as Watcher
    from landscape.network import NetworkObjective as NetworkObjective
    from landscape.objective import Objective as Objective
    from landscape.path import Path as Path
    from landscape.plane import Plane as Plane
    from landscape.registry import load_plugin as load_plugin
    from landscape.runs import Run as Run
    from landscape.surface import Grid as Grid
    from landscape.surface import Surface as Surface
    from landscape.training import Trainer as Trainer
    from landscape.training import fit as fit
    from landscape.training import steps as steps

__version__ = "0.1.0"

_HOMES = {
    "Activation": "kinds",
    "Cost": "kinds",
    "Data": "kinds",
    "Dataset": "kinds",
    "EpochEvent": "kinds",
    "Examples": "kinds",
    "Experiment": "experiment",
    "Function": "functions",
    "FunctionObjective": "functions",
    "Grid": "surface",
    "LandscapeError": "errors",
    "NetworkObjective": "network",
    "Objective": "objective",
    "Observer": "kinds",
    "Optimizer": "kinds",
    "Path": "path",
    "Plane": "plane",
    "Projection": "kinds",
    "Run": "runs",
    "Schedule": "kinds",
    "StepEvent": "kinds",
    "Surface": "surface",
    "Trainer": "training",
    "Watcher": "kinds",
    "explore": "dashboard",
    "fit": "training",
    "hookimpl": "hookspecs",
    "load_plugin": "registry",
    "steps": "training",
}

# a star import must not load Dash
__all__ = ["__version__", *sorted(_HOMES.keys() - {"explore"})]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        from landscape.errors import suggest

        raise AttributeError(f"module 'landscape' has no attribute {name!r}.{suggest(name, _HOMES)}".rstrip("."))
    value = getattr(import_module(f"landscape.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
