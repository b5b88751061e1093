"""Which commands are there, and with which status does the program end?"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from landscape import __version__
from landscape.cli.explore import explore
from landscape.cli.output import EXIT_INTERRUPTED, Output
from landscape.cli.plugins import plugins, schema
from landscape.cli.show import show
from landscape.cli.surface import surface
from landscape.cli.train import train
from landscape.errors import LandscapeError, PluginError, RunError

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2

# What the user wrote or named cannot be used: every error of ours that is a ValueError, and these.
_BAD_INPUT = (ValueError, PluginError, RunError)


class _Group(TyperGroup):
    """Turns what a command raises into one line on standard error and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that `ctx` names."""
        try:
            return super().invoke(ctx)
        except (LandscapeError, OSError, KeyboardInterrupt) as error:
            if ctx.meta.get("landscape.debug"):
                raise
            raise typer.Exit(_report(error)) from error


def _report(error: BaseException) -> int:
    """Say what went wrong and return the exit status."""
    if isinstance(error, BrokenPipeError):
        _discard_output()  # whoever read it has seen enough, as `head` does
        return EXIT_FAILED
    output = Output(sys.stderr)
    if isinstance(error, KeyboardInterrupt):
        output.line("interrupted")
        return EXIT_INTERRUPTED
    output.line(f"error: {error}", style="red")
    return EXIT_BAD_INPUT if isinstance(error, _BAD_INPUT) else EXIT_FAILED


def _discard_output() -> None:
    """Let the interpreter flush standard output at exit without a reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Group,
    name="landscape",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        Output().line(f"landscape {__version__}")
        raise typer.Exit


@app.callback()
def _landscape(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """See gradient descent: train a network, watch its path roll down the cost.

    To begin:

      landscape explore                    open the dashboard in a browser
      landscape train                      train on handwritten digits
      landscape surface RUN                the cost around the path of that run
      landscape show RUN --figure surface  draw it

    Every command explains itself, as in: landscape train --help
    """


_BEGIN, _LOOK, _EXTEND = "Train and explore", "Look at a run", "Extend"
_COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (explore, _BEGIN),
    (train, _BEGIN),
    (surface, _LOOK),
    (show, _LOOK),
    (plugins, _EXTEND),
    (schema, _EXTEND),
)
for _command, _panel in _COMMANDS:
    app.command(rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the command that the process was started with, and end the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where a terminal cannot show "×", a "?" must do
    app()
