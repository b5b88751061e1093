"""What must the catalogue's members equal? One list of oracles for each kind, used by the tests and by the table.

An oracle pairs a plugin, with some of its settings, with PyTorch's own computation of the same. The modules
`costs`, `activations`, `optimizers` and `schedules` each have a list `ORACLES` and a function
`differences(oracle)`, which measures them; ``python tests/catalogue.py`` prints or writes what they find.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.kinds import Plugin


@dataclass(frozen=True)
class Oracle:
    """A plugin and what it must equal.

    Parameters
    ----------
    plugin : with the settings to compare at.
    equal_to : PyTorch's computation as one writes it, with ``F`` for ``torch.nn.functional``; the same for all
        settings of a class, and every dotted name in it exists.
    reference : that computation at these settings; what it takes depends on the kind.
    """

    plugin: Any
    equal_to: str
    reference: Callable[..., Any]


def largest(ours: Any, theirs: Any) -> float:
    """Return the largest difference of two arrays, relative to theirs where that is larger than 1."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape, f"{ours.shape} is not {theirs.shape}"
    return float(np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))))


def plugins(oracles: list[Oracle]) -> list[Any]:
    """Return the plugins of `oracles`, each a setting to test at."""
    return [oracle.plugin for oracle in oracles]


def classes(oracles: list[Oracle]) -> set[type[Plugin]]:
    """Return the classes that `oracles` compare."""
    return {type(oracle.plugin) for oracle in oracles}
