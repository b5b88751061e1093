"""How is Markdown written? Escaped text and tables, for the pages that are generated."""

import re


def plain(text: str) -> str:
    """Return `text` with Markdown's special characters escaped, except within backquotes."""
    pieces = re.split(r"(``?[^`]+``?)", text)
    return "".join(piece if k % 2 else re.sub(r"([\\*_<>|$\[\]])", r"\\\1", piece) for k, piece in enumerate(pieces))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return ["", *("| " + " | ".join(cells) + " |" for cells in lines), ""]


def code(text: str, language: str = "python") -> list[str]:
    """Return the lines of a code block."""
    return ["", f"```{language}", text, "```", ""]
