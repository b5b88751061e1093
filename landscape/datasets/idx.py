"""How are IDX files, the format of MNIST and its relatives, read?"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from landscape.datasets._parts import as_inputs, as_labels, check_rows, classified, image_shape
from landscape.errors import DataError
from landscape.kinds import Data, Dataset
from landscape.layout import Array, IntArray

_MOST_DIMENSIONS = 8  # of an array; the format's own limit, 255, is beyond NumPy's
_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class Idx(Dataset):
    """The user's own folder of IDX files, named as MNIST's are, compressed with gzip or not.

    The folder holds four files whose names end in ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
    ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, with or without ``.gz``; ``test`` may stand
    for ``t10k`` and a dot for the dash before ``idx``, as Fashion-MNIST, EMNIST and others have them. Bytes
    are scaled from 0-255 to 0-1; numbers of other types are taken as they are.
    """

    name: ClassVar[str] = "idx"
    source: ClassVar[str] = "The IDX file format, yann.lecun.com/exdb/mnist"

    path: str = Field(default="", description="The folder that holds the four IDX files.")

    def load(self, rng: np.random.Generator) -> Data:
        """Return the data; nothing is drawn from `rng`.

        Raises DataError for a folder or file that is absent, damaged or does not fit the others.
        """
        if not self.path:
            raise DataError("data set 'idx' has no path: set dataset.path to the folder of the IDX files")
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise DataError(f"{folder} is not a folder: set dataset.path to the folder of the IDX files")
        (train, shape), (test, _) = _split(folder, "train"), _split(folder, "t10k|test")
        return classified(train, test, f"the test labels in {folder}", shape)


def _split(folder: Path, split: str) -> tuple[tuple[Array, IntArray], tuple[int, int] | None]:
    """Return (inputs, labels) of one split, and the shape of its images."""
    images_file, labels_file = (_find(folder, split, what) for what in ("images", "labels"))
    images, labels = read_idx(images_file), read_idx(labels_file)
    check_rows(images, labels, images_file.name, labels_file.name)
    inputs = as_inputs(images, str(images_file)), as_labels(labels, str(labels_file))
    return inputs, image_shape(images)


def _find(folder: Path, split: str, what: str) -> Path:
    """Return the one file for `split` (a pattern) and `what`, the uncompressed one if there are both."""
    pattern = re.compile(rf"(^|.*[-_.])({split})-{what}[-.]idx\d-\w+(\.gz)?")
    found = sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))
    names = {path.name.removesuffix(".gz") for path in found}
    if len(names) == 1:
        return found[0]  # sorted: the name without .gz comes first
    wanted = f"{split.split('|')[0]}-{what}-idx{3 if what == 'images' else 1}-ubyte"
    if names:
        raise DataError(
            f"{folder} holds several files that could be {wanted}: {', '.join(sorted(names))}. Keep one "
            "data set per folder"
        )
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
    raise DataError(f"{folder} holds no {wanted} or {wanted}.gz; it holds {there}")


def read_idx(path: Path) -> NDArray[Any]:
    """Return the array in an IDX file, compressed with gzip or not, in native byte order.

    Raises DataError when the file cannot be read or is no IDX file.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): fetch it again") from error
    return parse_idx(content, str(path))


def parse_idx(content: bytes, where: str) -> NDArray[Any]:
    """Return the array that the bytes of an IDX file describe, in native byte order.

    The bytes are 0, 0, a code for the type, the number of dimensions, each dimension as a big-endian 32-bit
    integer, and the values, big-endian, last dimension fastest. Raises DataError, naming `where`, when
    `content` is anything else.
    """
    dtype = _DTYPES.get(content[2]) if len(content) >= 4 and content[:2] == b"\0\0" else None
    if dtype is None or not 1 <= content[3] <= _MOST_DIMENSIONS:
        raise DataError(
            f"{where} starts with {content[:4].hex(' ') or 'nothing'}, which no IDX file does: they start "
            f"with 00 00, a type ({', '.join(f'{c:02x}' for c in _DTYPES)}) and 1 to {_MOST_DIMENSIONS} dimensions"
        )
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    expected = start + _product(shape) * np.dtype(dtype).itemsize
    if len(content) < start or len(content) != expected:
        raise DataError(
            f"{where} has {len(content)} bytes, but its header, for an array {shape}, asks for {expected}: "
            "the file is damaged; fetch it again"
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _product(shape: tuple[int, ...]) -> int:
    """Return the number of entries; Python's integers, because a damaged header may overflow NumPy's."""
    count = 1
    for length in shape:
        count *= length
    return count
