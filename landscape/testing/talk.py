"""What is kept, and what is shown, of all that a plugin may print?"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, TextIO

_KEPT = 1_000_000  # characters, which no sane plugin prints in a check
_SHOWN = 2_000


class Kept(io.StringIO):
    """Text in memory that stops growing: what is beyond the limit is forgotten."""

    def write(self, text: str) -> int:
        """Keep `text` as far as there is room; return its length."""
        super().write(text[: max(0, _KEPT - self.tell())])
        return len(text)


class Brief:
    """Stands for a stream while a plugin is at work: passes on how it begins, and counts the rest."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._room, self._left_out = stream, _SHOWN, 0

    def write(self, text: str) -> int:
        """Pass `text` on as far as there is room; return its length."""
        shown, self._room = text[: self._room], max(0, self._room - len(text))
        self._left_out += len(text) - len(shown)
        if shown:
            self._stream.write(shown)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Pass on all `lines`."""
        for line in lines:
            self.write(line)

    def end(self) -> None:
        """Say how much was left out, if anything was."""
        if self._left_out:
            self._stream.write(f"\n… and {self._left_out:,} more characters that the plugin printed\n")
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
