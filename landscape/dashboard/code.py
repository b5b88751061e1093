"""How does Python look on the page? As pieces of text, of which words, strings, numbers and comments are coloured."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from typing import Any

from dash import html

_LOOKS = {tokenize.STRING: "string", tokenize.COMMENT: "comment", tokenize.NUMBER: "number"}
# Python 3.12 cuts strings with fields in them into pieces
_STRING_PIECES = ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")


def coloured(code: str) -> list[Any]:
    """Return `code` as text and spans, which together say exactly it; plain where it is not Python.

    >>> coloured("x = 1")
    ['x = ', Span(children='1', className='number')]
    """
    lines = code.splitlines(keepends=True)
    pieces: list[Any] = []
    row, column = 1, 0
    try:
        for (first, start), (last, end), look in _marks(code):
            pieces += [_between(lines, (row, column), (first, start))]
            pieces += [html.Span(_between(lines, (first, start), (last, end)), className=look)]
            row, column = last, end
    except (tokenize.TokenError, SyntaxError):
        return [code]
    pieces.append(_between(lines, (row, column), (len(lines) + 1, 0)))
    return [piece for piece in pieces if piece != ""]


def _marks(code: str) -> Iterator[tuple[tuple[int, int], tuple[int, int], str]]:
    """Yield start, end (row, column) and look of what is coloured."""
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        look = _LOOKS.get(token.type, "")
        if tokenize.tok_name[token.type] in _STRING_PIECES:
            look = "string"
        elif token.type == tokenize.NAME:
            look = "keyword" if keyword.iskeyword(token.string) else "name" if before in ("def", "class") else ""
        before = token.string
        if look:
            yield token.start, token.end, look


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text from `start` to `end`, each a row from 1 and a column from 0."""
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first - 1][left:right] if first <= len(lines) else ""
    middle = lines[first : last - 1]
    tail = lines[last - 1][:right] if last <= len(lines) else ""
    return "".join([lines[first - 1][left:] if first <= len(lines) else "", *middle, tail])
