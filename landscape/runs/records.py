"""What is known of a run besides its path? Its history, how it ended, and what it was made with."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, Self, get_args

import numpy as np

from landscape.experiment import Experiment
from landscape.kinds import Data
from landscape.layout import Array, IntArray
from landscape.objective import Objective
from landscape.registry import metadata_version
from landscape.runs.needs import parts_of, provider_of

# Bytes hashed at a time: a data set may be memory-mapped and larger than memory.
_BLOCK_BYTES = 1 << 22


Ending = Literal["running", "finished", "interrupted", "diverged", "stopped"]
"""How training ended; one that is stopped was so by an observer, or by an error of another plugin.

A run on disk that says "running" is still being trained, or was killed.
"""

ENDINGS: tuple[Ending, ...] = get_args(Ending)

EpochRow = tuple[int, float, float, float, float]
"""Epoch (0 is the start), then train cost, test cost, train accuracy and test accuracy after it."""

EPOCH_COLUMNS = ("epoch", "train_cost", "test_cost", "train_accuracy", "test_accuracy")


@dataclass(frozen=True, eq=False)
class History:
    """How cost and accuracy went.

    Parameters
    ----------
    batch_cost : (S,) float64, the cost of the batch before each of the steps 1 … S.
    epoch : (E + 1,) int64, from 0, the start.
    train_cost, test_cost : (E + 1,) float64, on all examples of the split after each epoch.
    train_accuracy, test_accuracy : (E + 1,) float64 shares of 1, NaN where there are no labels.
    """

    batch_cost: Array
    epoch: IntArray
    train_cost: Array
    test_cost: Array
    train_accuracy: Array
    test_accuracy: Array

    def __repr__(self) -> str:
        return f"History({self.batch_cost.size:,} steps, {max(self.epoch.size - 1, 0)} epochs)"

    def epochs(self) -> list[EpochRow]:
        """Return the measurements, one row for each epoch."""
        columns = [getattr(self, name).tolist() for name in EPOCH_COLUMNS]
        return list(zip(*columns, strict=True))


@dataclass(frozen=True)
class Provenance:
    """What a run was made with; no host, user or path among it.

    Parameters
    ----------
    package, python, numpy : versions.
    created : when training began, UTC, ISO 8601.
    seed : the experiment's.
    plugins : for each part of the experiment, ``"distribution:name version"``.
    dataset : the `fingerprint` of the data, ``""`` for an objective without data.
    """

    package: str
    python: str
    numpy: str
    created: str
    seed: int
    plugins: Mapping[str, str]
    dataset: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the provenance that `to_dict` said; values that it does not know are left out."""
        return cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})


def provenance(experiment: Experiment, objective: Objective) -> Provenance:
    """Return the provenance of a run of `experiment` on `objective` that starts now."""
    return Provenance(
        package=metadata_version(),
        python=platform.python_version(),
        numpy=np.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=experiment.seed,
        plugins={name: ", ".join(map(provider_of, parts)) for name, parts in parts_of(experiment).items()},
        dataset=data_fingerprint(objective),
    )


def data_fingerprint(objective: Objective) -> str:
    """Return the fingerprint of the data that `objective` measures, ``""`` where it has none."""
    data = getattr(objective, "data", None)
    return fingerprint(data) if isinstance(data, Data) else ""


def fingerprint(data: Data) -> str:
    """Return a SHA-256 (64 hexadecimal digits) of all examples: shapes, types and bytes of every array."""
    digest = hashlib.sha256()
    for split in ("train", "test"):
        for name in ("inputs", "targets", "labels"):
            array = getattr(getattr(data, split), name)
            if array is not None:
                digest.update(f"{split} {name} {array.shape} {array.dtype.newbyteorder('<').str}\n".encode())
                for block in _blocks(array):
                    digest.update(block)
    return digest.hexdigest()


def _blocks(array: np.ndarray[Any, Any]) -> Iterator[bytes]:
    """Yield the bytes of `array`, little-endian, in blocks of whole rows."""
    rows = max(1, _BLOCK_BYTES // max(1, array[:1].nbytes))
    little = array.dtype.newbyteorder("<")
    for start in range(0, len(array), rows):
        yield np.ascontiguousarray(array[start : start + rows], little).tobytes()
