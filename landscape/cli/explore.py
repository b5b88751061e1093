"""How is the dashboard opened from a terminal?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.cli.options import Config, Debug, Overrides, Plugins, Preset, experiment_from, load_plugins, open_run
from landscape.errors import ExperimentError


def explore(
    run: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="The folder of a run to replay.", show_default=False)
    ] = None,
    preset: Preset = None,
    config: Config = None,
    overrides: Overrides = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="N", help="Where to listen; by default on any free port."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only say the address.")] = False,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Open the dashboard: train live and watch the path roll down the cost.

    With RUN it replays that run. Without, a recorded one plays until you
    press Run. All of it stays on this machine; Ctrl-C ends it.

    For instance:

      landscape explore
      landscape explore runs/mnist.zarr
      landscape explore --preset spirals --plugin my_cost.py
    """
    described = preset is not None or config is not None or bool(overrides)
    if run is not None and described:
        raise ExperimentError("a run has its experiment already: leave out either RUN or what describes one")
    load_plugins(plugin)
    experiment = experiment_from(preset, config, overrides) if described else None
    opened = None if run is None else open_run(run, None)
    from landscape.dashboard import explore as serve

    try:
        serve(opened, experiment=experiment, port=port, open_browser=not no_browser)
    except KeyboardInterrupt:
        return  # the way to end it
