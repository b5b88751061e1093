"""Where are decoded arrays kept between runs, and are they whole?"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import platformdirs

from landscape.layout import Array

# A file that is still called .part after this many seconds belongs to a process that was killed.
_ABANDONED = 86_400


def cache_folder() -> Path:
    """Return the folder for cached files: $LANDSCAPE_CACHE, or the user's cache folder where it is unset."""
    return Path(os.environ.get("LANDSCAPE_CACHE") or platformdirs.user_cache_dir("landscape"))


def cached(name: str, shape: tuple[int, ...], make: Callable[[], Array]) -> Array:
    """Return the read-only float32 array called `name`, mapped into memory from the cache folder.

    When the file is absent, or its header or size is not that of `shape`, `make` computes the array and it is
    written first. Where it cannot be written (a folder that is read-only or full, say) the array itself is
    returned. The pages of a mapped file are not read, so a second call costs next to nothing.
    """
    path = cache_folder() / name
    found = _mapped(path, shape)
    if found is not None:
        return found
    array = np.ascontiguousarray(make(), dtype="<f4")
    # A cache that cannot be written only costs time: the array in memory serves as well.
    with suppress(OSError):
        _write(path, array)
    array.flags.writeable = False
    written = _mapped(path, shape)
    return array if written is None else written


def _header(shape: tuple[int, ...]) -> bytes:
    """Return the first bytes of a .npy file of float32."""
    buffer = BytesIO()
    fields = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


def _mapped(path: Path, shape: tuple[int, ...]) -> Array | None:
    """Return the array in `path`, mapped; None when it is absent or not whole."""
    header = _header(shape)
    size = len(header) + 4 * int(np.prod(shape))
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != size or file.read(len(header)) != header:
                return None
            mapped = np.memmap(file, "<f4", mode="r", offset=len(header), shape=shape)
    except OSError:
        return None
    return np.asarray(mapped)


def _write(path: Path, array: Array) -> None:
    """Write `array` beside `path` and move it there in one step, unless another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    handle, part = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(_header(array.shape))
            file.write(array.data)
            file.flush()
            os.fsync(file.fileno())
        if _mapped(path, array.shape) is None:
            os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    for part in folder.glob("*.part"):
        with suppress(OSError):  # another process may remove it at the same moment
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()
