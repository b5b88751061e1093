"""Which examples can a network learn from? MNIST, small synthetic sets, and the user's own files."""

from __future__ import annotations

from landscape.datasets.idx import Idx
from landscape.datasets.mnist import Mnist
from landscape.datasets.npz import Npz
from landscape.datasets.synthetic import Blobs, Circles, Moons, Sine, Spirals, Xor

__all__ = ["Blobs", "Circles", "Idx", "Mnist", "Moons", "Npz", "Sine", "Spirals", "Xor"]
