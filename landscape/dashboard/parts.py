"""Which small pieces does every part of the page use?"""

from __future__ import annotations

from typing import Any

from dash import html


def aria(**said: str) -> dict[str, Any]:
    """Return attributes for assistive technology, such as ``aria-label``."""
    return {f"aria-{name}": text for name, text in said.items()}


def glyph(name: str) -> html.Span:
    """Return the icon that the style sheet draws under `name`."""
    return html.Span(className=f"glyph {name}", **aria(hidden="true"))


def button(name: str, text: str, shape: str, *, kind: str = "", title: str = "", hidden: bool = False) -> html.Button:
    """Return a button with an icon and a word; `hidden` leaves the word to assistive technology."""
    word = html.Span(text, id=f"{name}-text", className="visually-hidden" if hidden else "word")
    said: dict[str, Any] = {"title": title} if title else {}
    return html.Button([glyph(shape), word], id=name, className=f"button {kind}".strip(), type="button", **said)
