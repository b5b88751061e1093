"""What does a data set load, and what can be noticed while it does? Loaded once for the checks that only look."""

from __future__ import annotations

import time
import traceback
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from landscape import kinds
from landscape.errors import DataError
from landscape.kinds import Data, Dataset, Examples
from landscape.objective import SPLITS
from landscape.testing.core import CheckSkipped
from landscape.testing.general import fail, values_of
from landscape.testing.limits import still_going
from landscape.testing.offline import no_network
from landscape.testing.probe import has_drawn, own_generators
from landscape.testing.sharing import shared

_SMALL = 500  # examples in each split, where a check would take long
_PARTS = ("inputs", "targets", "labels")


class NeedsANetwork(CheckSkipped):
    """A data set cannot be loaded without a network; `tried` is what it wanted to reach."""

    def __init__(self, tried: list[str]) -> None:
        super().__init__(f"The data set needs a network: it tried to reach {tried[0]}.")
        self.tried = tried


class Loaded(NamedTuple):
    """What a load gave, what it wanted to reach, the generators that it made, and whether it drew from its own one."""

    data: Data
    tried: list[str]
    made: list[str]
    has_drawn: bool

    @property
    def size(self) -> int:
        """The bytes of all arrays."""
        return sum(values.nbytes for values in arrays(self.data).values())


def load(dataset: Dataset, seed: int = 0) -> Loaded:
    """Load the data of a seed, and check that it is data.

    Skips the check where the data set says that it has not got what it needs, or asks for it from a network,
    which is out of reach whatever is checked.
    """
    tried: list[str] = []
    rng, fields, start = np.random.default_rng(seed), values_of(dataset), time.process_time()
    try:
        with no_network(tried), own_generators(dataset) as made:
            data = dataset.load(rng)
    except Exception as error:
        if tried:
            raise NeedsANetwork(tried) from error
        _explain(error)
        raise
    seconds = time.process_time() - start
    times(dataset).append(seconds)
    still_going()
    if values_of(dataset) != fields:
        fail(f"load changed the fields from {fields} to {values_of(dataset)}.", "A plugin is immutable: change none.")
    return Loaded(_checked(data), tried, made, has_drawn(rng, seed))


def times(dataset: Dataset) -> list[float]:
    """Return how long the loads of a class took, in seconds of computing: what is read may be kept by the first."""
    return shared(("times", type(dataset)), list)


def looked(dataset: Dataset, seed: int = 0) -> Loaded:
    """Return the load of a seed to look at, which is done once for all checks that only do that."""
    key = type(dataset), repr(sorted(values_of(dataset).items())), seed
    return shared(key, lambda: load(dataset, seed), lambda loaded: loaded.size)


def look(dataset: Dataset, seed: int = 0) -> Data:
    """Return the data of a seed to look at.

    Arrays that can be written to are not shared with what another load gives; another check sees to that.
    """
    return looked(dataset, seed).data


def _explain(error: Exception) -> None:
    """Raise what an error of `load` means to the check, where that is known."""
    if isinstance(error, DataError):
        if _is_refused_by_kinds(error):
            fail(f"load makes examples that are refused: {_ended(str(error))}", "Give them the shapes that it says.")
        raise CheckSkipped(f"The data set cannot be loaded here, it says: {_ended(str(error))}") from error
    if isinstance(error, OSError):
        fail(
            f"load raised {type(error).__name__}: {_ended(str(error))}",
            "Where a file is absent or damaged, raise landscape.errors.DataError and say in it what to install or set.",
        )


def _checked(data: Any) -> Data:
    if not isinstance(data, Data):
        fail(f"load returned a {type(data).__name__}: it returns landscape.Data, of two landscape.Examples.")
    for split in SPLITS:
        if not isinstance(data[split], Examples):
            fail(f"the {split} split is a {type(data[split]).__name__}: it must be landscape.Examples.")
    assert isinstance(data, Data)
    return data


def _is_refused_by_kinds(error: DataError) -> bool:
    """Whether `Data` or `Examples` raised the error, and not the data set itself."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename == kinds.__file__


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def small_version(dataset: Dataset) -> Dataset:
    """Return the data set with at most 500 examples to train and to test on, where it has fields for that."""
    fields = values_of(dataset)
    sizes = {name: _SMALL for name in ("train_size", "test_size") if _exceeds(fields.get(name))}
    try:
        return type(dataset).model_validate({**fields, **sizes})
    except ValidationError:  # its bounds want more
        return dataset


def _exceeds(size: Any) -> bool:
    return isinstance(size, int) and size > _SMALL


def arrays(data: Data) -> dict[str, NDArray[Any]]:
    """Return all arrays of both splits, by what they are called in messages."""
    named = {f"{split} {what}": getattr(data[split], what) for split in SPLITS for what in _PARTS}
    return {name: values for name, values in named.items() if values is not None}
