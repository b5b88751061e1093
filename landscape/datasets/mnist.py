"""How do the 70,000 handwritten digits that come with the package become a data set?"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.datasets._cache import cached
from landscape.datasets._parts import as_inputs, as_labels, children, class_names, one_hot
from landscape.datasets.idx import parse_idx
from landscape.errors import DataError
from landscape.kinds import Data, Dataset, Examples
from landscape.layout import Array, IntArray
from landscape.objective import Split

_PACKAGED = Path(__file__).with_name("mnist_data")

# MD5 of the decompressed files: the sums under which the originals are known.
_MD5 = {
    "train-images-idx3-ubyte.gz": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte.gz": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte.gz": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte.gz": "27ae3e4e09519cfbb04c329615203637",
}
_PREFIX: dict[Split, str] = {"train": "train", "test": "t10k"}
_SIZE: dict[Split, int] = {"train": 60_000, "test": 10_000}

# Change the number with the form of the cached files, so that versions of the package do not share them.
_CACHE = "mnist-1"


class Mnist(Dataset):
    """Handwritten digits, 28×28 grey levels from 0 (paper) to 1 (ink): 60,000 and 10,000 to test on.

    They come with the package. On first use they are checked against their known sums and decoded into the
    user's cache folder (or $LANDSCAPE_CACHE); from then on they are mapped into memory.
    """

    name: ClassVar[str] = "mnist"
    source: ClassVar[str] = (
        "LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document recognition"
    )

    train_size: int = Field(
        default=60_000,
        ge=1,
        le=60_000,
        description="How many digits to train on: fewer than all are chosen at random, by the seed.",
    )
    test_size: int = Field(
        default=10_000,
        ge=1,
        le=10_000,
        description="How many digits to test on: fewer than all are chosen at random, by the seed.",
    )
    shuffle_labels: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="The fraction of training labels that are shuffled among themselves, by the seed.",
    )

    def load(self, rng: np.random.Generator) -> Data:
        """Return the digits: inputs float32 (n, 784), targets one-hot float32 (n, 10), labels int64 (n,).

        A subset keeps the order of the files. All digits of a split are read-only and shared with the cache,
        not copied. The subsets do not depend on each other or on `shuffle_labels`.

        Raises DataError when a packaged file is absent or does not have its known sum.
        """
        train_rng, test_rng, shuffle_rng = children(rng, 3)
        inputs, labels = _chosen("train", self.train_size, train_rng)
        labels = _shuffled(labels, self.shuffle_labels, shuffle_rng)
        test_inputs, test_labels = _chosen("test", self.test_size, test_rng)
        return Data(
            Examples(inputs, one_hot(labels, 10), labels),
            Examples(test_inputs, one_hot(test_labels, 10), test_labels),
            image_shape=(28, 28),
            classes=class_names(10),
        )


def _chosen(split: Split, size: int, rng: np.random.Generator) -> tuple[Array, IntArray]:
    """Return inputs and labels of `size` random rows, in order; of all of them without a copy."""
    inputs, labels = _inputs(split), _labels(split)
    if size == len(labels):
        return inputs, labels
    rows = np.sort(rng.choice(len(labels), size, replace=False))
    return inputs[rows], labels[rows]


def _shuffled(labels: IntArray, fraction: float, rng: np.random.Generator) -> IntArray:
    """Return `labels` with a random `fraction` of them, to the nearest row, permuted among themselves."""
    rows = rng.choice(len(labels), round(fraction * len(labels)), replace=False)
    shuffled = labels.copy()
    shuffled[rows] = labels[rng.permutation(rows)]
    return shuffled


def _inputs(split: Split) -> Array:
    def decode() -> Array:
        name = f"{_PREFIX[split]}-images-idx3-ubyte.gz"
        return as_inputs(parse_idx(_unpacked(name), name), name)

    return cached(f"{_CACHE}/{split}_inputs.npy", (_SIZE[split], 784), decode)


def _labels(split: Split) -> IntArray:
    """Return the labels (n,), decoded each time: they are small."""
    name = f"{_PREFIX[split]}-labels-idx1-ubyte.gz"
    return as_labels(parse_idx(_unpacked(name), name), name)


def _unpacked(name: str) -> bytes:
    """Return the content of a packaged file, checked against its known sum."""
    path = _PACKAGED / name
    try:
        content = gzip.decompress(path.read_bytes())
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    except (OSError, EOFError, zlib.error) as error:
        content, found = b"", f"none ({error})"
    if found != _MD5[name]:
        raise DataError(
            f"{path} is damaged: its content should have MD5 {_MD5[name]}, found {found}. Reinstall the "
            "package: pip install --force-reinstall landscape-explorer"
        )
    return content
