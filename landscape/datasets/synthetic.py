"""Which small, drawn data sets show best what a network can and cannot separate?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import Field

from landscape.datasets._parts import children, class_names, one_hot
from landscape.kinds import Data, Dataset, Examples
from landscape.layout import Array, IntArray


class Drawn(Dataset, ABC):
    """A data set that is drawn afresh from the seed, train and test independently of each other."""

    train_size: int = Field(default=1000, ge=1, le=1_000_000, description="How many examples to train on.")
    test_size: int = Field(default=500, ge=1, le=1_000_000, description="How many examples to test on.")
    noise: float = Field(
        default=0.1, ge=0, le=10, description="Standard deviation of the Gaussian noise on each coordinate."
    )

    @abstractmethod
    def draw(self, size: int, rng: np.random.Generator) -> Examples:
        """Return `size` examples."""

    def class_count(self) -> int:
        """Return the number of classes, 0 for a regression."""
        return 2

    def load(self, rng: np.random.Generator) -> Data:
        """Return the data; the test examples do not depend on `train_size`."""
        train_rng, test_rng = children(rng, 2)
        names = class_names(self.class_count()) if self.class_count() else ()
        train, test = self.draw(self.train_size, train_rng), self.draw(self.test_size, test_rng)
        return Data(train, test, classes=names)


class Points(Drawn, ABC):
    """Points of the plane in classes of equal size, to within one."""

    @abstractmethod
    def place(self, labels: IntArray, rng: np.random.Generator) -> Array:
        """Return points (n, 2) for `labels` (n,), free of noise."""

    def draw(self, size: int, rng: np.random.Generator) -> Examples:
        """Return `size` noisy points with one-hot targets."""
        classes = self.class_count()
        labels = rng.permutation(np.arange(size, dtype=np.int64) % classes)
        points = self.place(labels, rng)
        points = points + self.noise * rng.standard_normal(points.shape)
        return Examples(points.astype(np.float32), one_hot(labels, classes), labels)


def _polar(radius: Array | float, angle: Array) -> Array:
    """Return points (n, 2) of the given radii and angles (n,)."""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


class Spirals(Points):
    """Arms of a spiral wound around each other, one class each: hard to separate with few neurons."""

    name: ClassVar[str] = "spirals"
    source: ClassVar[str] = "After Lang & Witbrock (1988), Learning to tell two spirals apart"

    classes: int = Field(default=2, ge=2, le=10, description="How many arms, each of them a class.")
    turns: float = Field(default=1.0, ge=0, le=5, description="How many full turns each arm makes from centre to rim.")
    noise: float = Field(default=0.02, ge=0, le=10, description=Drawn.model_fields["noise"].description)

    def class_count(self) -> int:
        """Return the number of arms."""
        return self.classes

    def place(self, labels: IntArray, rng: np.random.Generator) -> Array:
        """Return points on the arms, about evenly along their length, out to radius 1."""
        radius = np.sqrt(rng.random(len(labels)))
        return _polar(radius, 2 * np.pi * (self.turns * radius + labels / self.classes))


class Moons(Points):
    """Two half circles, each reaching into the other."""

    name: ClassVar[str] = "moons"
    source: ClassVar[str] = "As scikit-learn's make_moons, centred at the origin"

    def place(self, labels: IntArray, rng: np.random.Generator) -> Array:
        """Return points on the upper half circle for label 0 and on the lower one for label 1."""
        sign = 1 - 2 * labels[:, None]
        return sign * (_polar(1.0, np.pi * rng.random(len(labels))) - [0.5, 0.25])


class Circles(Points):
    """A circle inside another: no straight line separates them."""

    name: ClassVar[str] = "circles"
    source: ClassVar[str] = "As scikit-learn's make_circles"

    factor: float = Field(
        default=0.5, ge=0.01, le=0.99, description="Radius of the inner circle; the outer one's is 1."
    )

    def place(self, labels: IntArray, rng: np.random.Generator) -> Array:
        """Return points on the outer circle for label 0 and on the inner one for label 1."""
        return _polar(np.where(labels == 0, 1.0, self.factor), 2 * np.pi * rng.random(len(labels)))


class Xor(Points):
    """Points of a square whose class is 1 where the signs of their coordinates differ."""

    name: ClassVar[str] = "xor"
    source: ClassVar[str] = "Minsky & Papert (1969), Perceptrons"

    noise: float = Field(default=0.0, ge=0, le=10, description=Drawn.model_fields["noise"].description)

    def place(self, labels: IntArray, rng: np.random.Generator) -> Array:
        """Return points of the square -1 … 1 whose coordinates have equal signs for label 0."""
        sign = np.where(rng.random(len(labels)) < 0.5, -1, 1)
        signs = np.stack([sign, np.where(labels == 0, sign, -sign)], axis=1)
        return signs * (1 - rng.random((len(labels), 2)))  # (0, 1]: a coordinate of 0 has no sign


class Blobs(Points):
    """Gaussian clouds around centres spread evenly on the unit circle: the easiest set."""

    name: ClassVar[str] = "blobs"
    source: ClassVar[str] = "As scikit-learn's make_blobs, with fixed centres"

    classes: int = Field(default=3, ge=2, le=10, description="How many clouds, each of them a class.")
    noise: float = Field(default=0.25, ge=0, le=10, description="Standard deviation of each cloud.")

    def class_count(self) -> int:
        """Return the number of clouds."""
        return self.classes

    def place(self, labels: IntArray, rng: np.random.Generator) -> Array:
        """Return the centre of each label's cloud; nothing is drawn."""
        return _polar(1.0, 2 * np.pi * labels / self.classes)


class Sine(Drawn):
    """A noisy sine wave over -1 … 1 as a regression: targets are numbers, so there is no accuracy."""

    name: ClassVar[str] = "sine"
    source: ClassVar[str] = "After Bishop (2006), Pattern Recognition and Machine Learning, section 1.1"

    frequency: float = Field(default=1.0, gt=0, le=20, description="How many full waves lie between -1 and 1.")
    noise: float = Field(
        default=0.1, ge=0, le=10, description="Standard deviation of the Gaussian noise on the targets."
    )

    def class_count(self) -> int:
        """Return 0: the targets are not classes."""
        return 0

    def draw(self, size: int, rng: np.random.Generator) -> Examples:
        """Return inputs uniform over -1 … 1 and sin(π · frequency · input) + noise, both (n, 1)."""
        x = rng.uniform(-1, 1, (size, 1))
        y = np.sin(np.pi * self.frequency * x) + self.noise * rng.standard_normal((size, 1))
        return Examples(x.astype(np.float32), y.astype(np.float32))
