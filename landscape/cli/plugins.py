"""Which plugins are there, and what may an experiment say?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landscape._json import sayable, strict, without_unsayable
from landscape.cli.options import Debug, Plugins, load_plugins
from landscape.cli.output import Output
from landscape.errors import PluginError

if TYPE_CHECKING:
    from landscape.registry import Failure, Provided


def plugins(
    as_json: Annotated[
        bool, typer.Option("--json", help="Say it as JSON, with every plugin's fields, defaults and bounds.")
    ] = False,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """List every plugin: kind, name, who provides it, and whether it works.

    A plugin comes with the package, from an installed distribution, or from
    a file. A broken one is listed with the reason, and hinders nothing else.

    For instance:

      landscape plugins
      landscape plugins --plugin my_cost.py
      landscape plugins --json
    """
    broken = list(_not_loaded(plugin or ()))
    entries = [*_entries(), *map(_failed, broken)]
    output = Output()
    if as_json:
        output.line(strict(sayable(entries)))
    else:
        output.table(("kind", "name", "provided by", "version", "status"), map(_row, entries))
    if broken:  # which were asked for, unlike those that happen to be installed
        raise PluginError("; ".join(failure.reason for failure in broken))


def _not_loaded(files: Iterable[Path]) -> Iterator[Failure]:
    """Load plugin files, and yield those that cannot be, with the reason."""
    from landscape.registry import Failure

    load_plugins((), tell=False)
    for file in files:
        try:
            load_plugins([file], tell=False)
        except PluginError as error:
            yield Failure(file.stem, file.name, "", str(error))


def _entries() -> Iterator[dict[str, Any]]:
    """Yield what there is to say of each plugin, then of each that failed to load."""
    from landscape.kinds import KINDS
    from landscape.registry import registry

    found = registry()
    for kind in KINDS:
        for name, provided in zip(found.names(kind), found.provided(kind), strict=True):
            yield _entry(kind, name, provided)
    yield from map(_failed, found.failures)


def _entry(kind: str, name: str, provided: Provided) -> dict[str, Any]:
    """Return what there is to say of a plugin; what is worked out anew is checked anew."""
    from landscape.describe import describe
    from landscape.registry import Failure

    try:
        said = describe(provided).to_dict()
    except Exception as error:  # a foreign class says its own schema, and may fail at it the second time
        why = f"it cannot be described: {type(error).__name__}"
        return _failed(Failure(name, provided.distribution, provided.version, why)) | {"kind": kind}
    return {
        "kind": kind,
        "name": name,
        "key": provided.key,
        "distribution": provided.distribution,
        "version": provided.version,
        "status": "ok",
        "reason": "",
        "source": said["source"],
        "doc": said["doc"].partition("\n")[0],
        "fields": said["fields"],
    }


def _failed(failure: Failure) -> dict[str, Any]:
    """Return the same of one that failed to load, whose name is the entry point's."""
    return {
        "kind": None,
        "name": failure.entry_point,
        "key": None,
        "distribution": failure.distribution,
        "version": failure.version,
        "status": "failed",
        "reason": failure.reason,
        "source": "",
        "doc": "",
        "fields": [],
    }


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    status = "✓" if entry["status"] == "ok" else f"✗ {entry['reason']}"
    return (entry["kind"] or "–", entry["name"], entry["distribution"], entry["version"], status)


def schema(plugin: Plugins = None, debug: Debug = False) -> None:
    """Print the JSON schema of an experiment, with the fields of all plugins.

    Editors use it to complete and check experiment files.

    For instance:

      landscape schema > experiment.schema.json
    """
    from landscape.experiment import Experiment

    load_plugins(plugin)
    typer.echo(strict(without_unsayable(Experiment.model_json_schema())))
