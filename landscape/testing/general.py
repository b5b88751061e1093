"""What does every plugin promise, whatever its kind? To be named, described, validated, immutable and storable."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re

from pydantic import ValidationError

from landscape.kinds import KINDS, Plugin
from landscape.testing import fields
from landscape.testing.core import Check, first_line, kind_of
from landscape.testing.core import fail as fail
from landscape.testing.core import values_of as values_of
from landscape.testing.signatures import demand_arguments
from landscape.testing.surroundings import demand_undisturbed
from landscape.testing.variants import variants

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _has_a_name(plugin: Plugin) -> None:
    cls = type(plugin)
    for reserved in ("name", "kind", "source"):
        if reserved in cls.model_fields:
            fail(
                f"{cls.__name__}.{reserved} is a field, which users could change.",
                f'Write it without a type, {reserved} = "…", or as a ClassVar[str].',
            )
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        fail(
            f"{cls.__name__}.name is {name!r}.",
            "A name is a lower-case letter followed by lower-case letters, digits and underscores, as in "
            'name = "focal".',
        )
    if getattr(plugin, "name", None) != name:
        fail(f"{plugin!r}.name is {getattr(plugin, 'name', None)!r}, but the class's is {name!r}: let it be one.")


def _is_of_its_kind(plugin: Plugin) -> None:
    cls, kind = type(plugin), kind_of(plugin)
    if cls.kind != kind:
        fail(
            f"{cls.__name__}.kind is {cls.kind!r}, but the class derives from landscape.{KINDS[kind].__name__}.",
            "Leave `kind` to the base class.",
        )
    others = [other for other, base in KINDS.items() if issubclass(cls, base) and other != kind]
    if others:
        fail(f"{cls.__name__} derives from several kinds, {kind} and {', '.join(others)}: make a class for each.")
    for method in sorted(getattr(KINDS[kind], "__abstractmethods__", ())):
        if not callable(getattr(cls, method, None)):
            fail(f"{cls.__name__}.{method} is {getattr(cls, method, None)!r}, which cannot be called: define it.")


def _takes_what_it_is_given(plugin: Plugin) -> None:
    demand_arguments(plugin, KINDS[kind_of(plugin)])


def _says_what_it_is(plugin: Plugin) -> None:
    if not (type(plugin).__doc__ or "").strip():
        fail(
            f"{type(plugin).__name__} has no docstring of its own.",
            "Say in a line what it is, such as its formula: users see it when they choose.",
        )


def _names_its_source(plugin: Plugin) -> None:
    source = getattr(type(plugin), "source", None)
    if not isinstance(source, str) or not source.strip():
        fail(
            f"{type(plugin).__name__}.source is {source!r}.",
            'Name the paper or page that it follows, such as source = "Lin et al. 2017, arXiv:1708.02002", or say '
            'that it is "folklore" or "original".',
        )


def _is_frozen(plugin: Plugin) -> None:
    if not type(plugin).model_config.get("frozen"):
        fail(f"{type(plugin).__name__} is not frozen: keep the configuration of landscape.Plugin, frozen=True.")
    for name, value in [*values_of(plugin).items(), ("no_such_field", 1)]:
        mine = plugin.model_copy()
        try:
            setattr(mine, name, value)
        except (ValidationError, AttributeError, TypeError, ValueError):
            continue
        fail(
            f"{type(plugin).__name__}().{name} can be assigned to.",
            "Plugins are immutable, since one may serve several trainings at once: keep the configuration of "
            "landscape.Plugin, frozen=True.",
        )


def _holds_nothing_mutable(plugin: Plugin) -> None:
    for name, value in values_of(plugin).items():
        try:
            hash(value)
        except TypeError:
            fail(
                f"{type(plugin).__name__}.{name} is {value!r}, a {type(value).__name__}, which can be changed in place "
                "though the plugin is frozen.",
                "Use an immutable type, such as a tuple.",
            )
    if hash(plugin) != hash(fields.remade(plugin)):
        fail(f"two equal {type(plugin).__name__} have different hashes: leave __hash__ and __eq__ as they are.")


def _is_equal_to_its_like(plugin: Plugin) -> None:
    twin = fields.remade(plugin)
    if values_of(twin) != values_of(plugin) or twin != plugin:
        fail(
            f"made again of its own fields, {plugin!r} becomes {twin!r}, which is not equal.",
            "Let validators accept what they give, leave __init__ and __eq__ as they are, and keep nothing in private "
            "attributes that differs from one to the next, such as a lock: they count, too.",
        )
    for different in variants(plugin):
        if different == plugin:
            fail(f"{plugin!r} says that it equals {different!r}: leave __eq__ as it is.")
    for other in (plugin.model_copy(), copy.deepcopy(plugin)):
        if type(other) is not type(plugin) or values_of(other) != values_of(plugin):
            fail(f"a copy of {plugin!r} is {other!r}: leave copying as it is.")


def _pickles(plugin: Plugin) -> None:
    try:
        restored = pickle.loads(pickle.dumps(plugin))
    except Exception as error:  # pickle raises anything
        local = "<locals>" in type(plugin).__qualname__
        fail(
            f"{plugin!r} cannot be pickled: {type(error).__name__}: {first_line(error)}.",
            f"Move {type(plugin).__qualname__} out of the function that defines it, to the top level of its module."
            if local
            else "Keep only plain values in it; work on other processes and machines needs it there.",
        )
    if type(restored) is not type(plugin) or values_of(restored) != values_of(plugin) or restored != plugin:
        fail(f"{plugin!r} comes back from pickle as {restored!r}: leave pickling as it is.")


def _goes_through_json(plugin: Plugin) -> None:
    cls = type(plugin)
    try:
        text = json.dumps(plugin.model_dump(mode="json"), allow_nan=False)
    except Exception as error:  # pydantic's errors, those of foreign types, and json's
        fail(
            f"{plugin!r} cannot be written as JSON: {type(error).__name__}: {first_line(error)}.",
            "Use field types that JSON has: numbers, text, booleans, choices (Literal), tuples of these.",
        )
    try:
        restored = cls.model_validate(json.loads(text))
    except ValidationError as error:
        fail(f"{plugin!r} cannot be read back from its own JSON, {text}: {fields.broken(error)}")
    if values_of(restored) != values_of(plugin) or restored != plugin:
        fail(
            f"{plugin!r} becomes {restored!r} by way of JSON ({text}).",
            "Every value must come back exactly: let nothing be left out, rounded or renamed where it is written.",
        )
    if set(json.loads(text)) != set(cls.model_fields):
        fail(
            f"the JSON of {plugin!r} says {', '.join(json.loads(text)) or 'nothing'}, but its fields are "
            f"{', '.join(cls.model_fields) or 'none'}: leave out and rename nothing."
        )


def _is_made_quietly(plugin: Plugin) -> None:
    demand_undisturbed(f"making a {type(plugin).__name__}", lambda: fields.remade(plugin))


def _can_be_shown(plugin: Plugin) -> None:
    for how, text in (("repr", repr(plugin)), ("str", str(plugin))):
        if not isinstance(text, str) or not text.isprintable():
            fail(f"{how}({type(plugin).__name__}()) is {text!r}: let it be one printable line.")
    if not inspect.isclass(type(plugin)) or type(plugin).__name__ not in repr(plugin):
        fail(f"repr({type(plugin).__name__}()) is {plugin!r}, which does not say the class: leave __repr__ as it is.")


CHECKS: tuple[Check, ...] = (
    Check("has_a_name", "The class has a name that users can write.", _has_a_name),
    Check("is_of_its_kind", "The class is of the one kind that it derives from.", _is_of_its_kind),
    Check("takes_what_it_is_given", "Its methods take the arguments of its kind's, in order.", _takes_what_it_is_given),
    Check("says_what_it_is", "The class has a docstring.", _says_what_it_is),
    Check("names_its_source", "The class names the paper or page that it follows.", _names_its_source),
    *fields.CHECKS,
    Check("is_frozen", "No field can be assigned to.", _is_frozen, varied=True),
    Check("holds_nothing_mutable", "No field's value can be changed in place.", _holds_nothing_mutable, varied=True),
    Check("is_equal_to_its_like", "Made again of its fields, it is the same.", _is_equal_to_its_like, varied=True),
    Check("pickles", "It comes back from pickle as it was.", _pickles, varied=True),
    Check("goes_through_json", "It comes back from JSON as it was.", _goes_through_json, varied=True),
    Check("is_made_quietly", "Making one prints, writes and changes nothing.", _is_made_quietly),
    Check("can_be_shown", "It can be shown as one line of text.", _can_be_shown, varied=True),
)
