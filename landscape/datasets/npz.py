"""How do a user's own arrays become a data set?"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from landscape.datasets._parts import as_inputs, as_labels, check_rows, classified, image_shape
from landscape.errors import DataError, suggest
from landscape.kinds import Data, Dataset, Examples
from landscape.layout import Array

_TRAIN, _TEST = ("x_train", "y_train"), ("x_test", "y_test")
_Arrays = Mapping[str, NDArray[Any]]


class Npz(Dataset):
    """The user's own arrays, from a file written by ``numpy.savez``.

    The file holds ``x_train`` and ``y_train``, and may hold ``x_test`` and ``y_test``. Inputs are (n, d), or
    images (n, height, width); bytes are scaled from 0-255 to 0-1. Integers ``y`` are class labels, counted
    from 0; floats ``y``, (n,) or (n, k), are targets of a regression. Other keys are ignored.
    """

    name: ClassVar[str] = "npz"
    source: ClassVar[str] = "numpy.savez"

    path: str = Field(default="", description="The .npz file with x_train, y_train, x_test and y_test.")
    test_fraction: float = Field(
        default=0.2,
        gt=0,
        lt=1,
        description="The share of the rows held out, at random, to test on where the file has no x_test.",
    )

    def load(self, rng: np.random.Generator) -> Data:
        """Return the data; `rng` chooses the rows held out, if the file has no test arrays.

        Raises DataError for a file or key that is absent, damaged or does not fit the others.
        """
        if not self.path:
            raise DataError("data set 'npz' has no path: set dataset.path to a file written by numpy.savez")
        path = Path(self.path).expanduser()
        arrays = _read(path)
        for x, y in (_TRAIN, _TEST):
            if x in arrays:
                check_rows(arrays[x], arrays[y], x, y)
        return _data(arrays if _TEST[0] in arrays else self._hold_out(arrays, rng), path)

    def _hold_out(self, arrays: _Arrays, rng: np.random.Generator) -> _Arrays:
        """Return the training arrays divided into training and test rows, each in the order of the file."""
        x, y = (arrays[key] for key in _TRAIN)
        if len(x) < 2:
            raise DataError(f"x_train has {len(x)} rows: to hold some out to test on takes two or more")
        held = min(len(x) - 1, max(1, round(self.test_fraction * len(x))))
        test = np.zeros(len(x), bool)
        test[rng.choice(len(x), held, replace=False)] = True
        return {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test]}


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of the file that a data set may have; both of each pair, or neither of the test's."""
    try:
        with path.open("rb") as file:  # NumPy leaves a damaged file open if it has opened it itself
            present, arrays = _members(np.load(file, allow_pickle=False))
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: set dataset.path to a file of numpy.savez") from error
    except (OSError, ValueError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read as a file of numpy.savez ({error}): save plain arrays of numbers with "
            "numpy.savez(path, x_train=…, y_train=…, x_test=…, y_test=…)"
        ) from error
    _check_keys(path, present)
    return arrays


def _members(archive: Any) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Return all names in what ``numpy.load`` gave, and those arrays that a data set may have."""
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError("it holds a single array")
    arrays = {key: archive[key] for key in (*_TRAIN, *_TEST) if key in archive.files}
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):  # NumPy hands out as bytes what is no .npy file
            raise ValueError(f"{key} is no array")
    return archive.files, arrays


def _check_keys(path: Path, present: list[str]) -> None:
    wanted = (*_TRAIN, *_TEST) if any(key in present for key in _TEST) else _TRAIN
    missing = [key for key in wanted if key not in present]
    if missing:
        near = suggest(missing[0], set(present) - {*_TRAIN, *_TEST})
        raise DataError(
            f"{path} has no {' and no '.join(missing)}: it holds {', '.join(present) or 'nothing'}, and "
            f"needs x_train and y_train, and both x_test and y_test or neither.{near}"
        )


def _data(arrays: _Arrays, path: Path) -> Data:
    """Return classes where ``y`` are integers, a regression where they are floats."""
    x_train, x_test = (as_inputs(arrays[key], f"{key} in {path}") for key in ("x_train", "x_test"))
    y_train, y_test = arrays["y_train"], arrays["y_test"]
    image = image_shape(arrays["x_train"])
    if y_train.dtype.kind == "f":
        train, test = (_targets(arrays[key], f"{key} in {path}") for key in ("y_train", "y_test"))
        return Data(Examples(x_train, train), Examples(x_test, test), image)
    labels, test_labels = as_labels(y_train, f"y_train in {path}"), as_labels(y_test, f"y_test in {path}")
    return classified((x_train, labels), (x_test, test_labels), f"y_test in {path}", image)


def _targets(values: NDArray[Any], where: str) -> Array:
    """Return (n, k) targets of a regression from (n,) or (n, k) floats."""
    if values.dtype.kind != "f" or values.ndim not in (1, 2):
        raise DataError(
            f"{where} is an array {values.shape} of {values.dtype}: targets of a regression must be floats, "
            "(n,) or (n, k), in both splits"
        )
    return as_inputs(values.reshape(len(values), -1), where)
