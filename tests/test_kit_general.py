"""The kit's checks of all kinds: each seeded bug is caught by the check for it, each right plugin passes."""

import functools
import itertools
import logging
import random
import warnings
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from annotated_types import Gt, Le
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_serializer, field_validator, model_validator

from landscape.builtin import register_observers, register_projections
from landscape.costs import Huber, LogCosh
from landscape.kinds import KINDS, Activation, Cost
from landscape.optimizers import SGD, Adam
from landscape.registry import registry
from landscape.testing.core import CheckFailure, run_checks
from landscape.testing.general import CHECKS
from landscape.testing.variants import LIMIT, near_bounds, variants

COUNT = itertools.count()


def number(default=1.0, **facts):
    return Field(default, **{"ge": 0, "le": 10, "description": "Weight of the loss"} | facts)


class Right(Cost):
    """Σⱼ w(oⱼ − tⱼ)², right in every way; the bugs below change one thing each."""

    name = "right"
    source = "the tests of the kit"
    weight: float = number()

    def per_example(self, outputs, targets):
        return self.weight * ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * self.weight * (outputs - targets)


class WithoutItsOwnDocstring(Right):
    name = "without"


class Undocumented(Cost):
    name = "undocumented"
    source = "the tests of the kit"

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1)

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)


class BlankDocstring(Undocumented):
    """ """


class Unsourced(Right):
    source = ""


class SourceIsNoText(Right):
    source = None


class Capital(Right):
    name = "Right"


class Hyphenated(Right):
    name = "right-loss"


with warnings.catch_warnings(action="ignore"):  # pydantic warns of what these do

    class SourceIsAField(Right):
        source: str = Field("me", description="Where it is from")

    class NameIsAField(Right):
        name: str = Field("right", description="Name")


class NameIsAProperty(Right):
    @property
    def name(self):
        return "right"


class Nameless(Undocumented):
    """A cost whose name is no text."""

    name = None


class OtherKind(Right):
    kind = "activation"


class Required(Right):
    gamma: float = Field(ge=0, le=1, description="Needed")


class DefaultOutOfBounds(Right):
    weight: float = number(-1.0)


class DefaultOfWrongType(Right):
    weight: float = number("1")


class RandomDefault(Right):
    weight: float = Field(default_factory=random.random, ge=0, le=1, description="Weight")


class CountedDefault(Right):
    weight: float = Field(default_factory=lambda: next(COUNT) / 1e6, ge=0, le=1, description="Weight")


class Undescribed(Right):
    weight: float = Field(1.0, ge=0, le=10)


class BlankDescription(Right):
    weight: float = number(description=" ")


class PlainField(Right):
    weight: float = 1.0


class Unbounded(Right):
    weight: float = Field(1.0, description="Weight")


class UnboundedInteger(Right):
    weight: int = Field(1, description="Weight")


class UnboundedOptional(Right):
    limit: float | None = Field(None, description="Limit")


class BoundsInValidator(Right):
    weight: float = Field(1.0, description="Weight")

    @field_validator("weight")
    @classmethod
    def _positive(cls, value):
        if value < 0:
            raise ValueError("must not be negative")
        return value


class BoundsOfDocumentationOnly(Right):
    weight: float = Field(1.0, description="Weight", json_schema_extra={"minimum": 0, "maximum": 10})


class EmptyRange(Right):
    weight: float = number(ge=3, le=2)


class Clamping(Right):
    weight: float = number()

    @field_validator("weight", mode="before")
    @classmethod
    def _clamp(cls, value):
        return min(max(value, 0.0), 10.0) if isinstance(value, int | float) else value


class TakesAnything(Right):
    weight: Any = Field(1.0, description="Weight")


class TakesText(Right):
    weight: float | str = number()


class TakesNone(Right):
    weight: float = number()

    @field_validator("weight", mode="before")
    @classmethod
    def _none_is_one(cls, value):
        return 1.0 if value is None else value


class TakesInfinity(Right):
    model_config = ConfigDict(allow_inf_nan=True)
    weight: float = Field(1.0, ge=0, description="Weight")


class RoundsToWhole(Right):
    weight: int = number(1)

    @field_validator("weight", mode="before")
    @classmethod
    def _round(cls, value):
        return round(value) if isinstance(value, float) else value


class TakesAnyChoice(Right):
    side: Literal["left", "right"] = Field("left", description="Side")

    @field_validator("side", mode="before")
    @classmethod
    def _first(cls, value):
        return value if value == "right" else "left"


class RaisesTypeError(Right):
    weight: float = number()

    @field_validator("weight", mode="before")
    @classmethod
    def _whole(cls, value):
        if not float(value) >= 0:
            raise ValueError("must not be negative")
        return value


class TakesExtra(Right):
    model_config = ConfigDict(extra="allow")


class IgnoresExtra(Right):
    model_config = ConfigDict(extra="ignore")


class Thawed(Right):
    model_config = ConfigDict(frozen=False)


class Settable(Right):
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def __hash__(self):
        return hash(self.weight)


class HasAList(Right):
    weights: list[float] = Field([1.0], description="Weights")


class HasATable(Right):
    weights: dict[str, float] = Field({"a": 1.0}, description="Weights")


class HasAnArray(Right):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    weights: np.ndarray = Field(default_factory=lambda: np.ones(3), description="Weights")


class HasAFunction(Right):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    weighing: Any = Field(default=lambda x: x, description="Weighing")


class RaisesInSchema(Right):
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema, handler):
        raise RuntimeError("no schema today")


class Unpicklable(Right):
    _open: Any = PrivateAttr(default_factory=lambda: (x for x in ()))


class ForgetsInPickle(Right):
    def __reduce__(self):
        return type(self), ()


def make_local():
    class Local(Right):
        pass

    return Local()


class LeavesOut(Right):
    weight: float = number(exclude=True)


class Rounds(Right):
    weight: float = number()

    @field_serializer("weight")
    def _short(self, value):
        return round(value)


class Renames(Right):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)
    weight: float = number(alias="w")


class OnlyByAlias(Right):
    weight: float = number(alias="w")


class WritesText(Right):
    weight: float = number()

    @field_serializer("weight")
    def _text(self, value):
        return f"{value:g} kg"


class DoublesEachTime(Right):
    weight: float = number(0.5)

    @field_validator("weight")
    @classmethod
    def _double(cls, value):
        return value * 2


class OwnInit(Right):
    def __init__(self, weight=1.0):
        super().__init__(weight=weight + 1)


class NeverEqual(Right):
    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__


class AlwaysEqual(Right):
    def __eq__(self, other):
        return True

    __hash__ = Right.__hash__


class HashedByIdentity(Right):
    def __hash__(self):
        return id(self)


class SecretRepr(Right):
    def __repr__(self):
        return "<a cost>"


class RaisingRepr(Right):
    def __repr__(self):
        raise RuntimeError("no text today")


class ManyLines(Right):
    def __repr__(self):
        return "ManyLines\n"


class CannotBeCopied(Right):
    def __deepcopy__(self, memo=None):
        return type(self)()


class Combination(Right):
    """Its validator rejects its own defaults."""

    low: float = number(2.0)
    high: float = number(1.0)

    @model_validator(mode="after")
    def _ordered(self):
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self


class NotCallable(Right):
    gradient: ClassVar[None] = None


class ThawedWithoutFields(Undocumented):
    """Nothing can be assigned to, but not for being frozen."""

    name = "thawed_without_fields"
    source = "the tests of the kit"
    model_config = ConfigDict(frozen=False)


class WritesWhenItIsMade(Right):
    """Empties a file."""

    def model_post_init(self, context):
        Path("log.txt").write_text("", encoding="utf-8")


class PrintsWhenItIsMade(Right):
    """Greets."""

    def model_post_init(self, context):
        print("hello")  # noqa: T201  # it is the bug


class SetsLoggingWhenItIsMade(Right):
    """Wants to see all that is logged by anybody."""

    def model_post_init(self, context):
        logging.basicConfig(level=logging.DEBUG, force=True)


class TakesTooFew(Right):
    def per_example(self, outputs):
        return (outputs**2).sum(axis=-1)


class TakesTooMany(Right):
    def gradient(self, outputs, targets, weights):
        return 2 * self.weight * (outputs - targets)


class ForgetsSelf(Right):
    def gradient(outputs, targets):  # noqa: N805  # that is the bug
        return 2 * (outputs - targets)


class TakesNamedOnly(Right):
    def gradient(self, *, outputs, targets):
        return 2 * self.weight * (outputs - targets)


class TakesTheOtherOrder(Right):
    def gradient(self, targets, outputs):
        return 2 * self.weight * (outputs - targets)


class SharesWorkInTheOtherOrder(Right):
    def total_and_gradient(self, _targets, outputs):
        return super().total_and_gradient(_targets, outputs)


class UpdatesInTheOtherOrder(SGD):
    def update(self, theta, gradient, state):
        return super().update(theta, gradient, state)


BUGS = {
    TakesTooFew: "takes_what_it_is_given",
    TakesTooMany: "takes_what_it_is_given",
    ForgetsSelf: "takes_what_it_is_given",
    TakesNamedOnly: "takes_what_it_is_given",
    TakesTheOtherOrder: "takes_what_it_is_given",
    SharesWorkInTheOtherOrder: "takes_what_it_is_given",
    UpdatesInTheOtherOrder: "takes_what_it_is_given",
    ThawedWithoutFields: "is_frozen",
    WritesWhenItIsMade: "is_made_quietly",
    PrintsWhenItIsMade: "is_made_quietly",
    SetsLoggingWhenItIsMade: "is_made_quietly",
    Undocumented: "says_what_it_is",
    WithoutItsOwnDocstring: "says_what_it_is",
    BlankDocstring: "says_what_it_is",
    Unsourced: "names_its_source",
    SourceIsNoText: "names_its_source",
    SourceIsAField: "has_a_name",
    Capital: "has_a_name",
    Hyphenated: "has_a_name",
    NameIsAField: "has_a_name",
    NameIsAProperty: "has_a_name",
    Nameless: "has_a_name",
    OtherKind: "is_of_its_kind",
    NotCallable: "is_of_its_kind",
    DefaultOutOfBounds: "has_defaults",
    DefaultOfWrongType: "has_defaults",
    RandomDefault: "has_defaults",
    CountedDefault: "has_defaults",
    Undescribed: "describes_its_fields",
    BlankDescription: "describes_its_fields",
    PlainField: "bounds_its_numbers",
    Unbounded: "bounds_its_numbers",
    UnboundedInteger: "bounds_its_numbers",
    UnboundedOptional: "bounds_its_numbers",
    BoundsInValidator: "bounds_its_numbers",
    EmptyRange: "bounds_its_numbers",
    BoundsOfDocumentationOnly: "rejects_bad_values",
    Clamping: "rejects_bad_values",
    TakesAnything: "rejects_bad_values",
    TakesNone: "rejects_bad_values",
    TakesInfinity: "rejects_bad_values",
    RoundsToWhole: "rejects_bad_values",
    TakesAnyChoice: "rejects_bad_values",
    RaisesTypeError: "rejects_bad_values",
    TakesExtra: "rejects_unknown_fields",
    IgnoresExtra: "rejects_unknown_fields",
    Thawed: "is_frozen",
    Settable: "is_frozen",
    HasAList: "holds_nothing_mutable",
    HasATable: "holds_nothing_mutable",
    HasAnArray: "says_its_schema",
    HasAFunction: "pickles",
    RaisesInSchema: "says_its_schema",
    Unpicklable: "pickles",
    ForgetsInPickle: "pickles",
    make_local: "pickles",
    LeavesOut: "goes_through_json",
    Rounds: "goes_through_json",
    Renames: "goes_through_json",
    OnlyByAlias: "is_equal_to_its_like",
    WritesText: "goes_through_json",
    DoublesEachTime: "has_defaults",
    OwnInit: "is_equal_to_its_like",
    NeverEqual: "is_equal_to_its_like",
    AlwaysEqual: "is_equal_to_its_like",
    HashedByIdentity: "holds_nothing_mutable",
    SecretRepr: "can_be_shown",
    RaisingRepr: "can_be_shown",
    ManyLines: "can_be_shown",
    CannotBeCopied: "is_equal_to_its_like",
}


def failures(plugin):
    found = {}
    for check in CHECKS:
        try:
            check(plugin)
        except CheckFailure as failure:
            found[check.id] = str(failure)
    return found


@pytest.fixture(autouse=True)
def _leaves_no_files_nor_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_seeded_bug_is_caught_by_the_check_for_it(bug):
    assert BUGS[bug] in failures(bug())


def test_a_field_without_a_default_is_caught():
    assert "no default for gamma" in failures(Required(gamma=0.5))["has_defaults"]


def test_defaults_that_exclude_each_other_are_caught():
    assert "low must not exceed high" in failures(Combination.model_construct())["has_defaults"]


def test_each_general_check_catches_one_of_the_bugs():
    assert {check.id for check in CHECKS} == set(BUGS.values())


class Side(Enum):
    LEFT = "left"
    RIGHT = "right"


class Corner(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    x: float = 0.0


class Fieldless(Undocumented):
    """A cost without fields."""


class ManyTypes(Right):
    """A cost with fields of every type that is allowed."""

    flag: bool = Field(False, description="A flag")
    count: int = Field(3, ge=0, le=9, description="A count")
    even: int = Field(4, ge=0, multiple_of=2, description="An even number")
    maybe: float | None = Field(None, gt=0, description="A number or nothing")
    side: Literal["left", "right"] = Field("left", description="A side")
    times: Literal[1, 2, 3] = Field(1, description="How often")
    auto: Annotated[float, Gt(0), Le(1)] | Literal["auto"] = Field("auto", description="A share, or auto")
    enumerated: Side = Field(Side.LEFT, description="A side again")
    pair: tuple[float, float] = Field((0.0, 1.0), description="Two numbers")
    several: tuple[int, ...] = Field((1, 2), description="Some numbers")
    names: frozenset[str] = Field(frozenset({"a"}), description="Some names")
    corner: Corner = Field(Corner(), description="A corner")
    text: str = Field("", description="Free text")
    made: tuple[int, ...] = Field(default_factory=lambda: (1, 2), description="A default that is made")


class Grandchild(ManyTypes):
    """A cost whose fields are inherited."""

    name = "grandchild"
    weight: float = number(2.0)


class Remembering(Right):
    """Keeps a table that it computes on first use."""

    _seed: int = PrivateAttr(3)

    @cached_property
    def table(self):
        return tuple(range(self._seed))

    def per_example(self, outputs, targets):
        assert self.table == (0, 1, 2)
        return super().per_example(outputs, targets)


class Dependent(Right):
    """Its fields depend on each other."""

    low: float = number(1.0)
    high: float = number(2.0)
    LIMITS: ClassVar[tuple[int, int]] = (0, 10)

    @model_validator(mode="after")
    def _ordered(self):
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class Abstract(Cost):
    """What two costs share."""

    source = "the tests of the kit"

    def gradient(self, outputs, targets):
        return 2 * (outputs - targets)


class Concrete(Abstract):
    """One of two costs."""

    name = "concrete"

    def per_example(self, outputs, targets):
        return ((outputs - targets) ** 2).sum(axis=-1)


def reduced(function):
    """Give the function the errors, too."""

    @functools.wraps(function)
    def taking_two(self, outputs, targets):
        return function(self, outputs, targets, outputs - targets)

    return taking_two


class OtherNames(Right):
    """A cost whose arguments have names of its own."""

    @reduced
    def per_example(self, outputs, targets, errors):
        return self.weight * (errors**2).sum(axis=-1)

    def gradient(self, y, t, scale=1.0, **more):
        return 2 * scale * self.weight * (y - t)

    def total_and_gradient(self, *arguments):
        return super().total_and_gradient(*arguments)


class Tanh(Activation):
    """The hyperbolic tangent, in letters that mean the other one elsewhere, and a function of C."""

    name = "tanh"
    source = "Bishop 2006"
    value = staticmethod(np.tanh)

    def derivative(self, a, z):
        return 1 - z * z


CORRECT = [
    OtherNames(), Tanh(),
    Right(), Right(weight=3.3), Fieldless(), ManyTypes(), ManyTypes(maybe=2.0, auto=0.5, several=()), Grandchild(),
    Remembering(), Dependent(), Dependent(low=0.0, high=10.0), Concrete(), Huber(delta=7.0),
    SGD(nesterov=True, momentum=0.5),
]  # fmt: skip


@pytest.mark.parametrize("plugin", CORRECT, ids=repr)
def test_a_right_plugin_passes(plugin):
    if isinstance(plugin, Remembering):
        plugin.per_example(np.zeros((2, 3)), np.zeros((2, 3)))
    assert failures(plugin) == {}


@pytest.mark.parametrize("provided", [p for kind in KINDS for p in registry().provided(kind)], ids=lambda p: p.name)
def test_the_built_in_plugins_pass(provided):
    if provided.distribution == "landscape-explorer":
        assert failures(provided.cls()) == {}


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        (
            TakesTooFew,
            "TakesTooFew.per_example takes (outputs) but is given (outputs, targets): write def per_",
        ),
        (
            ForgetsSelf,
            "ForgetsSelf.gradient takes (targets) but is given (outputs, targets): write def gra",
        ),
        (TakesTheOtherOrder, "takes (targets, outputs) but is given (outputs, targets), in this order: write def gra"),
        (TakesTooFew, "test_kit_general.py, line "),
        (Unbounded, "Unbounded.weight is a number without bounds. Say which values make sense"),
        (Undescribed, "Undescribed.weight has no description."),
        (DefaultOutOfBounds, "weight = -1.0 by default, but input should be greater than or equal to 0."),
        (Clamping, "accepts weight = -1.0, beyond the bound 0 that its schema states, and makes it 0.0."),
        (make_local, "Move make_local.<locals>.Local out of the function that defines it"),
        (HasAList, "HasAList.weights is [1.0], a list, which can be changed in place"),
        (Capital, "Capital.name is 'Right'. A name is a lower-case letter"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_message_says_what_is_wrong_and_what_to_do(bug, words):
    assert words in failures(bug())[BUGS[bug]]


@pytest.mark.parametrize(
    "plugin", [*CORRECT, Adam(), LogCosh(), *(c() for c in (*register_projections(), *register_observers()))], ids=repr
)
def test_variants_are_valid_distinct_and_few(plugin):
    found = variants(plugin)
    assert len(found) <= LIMIT
    assert plugin not in found
    assert len({repr(v) for v in found}) == len(found)
    for variant in found:
        assert type(variant).model_validate(variant.model_dump()) == variant


def test_variants_move_every_field_off_its_value():
    moved = {name for v in variants(Adam()) for name in Adam.model_fields if getattr(v, name) != getattr(Adam(), name)}
    assert moved == set(Adam.model_fields)


def test_variants_include_bounds_that_belong_to_the_range():
    assert {0.0, 10.0} <= {v.weight for v in variants(Right())}


class ManyChoices(Right):
    """Right: one of many."""

    name = "many_choices"
    form: Literal["a", "b", "c", "d", "e", "f", "g", "h", "i"] = Field("a", description="Which one")
    scale: float = number()


def test_variants_include_every_choice():
    assert {v.form for v in variants(ManyChoices())} == set("abcdefghi")


def test_numbers_are_tried_close_to_bounds_that_are_not_in_their_range():
    class Open(Right):
        share: float = number(0.5, ge=None, le=None, gt=0, lt=2)

    assert [one.share for one in near_bounds(Open())] == [0.02, 1.98]


def test_variants_of_a_class_without_a_schema_are_none():
    assert variants(RaisesInSchema()) == variants(Fieldless()) == []


def test_a_default_out_of_bounds_is_said_in_sentences_by_every_check_that_it_fails():
    said = failures(DefaultOutOfBounds())
    assert said["holds_nothing_mutable"] == (
        "DefaultOutOfBounds cannot be made again of its own fields: weight = -1.0, but input should be greater than or "
        "equal to 0. Choose a default that the field's type and bounds, and the validators, accept."
    )
    assert said["is_equal_to_its_like"] == said["holds_nothing_mutable"]
    assert "weight = -1.0, but input should be greater" in said["goes_through_json"]
    every = [*said.values(), *(result.message for result in run_checks(DefaultOutOfBounds()))]
    assert not any("pydantic" in message or "validation error" in message for message in every)
