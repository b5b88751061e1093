"""Does a plugin pass every check of its kind?"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landscape.cli.options import Debug, Plugins, load_plugins
from landscape.cli.output import EXIT_INTERRUPTED, Output
from landscape.errors import ExperimentError, PluginError, suggest

if TYPE_CHECKING:
    from landscape.kinds import KindName
    from landscape.registry import Provided
    from landscape.testing import Result

_SIGNS = {"passed": "✓", "failed": "✗", "expected": "–", "unexpected": "✗", "skipped": "–"}
_TIME = 20.0  # seconds that a check may take
_GRACE = 10.0  # seconds after which nothing in the process can be at work any more
_STYLES = {"passed": "green", "failed": "red", "unexpected": "red"}

Report = tuple["Provided", "list[Result]"]


def check(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[KIND] NAME | FILE.py", help="Plugins by name, or all plugins of a file; several, if you like."
        ),
    ],
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Check only plugins of this kind, such as cost.")
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect", metavar="CHECK=REASON", help="Expect a check to fail, and say why; may be given several times."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit",
            metavar="SECONDS",
            min=0.1,
            max=86_400,
            help="Let a check fail that has not ended after this time. Once one has not, the others get 2 s at most.",
        ),
    ] = _TIME,
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Check whether a plugin does what its kind promises.

    Every check is listed: ✓ passed, ✗ failed, – failed as expected, or
    could not be done. The exit status is 0 when all is well, else 1. A check
    that does not end fails, and Ctrl-C ends them all.

    For instance:

      landscape check ./focal.py
      landscape check ./focal.py ./lion.py
      landscape check cost huber
      landscape check landscape-focal:focal
    """
    found = _asked_for(what, kind, plugin, time_limit)
    expected = _expected(expect or (), found)
    start, threads, interrupted = time.perf_counter(), set(threading.enumerate()), False
    output = Output(sys.stdout)
    reports: list[Report] = [(one, []) for one in found]
    try:
        for one, results in reports:
            say = results.append if as_json else _saying(output, one, results)
            for result in _results(one, _of_kind(expected, one), time_limit):
                say(result)
    except KeyboardInterrupt:
        interrupted = True
    if as_json:
        output.line(json.dumps([_plain(*report) for report in reports], indent=2, ensure_ascii=False))
    else:
        _say_verdict(output, reports, time.perf_counter() - start, interrupted=interrupted)
    right = all(result.ok for _, results in reports for result in results)
    _end_at_once(threads, EXIT_INTERRUPTED if interrupted else int(not right))
    if interrupted:
        raise KeyboardInterrupt
    if not right:
        raise typer.Exit(1)


def _results(one: Provided, expected: Mapping[str, str], time_limit: float) -> Iterator[Result]:
    """Yield what comes of the checks, with what the plugin prints, no more than its beginning, on standard error."""
    from landscape.testing.core import file_of, results
    from landscape.testing.limits import Limits, Overrun
    from landscape.testing.talk import Brief

    talk: Any = Brief(sys.stderr)
    limits = Limits(time_limit, file_of(one.cls), _watchdog(time_limit + _GRACE))
    with redirect_stdout(talk), redirect_stderr(talk):
        try:
            for result in results(limits.within(one.cls), expected, limits):
                faulthandler.cancel_dump_traceback_later()
                yield result
        except Overrun as late:
            raise PluginError(f"{one.cls.kind} {one.name!r} cannot be made: {late}") from late
        finally:
            faulthandler.cancel_dump_traceback_later()
            talk.end()


def _watchdog(seconds: float) -> Callable[[], None]:
    """Return what ends the process, saying where it is, unless it is called again in time.

    It is for code outside of Python that lets nothing else run, not even what would stop it.
    """
    stream = sys.__stderr__
    try:
        file = -1 if stream is None else stream.fileno()
    except (OSError, ValueError):  # it is no file, or closed: there is nobody to tell
        file = -1
    if file < 0:
        return lambda: None
    return lambda: faulthandler.dump_traceback_later(seconds, exit=True, file=file)


def _end_at_once(before: set[threading.Thread], status: int) -> None:
    """End the process where something failed and the interpreter would wait for a thread that a plugin left."""
    left = [one for one in threading.enumerate() if one not in before and not one.daemon]
    if status and left and sys.stdout is sys.__stdout__:
        typer.echo(nl=False)  # which flushes
        os._exit(status)


def _asked_for(what: list[str], kind: str | None, files: Iterable[Path] | None, time_limit: float) -> list[Provided]:
    """Return the plugins that the words on the command line mean; PluginError when there are none."""
    from landscape.kinds import KINDS

    if len(what) > 1 and what[0] in KINDS and kind in (None, what[0]):
        kind, what = what[0], what[1:]
    kinds = [each for each in KINDS if kind in (None, each)]
    if not kinds:
        raise PluginError(f"there is no kind {kind!r}.{suggest(str(kind), KINDS)} Kinds: {', '.join(KINDS)}")
    load_plugins(files)
    found = [
        _of_file(Path(word), kinds, time_limit) if word.endswith(".py") else _named(word, kinds)
        for word in dict.fromkeys(what)
    ]
    return [one for several in found for one in several]


def _of_file(path: Path, kinds: list[KindName], time_limit: float) -> list[Provided]:
    from landscape.registry import registry
    from landscape.testing.limits import Limits, Overrun

    try:
        Limits(time_limit, str(path.resolve())).within(partial(load_plugins, [path]))
    except Overrun as late:
        raise PluginError(f"{path.name} cannot be loaded: {late}") from late
    found = [p for each in kinds for p in registry().provided(each) if p.distribution == path.name]
    if not found:
        raise PluginError(
            f"{path.name} provides nothing of the kind {', '.join(kinds)}: return its classes from a hook"
        )
    return found


def _named(name: str, kinds: list[KindName]) -> list[Provided]:
    from landscape.registry import registry

    plugins = registry()
    having = [each for each in kinds if name in {word for p in plugins.provided(each) for word in (p.name, p.key)}]
    if not having and (path := _why_no_file(name)):
        raise PluginError(path)
    if len(kinds) == 1:
        return [plugins.find(kinds[0], name)]
    if not having and name in kinds:
        raise PluginError(f"{name!r} is a kind: say which {name} you mean, as `landscape check {name} NAME`")
    if not having:
        known = {each: plugins.names(each) for each in kinds}
        listed = "; ".join(f"{each}: {', '.join(names)}" for each, names in known.items())
        near = suggest(name, [*kinds, *(word for names in known.values() for word in names)])
        raise PluginError(f"there is no plugin {name!r}.{near} Known are {listed}.")
    return [plugins.find(each, name) for each in having]


def _why_no_file(word: str) -> str:
    """Return why a word that is a path rather than a name cannot be checked, or ``""``."""
    path = Path(word)
    if path.is_dir():
        files = sorted(
            file for file in path.glob("*.py") if file.is_file() and "hookimpl" in file.read_text("utf-8", "replace")
        )
        near = f", such as {files[0]}" if files else ""
        return f"{word!r} is a folder: name the plugin's file in it, which ends in .py{near}"
    if path.exists():
        return f"{word!r} is no plugin file: one ends in .py"
    if "/" in word or os.sep in word:
        return f"there is no {word!r}: name a plugin, or a file that ends in .py"
    return ""


def _expected(options: Iterable[str], found: list[Provided]) -> dict[str, str]:
    """Return the reasons of expected failures, by check; ExperimentError where one is not as it must be."""
    from landscape.testing import checks_for

    known = [check.id for one in found for check in checks_for(one.cls.kind)]
    reasons: dict[str, str] = {}
    for option in options:
        id_, _, reason = option.partition("=")
        if not reason.strip():
            raise ExperimentError(f"--expect {option!r} gives no reason: write {id_}='why it is right that it fails'")
        if id_ not in known:
            raise ExperimentError(f"there is no check {id_!r} to expect a failure of.{suggest(id_, known)}")
        reasons[id_] = reason
    return reasons


def _of_kind(expected: Mapping[str, str], one: Provided) -> dict[str, str]:
    from landscape.testing import checks_for

    return {check.id: expected[check.id] for check in checks_for(one.cls.kind) if check.id in expected}


def _saying(output: Output, one: Provided, results: list[Result]) -> Callable[[Result], None]:
    """Return what adds a result and says it, after having said whose they are."""
    said: dict[str, str] = {}
    output.line(f"{one.cls.kind} {one.name}, of {f'{one.distribution} {one.version}'.strip()}", style="bold")

    def say(result: Result) -> None:
        results.append(result)
        output.line(f"  {_SIGNS[result.outcome]} {result.check.id}", style=_STYLES.get(result.outcome, ""))
        if result.message:
            first = said.setdefault(result.message, result.check.id)
            output.line(f"      {result.message if first == result.check.id else f'The same as {first}.'}")

    return say


def _say_verdict(output: Output, reports: list[Report], seconds: float, *, interrupted: bool) -> None:
    every = [result for _, results in reports for result in results]
    wrong = sum(not result.ok for result in every)
    verdict = f"{wrong} of {len(every)} checks failed" if wrong else f"all {len(every)} checks are as they should be"
    stopped = "interrupted; until then, " if interrupted else ""
    output.line(f"\n{stopped}{verdict} ({seconds:.2f} s)", style="red" if wrong else "green")


def _plain(one: Provided, results: list[Result]) -> dict[str, Any]:
    return {
        "kind": one.cls.kind,
        "name": one.name,
        "distribution": one.distribution,
        "version": one.version,
        "ok": all(result.ok for result in results),
        "checks": [
            {"id": r.check.id, "says": r.check.says, "outcome": r.outcome, "message": r.message} for r in results
        ],
    }
