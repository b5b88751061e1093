"""How is a folder made and read so that it is whole at any moment? The ground of all that is kept on disk.

A folder appears under its name only when it is complete. From then on every file is replaced atomically (Zarr's
local store writes beside and renames, from version 3.1.3 on), data before the attribute that counts them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from landscape.errors import RunError

if TYPE_CHECKING:
    import zarr
    from zarr.core.array_spec import ArrayConfigParams

FORMAT = 1
_KEY = "landscape"

# A chunk is rewritten whenever rows are appended to it, so it is small; one file each, so it is not tiny.
_CHUNK_BYTES = 1 << 19
# A chunk without a file is then always a loss, never an honest row of NaN.
_CONFIG: ArrayConfigParams = {"write_empty_chunks": True}


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a hidden sibling to fill, which takes the name `folder` once the block has ended well.

    Raises
    ------
    RunError
        When `folder` exists already, or cannot be written.
    """
    _refuse(folder)
    draft = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            yield draft
            _refuse(folder)
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses, such as a full disk, into a RunError that names the folder."""
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error


def _refuse(folder: Path) -> None:
    if os.path.lexists(folder):
        raise RunError(f"{str(folder)!r} exists already: choose another name, or remove it first")


def create_group(folder: Path, attributes: Mapping[str, Any]) -> zarr.Group:
    """Return a new group at `folder` with our attributes."""
    import zarr  # here and below only when needed: 0.15 s that a run which stays in memory need not pay

    group = zarr.create_group(folder, zarr_format=3)
    commit(group, attributes)
    return group


def open_group(folder: Path, mode: Literal["r", "r+"]) -> zarr.Group:
    """Return the group at `folder`."""
    import zarr

    return zarr.open_group(folder, mode=mode, zarr_format=3, use_consolidated=False)


def open_arrays(folder: Path, names: Iterable[str]) -> dict[str, zarr.Array[Any]]:
    """Return the arrays called `names` of the group at `folder`, for writing."""
    import zarr

    # an opened array takes the setting that holds at this moment
    with zarr.config.set({f"array.{key}": value for key, value in _CONFIG.items()}):
        group = open_group(folder, "r+")
        arrays: dict[str, Any] = {name: group[name] for name in names}
    return arrays


def commit(group: zarr.Group, attributes: Mapping[str, Any]) -> None:
    """Replace our attributes of `group`, atomically."""
    group.update_attributes({_KEY: {"format": FORMAT, **attributes}})


def create_array(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    dtype: Any,
    dimensions: tuple[str, ...],
) -> zarr.Array[Any]:
    """Return a new array of named dimensions, chunked along the first, that says NaN or -1 where unwritten."""
    from zarr.codecs import ZstdCodec

    dtype = np.dtype(dtype)
    row = dtype.itemsize * int(np.prod(shape[1:]))
    chunks = (max(1, _CHUNK_BYTES // max(1, row)), *(max(1, size) for size in shape[1:]))
    empty = {"f": np.nan, "i": -1, "b": False}[dtype.kind]
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        fill_value=empty,
        compressors=ZstdCodec(level=1, checksum=True),
        dimension_names=dimensions,
        config=_CONFIG,
    )


def write_array(group: zarr.Group, name: str, values: NDArray[Any], dimensions: tuple[str, ...]) -> None:
    """Write a whole array."""
    create_array(group, name, values.shape, values.dtype, dimensions)[...] = values


def write_rows(array: zarr.Array[Any], start: int, rows: NDArray[Any]) -> None:
    """Write `rows` from row `start` on, growing the array by whole chunks where it is too short."""
    stop, chunk = start + len(rows), array.chunks[0]
    if stop > array.shape[0]:
        array.resize((-(-stop // chunk) * chunk, *array.shape[1:]))
    # One chunk at a time: of several, Zarr leaves the others' tasks behind when one fails, as on a full disk, and
    # they complain when the program ends.
    ends = [*range(start // chunk * chunk + chunk, stop, chunk), stop]
    for first, last in pairwise([start, *ends]):
        array[first:last] = rows[first - start : last - start]


def trim(array: zarr.Array[Any], length: int) -> None:
    """Cut the array after `length` rows."""
    if array.shape[0] != length:
        array.resize((length, *array.shape[1:]))


class Stored:
    """One of our groups on disk, opened for reading; every way in which it can be damaged is a `RunError`.

    Parameters
    ----------
    folder : where it is.
    what : what to call it in messages, such as ``"run"``.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self.folder, self.what = folder, what
        self.attributes = self._read_attributes()
        self.group = self._open()

    def damaged(self, detail: str) -> RunError:
        """Return the error that says what is broken, and what to do."""
        return RunError(
            f"the {self.what} {str(self.folder)!r} is damaged: {detail}; "
            "restore it from a copy, or remove it and make it again"
        )

    def _read_attributes(self) -> dict[str, Any]:
        text = self._read_metadata()
        try:
            attributes = json.loads(text)["attributes"][_KEY]
            version = int(attributes["format"])
        except json.JSONDecodeError as error:
            raise self.damaged("zarr.json is not whole") from error
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{str(self.folder)!r} is a Zarr folder of another program, not a {self.what}") from error
        if version != FORMAT:
            raise RunError(
                f"{str(self.folder)!r} was written by format {version}; this version reads {FORMAT}: "
                "upgrade landscape-explorer"
            )
        if attributes.get("kind", self.what) != self.what:
            raise RunError(f"{str(self.folder)!r} is a {attributes['kind']}, not a {self.what}")
        return dict(attributes)

    def _read_metadata(self) -> str:
        try:
            return (self.folder / "zarr.json").read_text(encoding="utf-8")
        except FileNotFoundError as error:
            there = "holds no zarr.json" if self.folder.is_dir() else "does not exist"
            raise RunError(
                f"{str(self.folder)!r} is no {self.what}: it {there}; name a folder that `landscape train` wrote"
            ) from error
        except NotADirectoryError as error:
            raise RunError(f"{str(self.folder)!r} is a file: a {self.what} is a folder") from error
        except UnicodeDecodeError as error:
            raise self.damaged("zarr.json is not text") from error
        except OSError as error:
            raise RunError(f"cannot read {str(self.folder)!r}: {error.strerror or error}") from error

    def _open(self) -> zarr.Group:
        try:
            return open_group(self.folder, "r")
        except Exception as error:  # whatever Zarr meets in a damaged file, the user is told which folder
            raise self.damaged(f"zarr.json is no Zarr group ({error})") from error

    def read(self, name: str, length: int | None = None) -> NDArray[Any]:
        """Return the array called `name`, or its first `length` rows, having checked that none is lost."""
        try:
            return self._read(name, length)
        except RunError:
            raise
        except Exception as error:  # Zarr and its codecs raise anything; the user is told which array
            raise self.damaged(f"{name} cannot be read ({error})") from error

    def _read(self, name: str, length: int | None) -> NDArray[Any]:
        array: Any = self.group.get(name)
        if array is None or not hasattr(array, "chunks"):
            raise self.damaged(f"{name} is missing")
        rows = array.shape[0] if length is None else length
        # Zarr reads a chunk whose file is lost as if it had never been written
        if array.shape[0] < rows or array.nchunks_initialized < -(-rows // array.chunks[0]):
            raise self.damaged(f"{name} lacks some of its {rows} rows")
        return np.asarray(array[:rows])
