"""Which plugins are there, and what may an experiment say?"""

from __future__ import annotations

import json

import typer

from landscape.cli.options import Debug, Plugins, load_plugins
from landscape.cli.output import Output


def plugins(plugin: Plugins = None, debug: Debug = False) -> None:
    """List every plugin: kind, name, who provides it, and whether it works.

    A plugin comes with the package, from an installed distribution, or from
    a file. A broken one is listed with the reason, and hinders nothing else.

    For instance:

      landscape plugins
      landscape plugins --plugin my_cost.py
    """
    from landscape.kinds import KINDS
    from landscape.registry import registry

    load_plugins(plugin)
    found = registry()
    rows: list[tuple[str, ...]] = []
    for kind in KINDS:
        for name, provided in zip(found.names(kind), found.provided(kind), strict=True):
            rows.append((kind, name, provided.distribution, provided.version, "✓"))
    for failure in found.failures:
        rows.append(("–", failure.entry_point, failure.distribution, failure.version, f"✗ {failure.reason}"))
    Output().table(("kind", "name", "provided by", "version", "status"), rows)


def schema(plugin: Plugins = None, debug: Debug = False) -> None:
    """Print the JSON schema of an experiment, with the fields of all plugins.

    Editors use it to complete and check experiment files.

    For instance:

      landscape schema > experiment.schema.json
    """
    from landscape.experiment import Experiment

    load_plugins(plugin)
    typer.echo(json.dumps(Experiment.model_json_schema(), indent=2, ensure_ascii=False))
