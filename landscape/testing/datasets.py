"""Does a data set give the same, sound examples again and again, from nothing but its fields and a seed?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from landscape.kinds import Data, Dataset
from landscape.objective import SPLITS, Split
from landscape.testing.afresh import beginning, demand_same_afresh
from landscape.testing.core import Check, CheckFailure, CheckSkipped, shown
from landscape.testing.disjoint import FEW, demand_disjoint, splits_are_disjoint
from landscape.testing.effects import demand_effects
from landscape.testing.general import fail, values_of
from landscape.testing.loads import NeedsANetwork, arrays, load, look, looked, small_version, times
from landscape.testing.probe import (
    identical,
    no_global_randomness,
    remade,
    shares_memory,
)
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.variants import fields_of, near_bounds

_SEEDS = (0, 1)
_PATIENCE = 0.4  # seconds after which no further hyperparameters are tried, since every load takes long
_LITTLE = 0.1  # the same, where most of them have been loaded before


def _loads(dataset: Dataset) -> None:
    data = look(dataset)
    for name, values in arrays(data).items():
        if isinstance(values, np.ma.MaskedArray | np.matrix):
            fail(f"the {name} are a {type(values).__name__}: make them a plain array, with a number for each entry.")
    for split in SPLITS:
        inputs, targets = data[split].inputs, data[split].targets
        if inputs.dtype not in (np.float32, np.float64):
            fail(
                f"the {split} inputs are {inputs.dtype}: they are float32 or float64.",
                "Convert them, and bring them to a range of about 1: bytes as (values / 255).astype(np.float32).",
            )
        if targets.dtype.kind not in "buif":
            fail(f"the {split} targets are {targets.dtype}: they are real numbers, float32 for instance.")
        if inputs.shape[1] == 0 or targets.shape[1] == 0:
            fail(f"the {split} inputs are {inputs.shape} and the targets {targets.shape}: both have a column at least.")


def _is_finite(dataset: Dataset) -> None:
    for seed in _SEEDS:
        _demand_finite(look(small_version(dataset), seed))


def _demand_finite(data: Data) -> None:
    for name, values in arrays(data).items():
        numbers = np.abs(values.astype(np.float64))
        if not (numbers <= float(np.finfo(np.float32).max)).all():
            row = int(np.argmax(~(numbers <= float(np.finfo(np.float32).max)).all(axis=-1))) if values.ndim == 2 else 0
            fail(
                f"the {name} hold a value that is not finite in float32, in row {row}.",
                "Drop such rows, or put a number where one is missing.",
            )


def _labels_match_targets(dataset: Dataset) -> None:
    for seed in _SEEDS:
        _demand_labels(look(small_version(dataset), seed))


def _demand_labels(data: Data) -> None:
    if (data.train.labels is None) != (data.test.labels is None):
        has, lacks = ("train", "test") if data.test.labels is None else ("test", "train")
        fail(
            f"the {has} split has labels and the {lacks} split has none: both have them, or neither, for a regression."
        )
    for split in SPLITS:
        labels, targets = data[split].labels, data[split].targets
        if labels is None:
            continue
        if targets.shape[1] == 1 and np.ptp(targets.astype(np.float64)) > 0:
            fail(
                f"the {split} targets have one column of several numbers, but there are labels, all of them 0.",
                "Give the targets of classes a column for each, one-hot, or leave out the labels.",
            )
        others = targets.astype(np.float64)
        rows = np.arange(len(labels))
        own = others[rows, labels].copy()
        others[rows, labels] = -np.inf
        wrong = own <= others.max(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            fail(
                f"row {row} of the {split} split has label {labels[row]}, but its targets are "
                f"{targets[row].tolist()!r:.80}, in which entry {int(targets[row].argmax())} is the largest"
                f"{' or as large' if own[row] == others[row].max() else ''} ({int(wrong.sum())} of {len(wrong)} rows "
                "are so).",
                "Targets of classes are one-hot: 1 in the column of the label and 0 elsewhere. Shuffle and select "
                "inputs, targets and labels alike.",
            )


def _names_its_classes(dataset: Dataset) -> None:
    data = look(small_version(dataset))
    names, outputs = data.classes, data.train.targets.shape[1]
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        fail(f"classes is {names!r:.80}: it is a tuple of texts, () where there are none.")
    of_one_output = (1, 2) if outputs == 1 and data.train.labels is None else (outputs,)
    if names and len(names) not in of_one_output:
        fail(f"there are {len(names)} names of classes for {outputs} outputs: give one for each, in their order.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        fail(f"{names.count(twice)} classes are named {twice!r}: give each a name of its own.")
    if names and data.train.labels is None and all(_is_one_hot(data[split].targets) for split in SPLITS):
        fail(
            "classes are named and targets one-hot, but there are no labels, so that no accuracy can be told.",
            "Give Examples the labels, too: Examples(inputs, targets, labels).",
        )


def _is_one_hot(targets: NDArray[Any]) -> bool:
    """Whether many rows are all 0 but for a 1, and not by chance."""
    ones = (targets == 1).sum(axis=1)
    return (
        len(targets) >= FEW and targets.shape[1] > 1 and bool(((ones == 1) & ((targets != 0).sum(axis=1) == 1)).all())
    )


def _image_shape_fits(dataset: Dataset) -> None:
    data = look(small_version(dataset))
    shape, width = data.image_shape, data.train.inputs.shape[1]
    if shape is None:
        return
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(isinstance(n, int | np.integer) for n in shape):
        fail(f"image_shape is {shape!r}: it is (height, width), two whole numbers, or None.")
    if shape[0] < 1 or shape[1] < 1 or shape[0] * shape[1] != width:
        fail(f"image_shape is {shape}, of {shape[0] * shape[1]} pixels, but an input has {width} numbers.")


def _has_as_many_as_asked(dataset: Dataset) -> None:
    small = small_version(dataset)
    data = look(small)
    for split in SPLITS:
        wanted = values_of(small).get(f"{split}_size")
        if isinstance(wanted, int) and not isinstance(wanted, bool) and len(data[split]) > wanted:
            fail(f"{split}_size is {wanted}, but there are {len(data[split])} examples: give no more than that.")
        if isinstance(wanted, int) and len(data[split]) < wanted:
            _demand_shortage(small, split, wanted, len(data[split]))


def _demand_shortage(dataset: Dataset, split: Split, wanted: int, given: int) -> None:
    """Fail when a data set that gave fewer examples than `wanted` has as many."""
    try:
        larger = type(dataset).model_validate({**values_of(dataset), f"{split}_size": 2 * wanted})
    except ValidationError:  # there are no more
        return
    if len(load(larger).data[split]) >= wanted:
        fail(f"{split}_size is {wanted}, but there are {given} examples, though there would be more: give as many.")


def _is_reproducible(dataset: Dataset) -> None:
    small = small_version(dataset)
    remedy = "Draw everything from the generator that load is given, and keep nothing of it between calls."
    first = look(small)
    copies = _copies(first)
    with no_global_randomness("load", "Draw everything from the generator that load is given: rng.normal(…)."):
        look(small, 1)  # what another seed leaves behind must not matter
        for one in (small, remade(small)):
            again = load(one).data
            _demand_same(copies, again, "the same seed gives other {} when it is loaded again", remedy)
            if (first.image_shape, first.classes) != (again.image_shape, again.classes):
                fail("image_shape or classes are others when the same seed is loaded again.", remedy)


def _draws_from_its_seed(dataset: Dataset) -> None:
    small = small_version(dataset)
    first, other = looked(small, _SEEDS[0]), looked(small, _SEEDS[1])
    if not other.made or other.has_drawn or any("seed" in name for name in type(small).model_fields):
        return
    if all(identical(values, arrays(other.data).get(name)) for name, values in arrays(first.data).items()):
        fail(
            f"load draws from a generator of its own, {other.made[0]}, and never from the one that it is given, so "
            "that all seeds give the same data.",
            "Draw everything from the argument: rng.normal(…).",
        )


def _of_a_seed(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """Return the arrays of a seed other than the first, as another process is asked for them."""
    data = look(small_version(dataset), _SEEDS[1])
    return {**arrays(data), "classes": np.array(data.classes, dtype=np.str_)}


def _is_the_same_elsewhere(dataset: Dataset) -> None:
    beginning(_of_a_seed, singly=True)(dataset)
    small = small_version(dataset)
    look(small)  # what another seed leaves behind must not matter
    look(small, _SEEDS[1])
    demand_same_afresh(
        dataset,
        _of_a_seed,
        "the same seed",
        "Let load depend on the fields and its generator alone: take no seed from hash() of a text or from the time, "
        "no order from a set, and keep nothing for other seeds or fields.",
        seconds=max(times(dataset), default=None),
        singly=True,
    )


def _copies(data: Data) -> dict[str, NDArray[Any]]:
    return {name: values.copy() for name, values in arrays(data).items()}


def _leaves_the_process_alone(dataset: Dataset) -> None:
    small = small_version(dataset)
    look(small)
    demand_undisturbed("load", lambda: load(small))


def _demand_same(before: dict[str, NDArray[Any]], data: Data, what: str, remedy: str) -> None:
    after = arrays(data)
    for name in before.keys() | after.keys():
        if name not in before or name not in after or not identical(before[name], after[name]):
            fail(f"{what.format(name)}.", remedy)


def _loads_are_independent(dataset: Dataset) -> None:
    remedy = "Give every load arrays of its own, by .copy(), or arrays that cannot be written to."
    small = small_version(dataset)
    if values_of(small) != values_of(dataset):
        _demand_apart(look(dataset), load(dataset).data, remedy)
    copies = _copies(look(small))
    with _written_over(look(small), copies):
        again = load(small).data
        _demand_apart(look(small), again, remedy)
        _demand_same(copies, again, "the {} are others once the arrays of an earlier load are written to", remedy)


def _demand_apart(first: Data, again: Data, remedy: str) -> None:
    """Fail when arrays that can be written to lie in the memory of an earlier load."""
    for name, values in arrays(again).items():
        for other, old in arrays(first).items():
            if values.flags.writeable and shares_memory(values, old):
                fail(f"the {name} share memory with the {other} of an earlier load.", remedy)


@contextmanager
def _written_over(data: Data, copies: dict[str, NDArray[Any]]) -> Iterator[None]:
    """Let the arrays that can be written to hold something else inside, and then what they held."""
    own = {name: values for name, values in arrays(data).items() if values.flags.writeable}
    for values in own.values():
        values[...] = 77
    try:
        yield
    finally:
        for name, values in own.items():
            values[...] = copies[name]


def _variants_are_sound(dataset: Dataset) -> None:
    small = small_version(dataset)
    for check in (_loads, _is_finite, _labels_match_targets, _names_its_classes, _image_shape_fits):
        check(small)
    if len(look(small).train) >= FEW:  # of fewer rows, some may be alike where there is no noise
        demand_disjoint(small)


def _bears_its_bounds(dataset: Dataset) -> None:
    start = time.process_time()
    for one in (*near_bounds(dataset), *_fewest(dataset)):
        if time.process_time() - start > _LITTLE:
            break
        with suppress(CheckSkipped):  # it may say itself that this is too little
            try:
                _loads(small_version(one))
            except CheckFailure as failure:
                fail(f"With {shown(one)}: {failure}")


def _fewest(dataset: Dataset) -> Iterator[Dataset]:
    """Yield the data set with as few examples as it can be asked for in either split."""
    options = fields_of(type(dataset))
    for split in SPLITS:
        for schema in options.get(f"{split}_size", ()):
            if "minimum" in schema:
                with suppress(ValidationError):  # a validator of its own
                    fields = {**values_of(dataset), f"{split}_size": schema["minimum"]}
                    yield type(dataset).model_validate(fields)


def _works_offline(dataset: Dataset) -> None:
    try:
        tried = looked(small_version(dataset)).tried
    except NeedsANetwork as needing:
        tried = needing.tried
    except (CheckFailure, CheckSkipped):
        raise
    except Exception:  # whatever foreign code raises; other checks look into that
        return
    if tried:
        fail(
            f"load tries to reach {tried[0]}.",
            "Come with the data, or read files that the user has: raise landscape.errors.DataError, saying what to "
            "fetch, where they are absent.",
        )


def _effects(dataset: Dataset) -> None:
    # a number may say what to leave out of the data, of which there is nothing here
    demand_effects(small_version(dataset), _answer, always=frozenset())


def _answer(dataset: Dataset) -> bytes:
    data = load(small_version(dataset)).data
    return repr((data.classes, data.image_shape)).encode() + b"".join(v.tobytes() for v in arrays(data).values())


CHECKS: tuple[Check, ...] = (
    Check("loads", "It loads, as numbers in the form that networks take.", _loads),
    Check("is_finite", "Every number is finite, also in float32.", _is_finite),
    Check(
        "labels_match_targets",
        "A row's label is the column of its largest target, and both splits have labels or neither.",
        _labels_match_targets,
    ),
    Check("names_its_classes", "There is a name for each class, or none at all.", _names_its_classes),
    Check("image_shape_fits", "Where inputs are images, they have as many pixels as numbers.", _image_shape_fits),
    Check(
        "has_as_many_as_asked",
        "There are as many examples as train_size and test_size say, or all there are.",
        _has_as_many_as_asked,
    ),
    Check("is_reproducible", "The same seed gives the same bytes.", _is_reproducible, varied=True, patience=_PATIENCE),
    Check("draws_from_its_seed", "What is random in it comes from the seed.", _draws_from_its_seed),
    Check(
        "is_the_same_elsewhere",
        "Another process, in which nothing was loaded before, gets the same.",
        _is_the_same_elsewhere,
        begin=beginning(_of_a_seed, singly=True),
    ),
    Check(
        "leaves_the_process_alone",
        "Loading prints nothing, writes nothing into the working folder, and changes nothing that others rely on.",
        _leaves_the_process_alone,
    ),
    Check("loads_are_independent", "What is done to loaded arrays changes no later load.", _loads_are_independent),
    Check("splits_are_disjoint", "No input is both trained and tested on.", splits_are_disjoint),
    Check(
        "variants_are_sound",
        "All of that holds for other hyperparameters, too.",
        _variants_are_sound,
        varied=True,
        patience=_PATIENCE,
    ),
    Check("bears_its_bounds", "It loads with numbers close to their bounds.", _bears_its_bounds),
    Check("works_offline", "It loads without a network.", _works_offline, varied=True, patience=_LITTLE),
    Check("fields_have_an_effect", "Every field makes a difference.", _effects),
)
