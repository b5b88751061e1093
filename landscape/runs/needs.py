"""Which plugins does a stored experiment need, and which of them are not here as they were?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name
from pydantic import ValidationError

from landscape.errors import LandscapeError, PluginError, RunError
from landscape.experiment import Experiment
from landscape.kinds import KINDS, KindName, Plugin
from landscape.parts import build, explained
from landscape.registry import BUILTIN, Provided, registry

# The fields of an experiment that are not called as the kind of what they hold.
_KINDS: dict[str, KindName] = {"output": "activation", "observers": "observer"}
OF_TRAINING = ("optimizer", "learning_rate_decay", "schedule", "clip_value", "clip_norm", "observers")
"""The fields that the cost, as a function of θ, does not depend on."""
_OF_THE_COST = ("activation", "output", "cost")
_UNREGISTERED = " (in no registered plugin)"


def parts_of(experiment: Experiment) -> dict[str, tuple[Plugin, ...]]:
    """Return the plugins that play a role in the experiment, by the field that names them."""
    found: dict[str, tuple[Plugin, ...]] = {}
    for name in experiment.to_dict():  # which leaves out what plays none
        value = getattr(experiment, name)
        plugins = value if isinstance(value, tuple) else (value,)
        if plugins and all(isinstance(part, Plugin) for part in plugins):
            found[name] = plugins
    return found


def provider_of(part: Plugin) -> str:
    """Return who provides a part, ``"distribution:name version"``, or that nobody does."""
    provided = registry().provider_of(part)
    return f"{type(part).__qualname__}{_UNREGISTERED}" if provided is None else provided.provider


class Need(NamedTuple):
    """A part of a stored experiment: where it stands, what it says, and who provided it then."""

    field: str
    kind: KindName
    table: dict[str, Any]
    distribution: str
    version: str

    @property
    def name(self) -> str:
        """The plugin's name within its kind."""
        return str(self.table.get("name")).rpartition(":")[2]

    @property
    def what(self) -> str:
        """What is needed, to be said in a message."""
        return f"{self.kind} {self.name!r}"

    def found(self) -> Provided | None:
        """Return the plugin that is meant here: the provider's of then or, where it is not here, the name's."""
        for name in (f"{self.distribution}:{self.name}", str(self.table.get("name"))):
            try:
                return registry().find(self.kind, name)
            except PluginError:
                continue
        return None

    def resolved(self) -> dict[str, Any]:
        """Return the table that says this part here, where names may mean something else than then."""
        found = self.found()
        return self.table if found is None else {**self.table, "name": found.key}

    def problem(self) -> str:
        """Return why this part cannot be built here and what to do, or ``""``."""
        if self.found() is None:
            return self._missing()
        try:
            build(self.kind, self.resolved())
        except ValidationError as error:
            return self._refused(explained(error).replace("\n", "; "))
        except Exception as error:  # validators are foreign code
            return self._refused(f"{type(error).__name__}: {error}")
        return ""

    def change(self) -> str:
        """Return which other version, or whose plugin, stands in for what the run was made with, or ``""``."""
        found = self.found()
        if found is None or not self.distribution or self.distribution == found.distribution == BUILTIN:
            return ""
        then = f"{self.distribution} {self.version}".strip()
        now = f"{found.distribution} {found.version}".strip()
        return "" if then == now else f"{self.what} is of {now} here; the run was made with that of {then}"

    def _missing(self) -> str:
        if not self.distribution:
            return f"{self.what} was a class that no plugin provided: {_load_file('a file that registers it')}"
        if self.distribution.endswith(".py"):
            return f"{self.what} was in the plugin file {self.distribution}: {_load_file(self.distribution)}"
        there = _installed_version(self.distribution)
        failed = _why_failed(self.distribution)
        was = f"{self.what} of {self.distribution} {self.version}".strip()
        if failed:
            return f"{was} cannot be loaded: {failed}"
        if there and there != self.version:
            return f"{was} is not in {there}, which is installed: {self._install()}"
        if there:
            return f"{was} is installed, but not loaded: see `landscape plugins` and LANDSCAPE_PLUGINS"
        return f"{was} is not installed: {self._install()}"

    def _refused(self, why: str) -> str:
        found = self.found()
        now = "" if found is None else f" of {found.distribution} {found.version}".rstrip()
        remedy = self._install() if self.version else f"load {self.distribution or 'the class'} as it was then"
        return f"{self.what}{now} does not take what the run says ({why}): {remedy}"

    def _install(self) -> str:
        return f"pip install {self.distribution}=={self.version}"


def _load_file(file: str) -> str:
    return f"load {file}, with --plugin or landscape.load_plugin"


def _installed_version(distribution: str) -> str:
    """Return the version of a distribution that is installed, or ``""``."""
    try:
        return metadata.version(distribution)
    except Exception:  # there is none, or its metadata are damaged, which raises anything
        return ""


def _why_failed(distribution: str) -> str:
    """Return why a distribution's plugin failed to load, or ``""``."""
    wanted = canonicalize_name(distribution)
    return next((f.reason for f in registry().failures if canonicalize_name(f.distribution) == wanted), "")


def needs(described: Mapping[str, Any], plugins: Mapping[str, str]) -> Iterator[Need]:
    """Yield the parts of an experiment in plain values.

    Parameters
    ----------
    described : the experiment, as `Experiment.to_dict` says it.
    plugins : who provided its parts, as the provenance says it.
    """
    for field, value in described.items():
        kind = _KINDS.get(field, field)
        if kind not in KINDS:
            continue
        tables = [{"name": part} if isinstance(part, str) else part for part in _listed(value)]
        recorded = _listed(plugins.get(field, ""), len(tables))
        for table, provider in zip(tables, recorded, strict=True):
            if isinstance(table, dict):
                yield Need(field, kind, table, *_read(provider))


def needs_of_surfaces(recipes: Iterable[Mapping[str, Any]]) -> Iterator[Need]:
    """Yield the projections that laid the planes of surfaces, as their recipes say."""
    for recipe in recipes:
        table = recipe.get("projection")
        if isinstance(table, dict):
            yield Need("projection", "projection", table, *_read(str(recipe.get("provider", ""))))


def suspects(found: Iterable[Need]) -> str:
    """Return what of the parts that the cost depends on is not, or may not be, what it was then, or ``""``."""
    of_cost = [need for need in found if need.field not in OF_TRAINING]
    files = dict.fromkeys(need.distribution for need in of_cost if need.distribution.endswith(".py"))
    changed = dict.fromkeys(filter(None, (need.change() for need in of_cost)))
    return "; ".join([*changed, *(f"{file} may have changed since" for file in files)])


def _listed(value: Any, count: int = 1) -> list[Any]:
    """Return one or several parts, or the `count` providers in a text, as a list."""
    if isinstance(value, str) and count != 1:
        value = [*value.split(", "), *[""] * count][:count]
    return list(value) if isinstance(value, list | tuple) else [value]


def _read(provider: str) -> tuple[str, str]:
    """Return distribution and version of ``"distribution:name version"``, ``""`` where there is none."""
    if provider.endswith(_UNREGISTERED):
        return "", ""
    distribution, _, rest = provider.rpartition(":")
    return distribution, rest.partition(" ")[2]


def built(described: Mapping[str, Any], plugins: Mapping[str, str]) -> Experiment:
    """Return the experiment that plain values say, with the plugins of those who provided them then.

    Raises
    ------
    PluginError
        When a plugin is not here, or does not take its fields; it says what to install.
    RunError
        When something else is wrong with the values.
    """
    found = list(needs(described, plugins))
    values = dict(described)
    for need in found:
        several = isinstance(described[need.field], list | tuple)
        values[need.field] = [n.resolved() for n in found if n.field == need.field] if several else need.resolved()
    try:
        return Experiment(**values)
    except (LandscapeError, TypeError) as error:
        problems = dict.fromkeys(filter(None, (need.problem() for need in found)))
        if problems:
            raise PluginError("; ".join(problems)) from error
        raise RunError(f"the experiment of this run cannot be built here: {error}") from error


def nearest(described: Mapping[str, Any], plugins: Mapping[str, str]) -> Experiment:
    """Return the experiment that plain values say, with the defaults in place of plugins that cannot be had here.

    Where these do not go together with the rest, it is the experiment without settings but its seed.
    """
    lacking = {need.field for need in needs(described, plugins) if need.problem()}
    try:
        return built({name: value for name, value in described.items() if name not in lacking}, plugins)
    except LandscapeError:
        return Experiment(seed=described.get("seed", 0))


def outline(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return an experiment of the same data and layout of θ that needs no plugin but the data set's."""
    left_out = (*OF_TRAINING, *_OF_THE_COST)
    kept = {name: value for name, value in described.items() if name not in left_out}
    return kept if "function" in kept else {**kept, "activation": "identity", "output": "identity"}
