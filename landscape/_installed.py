"""Which installed distributions have plugins, and which of these may be loaded here?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from landscape._guard import one_line
from landscape.errors import suggest
from landscape.hookspecs import PROJECT

BUILTIN = "landscape-explorer"
ONLY = "LANDSCAPE_PLUGINS"
_FILE = "entry_points.txt"


@dataclass(frozen=True)
class Point:
    """One entry point of an installed distribution, and why it cannot be loaded, where that is known without trying."""

    name: str
    distribution: str
    version: str
    entry_point: metadata.EntryPoint | None = None
    problem: str = ""


def points(own_version: str) -> list[Point]:
    """Return the entry points that may be loaded, or that have a problem, in an order that installing does not change.

    Parameters
    ----------
    own_version : of this package, which the distributions may require.
    """
    found = sorted(_found(own_version), key=lambda point: (point.distribution, point.version, point.name))
    wanted = _wanted()
    if wanted is None:
        return found
    there = {canonicalize_name(point.distribution) for point in found} | {BUILTIN}
    missing = [
        Point(
            name,
            name,
            "",
            problem=f"{ONLY} names it, but no distribution of that name with plugins is installed."
            f"{_near(canonicalize_name(name), there)} Install it, or take it out of {ONLY}",
        )
        for name in wanted
        if canonicalize_name(name) not in there
    ]
    names = set(map(canonicalize_name, wanted))
    return [point for point in found if canonicalize_name(point.distribution) in names] + missing


def _wanted() -> list[str] | None:
    """Return the distributions that the environment restricts to, or None where it does not."""
    text = os.environ.get(ONLY)
    return None if text is None else list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _near(name: str, there: set[str]) -> str:
    """Return which distribution was meant: one of a similar name, or the one that is called after the plugin `name`."""
    usual = f"landscape-{name}"
    return f" Did you mean {usual!r}?" if usual in there else suggest(name, there)


def restriction() -> str:
    """Return what the environment restricts plugins to, as a sentence, or ``""``."""
    wanted = _wanted()
    return "" if wanted is None else f" {ONLY} restricts plugins to {', '.join(wanted) or 'the built-in ones'}."


def _found(own_version: str) -> Iterator[Point]:
    """Yield every entry point of ours; the first distribution of a name hides others, as for the import system."""
    seen: set[str] = set()
    for distribution in metadata.distributions():
        name, version, problem = _identity(distribution)
        if name and canonicalize_name(name) in seen:
            continue
        seen.add(canonicalize_name(name))
        for point in _points_of(distribution):
            unmet = point.problem or problem or _unmet(distribution, own_version)
            yield replace(point, distribution=name or "unknown", version=version, problem=unmet)


def _identity(distribution: metadata.Distribution) -> tuple[str, str, str]:
    """Return name and version, as far as they can be read, and what is wrong with the metadata, or ``""``."""
    problem = "its metadata say no name and version: install it again"
    try:
        known = distribution.metadata
        name, version = (str(known[key]) if key in known else "" for key in ("Name", "Version"))
    except Exception:  # damaged metadata raise anything, and not the same for every finder of distributions
        return "", "", problem
    return one_line(name), one_line(version), "" if name and version else problem


def _points_of(distribution: metadata.Distribution) -> list[Point]:
    """Return the entry points of our group, without saying yet whose they are."""
    try:
        text = distribution.read_text(_FILE) or ""
        if f"[{PROJECT}]" not in text:
            return []
        ours = [entry for entry in distribution.entry_points if entry.group == PROJECT]
    except Exception as error:  # a malformed file raises anything
        return [Point(_FILE, "", "", problem=f"its {_FILE} cannot be read ({one_line(error)}): install it again")]
    if not ours:
        return [Point(_FILE, "", "", problem=f"its {_FILE} lists nothing readable under [{PROJECT}]: install it again")]
    return [Point(one_line(entry.name), "", "", entry, _why_not_a_module(entry)) for entry in ours]


def _why_not_a_module(entry: metadata.EntryPoint) -> str:
    """Return why an entry point does not name a module, or ``""``."""
    named = metadata.EntryPoint.pattern.fullmatch(entry.value)
    if named is not None and named["attr"] is None:
        return ""
    module = f"{entry.name} = {named['module']!r}" if named is not None else f"{entry.name} = 'a_module'"
    return f"its entry point says {one_line(entry.value)!r}, which is no module: write {module}"


def _unmet(distribution: metadata.Distribution, own_version: str) -> str:
    """Return which requirement on this package is not met, or ``""``."""
    try:
        required = list(distribution.requires or ())
    except Exception as error:  # damaged metadata raise anything
        return f"its requirements cannot be read ({one_line(error)}): install it again"
    return next(filter(None, (_why_unmet(text, own_version, one_line(distribution.name)) for text in required)), "")


def _why_unmet(text: str, own_version: str, name: str) -> str:
    """Return why one requirement of the distribution `name`, if it is on this package, is not met, or ``""``."""
    try:
        requirement = Requirement(text)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName) as error:
        ours = canonicalize_name(text).startswith(BUILTIN)  # another package's is no concern of ours
        return (
            f"its requirement {one_line(text)!r} cannot be read ({one_line(error)}): install it again" if ours else ""
        )
    if not applies or canonicalize_name(requirement.name) != BUILTIN:
        return ""
    if requirement.specifier.contains(own_version, prereleases=True):
        return ""
    return (
        f"it requires {BUILTIN} {requirement.specifier}, but {own_version} is installed: install a version of either "
        f"that fits, as with pip install '{BUILTIN}{requirement.specifier}' or another version of {name}"
    )
