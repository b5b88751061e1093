"""The kit's checks of projections: each seeded bug is caught by the check that the table names, right ones pass."""

import dataclasses
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field, PrivateAttr

from landscape.builtin import register_projections
from landscape.errors import PlaneError
from landscape.kinds import Projection
from landscape.plane import Plane
from landscape.projections import PCA, FilterNormalized
from landscape.testing import CheckFailure, checks_for, parametrize_with_checks, run_checks

LAYS, SPANS, AXES, AGREE = "lays_a_plane", "directions_span_a_plane", "axes_are_described", "read_outs_agree"
REPEATS, ARGUMENTS, KEEPS, NEAR, SHORT = (
    "is_deterministic",
    "leaves_its_arguments_alone",
    "keeps_its_plane",
    "comes_near_the_path",
    "bears_short_paths",
)


LAST, ELSEWHERE = "passes_through_the_last_point", "is_the_same_elsewhere"


class Right(Projection):
    """From the first point to the last, and a random direction, right in every way; bugs change one thing of it."""

    name = "right"
    source = "the tests of the kit"
    length: float = Field(1.0, gt=0, le=100, description="Length of the second direction")

    def plane(self, objective, path, rng):
        centre, along = path.last, path.last.astype(float) - path.first
        if not along.any():
            raise PlaneError("the path ends where it starts: train for a step first")
        other = rng.normal(size=along.size)
        other -= (other @ along) / (along @ along) * along
        return Plane(centre, np.stack([along, self.length * other]), ("along", "aside"), self.name)


class ReturnsNothing(Right):
    def plane(self, objective, path, rng):
        super().plane(objective, path, rng)


class TakesWhatPathsHaveNot(Right):
    def plane(self, objective, path, rng):
        return Plane(path.final, super().plane(objective, path, rng).directions)


class ReturnsDirections(Right):
    def plane(self, objective, path, rng):
        return super().plane(objective, path, rng).directions


class OfThree(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return dataclasses.replace(plane, directions=np.vstack([plane.directions, plane.directions[:1]]))


class OfTooFewParameters(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return Plane(plane.centre[:2], plane.directions[:, :2])


class Transposed(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return dataclasses.replace(plane, directions=plane.directions.T)


class HoldsNaN(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return dataclasses.replace(plane, directions=plane.directions / np.abs(plane.directions[:1] * 0))


class Whole(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return dataclasses.replace(plane, directions=np.ceil(9 * plane.directions).astype(int))


class NeedsANetwork(Right):
    def plane(self, objective, path, rng):
        assert objective.network.sizes
        return super().plane(objective, path, rng)


class NeedsALayer(Right):
    def plane(self, objective, path, rng):
        weights = objective.layout["layer1.weight"].view(path.last)
        return dataclasses.replace(super().plane(objective, path, rng), reach=(float(np.abs(weights).max()), 1.0))


class NeedsManyParameters(Right):
    def plane(self, objective, path, rng):
        u, v = np.linalg.svd(path.thetas - path.last, full_matrices=False)[2][[0, 2]]
        return Plane(path.last, np.stack([u, v]))


class Float64Only(Right):
    def plane(self, objective, path, rng):
        return super().plane(objective, path, rng) if path.thetas.dtype == np.float64 else None


class Parallel(Right):
    def plane(self, objective, path, rng):
        along = path.last.astype(float) - path.first
        return Plane(path.last, np.stack([along, -2 * along]))


class NearlyParallel(Right):
    def plane(self, objective, path, rng):
        along = path.last.astype(float) - path.first
        along /= np.linalg.norm(along)
        other = rng.normal(size=along.size)
        other -= (other @ along) * along
        return Plane(path.last, np.stack([along, along + 8e-4 * other / np.linalg.norm(other)]))


class ParallelForSomeFields(Right):
    second: Literal["random", "same"] = Field("random", description="The second direction")

    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        along = plane.directions[0]
        return plane if self.second == "random" else dataclasses.replace(plane, directions=np.stack([along, along]))


class OneLabel(Right):
    def plane(self, objective, path, rng):
        return dataclasses.replace(super().plane(objective, path, rng), labels=("along",))


class NumbersAsLabels(Right):
    def plane(self, objective, path, rng):
        return dataclasses.replace(super().plane(objective, path, rng), labels=(1, 2))


class AnothersName(Right):
    def plane(self, objective, path, rng):
        return dataclasses.replace(super().plane(objective, path, rng), name="pca")


class NegativeReach(Right):
    def plane(self, objective, path, rng):
        return dataclasses.replace(super().plane(objective, path, rng), reach=(-1.0, 1.0))


class PercentAsShare(Right):
    def random_walk_captured(self, path, steps=None):
        return 200 / path.thetas.shape[1]


class SharesOfSteps(Right):
    def random_walk_captured(self, path, steps=None):
        return np.ones(len(path if steps is None else steps))


class OwnCoordinates(Plane):
    def project(self, thetas):
        return (np.asarray(thetas, float) - self.centre) @ self.directions.T


class ProjectsByProducts(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return OwnCoordinates(plane.centre, plane.directions)


class OwnDistance(Plane):
    def off_plane(self, thetas):
        return np.linalg.norm(np.asarray(thetas, float) - self.centre, axis=-1)


class MeasuresToTheCentre(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return OwnDistance(plane.centre, plane.directions)


class OwnLift(Plane):
    def lift(self, a, b):
        return super().lift(a, b) - self.centre


class LiftsFromZero(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return OwnLift(plane.centre, plane.directions)


class IgnoresTheGenerator(Right):
    def plane(self, objective, path, rng):
        return super().plane(objective, path, np.random.default_rng())


class DrawsGlobally(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        other = np.random.normal(size=path.last.size)  # noqa: NPY002
        return dataclasses.replace(plane, directions=np.stack([plane.directions[0], other]))


class SeedsByAddress(Right):
    def plane(self, objective, path, rng):
        return super().plane(objective, path, np.random.default_rng(id(path)))


class DrawsForSomeFields(Right):
    fixed: bool = Field(True, description="Whether to use the seed")

    def plane(self, objective, path, rng):
        return super().plane(objective, path, rng if self.fixed else np.random.default_rng())


class KeepsItsFirstPlane(Right):
    _planes: dict[int, Plane] = PrivateAttr(default_factory=dict)

    def plane(self, objective, path, rng):
        size = path.last.size
        if size not in self._planes:
            self._planes[size] = super().plane(objective, path, np.random.default_rng(len(self._planes)))
        return self._planes[size]


class CountsItsPlanes(Right):
    _count: int = PrivateAttr(default=0)

    def plane(self, objective, path, rng):
        self._count += 1
        return dataclasses.replace(super().plane(objective, path, rng), labels=("along", f"random {self._count}"))


class CentresThePath(Right):
    def plane(self, objective, path, rng):
        thetas = path.thetas
        thetas -= thetas.mean(axis=0)
        return super().plane(objective, path, rng)


class NormalizesTheSteps(Right):
    def plane(self, objective, path, rng):
        path.steps[:] = path.steps - path.steps[0] + 1
        return super().plane(objective, path, rng)


class ChangesTheData(Right):
    def plane(self, objective, path, rng):
        data = getattr(objective, "data", None)
        if data is not None:
            data.train.inputs[...] = rng.permutation(data.train.inputs)
            data.train.inputs[0] = 9
        return super().plane(objective, path, rng)


class ChangesTheObjective(Right):
    def plane(self, objective, path, rng):
        if hasattr(objective, "network"):
            objective.evaluate = lambda theta, split="train", rows=None: None
        return super().plane(objective, path, rng)


BUFFER = np.zeros((2, 100))


class ReusesABuffer(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        directions = BUFFER[:, : path.last.size]
        directions[...] = plane.directions
        return Plane(plane.centre, directions)


class AtTheOrigin(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        directions = rng.normal(size=plane.directions.shape)
        return Plane(np.zeros(path.last.size), directions)


class AddsTheEnds(Right):
    def plane(self, objective, path, rng):
        directions = rng.normal(size=(2, path.last.size))
        return Plane(3 * (path.last + path.first), directions)


class DividesByTheLength(Right):
    def plane(self, objective, path, rng):
        along = path.last.astype(float) - path.first
        along /= np.linalg.norm(along)
        return Plane(path.last, np.stack([along, rng.normal(size=along.size)]))


class NeedsThreePoints(Right):
    def plane(self, objective, path, rng):
        u, v = path.thetas[2] - path.thetas[0], path.thetas[1] - path.thetas[0]
        return Plane(path.last, np.stack([u, v]))


class RaisesWhatNumPyRaises(Right):
    def plane(self, objective, path, rng):
        offsets = path.thetas.astype(float) - path.last
        np.linalg.inv(offsets[:2] @ offsets[:2].T)
        return super().plane(objective, path, rng)


class SaysNothing(Right):
    def plane(self, objective, path, rng):
        if len(path) < 3:
            raise PlaneError
        return super().plane(objective, path, rng)


class GivesUp(Right):
    def plane(self, objective, path, rng):
        return super().plane(objective, path, rng) if len(path) > 2 else None


class RandomAt(Projection):
    """Random directions."""

    name = "random_at"
    source = "the tests of the kit"

    def plane(self, objective, path, rng):
        return Plane(self.centre(path), rng.normal(size=(2, path.last.size)), name=self.name)

    def centre(self, path):
        return path.last


class ThroughTheFirst(RandomAt):
    def centre(self, path):
        return path.first


class ThroughTheOneBefore(RandomAt):
    """Random directions; the plane passes through the path's last point."""

    def centre(self, path):
        return path.thetas[max(len(path) - 2, 0)]


class ThroughTheMean(RandomAt):
    def centre(self, path):
        return path.thetas.astype(float).mean(axis=0)


class RoundsItsCentre(RandomAt):
    def centre(self, path):
        return path.last.round(2)


class HalfPrecision(RandomAt):
    def plane(self, objective, path, rng):
        return Plane(path.last, rng.normal(size=(2, path.last.size)).astype(np.float16), name=self.name)


class AlwaysHasTheSameSeed(RandomAt):
    def plane(self, objective, path, rng):
        return super().plane(objective, path, np.random.default_rng(0))


class TakesItsSeedFromAHash(RandomAt):
    def plane(self, objective, path, rng):
        seed = [abs(hash(block.name)) for block in objective.layout]
        return super().plane(objective, path, np.random.default_rng([*seed, int(rng.integers(9))]))


class GoesThroughASet(RandomAt):
    def plane(self, objective, path, rng):
        directions = np.zeros((2, path.last.size))
        for parameter in {f"θ{index}" for index in range(path.last.size)}:
            directions[:, int(parameter[1:])] = rng.normal(size=2)
        return Plane(path.last, directions, name=self.name)


class KeepsItsDirections(RandomAt):
    kept: ClassVar[dict[int, np.ndarray]] = {}

    def plane(self, objective, path, rng):
        size = path.last.size
        return Plane(path.last, self.kept.setdefault(size, rng.normal(size=(2, size))), name=self.name)


class LooksNowhere(RandomAt):
    far: float = Field(1.0, ge=-2, le=2, description="How far to look")

    def plane(self, objective, path, rng):
        return dataclasses.replace(super().plane(objective, path, rng), reach=(self.far, self.far))


class Prints(RandomAt):
    def plane(self, objective, path, rng):
        print("computing")  # noqa: T201  # it is the bug
        return super().plane(objective, path, rng)


class WritesIntoTheWorkingFolder(RandomAt):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        np.save("directions.npy", plane.directions)
        return plane


class SwitchIgnored(Right):
    orthogonal: bool = Field(True, description="Whether the directions are made orthogonal")

    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return dataclasses.replace(plane, labels=("along the path", "aside"))


class SecondFromItsOwn(Right):
    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        second = np.random.default_rng(1).normal(size=path.last.size)
        return Plane(path.last, np.stack([rng.normal(size=second.size), second]), plane.labels, self.name)


class LessThanTwoDirections(Right):
    def plane(self, objective, path, rng):
        offsets = (path.thetas.astype(float) - path.last)[:-1]
        directions = np.linalg.svd(offsets, full_matrices=False)[2][:2] if len(path) > 1 else rng.normal(size=(2, 26))
        return Plane(path.last, directions, ("most", "second most"), self.name)


class ClaimsWhatPCACaptures(PCA):
    name = "claims_what_pca_captures"

    def plane(self, objective, path, rng):
        walk = self.random_walk_captured(path)
        return Plane(path.last, rng.normal(size=(2, path.last.size)), name=self.name, random_walk=walk)


BUGS = {
    SecondFromItsOwn: "draws_from_its_seed",
    LessThanTwoDirections: SHORT,
    ClaimsWhatPCACaptures: AGREE,
    SwitchIgnored: "fields_have_an_effect",
    ThroughTheFirst: LAST,
    ThroughTheOneBefore: LAST,
    ThroughTheMean: LAST,
    RoundsItsCentre: LAST,
    HalfPrecision: LAYS,
    AlwaysHasTheSameSeed: "draws_from_its_seed",
    TakesItsSeedFromAHash: ELSEWHERE,
    GoesThroughASet: ELSEWHERE,
    KeepsItsDirections: ELSEWHERE,
    LooksNowhere: "axes_are_described",
    Prints: "leaves_the_process_alone",
    WritesIntoTheWorkingFolder: "leaves_the_process_alone",
    ReturnsNothing: LAYS,
    TakesWhatPathsHaveNot: LAYS,
    ReturnsDirections: LAYS,
    OfThree: LAYS,
    OfTooFewParameters: LAYS,
    Transposed: LAYS,
    HoldsNaN: LAYS,
    Whole: LAYS,
    NeedsANetwork: LAYS,
    NeedsALayer: LAYS,
    NeedsManyParameters: LAYS,
    Float64Only: LAYS,
    Parallel: SPANS,
    NearlyParallel: SPANS,
    ParallelForSomeFields: SPANS,
    OneLabel: AXES,
    NumbersAsLabels: AXES,
    AnothersName: AXES,
    NegativeReach: AXES,
    PercentAsShare: AXES,
    SharesOfSteps: AXES,
    ProjectsByProducts: AGREE,
    MeasuresToTheCentre: AGREE,
    LiftsFromZero: AGREE,
    IgnoresTheGenerator: REPEATS,
    DrawsGlobally: REPEATS,
    SeedsByAddress: REPEATS,
    DrawsForSomeFields: REPEATS,
    KeepsItsFirstPlane: REPEATS,
    CountsItsPlanes: REPEATS,
    CentresThePath: ARGUMENTS,
    NormalizesTheSteps: ARGUMENTS,
    ChangesTheData: ARGUMENTS,
    ChangesTheObjective: ARGUMENTS,
    ReusesABuffer: KEEPS,
    AtTheOrigin: NEAR,
    AddsTheEnds: NEAR,
    DividesByTheLength: SHORT,
    NeedsThreePoints: SHORT,
    RaisesWhatNumPyRaises: SHORT,
    SaysNothing: SHORT,
    GivesUp: SHORT,
}


class Unusual(Projection):
    """Right, and unlike the usual in the way that its name says."""

    source = "the tests of the kit"


class Axes(Unusual):
    """Right: two parameters themselves, in float32, with the path's own point as a view."""

    name = "axes"
    first: int = Field(0, ge=0, le=0, description="One parameter")
    second: int = Field(-1, ge=-1, le=-1, description="Another")

    def plane(self, objective, path, rng):
        return Plane(path.last, np.eye(path.last.size, dtype=np.float32)[[self.first, self.second]])


class Gradients(Unusual):
    """Right: along the gradient, and along what the gradient is a step on."""

    name = "gradients"

    def plane(self, objective, path, rng):
        theta = path.last
        here = objective.gradient(theta)[1].astype(float)
        there = objective.gradient((theta - 1e-2 * here).astype(theta.dtype))[1].astype(float)
        there -= (there @ here) / (here @ here) * here
        return Plane(theta, np.stack([here, there]), ("gradient", "next gradient"), self.name, reach=(0.1, 0.1))


class OfTheMean(Unusual):
    """Right: anchored at the mean of the path, not at its end."""

    name = "of_the_mean"

    def plane(self, objective, path, rng):
        """Return a plane through the mean of the last half of the path."""
        directions = rng.normal(size=(2, path.last.size))
        return Plane(path.thetas[len(path) // 2 :].mean(axis=0, dtype=float), directions, ("one", "two"), self.name)


class Oblique(Unusual):
    """Right: directions of very different lengths, at a sharp angle."""

    name = "oblique"

    def plane(self, objective, path, rng):
        u, v = rng.normal(size=(2, path.last.size))
        return Plane(path.last, np.stack([1e-3 * u, 50 * (u + 0.3 * v)]), reach=(100.0, 0.01))


class ThroughThreePoints(Unusual):
    """Right: needs three points that span a plane, and says so."""

    name = "through_three_points"

    def plane(self, objective, path, rng):
        if len(path) < 3:
            raise PlaneError(f"the path has {len(path)} points: three are needed")
        middle = path.thetas[len(path) // 2]
        return Plane(path.last, np.stack([path.first, middle]) - path.last, ("start", "middle"), self.name)


class Seeded(Unusual):
    """Right: the same directions for every seed, from a field."""

    name = "seeded"
    seed: int = Field(0, ge=0, le=1000, description="The seed")

    def plane(self, objective, path, rng):
        directions = np.random.default_rng(self.seed).normal(size=(2, path.last.size))
        return Plane(path.last, directions, name=self.name, random_walk=self.random_walk_captured(path))


class Unknown(Right):
    """Right: cannot say what a random walk would be."""

    name = "unknown"

    def random_walk_captured(self, path, steps=None):
        return float("nan")


class ByBlocks(Unusual):
    """Right: each block of θ in one direction or the other, wherever there are two."""

    name = "by_blocks"

    def plane(self, objective, path, rng):
        directions = rng.normal(size=(2, path.last.size))
        blocks = list(objective.layout)
        if len(blocks) > 1:
            for index, block in enumerate(blocks):
                block.view(directions[index % 2])[...] = 0
        return Plane(path.last, directions, ("even blocks", "odd blocks"), self.name)


class ForNetworks(Right):
    """Right: is meant for networks, and says so."""

    name = "for_networks"

    def plane(self, objective, path, rng):
        if len(objective.layout.blocks) == 1:
            raise PlaneError("for_networks needs an objective with layers: take another projection")
        return super().plane(objective, path, rng)


class ManyPoints(Right):
    """Right: needs a path of twenty points, and says so."""

    name = "many_points"

    def plane(self, objective, path, rng):
        if len(path) < 20:
            raise PlaneError(f"the path has {len(path)} points: many_points needs 20")
        return super().plane(objective, path, rng)


class TwoOfThem(Unusual):
    """Right: two parameters by their numbers, which must not be one and the same."""

    name = "two_of_them"
    one: int = Field(0, ge=0, le=1_000_000, description="The number of one parameter")
    two: int = Field(1, ge=0, le=1_000_000, description="The number of the other")

    def plane(self, objective, path, rng):
        size = path.last.size
        if self.one % size == self.two % size:
            raise PlaneError(f"both axes are parameter {self.one} of {size}: choose another second one")
        directions = np.eye(size)[[self.one % size, self.two % size]]
        return Plane(path.last, directions, name=self.name)


class TwoBatches(Unusual):
    """Right: the gradients of two random batches, of which a function has none."""

    name = "two_batches"

    def plane(self, objective, path, rng):
        count, theta = objective.examples("train"), path.last.astype(objective.dtype)
        if count < 2:
            raise PlaneError("one example makes no two batches: take another projection")
        rows = rng.permutation(count)
        gradients = [objective.gradient(theta, rows=part)[1] for part in (rows[: count // 2], rows[count // 2 :])]
        return Plane(path.last, np.stack(gradients).astype(np.float64), name=self.name)


class AboutTheMean(Unusual):
    """Right: random directions through the mean of the path, as this says."""

    name = "about_the_mean"

    def plane(self, objective, path, rng):
        return Plane(path.thetas.astype(float).mean(axis=0), rng.normal(size=(2, path.last.size)), name=self.name)


class Tolerant(Right):
    """Right: its tolerance matters on paths alone that hardly move."""

    name = "tolerant"
    tolerance: float = Field(1e-12, gt=0, le=1e-6, description="Below which length a path counts as none")

    def plane(self, objective, path, rng):
        if np.linalg.norm(path.last - path.first) < self.tolerance:
            raise PlaneError("the path hardly moves: train for longer")
        return super().plane(objective, path, rng)


class AlongTheGradient(Unusual):
    """Right: the gradient and another direction, and two others where it is 0."""

    name = "along_the_gradient"

    def plane(self, objective, path, rng):
        gradient = objective.gradient(path.last)[1].astype(float)
        one, other = rng.normal(size=(2, gradient.size))
        length = float(np.linalg.norm(gradient))
        return Plane(path.last, np.stack([gradient / length if length else one, other]), name=self.name)


class Exchanged(PCA):
    """Right: the first axis up, the second to the right."""

    name = "exchanged"

    def plane(self, objective, path, rng):
        plane = super().plane(objective, path, rng)
        return dataclasses.replace(plane, directions=plane.directions[::-1], labels=plane.labels[::-1], name=self.name)


class SketchesByItself(Unusual):
    """Right: one axis is the parameter that moved most, by a sketch that is always the same; one is random."""

    name = "sketches_by_itself"

    def plane(self, objective, path, rng):
        moves = np.diff(path.thetas.astype(float), axis=0)
        sketch = np.random.default_rng(0).choice([-1.0, 1.0], size=(3, len(moves))) @ moves
        first = np.eye(path.last.size)[np.abs(sketch).sum(axis=0).argmax()] + 1e-3 * sketch[0]
        return Plane(path.last, np.stack([first, rng.normal(size=path.last.size)]), name=self.name)


UNUSUAL = [
    AlongTheGradient(),
    Exchanged(),
    SketchesByItself(),
    Tolerant(),
    TwoOfThem(),
    TwoBatches(),
    AboutTheMean(),
    ForNetworks(),
    ManyPoints(),
    Right(),
    Axes(),
    Gradients(),
    OfTheMean(),
    Oblique(),
    ThroughThreePoints(),
    Seeded(),
    Unknown(),
    ByBlocks(),
]


def failures(plugin):
    return {result.check.id: result.message for result in run_checks(plugin) if result.outcome == "failed"}


@pytest.mark.parametrize(("bug", "check"), BUGS.items(), ids=lambda value: getattr(value, "__name__", None))
def test_a_seeded_bug_is_caught(bug, check):
    with pytest.raises(CheckFailure):
        next(one for one in checks_for("projection") if one.id == check)(bug())


@pytest.mark.parametrize("plugin", UNUSUAL, ids=repr)
def test_an_unusual_projection_passes(plugin):
    assert failures(plugin) == {}


@parametrize_with_checks(
    [cls() for cls in register_projections()] + [FilterNormalized(normalization="layer", biases=True)]
)
def test_the_built_in_ones_pass(plugin, check):
    check(plugin)


def test_each_check_of_projections_catches_one_of_the_bugs():
    general = {check.id for check in checks_for("cost")} & {check.id for check in checks_for("observer")}
    assert {check.id for check in checks_for("projection")} - general <= set(BUGS.values())


@pytest.mark.parametrize(
    ("bug", "check", "words"),
    [
        (ReturnsNothing, LAYS, "on a small network, plane returned nothing: it returns a landscape.Plane"),
        (TakesWhatPathsHaveNot, LAYS, "A path has steps, thetas, first, last"),
        (NeedsANetwork, LAYS, "on a function of five parameters, plane raised AttributeError"),
        (NearlyParallel, SPANS, "the two directions are parallel: the cosine of their angle is 0.99999"),
        (AnothersName, AXES, "pass name=self.name"),
        (CentresThePath, ARGUMENTS, "plane changes path.thetas in place"),
        (DividesByTheLength, SHORT, "for a path of a single point, on a small network, the plane is not finite"),
        (ClaimsWhatPCACaptures, AGREE, "random walks, but the planes laid through some capture 0.0"),
        (NeedsThreePoints, SHORT, "plane raises IndexError"),
        (AtTheOrigin, NEAR, "Plane(path.last, …)"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_message_says_what_is_wrong(bug, check, words):
    assert words in failures(bug())[check]
