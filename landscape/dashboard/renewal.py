"""What becomes of settings when the plugins that they name are replaced? They keep what still fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from landscape.errors import ExperimentError
from landscape.experiment import Experiment
from landscape.kinds import KindName, Plugin


class Replacement(NamedTuple):
    """One plugin before and after a change of its file.

    Attributes
    ----------
    name : how it was asked for; `new_name`, how it is now.
    old, new : its class before and after; `new` is None when it is gone.
    """

    kind: KindName
    name: str
    old: type[Plugin]
    new: type[Plugin] | None
    new_name: str


def chain(kind: KindName, name: str, replacements: Iterable[Replacement]) -> Replacement | None:
    """Return what became, by all `replacements` in order, of the plugin asked for as `name`; None when nothing."""
    found: Replacement | None = None
    for one in replacements:
        if found is None and (one.kind, one.name) == (kind, name):
            found = one
        elif found is not None and one.old is found.new:
            found = found._replace(new=one.new, new_name=one.new_name)
    return found


def kept(new: type[Plugin], values: Mapping[str, Any], old: type[Plugin]) -> dict[str, Any]:
    """Return those of `values`, by field, that `new` takes in place of `old`.

    A value that is the default of `old` was not chosen by anybody: it gives way to the new default.
    """
    chosen = {
        name: value for name, value in values.items() if name in new.model_fields and not _is_default(old, name, value)
    }
    wrong = _wrong(new, chosen)
    chosen = {name: value for name, value in chosen.items() if name not in wrong}
    return {} if _wrong(new, chosen) else chosen


def _is_default(cls: type[Plugin], name: str, value: Any) -> bool:
    """Whether `value`, which may be the text of a control, is the default of a field."""
    try:
        return bool(getattr(cls(**{name: value}), name) == getattr(cls(), name))
    except Exception:  # foreign code judges the value; one that it does not take is no default
        return False


def _wrong(cls: type[Plugin], values: Mapping[str, Any]) -> set[Any]:
    """Return the names of the fields whose values `cls` rejects; all of them where it does not say which."""
    try:
        cls(**values)
    except ValidationError as error:
        named = {found["loc"][0] for found in error.errors() if found["loc"]}
        return named or set(values)
    except Exception:  # a validator is foreign code
        return set(values)
    return set()


def renewed(experiment: Experiment, replacements: Iterable[Replacement]) -> Experiment:
    """Return `experiment` with new classes in place of those that were replaced, itself where it has none of them.

    In place of a plugin that is gone stands the default of its field; where the whole is then no experiment, the
    whole is the default one.
    """
    changed = {one.old: one.new for one in replacements if one.new is not one.old}
    parts = {name: getattr(experiment, name) for name in type(experiment).model_fields}
    new = {name: _renewed_part(name, part, changed) for name, part in parts.items()}
    given = {name for name in parts if name in experiment.model_fields_set or new[name] is not parts[name]}
    if all(new[name] is part for name, part in parts.items()):
        return experiment
    try:
        return Experiment(**{name: new[name] for name in given})
    except ExperimentError:
        return Experiment(seed=experiment.seed)


def _renewed_part(field: str, part: Any, changed: Mapping[type[Plugin], type[Plugin] | None]) -> Any:
    if isinstance(part, tuple):
        parts = tuple(_renewed_part(field, one, changed) for one in part)
        return part if all(a is b for a, b in zip(part, parts, strict=True)) else parts
    while isinstance(part, Plugin) and type(part) in changed:  # its successor may have been replaced, too
        new = changed[type(part)]
        if new is None:
            return Experiment.model_fields[field].default
        part = new(**kept(new, part.model_dump(), type(part)))
    return part
