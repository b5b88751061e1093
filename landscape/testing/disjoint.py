"""Is something both trained and tested on?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from landscape.kinds import Dataset
from landscape.objective import SPLITS
from landscape.testing.core import CheckFailure, CheckSkipped, first_line, shown
from landscape.testing.general import fail, values_of
from landscape.testing.loads import look, small_version, times
from landscape.testing.variants import bounds, fields_of

_SEEDS = (0, 1, 2)
_MOST_NUMBERS = 10_000_000
FEW = 20
"""Of fewer rows, some may be alike where there is no noise."""
_SIZES = ("train_size", "test_size")
_MOST_ROWS = 10_000  # that a field may ask for, where all of them are loaded
_SOON = 0.2  # seconds
_BY_CHANCE = 0.02  # of many rows of one float32, some are alike


def splits_are_disjoint(dataset: Dataset) -> None:
    """Check a data set as it is, and where it has as many examples as its fields allow."""
    size = sum(look(dataset)[split].inputs.size for split in SPLITS)
    demand_disjoint(dataset if size <= _MOST_NUMBERS else small_version(dataset))
    larger = _largest(dataset)
    if larger is not None:
        _demand_disjoint_when_large(larger)


def _demand_disjoint_when_large(larger: Dataset) -> None:
    try:
        demand_disjoint(larger, f"With {shown(larger)}: ", _BY_CHANCE)
    except CheckSkipped:  # it says that there are not so many
        return
    except CheckFailure:
        raise
    except Exception as error:  # whatever foreign code raises
        fail(
            f"With {shown(larger)}: load raised {type(error).__name__}: {first_line(error)}.",
            "Let the bounds of train_size and test_size admit no more than there is.",
        )


def _largest(dataset: Dataset) -> Dataset | None:
    """Return the data set with as many examples as its fields allow, where that is likely to be loaded soon."""
    bounded = {name: bounds(schemas[0])[1] for name, schemas in fields_of(type(dataset)).items() if name in _SIZES}
    if not bounded or max(bounded.values()) > _MOST_ROWS:
        return None
    small = look(small_version(dataset))
    more = sum(bounded.values()) / sum(len(small[split]) for split in SPLITS)
    numbers = more * sum(small[split].inputs.size for split in SPLITS)
    if more * max(times(dataset), default=0.0) > _SOON or numbers > _MOST_NUMBERS / 10:
        return None
    try:
        return type(dataset).model_validate({**values_of(dataset), **{k: int(v) for k, v in bounded.items()}})
    except ValidationError:  # there are not so many together
        return None


def demand_disjoint(dataset: Dataset, intro: str = "", by_chance: float = 0.0) -> None:
    """Fail when some input is in both splits whatever the seed; with one seed, it may be by chance.

    Inputs of few kinds, of which training has each several times, may be in both; and so may a share `by_chance`.
    """
    found = []
    for seed in _SEEDS:
        data = look(dataset, seed)
        coarser = min(data.train.inputs.dtype, data.test.inputs.dtype)
        train, test = (np.ascontiguousarray(data[split].inputs.astype(coarser) + 0.0) for split in SPLITS)  # −0 is 0
        places = {hash(row.tobytes()): index for index, row in enumerate(train)}
        same = [(places.get(hash(row.tobytes()), -1), index) for index, row in enumerate(test)]
        same = [(mine, other) for mine, other in same if mine >= 0 and np.array_equal(train[mine], test[other])]
        if len(same) <= by_chance * len(test) or (
            len(places) < 0.5 * len(train) and _are_discrete(train) and not np.array_equal(train, test)
        ):
            return
        found.append((same[0], len(same), len(test)))
    (of_train, of_test), count, total = found[0]
    fail(
        f"{intro}{count} of the {total} test inputs are also inputs to train on: row {of_test} of the test split is "
        f"row {of_train} of the training split.",
        "Test on examples that are not trained on, or else the test says nothing: draw them apart from each other, "
        "or divide the rows once, without overlap.",
    )


def _are_discrete(inputs: NDArray[Any]) -> bool:
    """Whether rows may well be equal because there are few values that they are made of."""
    counts = [len(np.unique(column)) for column in inputs.T]
    kinds = len(np.unique(inputs, axis=0))
    whole = bool((inputs == np.round(inputs)).all())
    return whole or max(counts) <= FEW or kinds * 8 >= float(np.prod(np.array(counts, np.float64)))
