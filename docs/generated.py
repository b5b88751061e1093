"""What of the pages is written from the code? Markdown made of the models, the presets and the command line.

A page asks for it by the name of one of `MAKERS`; `pages` says how.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from inspect import cleandoc
from textwrap import dedent
from typing import Any

import contracts
import measured
import typer
from markup import plain, table

from landscape import Experiment
from landscape.cli import app
from landscape.functions import FORMULAS, Function
from landscape.kinds import KINDS, KindName
from landscape.registry import BUILTIN, registry

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}
_WIDTH = 100  # of a usage, in characters, whatever the terminal's
Schema = dict[str, Any]


def types(schema: Schema) -> str:
    """Return what may be written for a value of this JSON schema."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(types(choice) for choice in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {types(schema['items'])}s"
    return {"null": "none", "object": "table"}.get(schema.get("type", ""), schema.get("type", "table"))


def bounds(schema: Schema) -> str:
    """Return the limits of a value, those of a list's items among them."""
    found = [said.format(number(schema[key])) for key, said in _BOUNDS.items() if key in schema]
    if "items" in schema and bounds(schema["items"]):
        found.append(f"each {bounds(schema['items'])}")
    inner = [bounds(choice) for choice in schema.get("anyOf", ())]
    return ", ".join([*found, *filter(None, inner)])


def number(value: float) -> str:
    """Return a limit as people write it."""
    return "2⁶³" if value == 2**63 else f"{value:,}"


def default(value: object) -> str:
    """Return a default as TOML would say it."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    if value == "":
        return '`""`'
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def fields_of(cls: type[Any], known: dict[str, str] | None = None) -> list[str]:
    """Return the table of a model's fields; `known` says the type of some in other words."""
    properties = cls.model_json_schema().get("properties", {})
    rows = []
    for name, info in cls.model_fields.items():
        schema, words = properties[name], (known or {}).get(name)
        limits = "" if words else plain(bounds(schema))
        kind = words or types(schema)
        rows.append((f"`{name}`", kind, default(info.default), limits, plain(info.description or "")))
    return table(("field", "type", "default", "bounds", "what it is"), rows) if rows else ["", "No fields.", ""]


def experiment() -> Iterator[str]:
    """Yield the fields of an experiment."""
    known = {kind: f"[{kind}](#{kind}s)" for kind in ("dataset", "cost", "optimizer", "schedule", "function")}
    known |= {"observers": "[observer](#observers) or list of them"}
    known |= {"output": "[activation](#activations)", "activation": "[activation](#activations) or list of them"}
    yield from fields_of(Experiment, known)


def plugins(kind: KindName) -> Iterator[str]:
    """Yield a section for each built-in plugin of a kind."""
    for cls in (provided.cls for provided in registry().provided(kind) if provided.distribution == BUILTIN):
        yield from ["", f"### `{cls.name}`", "", plain(cleandoc(cls.__doc__ or "")), ""]
        if cls.source:
            yield from [f"Source: {plain(cls.source)}.", ""]
        yield from fields_of(cls)


def functions() -> Iterator[str]:
    """Yield the test functions and the fields of `Function`."""
    rows = [
        (f"`{name}`", plain(formula.text), default(formula.start), plain(formula.source))
        for name, formula in FORMULAS.items()
    ]
    yield from table(("name", "cost", "starts at", "source"), rows)
    yield from fields_of(Function)


def presets() -> Iterator[str]:
    """Yield each experiment that the package ships, as it stands in its file."""
    for file in sorted(resources.files("landscape").joinpath("presets").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            text = file.read_text(encoding="utf-8").rstrip()
            yield from ["", f"## `{file.name.removesuffix('.toml')}`", "", "```toml", text, "```", ""]


def commands() -> Iterator[str]:
    """Yield a section for each command, from what ``landscape COMMAND --help`` is made of."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        context = command.context_class(command, info_name=f"landscape {name}", terminal_width=_WIDTH)
        usage = command.get_usage(context).removeprefix("Usage: ").strip()
        yield from ["", f"## `landscape {name}`", "", "```text", usage, "```", ""]
        for block in re.split(r"\n[ \t]*\n", cleandoc(command.help or "")):
            yield from [paragraph(block), ""]
        records = filter(None, (parameter.get_help_record(context) for parameter in command.params))
        rows = [(f"`{cell(first)}`", plain(cell(second))) for first, second in records]
        yield from table(("argument or option", "what it does"), rows)


def cell(text: str) -> str:
    """Return `text` on one line and without the mark-up of Rich."""
    return " ".join(re.sub(r"\[/?(?:dim|bold|red|green|yellow|cyan)[^\]]*\]", "", text).split())


def paragraph(block: str) -> str:
    """Return a paragraph of a command's help on one line, or as it stands where it is indented."""
    return f"```text\n{dedent(block)}\n```" if block.startswith(" ") else plain(cell(block))


MAKERS: dict[str, Callable[[], Iterator[str]]] = {
    "experiment": experiment,
    "functions": functions,
    "presets": presets,
    "commands": commands,
    **{f"{kind}s": partial(plugins, kind) for kind in KINDS},
    **contracts.MAKERS,
    **measured.MAKERS,
}
