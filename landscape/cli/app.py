"""Which commands are there, and with which status does the program end?"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from landscape import __version__
from landscape._guard import reason
from landscape.cli.check import check
from landscape.cli.describe import Describe, describe
from landscape.cli.explore import explore
from landscape.cli.new import new
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
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # pydantic's, which means nothing to users
            raise
        except (LandscapeError, KeyboardInterrupt) as error:
            if ctx.meta.get("landscape.debug"):
                raise
            raise typer.Exit(_report(error)) from error
        except Exception as error:  # a plugin may raise anything, and its author is told where
            if ctx.meta.get("landscape.debug"):
                raise
            said = _blame(error)
            if said:
                _say(said, error)
                raise typer.Exit(EXIT_FAILED) from error
            if isinstance(error, OSError):
                raise typer.Exit(_report(error)) from error
            raise


def _blame(error: Exception) -> str:
    """Return which plugin raised `error`, in which line, or ``""`` where it is nobody's but the machine's or ours."""
    from landscape.training.blame import place

    where = place(error)
    if not where and isinstance(error, MemoryError):
        return f"error: there is not enough memory: {reason(error)}"
    return f"error: {where}{reason(error)} (--debug shows the whole traceback)" if where else ""


def _say(text: str, error: BaseException) -> None:
    """Say what went wrong, and what was noted beside it."""
    output = Output(sys.stderr)
    output.line(text, style="red")
    for note in getattr(error, "__notes__", ()):
        output.line(note)


def _report(error: BaseException) -> int:
    """Say what went wrong and return the exit status."""
    if isinstance(error, BrokenPipeError):
        _discard_output()  # whoever read it has seen enough, as `head` does
        return EXIT_FAILED
    if isinstance(error, KeyboardInterrupt):
        Output(sys.stderr).line("interrupted")
        return EXIT_INTERRUPTED
    _say(f"error: {error}", error)
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
    (describe, _EXTEND),
    (check, _EXTEND),
    (new, _EXTEND),
    (schema, _EXTEND),
)
# The commands that read their words in a way of their own.
_READ_BY: dict[Callable[..., None], type[TyperCommand]] = {describe: Describe}
for _command, _panel in _COMMANDS:
    app.command(rich_help_panel=_panel, cls=_READ_BY.get(_command))(_command)


def _pass_over_malformed_entry_points() -> None:
    """Let a distribution whose list of entry points cannot be read count as having none, in this process.

    Pydantic, Zarr and Dash look through all lists when they are imported, and none of them could be, for one that
    is malformed. `landscape plugins` says which it is.
    """
    for name in (
        "importlib.metadata",
        "importlib_metadata",
    ):  # Dash uses the second, which is the first for all Pythons
        if find_spec(name) is not None:
            module: Any = import_module(name)
            module.Distribution.entry_points = property(
                _tolerant(module.Distribution.entry_points.fget, module.EntryPoints)
            )


def _tolerant(read: Callable[[Any], Any], nothing: Callable[[], Any]) -> Callable[[Any], Any]:
    """Return `read`, but for what it raises: then it returns `nothing`."""

    def entry_points(distribution: Any) -> Any:
        try:
            return read(distribution)
        except Exception:  # what is malformed raises anything
            return nothing()

    return entry_points


def main() -> None:
    """Run the command that the process was started with, and end the process."""
    _pass_over_malformed_entry_points()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where a terminal cannot show "×", a "?" must do
    app()
