"""What is the plugin that is chosen, who provides it, and how is it written?"""

from __future__ import annotations

import inspect
import textwrap
from typing import Any
from weakref import WeakKeyDictionary

from dash import html

from landscape.dashboard.code import coloured
from landscape.dashboard.controls import SLOTS
from landscape.dashboard.parts import aria
from landscape.kinds import KINDS, Plugin
from landscape.registry import BUILTIN, Provided, registry

_code: WeakKeyDictionary[type[Plugin], str] = WeakKeyDictionary()


def keep_code() -> None:
    """Keep the source code of all plugins that are not built in, as it is now: the files may change later."""
    for kind in KINDS:
        for provided in registry().provided(kind):
            if provided.distribution != BUILTIN:
                code_of(provided.cls)


def code_of(cls: type[Plugin]) -> str:
    """Return the source code of a plugin class as it was when first asked for, or ``""`` where there is none."""
    if cls not in _code:
        try:
            _code[cls] = textwrap.dedent(inspect.getsource(cls)).rstrip()
        except Exception:  # it was made by a program, or its file is gone or half written: inspect says anything then
            _code[cls] = ""
    return _code[cls]


def summary_of(cls: type[Plugin]) -> str:
    """Return the first paragraph of the docstring, on one line."""
    text = inspect.cleandoc(cls.__doc__ or "")
    return " ".join(text.partition("\n\n")[0].split())


def provider_of(provided: Provided) -> str:
    """Return who provides it, as a reader takes it in."""
    if provided.distribution == BUILTIN:
        return f"built in, {BUILTIN} {provided.version}"
    return f"{provided.distribution} {provided.version}".strip()


def _words(slot: str, name: str, provided: Provided) -> str:
    """Return the options that choose it on a command line."""
    choice = f"--projection {name}" if slot == "projection" else f"--set {slot}={name}"
    file = f" --plugin {provided.distribution}" if provided.distribution.endswith(".py") else ""
    return choice + file


def about(slot: str, name: str) -> list[Any]:
    """Return what is to be told of the plugin that is asked for as `name` in a `slot`.

    Raises PluginError when there is none.
    """
    provided = registry().find(SLOTS[slot], name)
    rows: list[tuple[str, Any]] = [
        ("Source", provided.cls.source),
        ("Provided by", provider_of(provided)),
        ("In a terminal", html.Code(_words(slot, name, provided))),
    ]
    said: list[Any] = [part for term, text in rows if text for part in (html.Dt(term), html.Dd(text))]
    code = code_of(provided.cls)
    shown: Any = html.P("Its source code is not at hand.", className="no-code")
    if code:
        block = html.Code(coloured(code))
        shown = html.Pre(block, className="code", tabIndex="0", role="region", **aria(label="Source code"))
    return [html.P(summary_of(provided.cls), className="summary"), html.Dl(said, className="about-list"), shown]
