"""Which hooks may a plugin implement? One for each kind, each returning classes.

A plugin module implements the ones it needs::

    from landscape import hookimpl

    @hookimpl
    def register_costs():
        return [Focal]

and its distribution names the module in the entry-point group ``landscape``.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from landscape.kinds import Activation, Cost, Dataset, Observer, Optimizer, Projection, Schedule

PROJECT = "landscape"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_costs() -> Sequence[type[Cost]]:
    """Return the classes of costs that this plugin provides."""
    raise AssertionError("a specification is never called")


@hookspec
def register_activations() -> Sequence[type[Activation]]:
    """Return the classes of activations that this plugin provides."""
    raise AssertionError("a specification is never called")


@hookspec
def register_optimizers() -> Sequence[type[Optimizer]]:
    """Return the classes of optimizers that this plugin provides."""
    raise AssertionError("a specification is never called")


@hookspec
def register_schedules() -> Sequence[type[Schedule]]:
    """Return the classes of learning-rate schedules that this plugin provides."""
    raise AssertionError("a specification is never called")


@hookspec
def register_datasets() -> Sequence[type[Dataset]]:
    """Return the classes of data sets that this plugin provides."""
    raise AssertionError("a specification is never called")


@hookspec
def register_projections() -> Sequence[type[Projection]]:
    """Return the classes of projections that this plugin provides."""
    raise AssertionError("a specification is never called")


@hookspec
def register_observers() -> Sequence[type[Observer]]:
    """Return the classes of observers that this plugin provides."""
    raise AssertionError("a specification is never called")
