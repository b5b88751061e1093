"""Tests of the drawn data sets, and of IDX and NumPy files."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile

import numpy as np
import pytest
from pydantic import ValidationError

from landscape.datasets import Blobs, Circles, Idx, Moons, Npz, Sine, Spirals, Xor
from landscape.datasets._cache import cached
from landscape.datasets.idx import parse_idx, read_idx
from landscape.errors import DataError

DRAWN = [Spirals, Moons, Circles, Xor, Blobs, Sine]
POINTS = [Spirals, Moons, Circles, Xor, Blobs]


def rng(seed=0):
    return np.random.default_rng(seed)


def content(data):
    arrays = [getattr(data[s], what) for s in ("train", "test") for what in ("inputs", "targets", "labels")]
    return [None if array is None else array.tobytes() for array in arrays]


# Drawn sets


@pytest.mark.parametrize("cls", DRAWN)
def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(cls):
    assert content(cls().load(rng(3))) == content(cls().load(rng(3)))
    assert content(cls().load(rng(3)))[0] != content(cls().load(rng(4)))[0]


@pytest.mark.parametrize("cls", DRAWN)
def test_sizes_and_precision_are_as_asked(cls):
    data = cls(train_size=37, test_size=11).load(rng())
    assert (len(data.train), len(data.test)) == (37, 11)
    assert data.train.inputs.dtype == data.train.targets.dtype == np.float32


@pytest.mark.parametrize("cls", DRAWN)
def test_train_and_test_share_no_row(cls):
    data = cls().load(rng())
    train = {row.tobytes() for row in np.hstack([data.train.inputs, data.train.targets])}
    assert not train & {row.tobytes() for row in np.hstack([data.test.inputs, data.test.targets])}


@pytest.mark.parametrize("cls", DRAWN)
def test_test_rows_do_not_depend_on_how_many_train(cls):
    few, many = (cls(train_size=n).load(rng()) for n in (10, 900))
    assert few.test.inputs.tobytes() == many.test.inputs.tobytes()


@pytest.mark.parametrize("cls", POINTS)
def test_classes_are_balanced_and_targets_are_their_one_hot_code(cls):
    data = cls(train_size=301).load(rng())
    counts = np.bincount(data.train.labels)
    assert len(counts) == len(data.classes) == data.train.targets.shape[1]
    assert counts.max() - counts.min() <= 1
    assert data.train.labels.dtype == np.int64
    np.testing.assert_array_equal(data.train.targets, np.eye(len(counts))[data.train.labels])


def test_one_training_example_still_has_two_outputs():
    assert Moons(train_size=1).load(rng()).train.targets.shape == (1, 2)


def test_spirals_without_noise_lie_on_their_arms():
    data = Spirals(classes=3, turns=0.75, noise=0).load(rng())
    x, y = data.train.inputs.astype(np.float64).T
    wound = np.arctan2(y, x) - 2 * np.pi * (0.75 * np.hypot(x, y) + data.train.labels / 3)
    np.testing.assert_allclose(np.cos(wound), 1, atol=1e-5)
    assert np.hypot(x, y).max() <= 1 + 1e-6


def test_moons_without_noise_are_half_circles_around_their_centres():
    data = Moons(noise=0).load(rng())
    centres = np.where(data.train.labels[:, None] == 0, [-0.5, -0.25], [0.5, 0.25])
    offsets = data.train.inputs - centres
    np.testing.assert_allclose(np.linalg.norm(offsets, axis=1), 1, rtol=1e-6)
    assert ((offsets[:, 1] >= -1e-6) == (data.train.labels == 0)).all()


def test_circles_without_noise_have_their_radii():
    data = Circles(factor=0.3, noise=0).load(rng())
    radii = np.where(data.train.labels == 0, 1, 0.3)
    np.testing.assert_allclose(np.linalg.norm(data.train.inputs, axis=1), radii, rtol=1e-6)


def test_xor_labels_say_whether_the_signs_differ():
    data = Xor().load(rng())
    signs = np.sign(data.train.inputs)
    np.testing.assert_array_equal(signs[:, 0] != signs[:, 1], data.train.labels == 1)
    quadrants = np.unique(signs, axis=0, return_counts=True)[1]
    assert len(quadrants) == 4
    assert quadrants.min() > 200


def test_blobs_centre_on_the_unit_circle_with_the_spread_asked_for():
    data = Blobs(classes=4, noise=0.05, train_size=4000).load(rng())
    clouds = [data.train.inputs[data.train.labels == k] for k in range(4)]
    np.testing.assert_allclose([c.mean(0) for c in clouds], [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=0.01)
    np.testing.assert_allclose([c.std(0) for c in clouds], 0.05, rtol=0.1)


def test_sine_is_a_regression_of_the_wave_plus_noise():
    data = Sine(frequency=2, noise=0.05, train_size=4000).load(rng())
    residual = data.train.targets - np.sin(2 * np.pi * data.train.inputs)
    assert data.train.labels is None
    assert data.classes == ()
    assert residual.std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("cls", [*DRAWN, Idx, Npz])
def test_every_field_has_a_description_and_numbers_have_bounds(cls):
    for name, schema in cls.model_json_schema()["properties"].items():
        assert schema["description"], name
        if schema["type"] in ("number", "integer"):
            assert schema.keys() & {"minimum", "exclusiveMinimum"}, name
            assert schema.keys() & {"maximum", "exclusiveMaximum"}, name


def test_values_out_of_bounds_are_refused():
    with pytest.raises(ValidationError, match="noise"):
        Moons(noise=-1)


# IDX files

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def as_idx(array):
    """Write the format from its description, independently of the reader."""
    code = CODES[array.dtype.str[1:]]
    head = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def idx_folder(path, *, train=None, test=None, compress=False):
    draw = rng(1)
    train = train or (draw.integers(0, 256, (6, 4, 3), np.uint8), np.array([0, 1, 2, 0, 1, 2], np.uint8))
    test = test or (draw.integers(0, 256, (2, 4, 3), np.uint8), np.array([2, 1], np.uint8))
    for split, (images, labels) in (("train", train), ("t10k", test)):
        for what, array in ((f"images-idx{images.ndim}", images), ("labels-idx1", labels)):
            raw = as_idx(array)
            name = f"{split}-{what}-ubyte" + (".gz" if compress else "")
            (path / name).write_bytes(gzip.compress(raw) if compress else raw)
    return train, test


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (2, 1, 3, 2), (0, 3)])
def test_idx_round_trip_keeps_type_shape_and_values(tmp_path, dtype, shape):
    array = (rng().standard_normal(shape) * 100).astype(np.int8).astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(as_idx(array))
    found = read_idx(path)
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("compress", [False, True])
def test_idx_folder_gives_scaled_images_and_classes(tmp_path, compress):
    (images, labels), (test_images, test_labels) = idx_folder(tmp_path, compress=compress)
    data = Idx(path=str(tmp_path)).load(rng())
    np.testing.assert_array_equal(data.train.inputs, images.reshape(6, 12).astype(np.float32) / 255)
    np.testing.assert_array_equal(data.test.inputs, test_images.reshape(2, 12).astype(np.float32) / 255)
    np.testing.assert_array_equal(data.train.labels, labels)
    np.testing.assert_array_equal(data.test.labels, test_labels)
    assert data.train.targets.shape == (6, 3)
    assert data.image_shape == (4, 3)
    assert data.classes == ("0", "1", "2")


def test_idx_values_of_other_types_are_not_scaled(tmp_path):
    rows = np.array([[-1.5, 300.0], [2.0, 4.0]], np.float32)
    idx_folder(tmp_path, train=(rows, np.array([0, 1], np.uint8)), test=(rows, np.array([0, 1], np.uint8)))
    data = Idx(path=str(tmp_path)).load(rng())
    np.testing.assert_array_equal(data.train.inputs, rows)
    assert data.image_shape is None


def test_idx_accepts_the_names_of_mnists_relatives(tmp_path):
    idx_folder(tmp_path)
    for path in list(tmp_path.iterdir()):
        renamed = path.name.replace("t10k", "test").replace("-idx", ".idx")
        path.rename(tmp_path / f"emnist-letters-{renamed}")
    assert len(Idx(path=str(tmp_path)).load(rng()).test) == 2


def test_idx_prefers_the_file_that_is_not_compressed(tmp_path):
    idx_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"rubbish")
    assert len(Idx(path=str(tmp_path)).load(rng()).train) == 6


def test_idx_without_a_path_says_what_to_set():
    with pytest.raises(DataError, match=r"set dataset\.path to the folder"):
        Idx().load(rng())


def test_idx_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere is not a folder"):
        Idx(path=str(tmp_path / "nowhere")).load(rng())


def test_idx_missing_file_names_it_and_what_is_there(tmp_path):
    idx_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"no t10k-labels-idx1-ubyte or .*holds t10k-images-idx3-ubyte"):
        Idx(path=str(tmp_path)).load(rng())


def test_idx_two_sets_in_one_folder_are_an_error(tmp_path):
    idx_folder(tmp_path)
    (tmp_path / "emnist-train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match=r"several files .* Keep one"):
        Idx(path=str(tmp_path)).load(rng())


@pytest.mark.parametrize(
    "head", [b"", b"\0\0", b"\x89PNG", b"\0\0\x07\x01", b"\0\0\x08\0", b"\x01\0\x08\x01", b"\0\0\x08\xff"]
)
def test_idx_bad_magic_is_refused(head):
    with pytest.raises(DataError, match=r"here starts with .*no IDX file"):
        parse_idx(head, "here")


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: raw[:9]])
def test_idx_of_the_wrong_length_states_both_lengths(change):
    raw = change(as_idx(np.zeros((3, 4), np.int16)))
    with pytest.raises(DataError, match=rf"has {len(raw)} bytes, but .* asks for "):
        parse_idx(raw, "here")


def test_idx_with_impossibly_large_dimensions_is_refused_without_overflow():
    raw = struct.pack(">HBB4I", 0, 0x0E, 4, *[2**32 - 1] * 4)
    with pytest.raises(DataError, match="damaged"):
        parse_idx(raw, "here")


def test_idx_truncated_gzip_is_refused(tmp_path):
    idx_folder(tmp_path, compress=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz cannot be read"):
        Idx(path=str(tmp_path)).load(rng())


def test_idx_unequal_numbers_of_images_and_labels_are_refused(tmp_path):
    idx_folder(tmp_path, train=(np.zeros((3, 2, 2), np.uint8), np.zeros(4, np.uint8)))
    with pytest.raises(DataError, match="same number of rows"):
        Idx(path=str(tmp_path)).load(rng())


def test_idx_negative_label_is_refused(tmp_path):
    idx_folder(tmp_path, train=(np.zeros((2, 2, 2), np.uint8), np.array([0, -3], np.int8)))
    with pytest.raises(DataError, match="holds label -3"):
        Idx(path=str(tmp_path)).load(rng())


def test_idx_test_label_that_training_never_shows_is_refused(tmp_path):
    idx_folder(tmp_path, test=(np.zeros((1, 4, 3), np.uint8), np.array([9], np.uint8)))
    with pytest.raises(DataError, match="holds label 9, but the training labels run only to 2"):
        Idx(path=str(tmp_path)).load(rng())


# NumPy files


def arrays(**changes):
    draw = rng(2)
    whole = {
        "x_train": draw.standard_normal((8, 3)).astype(np.float32),
        "y_train": np.arange(8) % 3,
        "x_test": draw.standard_normal((4, 3)).astype(np.float32),
        "y_test": np.arange(4) % 3,
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def npz(tmp_path, **changes):
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays(**changes))
    return Npz(path=str(path))


def test_npz_doubles_keep_their_digits_in_either_byte_order(tmp_path):
    values = arrays()["x_train"] + np.float64(1e-12)
    data = npz(tmp_path, x_train=values.astype(">f8")).load(rng())
    np.testing.assert_array_equal(data.train.inputs, values)
    assert data.train.inputs.dtype == np.float64


def test_npz_integers_are_classes(tmp_path):
    data = npz(tmp_path).load(rng())
    np.testing.assert_array_equal(data.train.inputs, arrays()["x_train"])
    np.testing.assert_array_equal(data.train.targets, np.eye(3)[np.arange(8) % 3])
    np.testing.assert_array_equal(data.test.labels, np.arange(4) % 3)
    assert data.classes == ("0", "1", "2")


def test_npz_column_of_integers_is_classes_too(tmp_path):
    data = npz(tmp_path, y_train=np.zeros((8, 1), np.uint8), y_test=np.zeros((4, 1), bool)).load(rng())
    assert data.train.targets.shape == (8, 2)


def test_npz_float_targets_are_a_regression(tmp_path):
    y, z = rng().random((8, 2)), rng().random((4, 2))
    data = npz(tmp_path, y_train=y, y_test=z).load(rng())
    np.testing.assert_array_equal(data.train.targets, y)
    assert data.train.targets.dtype == np.float64
    assert data.train.labels is None
    assert data.classes == ()


def test_npz_float_vector_is_one_column_of_targets(tmp_path):
    y, z = rng().random(8, np.float32), rng().random(4, np.float32)
    data = npz(tmp_path, y_train=y, y_test=z).load(rng())
    np.testing.assert_array_equal(data.test.targets, z[:, None])
    assert data.test.targets.dtype == np.float32


def test_npz_grey_images_of_bytes_are_flattened_and_scaled(tmp_path):
    images = rng().integers(0, 256, (12, 5, 7), np.uint8)
    data = npz(tmp_path, x_train=images[:8], x_test=images[8:]).load(rng())
    np.testing.assert_array_equal(data.train.inputs, images[:8].reshape(8, 35) / np.float32(255))
    assert data.image_shape == (5, 7)


def test_npz_without_test_arrays_holds_a_fraction_out(tmp_path):
    x = np.arange(20.0).reshape(20, 1)
    whole = npz(tmp_path, x_train=x, y_train=np.arange(20) % 2, x_test=None, y_test=None)
    data = whole.model_copy(update={"test_fraction": 0.25}).load(rng())
    assert (len(data.train), len(data.test)) == (15, 5)
    np.testing.assert_array_equal(np.sort(np.concatenate([data.train.inputs, data.test.inputs]), axis=0), x)
    np.testing.assert_array_equal(data.test.inputs[:, 0] % 2, data.test.labels)
    again, other = (whole.load(rng(seed)).test.inputs.tolist() for seed in (5, 6))
    assert again == whole.load(rng(5)).test.inputs.tolist() != other


def test_npz_without_a_path_says_what_to_set():
    with pytest.raises(DataError, match=r"set dataset\.path"):
        Npz().load(rng())


def test_npz_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.npz does not exist"):
        Npz(path=str(tmp_path / "nowhere.npz")).load(rng())


def test_npz_missing_key_lists_those_present_and_suggests_the_near_one(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, X_train=np.zeros((2, 2)), y_train=np.zeros(2, int))
    with pytest.raises(DataError, match=r"has no x_train: it holds X_train, y_train.*Did you mean 'X_train'"):
        Npz(path=str(path)).load(rng())


@pytest.mark.parametrize("key", ["x_test", "y_test"])
def test_npz_half_a_test_set_is_refused(tmp_path, key):
    with pytest.raises(DataError, match=f"has no {key}"):
        npz(tmp_path, **{key: None}).load(rng())


def test_npz_pickled_objects_are_never_loaded(tmp_path):
    with pytest.raises(DataError, match="plain arrays of numbers"):
        npz(tmp_path, y_train=np.array([{"an": "object"}] * 8)).load(rng())


def damaged_zip():
    buffer = io.BytesIO()
    np.savez(buffer, **arrays())
    return buffer.getvalue()[:-30]


def single_array():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 2)))
    return buffer.getvalue()


def foreign_zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in arrays():
            archive.writestr(f"{name}.npy", b"no array at all")
    return buffer.getvalue()


@pytest.mark.parametrize("make", [bytes, damaged_zip, single_array, foreign_zip, lambda: b"a text\n"])
def test_npz_that_is_none_is_refused(tmp_path, make):
    path = tmp_path / "mine.npz"
    path.write_bytes(make())
    with pytest.raises(DataError, match=r"cannot be read as a file of numpy\.savez"):
        Npz(path=str(path)).load(rng())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"y_train": np.zeros(7, int)}, r"x_train is an array \(8, 3\) and y_train one \(7,\)"),
        ({"x_train": np.float32(1), "y_train": np.int64(1)}, "must have the same number of rows"),
        ({"x_train": np.array(["a"] * 8)}, "x_train .* real numbers"),
        ({"x_train": np.zeros((8, 3), complex)}, "x_train .* real numbers"),
        ({"x_train": np.zeros(8)}, "x_train .* real numbers"),
        ({"x_train": np.full((8, 3), np.nan)}, "x_train .* not finite"),
        ({"x_test": np.zeros((4, 5))}, "training inputs have 3 columns and the test inputs 5"),
        ({"y_train": np.eye(8, 3, dtype=int)}, "labels must be one integer per example"),
        ({"y_train": np.arange(8) - 1}, "label -1: labels count the classes from 0"),
        ({"y_train": np.arange(8) * 10**9}, "label 7000000000"),
        ({"y_test": np.arange(4) + 1}, "holds label 4, but the training labels run only to 2"),
        ({"y_test": np.zeros(4)}, "y_test .* labels must be one integer"),
        ({"y_train": np.zeros(8)}, "y_test .* must be floats"),
        ({"y_train": np.full(8, np.inf), "y_test": np.zeros(4)}, "y_train .* not finite"),
        ({"x_train": np.zeros((0, 3)), "y_train": np.zeros(0, int)}, "at least one example"),
    ],
)
def test_npz_arrays_that_do_not_fit_are_refused(tmp_path, changes, reason):
    with pytest.raises(DataError, match=reason):
        npz(tmp_path, **changes).load(rng())


def test_npz_one_row_cannot_be_held_out(tmp_path):
    with pytest.raises(DataError, match="two or more"):
        npz(tmp_path, x_train=np.zeros((1, 3)), y_train=[0], x_test=None, y_test=None).load(rng())


# The cache of decoded arrays


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def counted():
    calls = []

    def make():
        calls.append(1)
        return np.arange(12).reshape(3, 4)

    return calls, make


def test_cached_array_is_made_once_and_mapped_read_only(cache):
    calls, make = counted()
    first, second = (cached("set-1/a.npy", (3, 4), make) for _ in range(2))
    np.testing.assert_array_equal(second, np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(np.load(cache / "set-1" / "a.npy"), second)
    assert first.dtype == second.dtype == np.float32
    assert not second.flags.writeable
    assert isinstance(second.base, np.memmap)
    assert len(calls) == 1
    assert [path.name for path in (cache / "set-1").iterdir()] == ["a.npy"]


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-4], lambda raw: raw + b"\0", lambda raw: b"PK" + raw[2:], lambda raw: b""]
)
def test_damaged_cache_file_is_made_again(cache, damage):
    calls, make = counted()
    cached("a.npy", (3, 4), make)
    path = cache / "a.npy"
    path.write_bytes(damage(path.read_bytes()))
    np.testing.assert_array_equal(cached("a.npy", (3, 4), make), np.arange(12).reshape(3, 4))
    cached("a.npy", (3, 4), make)
    assert len(calls) == 2


def test_cache_of_another_shape_or_precision_is_made_again(cache):
    cache.mkdir()
    np.save(cache / "a.npy", np.zeros((4, 3), np.float32))
    np.testing.assert_array_equal(cached("a.npy", (3, 4), counted()[1])[2], [8, 9, 10, 11])
    np.save(cache / "b.npy", np.zeros((3, 2), np.float64))
    np.testing.assert_array_equal(cached("b.npy", (3, 4), counted()[1])[2], [8, 9, 10, 11])


def test_mapped_array_survives_the_replacement_of_its_file(cache):
    array = cached("a.npy", (3, 4), counted()[1])
    (cache / "a.npy").unlink()
    cached("a.npy", (3, 4), lambda: np.zeros((3, 4)))
    np.testing.assert_array_equal(array, np.arange(12).reshape(3, 4))


def test_cache_that_cannot_be_written_leaves_the_array_in_memory(cache):
    cache.write_text("a file where the folder should be")
    array = cached("set-1/a.npy", (3, 4), counted()[1])
    np.testing.assert_array_equal(array, np.arange(12).reshape(3, 4))
    assert not array.flags.writeable


def test_full_disk_leaves_the_array_in_memory_and_no_partial_file(cache, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    np.testing.assert_array_equal(cached("a.npy", (3, 4), counted()[1])[1], [4, 5, 6, 7])
    assert list(cache.iterdir()) == []


def test_error_while_making_is_not_taken_for_an_unwritable_cache(cache):
    def fail():
        raise FileNotFoundError("the original is gone")

    with pytest.raises(FileNotFoundError, match="original"):
        cached("a.npy", (3, 4), fail)


def test_partial_files_of_killed_processes_are_removed_but_not_those_being_written(cache):
    cache.mkdir()
    for name, age in (("old.part", 10**6), ("new.part", 0)):
        path = cache / name
        path.write_bytes(b"half")
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    cached("a.npy", (3, 4), counted()[1])
    assert sorted(path.name for path in cache.iterdir()) == ["a.npy", "new.part"]


def test_loser_of_a_race_uses_the_winners_file(cache):
    def slow():
        winner = cached("a.npy", (3, 4), counted()[1])
        slow.inode = (cache / "a.npy").stat().st_ino
        return winner.copy()

    np.testing.assert_array_equal(cached("a.npy", (3, 4), slow)[1], [4, 5, 6, 7])
    assert (cache / "a.npy").stat().st_ino == slow.inode
    assert [path.name for path in cache.iterdir()] == ["a.npy"]
