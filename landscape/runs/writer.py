"""How is a run written while it trains? Appended and committed, so that what was recorded survives a kill."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from landscape.experiment import Experiment
from landscape.layout import Array, IntArray
from landscape.runs.records import EPOCH_COLUMNS, Ending, EpochRow, Provenance
from landscape.runs.store import (
    commit,
    create_array,
    create_group,
    new_folder,
    open_arrays,
    open_group,
    trim,
    write_rows,
    writing,
)

if TYPE_CHECKING:
    import zarr


class Saved(NamedTuple):
    """How many rows of each kind are committed: what lies beyond them in an array does not count."""

    snapshots: int = 0
    steps: int = 0
    epochs: int = 0


ARRAYS = {
    "path/step": "snapshots",
    "path/theta": "snapshots",
    "history/batch_cost": "steps",
    **{f"history/{name}": "epochs" for name in EPOCH_COLUMNS},
}
"""Each array that grows, and the count in `Saved` that says how far."""


class RunWriter:
    """Writes a run into a new folder while it trains.

    Parameters
    ----------
    folder : must not exist; it appears complete, with no rows.
    experiment : what is trained; plain values where a plugin that it needs is missing.
    provenance : with what.
    parameters : P, the entries of θ.
    dtype : of θ.

    Attributes
    ----------
    saved : how many snapshots, steps and epochs are on disk. What was cut short, by Ctrl-C say, is not
        counted: record from here on again.

    Raises
    ------
    RunError
        When the folder exists already, or cannot be written.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        experiment: Experiment | Mapping[str, Any],
        provenance: Provenance,
        parameters: int,
        dtype: DTypeLike,
    ) -> None:
        self.folder = Path(folder)
        self.saved = Saved()
        described = experiment.to_dict() if isinstance(experiment, Experiment) else dict(experiment)
        self._attributes: dict[str, Any] = {
            "kind": "run",
            "experiment": described,
            "provenance": provenance.to_dict(),
            "ending": "running",
            "message": "",
            "seconds": 0.0,
            "saved": self.saved._asdict(),
        }
        with new_folder(self.folder) as draft:
            _lay_out(create_group(draft, self._attributes), described, parameters, dtype)
        self._group = open_group(self.folder, "r+")
        self._arrays = open_arrays(self.folder, ARRAYS)

    def record(
        self,
        steps: Sequence[int] | IntArray = (),
        thetas: Sequence[Array] | Array = (),
        batch_costs: Sequence[float] | Array = (),
        epochs: Sequence[EpochRow] = (),
        *,
        seconds: float = 0.0,
    ) -> Saved:
        """Append rows, and return once they survive the end of this process, however it comes.

        Parameters
        ----------
        steps, thetas : snapshots of the path: the step after which each was taken, and θ (P,) then.
        batch_costs : of the steps since the last call.
        epochs : rows measured since the last call.
        seconds : of training so far.
        """
        if len(steps) != len(thetas):
            raise ValueError(f"{len(steps)} steps, but {len(thetas)} thetas: give one θ for each step")
        columns = zip(*epochs, strict=True) if epochs else [()] * len(EPOCH_COLUMNS)
        new = (len(steps), len(batch_costs), len(epochs))
        saved = Saved(*(old + more for old, more in zip(self.saved, new, strict=True)))
        with writing(self.folder):
            for name, values in zip(ARRAYS, (steps, thetas, batch_costs, *columns), strict=True):
                array = self._arrays[name]
                if len(values):
                    write_rows(array, getattr(self.saved, ARRAYS[name]), np.asarray(values, array.dtype))
            self._commit(saved=saved._asdict(), seconds=max(float(seconds), self._attributes["seconds"]))
        self.saved = saved
        return saved

    def finish(self, ending: Ending, message: str = "", seconds: float = 0.0) -> None:
        """Say how training ended, and after how many seconds; nothing is recorded afterwards."""
        with writing(self.folder):
            for name, array in self._arrays.items():
                trim(array, getattr(self.saved, ARRAYS[name]))
            self._commit(ending=ending, message=message, seconds=float(seconds))

    def _commit(self, **changes: Any) -> None:
        self._attributes |= changes
        commit(self._group, self._attributes)


def _lay_out(group: zarr.Group, described: Mapping[str, Any], parameters: int, dtype: DTypeLike) -> None:
    """Create all arrays.

    Those that share a dimension have their full length from the start: grown one after the other they would be,
    for a moment, of unequal length, which readers such as xarray refuse.
    """
    path, history = group.create_group("path"), group.create_group("history")
    group.create_group("surfaces")
    create_array(path, "step", (described["snapshots"],), np.int64, ("snapshot",))
    create_array(path, "theta", (described["snapshots"], parameters), dtype, ("snapshot", "parameter"))
    create_array(history, "batch_cost", (0,), np.float64, ("step",))
    for name in EPOCH_COLUMNS:
        create_array(history, name, (described["epochs"] + 1,), np.int64 if name == "epoch" else np.float64, ("epoch",))
