"""Does a plugin pass every check of its kind?"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landscape.cli.options import Debug, Plugins, load_plugins
from landscape.cli.output import Output
from landscape.errors import ExperimentError, PluginError, suggest

if TYPE_CHECKING:
    from landscape.kinds import KindName
    from landscape.registry import Provided
    from landscape.testing import Result

_SIGNS = {"passed": "✓", "failed": "✗", "expected": "–", "unexpected": "✗", "skipped": "–"}
_STYLES = {"passed": "green", "failed": "red", "unexpected": "red"}

Report = tuple["Provided", "list[Result]"]


def check(
    what: Annotated[
        list[str],
        typer.Argument(metavar="NAME | FILE.py | KIND NAME", help="A plugin by name, or all plugins of a file."),
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
    plugin: Plugins = None,
    debug: Debug = False,
) -> None:
    """Check whether a plugin does what its kind promises.

    Every check is listed: ✓ passed, ✗ failed, – failed as expected, or
    could not be done. The exit status is 0 when all is well, else 1.

    For instance:

      landscape check ./focal.py
      landscape check cost huber
      landscape check landscape-focal:focal
    """
    from landscape.testing import run_checks

    found = _asked_for(what, kind, plugin)
    expected = _expected(expect or (), found)
    start = time.perf_counter()
    # What plugins print must not stand among the results.
    with redirect_stdout(sys.stderr):
        reports = [(one, run_checks(one.cls(), _of_kind(expected, one))) for one in found]
    seconds = time.perf_counter() - start
    if as_json:
        typer.echo(json.dumps([_plain(*report) for report in reports], indent=2, ensure_ascii=False))
    else:
        _say(reports, seconds)
    if not all(result.ok for _, results in reports for result in results):
        raise typer.Exit(1)


def _asked_for(what: list[str], kind: str | None, files: Iterable[Path] | None) -> list[Provided]:
    """Return the plugins that the words on the command line mean; PluginError when there are none."""
    from landscape.kinds import KINDS

    if len(what) == 2 and what[0] in KINDS and kind in (None, what[0]):
        kind, what = what[0], what[1:]
    if len(what) != 1:
        raise ExperimentError(
            f"{' '.join(what)!r} is no plugin: write its name, its kind ({', '.join(KINDS)}) and name, or a file"
        )
    kinds = [each for each in KINDS if kind in (None, each)]
    if not kinds:
        raise PluginError(f"there is no kind {kind!r}.{suggest(str(kind), KINDS)} Kinds: {', '.join(KINDS)}")
    if what[0].endswith(".py"):
        return _of_file(Path(what[0]), kinds, files)
    load_plugins(files)
    return _named(what[0], kinds)


def _of_file(path: Path, kinds: list[KindName], files: Iterable[Path] | None) -> list[Provided]:
    from landscape.registry import registry

    load_plugins([*(files or ()), path])
    found = [p for each in kinds for p in registry().provided(each) if p.distribution == path.name]
    if not found:
        raise PluginError(
            f"{path.name} provides nothing of the kind {', '.join(kinds)}: return its classes from a hook"
        )
    return found


def _named(name: str, kinds: list[KindName]) -> list[Provided]:
    from landscape.registry import registry

    plugins = registry()
    if len(kinds) == 1:
        return [plugins.find(kinds[0], name)]
    having = [each for each in kinds if name in {word for p in plugins.provided(each) for word in (p.name, p.key)}]
    if not having and name in kinds:
        raise PluginError(f"{name!r} is a kind: say which {name} you mean, as `landscape check {name} NAME`")
    if not having:
        known = {each: plugins.names(each) for each in kinds}
        listed = "; ".join(f"{each}: {', '.join(names)}" for each, names in known.items())
        near = suggest(name, [word for names in known.values() for word in names])
        raise PluginError(f"there is no plugin {name!r}.{near} Known are {listed}.")
    return [plugins.find(each, name) for each in having]


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


def _say(reports: list[Report], seconds: float) -> None:
    output = Output()
    for one, results in reports:
        output.line(f"{one.cls.kind} {one.name}, of {f'{one.distribution} {one.version}'.strip()}", style="bold")
        said: dict[str, str] = {}
        for result in results:
            output.line(f"  {_SIGNS[result.outcome]} {result.check.id}", style=_STYLES.get(result.outcome, ""))
            if result.message:
                first = said.setdefault(result.message, result.check.id)
                output.line(f"      {result.message if first == result.check.id else f'The same as {first}.'}")
    every = [result for _, results in reports for result in results]
    wrong = sum(not result.ok for result in every)
    verdict = f"{wrong} of {len(every)} checks failed" if wrong else f"all {len(every)} checks are as they should be"
    output.line(f"\n{verdict} ({seconds:.2f} s)", style="red" if wrong else "green")


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
