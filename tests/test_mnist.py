"""Tests of the packaged digits."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from landscape.datasets import Mnist, mnist
from landscape.errors import DataError

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder of this file's own, so that the user's is neither needed nor touched."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANDSCAPE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def digits(cache):
    return Mnist().load(np.random.default_rng(0))


def load(seed=0, **fields):
    return Mnist(**fields).load(np.random.default_rng(seed))


def test_digits_are_the_known_ones(digits):
    assert digits.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert digits.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(digits.train.labels).tolist() == counts
    assert np.bincount(digits.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_pixels_have_the_known_mean_and_deviation(digits):
    assert digits.train.inputs.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert digits.train.inputs[:].std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)
    assert digits.test.inputs.mean(dtype=np.float64) == pytest.approx(0.1325, abs=5e-5)
    assert (digits.train.inputs.min(), digits.train.inputs.max()) == (0, 1)


def test_inputs_are_the_bytes_of_the_files_over_255(digits):
    raw = gzip.decompress((ROOT / "landscape/datasets/mnist_data/t10k-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(10_000, 784)
    np.testing.assert_array_equal(digits.test.inputs, pixels.astype(np.float32) / np.float32(255))


def test_shapes_types_and_names(digits):
    assert digits.train.inputs.shape == (60_000, 784)
    assert digits.test.inputs.shape == (10_000, 784)
    assert digits.train.inputs.dtype == digits.train.targets.dtype == np.float32
    assert digits.train.labels.dtype == np.int64
    assert digits.image_shape == (28, 28)
    assert digits.classes == tuple("0123456789")
    np.testing.assert_array_equal(digits.test.targets, np.eye(10)[digits.test.labels])


def test_all_digits_are_mapped_from_the_cache_and_not_decoded_again(digits, monkeypatch):
    for name in ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"):
        monkeypatch.setitem(mnist._MD5, name, "no content has this sum, so decoding would fail")
    again = load()
    assert isinstance(again.train.inputs.base, np.memmap)
    assert not again.train.inputs.flags.writeable


def test_subset_is_chosen_by_the_seed_and_keeps_the_order_of_the_files(digits):
    some = load(seed=7, train_size=500, test_size=60)
    where = {row.tobytes(): k for k, row in enumerate(digits.train.inputs)}
    rows = [where[row.tobytes()] for row in some.train.inputs]
    assert rows == sorted(set(rows))
    assert rows[-1] > 50_000
    np.testing.assert_array_equal(some.train.labels, digits.train.labels[rows])
    np.testing.assert_array_equal(some.train.targets, np.eye(10)[some.train.labels])
    assert some.train.inputs.tobytes() == load(seed=7, train_size=500).train.inputs.tobytes()
    assert some.train.inputs.tobytes() != load(seed=8, train_size=500).train.inputs.tobytes()
    assert some.test.inputs.tobytes() == load(seed=7, test_size=60, train_size=9).test.inputs.tobytes()


def test_shuffled_labels_are_the_same_ones_elsewhere(digits):
    shuffled = load(shuffle_labels=0.4)
    changed = np.mean(shuffled.train.labels != digits.train.labels)
    # Of the rows that are shuffled, the share Σ pₖ² gets a label equal to its own.
    kept = np.square(np.bincount(digits.train.labels) / 60_000).sum()
    assert changed == pytest.approx(0.4 * (1 - kept), abs=0.005)
    np.testing.assert_array_equal(np.sort(shuffled.train.labels), np.sort(digits.train.labels))
    np.testing.assert_array_equal(shuffled.train.targets, np.eye(10)[shuffled.train.labels])


def test_shuffling_leaves_images_and_test_labels_as_they_are(digits):
    shuffled = load(shuffle_labels=1.0, train_size=1000)
    plain = load(train_size=1000)
    np.testing.assert_array_equal(shuffled.train.inputs, plain.train.inputs)
    np.testing.assert_array_equal(np.sort(shuffled.train.labels), np.sort(plain.train.labels))
    np.testing.assert_array_equal(shuffled.test.labels, digits.test.labels)


def test_shuffling_is_decided_by_the_seed(cache):
    labels = [load(seed, shuffle_labels=0.5).train.labels.tobytes() for seed in (1, 1, 2)]
    assert labels[0] == labels[1] != labels[2]


def tampered(tmp_path, monkeypatch, change, name):
    """Let the package's data be a copy in which `change` was applied to the file `name`."""
    folder = tmp_path / "mnist_data"
    shutil.copytree(mnist._PACKAGED, folder)
    change(folder / name)
    monkeypatch.setattr(mnist, "_PACKAGED", folder)
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))


def flip_a_pixel(path):
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5000] ^= 1
    path.write_bytes(gzip.compress(bytes(content), 1))


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


NAMES = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


@pytest.mark.parametrize("name", NAMES)
def test_tampered_file_is_named_with_both_sums_and_a_remedy(tmp_path, monkeypatch, name):
    tampered(tmp_path, monkeypatch, flip_a_pixel, name)
    with pytest.raises(DataError, match=rf"{name} is damaged.*{mnist._MD5[name]}, found [0-9a-f]{{32}}\. Rei"):
        mnist._chosen("test", 10, np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", [cut, Path.unlink, lambda path: path.write_bytes(b"not gzip")])
def test_file_that_cannot_be_read_is_named(tmp_path, monkeypatch, change, name):
    tampered(tmp_path, monkeypatch, change, name)
    with pytest.raises(DataError, match=f"{name} is damaged.*found none .*Reinstall"):
        mnist._chosen("test", 10, np.random.default_rng(0))


def test_sums_are_those_of_the_notice():
    notice = (mnist._PACKAGED / "NOTICE.md").read_text()
    rows = [line.split("|") for line in notice.splitlines() if line.startswith("| t")]
    assert {row[1].strip(): row[3].strip() for row in rows} == mnist._MD5


def test_truncated_cache_is_decoded_again(tmp_path, monkeypatch, digits):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    mnist._inputs("test")
    [path] = tmp_path.glob("*/test_inputs.npy")
    os.truncate(path, 1_000_000)
    np.testing.assert_array_equal(mnist._inputs("test"), digits.test.inputs)
    assert path.stat().st_size > 31_360_000


def test_digits_load_without_a_folder_to_write_to(tmp_path, monkeypatch, digits):
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made below a file")
    monkeypatch.setenv("LANDSCAPE_CACHE", str(blocked / "cache"))
    found = load()
    assert found.train.inputs.tobytes() == digits.train.inputs.tobytes()
    assert not isinstance(found.train.inputs.base, np.memmap)


def test_two_processes_may_decode_at_once(tmp_path, digits):
    code = (
        "import hashlib, numpy as np; from landscape.datasets import Mnist; "
        "data = Mnist().load(np.random.default_rng(0)); "
        "print([hashlib.md5(data[s].inputs).hexdigest() for s in ('train', 'test')], "
        "type(data.train.inputs.base).__name__)"
    )
    environment = {**os.environ, "LANDSCAPE_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", code]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {process.communicate(timeout=120)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(printed) == 1
    assert "memmap" in printed.pop()
    names = sorted(path.name for path in tmp_path.glob("*/*"))
    assert names == ["test_inputs.npy", "train_inputs.npy"]
    np.testing.assert_array_equal(np.load(tmp_path / "mnist-1" / "test_inputs.npy"), digits.test.inputs)
