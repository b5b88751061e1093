from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from landscape import Dataset, Examples, hookimpl
from landscape.datasets import Idx
from landscape.errors import DataError
from pydantic import Field

DEBIAN = "/usr/share/datasets/fashion-mnist"
CLASSES = "T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot".split(", ")


class FashionMnist(Dataset):
    """Pictures of clothes in ten classes, 28×28 grey levels: as many as MNIST has, and harder to tell apart."""

    name = "fashion_mnist"
    source = "Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747"
    path: str = Field(DEBIAN, description="The folder of the four IDX files, compressed with gzip or not")
    train_size: int = Field(60_000, ge=1, le=60_000, description="How many to train on, by the seed; at most all")
    test_size: int = Field(10_000, ge=1, le=10_000, description="How many to test on, by the seed; at most all")

    def load(self, rng):
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise DataError(
                f"Fashion-MNIST is not in {folder}: install Debian's package with `apt-get install "
                "dataset-fashion-mnist`, or set dataset.path to the folder of the four IDX files"
            )
        data = _whole(folder, tuple(sorted((f.name, f.stat().st_mtime_ns) for f in folder.iterdir())))
        if data.train.targets.shape[1] != len(CLASSES) or data.image_shape != (28, 28):
            raise DataError(f"{folder} holds another data set: Fashion-MNIST has 28×28 pixels and 10 classes")
        train, test = _chosen(data.train, self.train_size, rng), _chosen(data.test, self.test_size, rng)
        return replace(data, train=train, test=test, classes=tuple(CLASSES))


@lru_cache(maxsize=1)
def _whole(folder, changed):
    """Return all examples, read once until a file is `changed`; they cannot be written to, since loads share them."""
    data = Idx(path=str(folder)).load(None)
    for values in [*vars(data.train).values(), *vars(data.test).values()]:
        values.flags.writeable = False
    return data


def _chosen(examples, size, rng):
    """Return `size` of the examples, in their order; all of them where there are no more."""
    if size >= len(examples):
        return examples
    rows = np.sort(rng.permutation(len(examples))[:size])
    return Examples(examples.inputs[rows], examples.targets[rows], examples.labels[rows])


@hookimpl
def register_datasets():
    return [FashionMnist]
