"""How does an author begin? With a distribution that is written for a new plugin."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from landscape.cli.options import Debug, Plugins, load_plugins
from landscape.cli.output import Output


def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What it shall be: cost, activation, optimizer …")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What experiments shall call it, such as log_cauchy.")],
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where to put the new folder landscape-NAME.", show_default=False)
    ] = Path(),
    author: Annotated[
        str, typer.Option(metavar="AUTHOR", help="Whom to name, as 'Ada Lovelace <ada@example.org>'.")
    ] = "",
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Write a new plugin that works: a distribution to install, with tests.

    KIND is cost, activation, optimizer, schedule, dataset, projection or
    observer. The new folder landscape-NAME holds a module to make one's own,
    tests with every check of its kind, pyproject.toml and README.md. Nothing
    that is there is overwritten.

    For instance:

      landscape new cost log_cauchy
      landscape new optimizer careful --author 'Ada Lovelace <ada@example.org>'
    """
    from landscape.describe import use
    from landscape.scaffold import create, module_name

    if plugin:  # a new plugin needs no other: what is installed need not be loaded
        load_plugins(plugin)
    made = create(kind, name, folder=folder, author=author)
    output = Output()
    output.line(f"wrote the {kind} {name} in {made / module_name(name)}.py, its tests, README.md and pyproject.toml")
    output.line("\ntry next:")
    installed = made if made.is_absolute() else f"./{made}"
    install, run_tests = ["pip", "install", "-e", f"{installed}[test]"], ["pytest", str(made)]
    for words in (install, run_tests, ["landscape", *use(kind, name)]):
        output.line(f"  {shlex.join(words)}")
