"""What is a plugin, said and drawn in a terminal?"""

from __future__ import annotations

import re
import shlex
import tempfile
import webbrowser
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from landscape._json import strict
from landscape.cli.options import Debug, Plugins, fields, load_plugins
from landscape.cli.output import Output
from landscape.errors import ExperimentError, PluginError

if TYPE_CHECKING:
    from landscape.describe import Description
    from landscape.kinds import Plugin
    from landscape.registry import Provided


# What may come after --plot as a file, other than the name of a plugin.
_FILE = re.compile(r"[^-].*\.\w+")


class Describe(TyperCommand):
    """A command whose option ``--plot`` may be given with a file or without."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        return super().parse_args(ctx, list(_with_files(args)))


def _with_files(words: Sequence[str]) -> Iterator[str]:
    """Yield `words` with ``--plot=FILE`` for ``--plot`` and a file after it, ``--plot=`` where no file comes after."""
    files = {k for k in range(1, len(words)) if words[k - 1] == "--plot" and _FILE.fullmatch(words[k])}
    for k, word in enumerate(words):
        if word == "--plot":
            yield f"--plot={words[k + 1] if k + 1 in files else ''}"
        elif k not in files:
            yield word


def describe(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[KIND] NAME | FILE.py",
            help="Which plugin, as cost huber; its kind only where several have the name. Or a file with one.",
        ),
    ],
    plot: Annotated[
        str | None,
        typer.Option(
            metavar="[FILE]", help="Draw it, in a page that opens or in FILE: .html, .png or .svg.", show_default=False
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Draw it with another value of a field, as delta=0.5."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say everything as JSON.")] = False,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Say what a plugin is: its words, its fields, who provides it.

    With --plot an activation is drawn with its derivative, a cost with its
    gradient as a function of one output, a schedule over training.

    For instance:

      landscape describe huber
      landscape describe activation gelu --plot
      landscape describe cost huber --plot huber.png --set delta=0.5
      landscape describe ./focal.py --plot
      landscape describe focal --plugin focal.py --json
    """
    from landscape.describe import describe as description_of
    from landscape.describe import find

    if len(what) > 2:
        raise ExperimentError(f"{' '.join(what)!r} are {len(what)} words: say KIND NAME, or NAME alone")
    plugin = [*(plugin or ()), *(Path(word) for word in what[-1:] if word.endswith(".py"))]
    load_plugins(plugin)
    found = find(_named(what[-1]), what[0] if what[1:] else None)
    chosen = _built(found, fields(overrides))
    output = Output()
    if as_json:
        output.line(strict(description_of(found).to_dict()))
    elif plot is None:
        _say(description_of(found), chosen.model_dump(mode="json"), plugin or (), output)
    if plot is not None:
        _draw(chosen, plot, output)


def _named(word: str) -> str:
    """Return the name that `word` says, of the only plugin of a file where it is one; PluginError when it has more."""
    from landscape.describe import one
    from landscape.kinds import KINDS
    from landscape.registry import registry

    if not word.endswith(".py"):
        return word
    provided = [p for kind in KINDS for p in registry().provided(kind) if p.distribution == Path(word).name]
    if len(provided) != 1:
        having = " and ".join(f"{one(p.cls.kind)} {p.name!r}" for p in provided) or "nothing"
        raise PluginError(f"{word} provides {having}: say which, as in KIND NAME --plugin {word}")
    return provided[0].key


def _built(provided: Provided, values: dict[str, Any]) -> Plugin:
    """Return the plugin with some values of fields; ExperimentError when they are not valid."""
    from pydantic import ValidationError

    from landscape.parts import build, explained

    kind = provided.cls.kind
    try:
        return build(kind, {**values, "name": provided.key})
    except ValidationError as error:
        raise ExperimentError(explained(error, kind)) from error


def _say(said: Description, values: dict[str, Any], files: Iterable[Path], output: Output) -> None:
    """Say what a plugin is; `values` are those of its fields in the command that uses it, which needs `files`."""
    from landscape.describe import use, value_text

    output.line(f"{said.kind} {said.name}", style="bold cyan")
    output.line(f"\n{said.doc or 'It has no docstring.'}\n")
    tellable = [field.name for field in said.fields if values[field.name] not in (None, "")]
    example = {name: value_text(values[name]) for name in tellable[:1]}
    needed = [word for file in files for word in ("--plugin", str(file))]
    facts = [
        ("source", said.source or "–"),
        ("provided by", f"{said.distribution} {said.version}".strip()),
        ("defined in", said.defined_in),
        ("use", shlex.join(["landscape", *use(said.kind, said.name, example), *needed])),
    ]
    output.facts(facts)
    output.line()
    if not said.fields:
        output.line("It has no fields.")
        return
    rows = [(f.name, f.type, value_text(f.default), f.bounds, f.description) for f in said.fields]
    output.table(("field", "type", "default", "bounds", "what it is"), rows)


def _draw(plugin: Plugin, file: str, output: Output) -> None:
    """Draw a plugin in `file` or, where it is ``""``, in a page of its own that opens."""
    from landscape.describe import figure
    from landscape.figures import save

    drawn = figure(plugin)
    path = Path(file) if file else Path(tempfile.mkdtemp(prefix="landscape-"), f"{plugin.kind}-{plugin.name}.html")
    save(drawn, path)
    output.line(f"drawn in {path}")
    if not file:
        webbrowser.open(path.as_uri())
