"""The kit's checks of data sets: each seeded bug is caught by the check that the table names, right ones pass."""

import contextlib
import functools
import logging
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field, PrivateAttr

from landscape.builtin import register_datasets
from landscape.datasets import Blobs, Idx, Mnist, Npz, Sine
from landscape.errors import DataError
from landscape.kinds import Data, Dataset, Examples
from landscape.testing import CheckFailure, checks_for, datasets, loads, parametrize_with_checks, run_checks
from landscape.testing.sharing import sharing

LOADS, FINITE, LABELS, CLASSES = "loads", "is_finite", "labels_match_targets", "names_its_classes"
IMAGE, SIZES, REPEATS, INDEPENDENT = (
    "image_shape_fits",
    "has_as_many_as_asked",
    "is_reproducible",
    "loads_are_independent",
)
DISJOINT, VARIANTS, OFFLINE = "splits_are_disjoint", "variants_are_sound", "works_offline"
SEED, ELSEWHERE, ALONE = "draws_from_its_seed", "is_the_same_elsewhere", "leaves_the_process_alone"


def drawn(rng, size):
    """Return `size` points of the plane in three classes."""
    labels = rng.integers(3, size=size)
    inputs = rng.normal(size=(size, 4)).astype(np.float32) + labels[:, None].astype(np.float32)
    return Examples(inputs, np.eye(3, dtype=np.float32)[labels], labels)


class Right(Dataset):
    """Points of the plane in three classes, right in every way; the bugs below change one thing of it."""

    name = "right"
    source = "the tests of the kit"
    train_size: int = Field(60, ge=10, le=10_000, description="How many to train on")
    test_size: int = Field(30, ge=10, le=10_000, description="How many to test on")

    def load(self, rng):
        return Data(drawn(rng, self.train_size), drawn(rng, self.test_size), (2, 2), ("a", "b", "c"))


def changed(data, **parts):
    """Return the data with other parts of the training split."""
    return replace(data, train=replace(data.train, **parts))


class IgnoresTheGenerator(Right):
    def load(self, rng):
        return super().load(np.random.default_rng())


class DrawsGlobally(Right):
    def load(self, rng):
        data = super().load(rng)
        rows = np.random.permutation(len(data.train))  # noqa: NPY002
        return replace(data, train=Examples(*(v[rows] for v in vars(data.train).values())))


class SeedsGlobally(Right):
    def load(self, rng):
        np.random.seed(0)  # noqa: NPY002
        noise = np.random.normal(size=(self.train_size, 4)).astype(np.float32)  # noqa: NPY002
        data = super().load(rng)
        return changed(data, inputs=data.train.inputs + noise)


class ShufflesWithPython(Right):
    def load(self, rng):
        data = super().load(rng)
        rows = list(range(len(data.train)))
        random.shuffle(rows)
        return replace(data, train=Examples(*(v[rows] for v in vars(data.train).values())))


class DependsOnTheTime(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, inputs=data.train.inputs + np.float32(time.perf_counter_ns() % 1000))


class KeepsItsGenerator(Right):
    _rng: ClassVar[np.random.Generator] = np.random.default_rng(3)

    def load(self, rng):
        return super().load(self._rng)


class CountsItsLoads(Right):
    _loads: int = PrivateAttr(default=0)

    def load(self, rng):
        self._loads += 1
        data = super().load(rng)
        return changed(data, inputs=data.train.inputs + np.float32(self._loads))


@functools.cache
def master(seed, size):
    return drawn(np.random.default_rng(seed), size)


class GivesAwayItsCache(Right):
    def load(self, rng):
        seed = int(rng.integers(1000))
        return Data(master(seed, self.train_size), master(seed + 5000, self.test_size))


class GivesAwayViews(Right):
    def load(self, rng):
        rows = master(int(rng.integers(1000)), self.train_size + self.test_size)
        parts = [
            [v[: self.train_size] for v in vars(rows).values()],
            [v[self.train_size :] for v in vars(rows).values()],
        ]
        return Data(Examples(*parts[0]), Examples(*parts[1]))


class RepeatsTraining(Right):
    def load(self, rng):
        data = super().load(rng)
        return replace(data, test=data.train)


class RepeatsRowsOfTraining(Right):
    def load(self, rng):
        train = drawn(rng, 60)
        rows = rng.permutation(60)[:30]
        return Data(train, Examples(train.inputs[rows], train.targets[rows], train.labels[rows]))


class OneRowInBoth(Right):
    def load(self, rng):
        rows = drawn(rng, 90)
        parts = [[v[:60].copy() for v in vars(rows).values()], [v[59:].copy() for v in vars(rows).values()]]
        return Data(Examples(*parts[0]), Examples(*parts[1]))


class OverlapsForSomeSizes(Right):
    def load(self, rng):
        rows = drawn(rng, 90)
        parts = [
            [v[: self.train_size].copy() for v in vars(rows).values()],
            [v[-self.test_size :].copy() for v in vars(rows).values()],
        ]
        return Data(Examples(*parts[0]), Examples(*parts[1]))


class DrawsWithReplacementFirst(Right):
    def load(self, rng):
        rows = drawn(rng, 100)
        chosen = rng.integers(100, size=90)
        parts = [[v[chosen[:60]] for v in vars(rows).values()], [v[chosen[60:]] for v in vars(rows).values()]]
        return Data(Examples(*parts[0]), Examples(*parts[1]))


class TheSameFewRows(Dataset):
    """The table of exclusive or, tested on what is trained on."""

    name = "the_same_few_rows"

    def load(self, rng):
        inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        return Data(*(Examples(inputs.copy(), np.array([[0], [1], [1], [0]], np.float32)) for _ in range(2)))


class ShufflesLabelsOnly(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, labels=rng.permutation(data.train.labels))


class LabelsOfTheTestAreOff(Right):
    def load(self, rng):
        data = super().load(rng)
        return replace(data, test=replace(data.test, labels=(data.test.labels + 1) % 3))


class TargetsOfTwo(Right):
    def load(self, rng):
        data = super().load(rng)
        targets = data.train.targets.copy()
        targets[5] = 1
        return changed(data, targets=targets)


class LabelsOfOneSplit(Right):
    def load(self, rng):
        data = super().load(rng)
        return replace(data, test=replace(data.test, labels=None))


class TooFewNames(Right):
    def load(self, rng):
        return replace(super().load(rng), classes=("a", "b"))


class NamesInAList(Right):
    def load(self, rng):
        return replace(super().load(rng), classes=["a", "b", "c"])


class NumbersAsNames(Right):
    def load(self, rng):
        return replace(super().load(rng), classes=(0, 1, 2))


class WrongImages(Right):
    def load(self, rng):
        return replace(super().load(rng), image_shape=(3, 2))


class ImagesOfColour(Right):
    def load(self, rng):
        return replace(super().load(rng), image_shape=(2, 2, 1))


class HoldsNaN(Right):
    def load(self, rng):
        data = super().load(rng)
        inputs = data.train.inputs.copy()
        inputs[17, 2] = np.nan
        return changed(data, inputs=inputs)


class HoldsInfinity(Right):
    def load(self, rng):
        data = super().load(rng)
        targets = data.test.targets.copy()
        targets[3] *= np.inf
        return replace(data, test=replace(data.test, targets=targets))


class TooLargeForFloat32(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, inputs=data.train.inputs.astype(np.float64) * 1e300)


class Bytes(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, inputs=(50 * np.abs(data.train.inputs)).astype(np.uint8))


class HalfPrecision(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, inputs=data.train.inputs.astype(np.float16))


class Objects(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, targets=data.train.targets.astype(object))


class ReturnsATuple(Right):
    def load(self, rng):
        data = super().load(rng)
        return data.train, data.test


class ReturnsNothing(Right):
    def load(self, rng):
        super().load(rng)


class TargetsAreLabels(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, targets=data.train.labels[:, None])


class FlatTargets(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, targets=data.train.labels, labels=None)


class NoTestRows(Right):
    def load(self, rng):
        data = super().load(rng)
        return replace(data, test=Examples(*(v[:0] for v in vars(data.test).values())))


class FewerColumnsToTest(Right):
    def load(self, rng):
        data = super().load(rng)
        return replace(data, test=replace(data.test, inputs=data.test.inputs[:, :3]))


class IgnoresItsSize(Right):
    def load(self, rng):
        return Data(drawn(rng, 100), drawn(rng, self.test_size))


class GivesOneLess(Right):
    def load(self, rng):
        return Data(drawn(rng, self.train_size), drawn(rng, self.test_size - 1))


class RaisesForSomeFields(Right):
    margin: int = Field(0, ge=0, le=3, description="Columns to leave out")

    def load(self, rng):
        data = super().load(rng)
        columns = {0: slice(None), 1: slice(1, None)}[self.margin]
        return Data(*(replace(data[s], inputs=data[s].inputs[:, columns]) for s in ("train", "test")))


class MissingFile(Right):
    def load(self, rng):
        np.load("no/such/file.npy")


class Downloads(Right):
    """Fetches its points at every load."""

    def load(self, rng):
        urllib.request.urlopen("http://data.invalid/points.npz", timeout=1)
        return super().load(rng)


class DownloadsIfItCan(Right):
    def load(self, rng):
        try:
            socket.create_connection(("203.0.113.1", 80), timeout=1)
        except OSError:
            pass
        return super().load(rng)


class DownloadsInAThread(Right):
    def load(self, rng):
        def fetch():
            with socket.socket() as connection:
                connection.settimeout(1)
                try:
                    connection.connect(("203.0.113.1", 80))
                except OSError:
                    pass

        thread = threading.Thread(target=fetch)
        thread.start()
        thread.join()
        return super().load(rng)


class TakesItsSeedFromAHash(Right):
    def load(self, rng):
        return super().load(np.random.default_rng(abs(hash(self.name)) + int(rng.integers(10))))


class TakesItsOrderFromASet(Right):
    def load(self, rng):
        data, order = super().load(rng), np.argsort(list({f"column {index}" for index in range(12)}))
        return replace(
            data,
            train=replace(data.train, inputs=np.tile(data.train.inputs, 3)[:, order]),
            test=replace(data.test, inputs=np.tile(data.test.inputs, 3)[:, order]),
            image_shape=None,
        )


class NumbersItsClassesByASet(Right):
    """Of three texts, which have the same order in every sixth process."""

    def load(self, rng):
        data = super().load(rng)
        order = [("a", "b", "c").index(name) for name in {"a", "b", "c"}]
        parts = [data[split] for split in ("train", "test")]
        labels = [np.array(order)[part.labels] for part in parts]
        return Data(
            *(replace(part, labels=own, targets=np.eye(3)[own]) for part, own in zip(parts, labels, strict=True))
        )


COLOURS = frozenset(["red", "green"]) | {"blue"}


class TakesItsOrderFromASetOfItsModule(Right):
    def load(self, rng):
        return replace(super().load(rng), classes=tuple(COLOURS))


class KeepsWhatItLoadedFirst(Right):
    kept: ClassVar[dict[tuple[int, ...], Data]] = {}

    def load(self, rng):
        data = self.kept.setdefault((self.train_size, self.test_size), super().load(rng))
        return Data(*(Examples(*(v.copy() for v in vars(data[s]).values())) for s in ("train", "test")))


class KeepsWhatOtherFieldsGave(Right):
    noise: float = Field(0.1, ge=0, le=1, description="The noise")
    kept: ClassVar[list[float]] = []

    def load(self, rng):
        self.kept.append(self.noise)
        data = super().load(rng)
        inputs = data.train.inputs + np.float32(self.kept[0]) * rng.normal(size=data.train.inputs.shape)
        return changed(data, inputs=inputs.astype(np.float32))


class AlwaysHasTheSameSeed(Right):
    def load(self, rng):
        return super().load(np.random.default_rng(0))


class OversamplesBeforeItSplits(Right):
    def load(self, rng):
        rows = drawn(rng, 30)
        order = rng.permutation(120)
        parts = [[np.repeat(v, 4, axis=0)[part] for v in vars(rows).values()] for part in (order[:90], order[90:])]
        return Data(Examples(*parts[0]), Examples(*parts[1]))


class RepeatsRowsInAnotherPrecision(Right):
    def load(self, rng):
        train = drawn(rng, 60)
        return Data(train, Examples(train.inputs[:30].astype(np.float64), train.targets[:30], train.labels[:30]))


class ChangesItsFields(Right):
    def load(self, rng):
        self.__dict__["train_size"] = 50
        return super().load(rng)


class WritesIntoTheWorkingFolder(Right):
    def load(self, rng):
        data = super().load(rng)
        np.save("cache.npy", data.train.inputs)
        return data


class Prints(Right):
    def load(self, rng):
        print("loading")  # noqa: T201  # it is the bug
        return super().load(rng)


class ChangesTheWorkingFolder(Right):
    def load(self, rng):
        os.chdir(tempfile.gettempdir())
        return super().load(rng)


class SilencesNumpy(Right):
    def load(self, rng):
        np.seterr(all="ignore")
        return super().load(rng)


BOUNDS, EFFECT = "bears_its_bounds", "fields_have_an_effect"


class KeepsWhatItsNoiseGave(Right):
    """Is kept for the sizes and the seed, but not for the noise."""

    noise: float = Field(0.1, ge=0, le=2, description="Standard deviation of the noise")
    kept: ClassVar[dict[tuple[int, ...], np.ndarray]] = {}

    def load(self, rng):
        key = int(rng.integers(10**6)), self.train_size, self.test_size
        if key not in self.kept:
            noise = np.random.default_rng(key[0]).normal(size=(self.train_size, 4)).astype(np.float32)
            self.kept[key] = self.noise * noise
        return changed(super().load(np.random.default_rng(key[0])), inputs=self.kept[key].copy())


class NamesTwoClassesAlike(Right):
    def load(self, rng):
        return replace(super().load(rng), classes=("a", "b", "a"))


class NamesOfARegression(Right):
    def load(self, rng):
        data = super().load(rng)
        splits = (Examples(data[s].inputs, data[s].inputs[:, :2]) for s in ("train", "test"))
        return Data(*splits, classes=("up", "down", "left"))


class ForgetsTheLabels(Right):
    def load(self, rng):
        data = super().load(rng)
        splits = (Examples(data[s].inputs, data[s].targets) for s in ("train", "test"))
        return Data(*splits, classes=data.classes)


class Masked(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, inputs=np.ma.masked_greater(data.train.inputs, 2))


class Matrices(Right):
    def load(self, rng):
        data = super().load(rng)
        return changed(data, inputs=np.asmatrix(data.train.inputs))


class ClassesInOneColumn(Right):
    def load(self, rng):
        data = super().load(rng)
        splits = (
            Examples(data[s].inputs, data[s].labels[:, None].astype(np.float32), np.zeros(len(data[s]), int))
            for s in ("train", "test")
        )
        return Data(*splits)


class SplitsWithoutRoundingUp(Dataset):
    """Has nothing to test on where the share is small."""

    name = "splits_without_rounding_up"
    source = "the tests of the kit"
    share: float = Field(0.2, gt=0, lt=1, description="How much to test on")

    def load(self, rng):
        x = rng.normal(size=(40, 2))
        size = int(self.share * len(x))
        return Data(Examples(x[size:], x[size:]), Examples(x[:size], x[:size]))


class CountsItsClasses(Right):
    """Has one-hot targets of the classes that a split happens to hold."""

    train_size: int = Field(60, ge=1, le=10_000, description="How many to train on")
    test_size: int = Field(30, ge=1, le=10_000, description="How many to test on")

    def load(self, rng):
        splits = []
        for size in (self.train_size, self.test_size):
            kinds, labels = np.unique(rng.integers(3, size=size), return_inverse=True)
            splits.append(Examples(rng.normal(size=(size, 4)), np.eye(len(kinds))[labels], labels))
        return Data(*splits)


class HeadAndTailOfAPool(Right):
    """Takes the head of 600 rows and their tail, which overlap where many are asked for."""

    train_size: int = Field(60, ge=1, le=600, description="How many to train on")
    test_size: int = Field(30, ge=1, le=600, description="How many to test on")

    def load(self, rng):
        pool = drawn(rng, 600)
        parts = [
            [v[rows] for v in vars(pool).values()] for rows in (slice(self.train_size), slice(-self.test_size, None))
        ]
        return Data(*(Examples(*part) for part in parts))


class AllowsMoreThanThereIs(Right):
    """Has 600 rows, and bounds that admit more."""

    train_size: int = Field(60, ge=1, le=2000, description="How many to train on")
    test_size: int = Field(30, ge=1, le=300, description="How many to test on")

    def load(self, rng):
        pool = drawn(rng, 900)
        rows = rng.choice(600, self.train_size, replace=False)
        return Data(Examples(*(v[rows] for v in vars(pool).values())), drawn(rng, self.test_size))


class CallsCurl(Right):
    def load(self, rng):
        subprocess.run(["curl", "--silent", "https://data.invalid/rows.csv"], check=False)
        return super().load(rng)


class AsksTheShell(Right):
    def load(self, rng):
        os.system("wget -q data.invalid/rows.csv")
        return super().load(rng)


class DownloadsIfToldTo(Right):
    """Reaches out for one choice only, and goes without where it cannot."""

    origin: Literal["made", "newest"] = Field("made", description="Where from")

    def load(self, rng):
        if self.origin == "newest":
            with contextlib.suppress(OSError):
                urllib.request.urlopen("http://203.0.113.1/rows.csv", timeout=1)
        return super().load(rng)


class ChoosesByChanceInTheLastForm(Right):
    """Takes no seed for the last of many choices."""

    form: Literal["a", "b", "c", "d", "e", "f", "g"] = Field("a", description="Which one")
    scale: float = Field(1.0, ge=0.5, le=2, description="How large")

    def load(self, rng):
        data = super().load(np.random.default_rng() if self.form == "g" else rng)
        return changed(data, inputs=(self.scale * data.train.inputs).astype(np.float32))


class AlwaysTheSameState(Right):
    def load(self, rng):
        rows = np.random.RandomState(42).normal(size=(self.train_size + self.test_size, 2))
        return Data(*(Examples(part, part) for part in (rows[: self.train_size], rows[self.train_size :])))


class AlwaysTheSameBits(Right):
    def load(self, rng):
        return super().load(np.random.Generator(np.random.PCG64(1)))


class AlwaysTheSameOfPython(Right):
    def load(self, rng):
        own = random.Random(7)
        rows = np.array([[own.random()] for _ in range(self.train_size + self.test_size)])
        return Data(*(Examples(part, part) for part in (rows[: self.train_size], rows[self.train_size :])))


class PrintsToStderr(Right):
    def load(self, rng):
        sys.stderr.write("loading\n")
        return super().load(rng)


class AddsToThePath(Right):
    def load(self, rng):
        sys.path.insert(0, "data")
        return super().load(rng)


class NoNumbersForSomeSeeds(Right):
    """Is not finite for the second seed that is tried."""

    def load(self, rng):
        data = super().load(rng)
        data.train.inputs[0, 0] = np.inf if rng.bit_generator.state["state"]["state"] % 2 else 0
        return data


class LooksAHostUp(Right):
    def load(self, rng):
        with contextlib.suppress(OSError):
            socket.gethostbyname_ex("data.invalid")
        return super().load(rng)


class HasAFieldForNothing(Right):
    noise: float = Field(0.1, ge=0, le=2, description="Standard deviation of the noise")

    def load(self, rng):
        return Data(drawn(rng, self.train_size), drawn(rng, self.test_size), (2, 2), ("a", "b", "c"))


BUGS = {
    KeepsWhatItsNoiseGave: ELSEWHERE,
    NamesTwoClassesAlike: CLASSES,
    NamesOfARegression: CLASSES,
    ForgetsTheLabels: CLASSES,
    Masked: LOADS,
    Matrices: LOADS,
    ClassesInOneColumn: LABELS,
    SplitsWithoutRoundingUp: BOUNDS,
    CountsItsClasses: BOUNDS,
    HeadAndTailOfAPool: DISJOINT,
    AllowsMoreThanThereIs: DISJOINT,
    CallsCurl: OFFLINE,
    AsksTheShell: OFFLINE,
    DownloadsIfToldTo: OFFLINE,
    ChoosesByChanceInTheLastForm: REPEATS,
    AlwaysTheSameState: SEED,
    AlwaysTheSameBits: SEED,
    AlwaysTheSameOfPython: SEED,
    PrintsToStderr: ALONE,
    AddsToThePath: ALONE,
    NoNumbersForSomeSeeds: FINITE,
    LooksAHostUp: OFFLINE,
    HasAFieldForNothing: EFFECT,
    TakesItsSeedFromAHash: ELSEWHERE,
    TakesItsOrderFromASet: ELSEWHERE,
    NumbersItsClassesByASet: ELSEWHERE,
    TakesItsOrderFromASetOfItsModule: ELSEWHERE,
    KeepsWhatItLoadedFirst: ELSEWHERE,
    KeepsWhatOtherFieldsGave: ELSEWHERE,
    AlwaysHasTheSameSeed: SEED,
    OversamplesBeforeItSplits: DISJOINT,
    RepeatsRowsInAnotherPrecision: DISJOINT,
    ChangesItsFields: REPEATS,
    WritesIntoTheWorkingFolder: ALONE,
    Prints: ALONE,
    ChangesTheWorkingFolder: ALONE,
    SilencesNumpy: ALONE,
    IgnoresTheGenerator: REPEATS,
    DrawsGlobally: REPEATS,
    SeedsGlobally: REPEATS,
    ShufflesWithPython: REPEATS,
    DependsOnTheTime: REPEATS,
    KeepsItsGenerator: REPEATS,
    CountsItsLoads: REPEATS,
    GivesAwayItsCache: INDEPENDENT,
    GivesAwayViews: INDEPENDENT,
    RepeatsTraining: DISJOINT,
    RepeatsRowsOfTraining: DISJOINT,
    OneRowInBoth: DISJOINT,
    OverlapsForSomeSizes: VARIANTS,
    DrawsWithReplacementFirst: DISJOINT,
    TheSameFewRows: DISJOINT,
    ShufflesLabelsOnly: LABELS,
    LabelsOfTheTestAreOff: LABELS,
    TargetsOfTwo: LABELS,
    LabelsOfOneSplit: LABELS,
    TooFewNames: CLASSES,
    NamesInAList: CLASSES,
    NumbersAsNames: CLASSES,
    WrongImages: IMAGE,
    ImagesOfColour: IMAGE,
    HoldsNaN: FINITE,
    HoldsInfinity: FINITE,
    TooLargeForFloat32: FINITE,
    Bytes: LOADS,
    HalfPrecision: LOADS,
    Objects: LOADS,
    ReturnsATuple: LOADS,
    ReturnsNothing: LOADS,
    TargetsAreLabels: LOADS,
    FlatTargets: LOADS,
    NoTestRows: LOADS,
    FewerColumnsToTest: LOADS,
    IgnoresItsSize: SIZES,
    GivesOneLess: SIZES,
    RaisesForSomeFields: VARIANTS,
    MissingFile: LOADS,
    Downloads: OFFLINE,
    DownloadsIfItCan: OFFLINE,
    DownloadsInAThread: OFFLINE,
}


class Unusual(Dataset):
    """Right, and unlike the usual in the way that its name says."""

    source = "the tests of the kit"


class Regression(Unusual):
    """Right: targets are numbers, in float64, and there are no labels."""

    name = "regression"

    def load(self, rng):
        splits = []
        for size in (40, 20):
            x = rng.uniform(-1, 1, (size, 3))
            splits.append(Examples(x, np.stack([x.sum(axis=1), x.prod(axis=1)], axis=1)))
        return Data(*splits)


class Fixed(Unusual):
    """Right: always the same rows, whatever the seed; odd ones to train on and even ones to test on."""

    name = "fixed"

    def load(self, rng):
        x = np.linspace(-1, 1, 41, dtype=np.float32)[:, None]
        return Data(Examples(x[1::2].copy(), np.sin(x[1::2])), Examples(x[::2].copy(), np.sin(x[::2])))


class Patterns(Unusual):
    """Right: parity of eight bits, every pattern in one of the splits."""

    name = "patterns"

    def load(self, rng):
        rows = rng.permutation(256)
        inputs = ((rows[:, None] >> np.arange(8)) & 1).astype(np.float32)
        labels = inputs.sum(axis=1).astype(np.int64) % 2
        targets = np.eye(2, dtype=np.float32)[labels]
        parts = [Examples(inputs[part], targets[part], labels[part]) for part in (rows < 200, rows >= 200)]
        return Data(*parts, classes=("even", "odd"))


class FewKinds(Unusual):
    """Right: inputs are of three kinds only, each of them many times in both splits."""

    name = "few_kinds"

    def load(self, rng):
        def draw(size):
            labels = rng.integers(3, size=size)
            return Examples(np.eye(3, 2, dtype=np.float32)[labels], np.eye(3, dtype=np.float32)[labels], labels)

        return Data(draw(100), draw(50))


class SoftTargets(Right):
    """Right: targets of −1 and 1, smoothed, whose largest is the label's."""

    name = "soft_targets"

    def load(self, rng):
        data = super().load(rng)
        return Data(*(replace(data[s], targets=1.8 * data[s].targets - 0.9) for s in ("train", "test")))


class ReadOnlyCache(Unusual):
    """Right: one array for all loads, which cannot be written to."""

    name = "read_only_cache"

    def load(self, rng):
        rows = master(0, 60), master(1, 30)
        for split in rows:
            for values in vars(split).values():
                values.flags.writeable = False
        return Data(*rows)


class KeepsAParsedFile(Right):
    """Right: what was read is kept in the class, and copied."""

    name = "keeps_a_parsed_file"
    kept: ClassVar[dict[tuple[int, ...], Data]] = {}

    def load(self, rng):
        seed = int(rng.integers(10**6))
        key = seed, self.train_size, self.test_size
        if key not in self.kept:
            self.kept[key] = super().load(np.random.default_rng(seed))
        data = self.kept[key]
        return Data(*(Examples(*(v.copy() for v in vars(data[s]).values())) for s in ("train", "test")))


class InputsAreTargets(Unusual):
    """Right: an autoencoder's data, of which inputs and targets are one array."""

    name = "inputs_are_targets"

    def load(self, rng):
        train, test = rng.normal(size=(30, 5)), rng.normal(size=(20, 5))
        return Data(Examples(train, train), Examples(test, test))


class TwoLooks(Unusual):
    """Right: both splits are noisy looks at the same targets, which are one array."""

    name = "two_looks"

    def load(self, rng):
        clean = rng.normal(size=(40, 3))
        return Data(*(Examples(clean + 0.1 * rng.normal(size=clean.shape), clean) for _ in range(2)))


class SpawnsGenerators(Unusual):
    """Right: draws from children of the generator, and from one that is seeded by it."""

    name = "spawns_generators"

    def load(self, rng):
        one, other = rng.spawn(2)
        parts = one.normal(size=(40, 3)), np.random.default_rng(int(other.integers(99))).normal(size=(10, 3))
        return Data(*(Examples(part, part[:, :1] ** 2) for part in parts))


class HasASeedOfItsOwn(Unusual):
    """Right: a field says the seed, which is meant to be the same in all runs."""

    name = "has_a_seed_of_its_own"
    split_seed: int = Field(0, ge=0, le=100, description="The seed of the split, beside that of the run")

    def load(self, rng):
        rows = np.random.default_rng(self.split_seed).permutation(np.linspace(-1, 1, 40))[:, None]
        return Data(Examples(rows[:30], np.sin(rows[:30])), Examples(rows[30:], np.sin(rows[30:])))


class WantsAFileForOneField(Unusual):
    """Right: needs a file where a field says so, and says that."""

    name = "wants_a_file_for_one_field"
    origin: Literal["made", "file"] = Field("made", description="Where from")

    def load(self, rng):
        if self.origin == "file":
            raise DataError("data set 'wants_a_file_for_one_field' has no file")
        return Data(Examples(*rng.normal(size=(2, 30, 2))), Examples(*rng.normal(size=(2, 10, 2))))


class UsesSetsAsOneMay(Right):
    """Right: sorts a set of texts, looks into one, and goes through one of numbers, which has one order everywhere."""

    name = "uses_sets_as_one_may"

    def load(self, rng):
        data = super().load(rng)
        columns = [column for column in {3, 0, 2, 1} if f"column {column}" not in {"column 7", "column 9"}]
        names = tuple(sorted({"a", "c", "b"}))
        splits = (replace(data[s], inputs=data[s].inputs[:, columns]) for s in ("train", "test"))
        return Data(*splits, classes=names)


class HasFewRows(Right):
    """Right: there are 40 rows to train on, whatever the size asked for."""

    name = "has_few_rows"
    train_size: int = Field(100, ge=1, le=10_000, description="How many to train on, at most all")

    def load(self, rng):
        return Data(drawn(rng, min(40, self.train_size)), drawn(rng, self.test_size))


class WantsAFile(Unusual):
    """Right: needs a file that is not here, and says so."""

    name = "wants_a_file"
    path: str = Field("", description="The file")

    def load(self, rng):
        raise DataError("data set 'wants_a_file' has no path: set dataset.path")


class TwoPrecisions(Right):
    """Right: float32 to train on, float64 to test on."""

    name = "two_precisions"

    def load(self, rng):
        data = super().load(rng)
        return replace(data, test=replace(data.test, inputs=data.test.inputs.astype(np.float64)))


class OneClass(Unusual):
    """Right: examples of the one class there is."""

    name = "one_class"

    def load(self, rng):
        def draw(size):
            return Examples(rng.normal(size=(size, 2)), np.ones((size, 1)), np.zeros(size, int))

        return Data(draw(40), draw(20), classes=("all",))


class OneHotCodes(Unusual):
    """Right: an autoencoder of one-hot codes, which has no classes."""

    name = "one_hot_codes"

    def load(self, rng):
        codes = np.eye(64)[rng.permutation(64)]
        return Data(Examples(codes[:40], codes[:40]), Examples(codes[40:], codes[40:]))


class YesOrNo(Unusual):
    """Right: one output that is 0 or 1, with names for both."""

    name = "yes_or_no"

    def load(self, rng):
        x = rng.normal(size=(60, 2))
        answers = (x[:, :1] > 0).astype(np.float64)
        return Data(Examples(x[:40], answers[:40]), Examples(x[40:], answers[40:]), classes=("no", "yes"))


class DrawsOneNumber(Unusual):
    """Right: inputs of one float32 each, of which many thousands are alike by chance."""

    name = "draws_one_number"
    train_size: int = Field(100, ge=1, le=10_000, description="How many to train on")
    test_size: int = Field(100, ge=1, le=10_000, description="How many to test on")

    def load(self, rng):
        parts = (rng.random((size, 1), np.float32) for size in (self.train_size, self.test_size))
        return Data(*(Examples(part, part**2) for part in parts))


class SaysThatThereIsNoMore(Right):
    """Right: refuses in its own words what its bounds admit."""

    name = "says_that_there_is_no_more"
    train_size: int = Field(60, ge=1, le=600, description="How many to train on")
    test_size: int = Field(30, ge=1, le=600, description="How many to test on")

    def load(self, rng):
        if self.train_size + self.test_size > 600:
            raise DataError("there are 600 examples: set train_size and test_size to no more than that together")
        return super().load(rng)


class AsksItsOwnProgram(Unusual):
    """Right: lets another program compute, on this machine."""

    name = "asks_its_own_program"

    def load(self, rng):
        seed = str(rng.integers(100))
        said = subprocess.run([sys.executable, "-c", f"print({seed} + 1)"], capture_output=True, check=True, text=True)
        x = np.random.default_rng(int(said.stdout)).normal(size=(60, 2))
        return Data(Examples(x[:40], x[:40]), Examples(x[40:], x[40:]))


class GeneratorsOfManyKinds(Unusual):
    """Right: seeds others from the one that it is given, derives one of its own, and asks what is one."""

    name = "generators_of_many_kinds"

    def load(self, rng):
        class Counted(random.Random):
            drawn = 0

            def random(self):
                self.drawn += 1
                return super().random()

        own, legacy = Counted(int(rng.integers(99))), np.random.RandomState(rng.integers(99))
        assert isinstance(legacy, np.random.RandomState)
        rows = np.array([[own.random(), legacy.random()] for _ in range(60)])
        assert own.drawn == 60
        return Data(Examples(rows[:40], rows[:40]), Examples(rows[40:], rows[40:]))


class WarnsInTheLog(Right):
    """Right: logs what may be of interest."""

    name = "warns_in_the_log"

    def load(self, rng):
        logging.getLogger(__name__).warning("there are %d examples only", self.train_size)
        return super().load(rng)


class OneExample(Unusual):
    """Right: one example to train on, one to test on, with one input and one output."""

    name = "one_example"

    def load(self, rng):
        return Data(*(Examples(np.full((1, 1), x), np.full((1, 1), x)) for x in (0.0, 1.0)))


class Images(Unusual):
    """Right: grey images, more of them to test on than to train on, classes without names."""

    name = "images"

    def load(self, rng):
        def draw(size):
            labels = rng.integers(2, size=size).astype(np.uint8)
            pixels = (rng.random((size, 20)) * (1 + labels[:, None])).astype(np.float32)
            return Examples(pixels, np.eye(2)[labels], labels)

        return Data(draw(20), draw(40), image_shape=(4, 5))


UNUSUAL = [
    GeneratorsOfManyKinds(),
    WarnsInTheLog(),
    TwoPrecisions(),
    OneClass(),
    OneHotCodes(),
    YesOrNo(),
    DrawsOneNumber(),
    SaysThatThereIsNoMore(),
    AsksItsOwnProgram(),
    InputsAreTargets(),
    TwoLooks(),
    SpawnsGenerators(),
    HasASeedOfItsOwn(),
    WantsAFileForOneField(),
    Right(),
    Regression(),
    Fixed(),
    Patterns(),
    FewKinds(),
    SoftTargets(),
    ReadOnlyCache(),
    KeepsAParsedFile(),
    UsesSetsAsOneMay(),
    HasFewRows(),
    WantsAFile(),
    OneExample(),
    Images(),
]


def results(plugin, outcome):
    return {result.check.id: result.message for result in run_checks(plugin) if result.outcome == outcome}


def failures(plugin):
    return results(plugin, "failed")


@pytest.mark.parametrize(("bug", "check"), BUGS.items(), ids=lambda value: getattr(value, "__name__", None))
def test_a_seeded_bug_is_caught(bug, check):
    with pytest.raises(CheckFailure):
        next(one for one in checks_for("dataset") if one.id == check)(bug())


@pytest.mark.parametrize("plugin", UNUSUAL, ids=repr)
def test_an_unusual_data_set_passes(plugin):
    assert failures(plugin) == {}


SIZES_OF_BUILT_INS = {Mnist: {"train_size": 200, "test_size": 100}}


@parametrize_with_checks(
    [cls(**SIZES_OF_BUILT_INS.get(cls, {})) for cls in register_datasets() if cls not in (Idx, Npz)]
    + [Blobs(noise=0), Sine(noise=0, train_size=50)]
)
def test_the_built_in_ones_pass(plugin, check):
    check(plugin)


def test_a_file_of_the_users_is_checked(tmp_path):
    rng = np.random.default_rng(4)
    path = tmp_path / "own.npz"
    np.savez(path, x_train=rng.normal(size=(50, 3)), y_train=np.arange(50) % 2)
    assert {result.outcome for result in run_checks(Npz(path=str(path)))} == {"passed"}


def test_data_sets_without_their_files_are_skipped_and_say_why():
    skipped = results(Idx(), "skipped")
    assert failures(Idx()) == {}
    assert OFFLINE in skipped
    assert "set dataset.path to the folder of the IDX files" in skipped[LOADS]


def test_what_needs_a_network_is_refused_in_every_check_and_fails_one():
    assert set(failures(Downloads())) == {OFFLINE}
    assert "it tried to reach data.invalid" in results(Downloads(), "skipped")[LOADS]


def test_connections_work_again_after_a_check():
    before = socket.socket.connect, socket.getaddrinfo
    failures(Downloads())
    assert (socket.socket.connect, socket.getaddrinfo) == before
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_each_check_of_data_sets_catches_one_of_the_bugs():
    general = {check.id for check in checks_for("cost")} & {check.id for check in checks_for("observer")}
    assert {check.id for check in checks_for("dataset")} - general <= set(BUGS.values())


@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (OneRowInBoth, DISJOINT, "row 0 of the test split is row 59 of the training split"),
        (HoldsNaN, FINITE, "the train inputs hold a value that is not finite in float32, in row 17"),
        (TargetsOfTwo, LABELS, "row 5 of the train split has label"),
        (WrongImages, IMAGE, "image_shape is (3, 2), of 6 pixels, but an input has 4 numbers"),
        (Bytes, LOADS, "the train inputs are uint8"),
        (FlatTargets, LOADS, "load makes examples that are refused"),
        (MissingFile, LOADS, "raise landscape.errors.DataError"),
        (DownloadsIfItCan, OFFLINE, "load tries to reach 203.0.113.1:80."),
        (CallsCurl, OFFLINE, "load tries to reach https://data.invalid/rows.csv."),
        (AsksTheShell, OFFLINE, "load tries to reach another machine by 'wget'."),
        (HeadAndTailOfAPool, DISJOINT, "(train_size=600, test_size=600): 600 of the 600 test inputs"),
        (AllowsMoreThanThereIs, DISJOINT, "Let the bounds of train_size and test_size admit no more than there is."),
        (SplitsWithoutRoundingUp, BOUNDS, "With SplitsWithoutRoundingUp(share=0.01): load makes examples that are"),
        (HasAFieldForNothing, EFFECT, "nothing in its class reads self.noise"),
        (DrawsGlobally, REPEATS, "the global random numbers of NumPy"),
        (GivesAwayItsCache, INDEPENDENT, "share memory with the train inputs of an earlier load"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_message_says_what_is_wrong(bug, check, words):
    assert words in failures(bug())[check]


LOADED: list[int] = []


class NotesItsLoads(Right):
    """Right: notes how often it is loaded, outside of itself."""

    name = "notes_its_loads"

    def load(self, rng):
        LOADED.append(1)
        return super().load(rng)


def test_checks_that_only_look_share_a_load():
    apart = []
    for check in checks_for("dataset"):
        LOADED.clear()
        check(NotesItsLoads())
        apart.append(len(LOADED))
    LOADED.clear()
    run_checks(NotesItsLoads())
    assert len(LOADED) <= sum(apart) - 20


class TakesLong(NotesItsLoads):
    """Right: computes for a while before it has its rows."""

    name = "takes_long"

    def load(self, rng):
        end = time.process_time() + 0.11
        while time.process_time() < end:
            pass
        return super().load(rng)


def test_what_takes_long_is_loaded_a_few_times_only():
    LOADED.clear()
    assert failures(TakesLong()) == {}
    assert len(LOADED) <= 16


def test_what_was_loaded_for_other_checks_is_as_it_was_loaded():
    """Writing to the arrays of one load, to see whether the next one minds, leaves no trace in what is shared."""
    with sharing():
        data = loads.look(Right())
        before = {name: values.copy() for name, values in loads.arrays(data).items()}
        datasets._loads_are_independent(Right())
        assert loads.look(Right()) is data
        for name, values in loads.arrays(data).items():
            np.testing.assert_array_equal(values, before[name])


def test_a_change_of_fields_is_noticed_in_a_whole_run():
    assert REPEATS in failures(ChangesItsFields())
