"""Which options do several commands share, and what do they stand for?"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from landscape.cli.output import Output
from landscape.errors import ExperimentError

if TYPE_CHECKING:
    from landscape.experiment import Experiment
    from landscape.runs import Run


def _debug(context: typer.Context, wanted: bool) -> bool:
    if wanted:
        context.meta["landscape.debug"] = True
    return wanted


RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, as `landscape train` wrote it.")]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="Load a plugin file; may be given several times."),
]
Preset = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Start from an experiment that comes along: classic, wide, spirals, ravine."),
]
Config = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", help="Start from the experiment that a TOML file describes.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one setting, as optimizer.learning_rate=0.1; may be given several times.",
    ),
]
Threads = Annotated[int | None, typer.Option(min=1, metavar="N", help="Threads to compute with.", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the result.")]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="On an error, show the whole traceback.", callback=_debug, expose_value=False, is_eager=True
    ),
]


def load_plugins(files: Iterable[Path] | None, *, tell: bool = True) -> None:
    """Load what is installed, then plugin files; PluginError names file, line and reason.

    What plugins print must not stand among a command's results: that of installed ones is dropped, that of files
    goes to standard error, where the user is told once, if `tell`, how many are installed that cannot be loaded.
    """
    from landscape.registry import load_plugin, registry

    with warnings.catch_warnings(), open(os.devnull, "w") as nothing, _output_to(nothing):
        warnings.simplefilter("ignore")  # those of installed plugins: what fails of them is listed with its reason
        found = registry()
    count = len(found.failures)
    if tell and count and not found.told:
        found.told = True
        said = f"{count} plugin{'s' * (count > 1)} failed to load: see `landscape plugins`"
        Output(sys.stderr).line(said, style="yellow")
    with warnings.catch_warnings(record=True) as caught, _output_to(sys.stderr):
        warnings.simplefilter("default")  # those of the user's own files are all shown, below
        for file in files or ():
            load_plugin(file)
    for warning in caught:
        Output(sys.stderr).line(f"warning: {warning.message}", style="yellow")


@contextmanager
def _output_to(stream: TextIO) -> Iterator[None]:
    """Send to `stream` what is written to standard output, also by what knows nothing of Python's."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
        os.dup2(stream.fileno(), 1)
    except OSError:  # one of them is no file, or closed: there is nothing to keep clean
        kept = -1
    try:
        with redirect_stdout(stream):
            yield
    finally:
        if kept >= 0:
            if sys.__stdout__ is not None:
                sys.__stdout__.flush()
            os.dup2(kept, 1)
            os.close(kept)


def experiment_from(preset: str | None, config: Path | None, overrides: Iterable[str] | None) -> Experiment:
    """Return the experiment that the options describe; ExperimentError says what is wrong with it."""
    from landscape.experiment import Experiment

    if preset is not None and config is not None:
        raise ExperimentError("--preset and --config both say where to start from: give one of them")
    start = Experiment.preset(preset or "classic") if config is None else Experiment.from_toml(config)
    return start.with_overrides(overrides or ())


def open_run(folder: Path, plugins: Iterable[Path] | None, *, tell: bool = True) -> Run:
    """Load plugin files, then return the run in `folder`."""
    from landscape.runs import Run

    load_plugins(plugins, tell=tell)
    return Run.open(folder)


def fields(overrides: Iterable[str] | None) -> dict[str, Any]:
    """Return the table that ``field=value`` options describe."""
    from landscape.overrides import apply_overrides

    values: dict[str, Any] = {}
    apply_overrides(values, overrides or ())
    return values
