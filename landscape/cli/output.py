"""How is something said on a terminal, and how where nobody watches? With Rich, or in plain lines."""

from __future__ import annotations

import math
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

EXIT_INTERRUPTED = 130
EXIT_DIVERGED = 3
EXIT_STOPPED = 4

# Wide enough that no line is ever folded where another program reads it.
_UNFOLDED = 10_000


class Bar(Protocol):
    """Shows how much of something is done."""

    def __call__(self, done: float, **facts: str) -> None:
        """Say that `done` of the total is done, and what is known now."""


class Output:
    """Says lines, tables and progress on `stream`.

    Parameters
    ----------
    stream : standard output by default.
    quiet : say nothing but results.

    Attributes
    ----------
    live : whether somebody watches a terminal; where not, no control characters are written and every line is
        flushed as it is said.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = sys.stdout if stream is None else stream
        self.live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self.quiet = quiet
        self._console = Console(
            file=self._stream,
            force_terminal=self.live,
            no_color=None if self.live else True,
            width=None if self.live else _UNFOLDED,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def line(self, text: str = "", *, style: str = "") -> None:
        """Say one line, in a Rich `style` where somebody watches."""
        if self.live:
            self._console.print(Text(text, style=style), soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)

    def note(self, text: str, *, style: str = "") -> None:
        """Say one line, unless quiet."""
        if not self.quiet:
            self.line(text, style=style)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
        """Say a table; the columns numbered in `right` are aligned to the right."""
        table = Table(box=box.SIMPLE_HEAD if self.live else None, pad_edge=False, header_style="bold")
        for column, name in enumerate(head):
            table.add_column(name, justify="right" if column in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self._table(table)

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Say what is known, one name and value a line."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(Text(name), Text(value))
        self._table(table)

    def try_next(self, commands: Iterable[Sequence[str]], plugins: Iterable[object] | None = None) -> None:
        """Say commands to try next, quoted for a shell, with the plugin files that they need, each once."""
        once: dict[str, str] = {}
        for file in map(str, plugins or ()):
            once.setdefault(os.path.realpath(file), file)
        needed = [word for file in once.values() for word in ("--plugin", file)]
        self.line("\ntry next:")
        for words in commands:
            self.line(f"  {shlex.join(['landscape', *words, *needed])}")

    def _table(self, table: Table) -> None:
        if self.live:
            self._console.print(table)
            return
        with self._console.capture() as captured:
            self._console.print(table)
        for text in captured.get().splitlines():
            self.line(text.rstrip())

    @contextmanager
    def bar(self, total: float, *facts: str) -> Iterator[Bar]:
        """Yield what shows a progress bar with named `facts` beside it; where nobody watches, it shows nothing."""
        if self.quiet or not self.live:
            yield lambda done, **known: None
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        first, *others = (TextColumn(f"{{task.fields[{fact}]}}", markup=False) for fact in facts)
        columns: list[ProgressColumn] = [first, BarColumn(bar_width=12), *others, TimeRemainingColumn(compact=True)]
        with Progress(*columns, console=self._console, transient=True, refresh_per_second=4) as progress:
            empty: dict[str, Any] = dict.fromkeys(facts, "")
            task = progress.add_task("", total=total, **empty)
            yield lambda done, **known: progress.update(task, completed=done, **known)


def number(value: float) -> str:
    """Return a cost in four significant digits."""
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share of 1 in percent, or a dash where there is none."""
    return "–" if math.isnan(share) else f"{100 * share:.2f} %"
