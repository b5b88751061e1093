"""Fashion-MNIST: the kit's checks on small files of its form, made on the spot, and the messages without files."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from landscape.errors import DataError
from landscape.testing import checks_for

from landscape_fashion_mnist import DEBIAN, FashionMnist, register_datasets

TRAIN, TEST = 40, 20


def idx(values):
    """Return `values`, of bytes, as the content of an IDX file."""
    head = bytes([0, 0, 8, values.ndim])
    return head + b"".join(length.to_bytes(4, "big") for length in values.shape) + values.tobytes()


def write(folder, compress=gzip.compress, ending=".gz", pixels=28, classes=10):
    """Write the four files of a small data set into `folder` and return what is in them."""
    rng, made = np.random.default_rng(5), {}
    for split, count in (("train", TRAIN), ("t10k", TEST)):
        images = rng.integers(256, size=(count, pixels, pixels), dtype=np.uint8)
        labels = (np.arange(count) % classes).astype(np.uint8)
        made |= {f"{split}-images-idx3-ubyte": images, f"{split}-labels-idx1-ubyte": labels}
    for name, values in made.items():
        (folder / f"{name}{ending}").write_bytes(compress(idx(values)))
    return made


def load(plugin):
    return plugin.load(np.random.default_rng(0))


@pytest.mark.parametrize("check", checks_for("dataset"), ids=lambda check: check.id)
@pytest.mark.parametrize("sizes", [{}, {"train_size": 12, "test_size": 5}], ids=["whole", "part"])
def test_fashion_mnist_passes_the_kit(check, sizes, tmp_path):
    write(tmp_path)
    check(FashionMnist(path=str(tmp_path), **sizes))


@pytest.mark.parametrize(("compress", "ending"), [(gzip.compress, ".gz"), (bytes, "")])
def test_files_are_read_compressed_or_not(compress, ending, tmp_path):
    made = write(tmp_path, compress, ending)
    data = load(FashionMnist(path=str(tmp_path)))
    images = made["train-images-idx3-ubyte"].reshape(TRAIN, 784)
    np.testing.assert_allclose(data.train.inputs, images / 255, rtol=1e-6)
    np.testing.assert_array_equal(data.test.labels, made["t10k-labels-idx1-ubyte"])
    assert (data.image_shape, data.classes[0], data.classes[-1]) == ((28, 28), "T-shirt", "ankle boot")


def test_a_part_is_chosen_by_the_seed_and_keeps_its_order(tmp_path):
    write(tmp_path)
    whole, part = load(FashionMnist(path=str(tmp_path))), load(FashionMnist(path=str(tmp_path), train_size=7))
    rows = [np.flatnonzero((whole.train.inputs == row).all(axis=1)).item() for row in part.train.inputs]
    assert len(rows) == 7
    assert rows == sorted(rows)
    np.testing.assert_array_equal(part.train.labels, whole.train.labels[rows])


def test_files_are_read_once_until_one_is_changed(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(gzip, "decompress", lambda content, once=gzip.decompress: read.append(1) or once(content))
    write(tmp_path)
    whole, again = load(FashionMnist(path=str(tmp_path))), load(FashionMnist(path=str(tmp_path)))
    assert (len(read), again.train.inputs is whole.train.inputs) == (4, True)
    assert not whole.train.inputs.flags.writeable
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.full(TEST, 3, np.uint8))))
    assert set(load(FashionMnist(path=str(tmp_path))).test.labels) == {3}


def test_without_the_files_the_message_says_what_to_install_or_set(tmp_path):
    missing = re.escape(str(tmp_path / "none"))
    with pytest.raises(DataError, match=f"{missing}: install .*apt-get install dataset-fashion-mnist.* dataset.path"):
        load(FashionMnist(path=str(tmp_path / "none")))


def test_an_empty_folder_is_refused_by_the_name_of_the_missing_file(tmp_path):
    with pytest.raises(DataError, match="holds no train-images-idx3-ubyte"):
        load(FashionMnist(path=str(tmp_path)))


@pytest.mark.parametrize("other", [{"pixels": 8}, {"classes": 7}])
def test_another_data_set_in_the_folder_is_refused(other, tmp_path):
    write(tmp_path, **other)
    with pytest.raises(DataError, match="holds another data set: Fashion-MNIST has 28×28 pixels and 10 classes"):
        load(FashionMnist(path=str(tmp_path)))


@pytest.mark.skipif(not Path(DEBIAN).is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_debians_files_are_the_whole_data_set():
    data = load(FashionMnist())
    assert (len(data.train), len(data.test)) == (60_000, 10_000)
    assert np.bincount(data.train.labels).tolist() == [6000] * 10


def test_the_module_registers_the_data_set():
    assert register_datasets() == [FashionMnist]
