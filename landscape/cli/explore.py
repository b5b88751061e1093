"""How is the dashboard opened from a terminal?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from landscape.cli.options import Config, Debug, Overrides, Plugins, Preset, experiment_from, load_plugins, open_run
from landscape.errors import ExperimentError, PluginError

if TYPE_CHECKING:
    from landscape.dashboard import PluginFiles


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
    reload: Annotated[
        bool, typer.Option("--reload", help="Load the plugin files again whenever they are saved; the page follows.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Open the dashboard: train live and watch the path roll down the cost.

    With RUN it replays that run. Without, a recorded one plays until you
    press Run. All of it stays on this machine; Ctrl-C ends it.

    For instance:

      landscape explore
      landscape explore runs/mnist.zarr
      landscape explore --preset spirals --plugin my_cost.py --reload
    """
    if reload and not plugin:
        raise PluginError("--reload follows plugin files: name one with --plugin my_cost.py")
    described = preset is not None or config is not None or bool(overrides)
    if run is not None and described:
        raise ExperimentError("a run has its experiment already: leave out either RUN or what describes one")
    load_plugins(() if reload else plugin)
    files = _followed(plugin) if reload and plugin else None
    experiment = experiment_from(preset, config, overrides) if described else None
    if experiment is not None and experiment.observers:
        typer.echo("warning: the page tells no observers of its training: use `landscape train` for them", err=True)
    opened = None if run is None else open_run(run, None)
    for missing in opened.missing() if opened is not None else ():
        typer.echo(f"missing: {missing}", err=True)
    from landscape.dashboard import explore as serve

    try:
        serve(opened, experiment=experiment, port=port, open_browser=not no_browser, plugins=files)
    except KeyboardInterrupt:
        return  # the way to end it


def _followed(paths: list[Path]) -> PluginFiles:
    """Load the plugin files; what is wrong with one is said here too, and mended while the page is open."""
    from landscape.dashboard import PluginFiles

    files = PluginFiles(paths)
    for problem in filter(None, (file.problem for file in files.files)):
        typer.echo(problem, err=True)
    return files
