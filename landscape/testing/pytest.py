"""How does pytest run every check on a plugin, each as a test of its own?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from landscape.kinds import Plugin
from landscape.testing.core import Check, CheckFailure, CheckSkipped, checks_for, kind_of, shown, validate_expected

if TYPE_CHECKING:
    import pytest

Expected = Mapping[str, str] | Callable[[Any], Mapping[str, str]]


def parametrize_with_checks(
    plugins: Iterable[Plugin], *, expected_failures: Expected | None = None
) -> pytest.MarkDecorator:
    """Return a pytest decorator that calls a test ``(plugin, check)`` for each plugin with each check of its kind.

    The body of the test is ``check(plugin)``.

    Parameters
    ----------
    plugins : instances, such as ``[Focal(), Focal(gamma=5)]``, of any kinds.
    expected_failures : a reason for each check, by id, that is known to fail; or a function from a plugin to such
        a mapping, where they differ. A test that fails as expected is reported as xfailed, one that passes fails.

    Raises
    ------
    ValueError
        When an expected failure is no check of any plugin's kind, or has no reason, or there are no plugins.
    TypeError
        When one of `plugins` is no instance of a plugin class.
    """
    import pytest

    plugins = list(plugins)
    if not plugins:
        raise ValueError("there are no plugins to check: give at least one, such as [Focal()]")
    for plugin in plugins:
        if not isinstance(plugin, Plugin):
            raise TypeError(f"{plugin!r} is not a plugin: give instances, such as Focal()")
    if not callable(expected_failures):
        every = [check for kind in dict.fromkeys(map(kind_of, plugins)) for check in checks_for(kind)]
        validate_expected(expected_failures or {}, every)
    return pytest.mark.parametrize(
        ("plugin", "check"), [case for plugin in plugins for case in _cases(plugin, expected_failures)]
    )


def _cases(plugin: Plugin, expected_failures: Expected | None) -> list[Any]:
    """Return the pytest parameters of one plugin."""
    import pytest

    checks = checks_for(kind_of(plugin))
    if callable(expected_failures):
        expected = expected_failures(plugin)
        validate_expected(expected, checks)
    else:
        expected = expected_failures or {}
    cases = []
    for check in checks:
        reason = expected.get(check.id)
        marks = [pytest.mark.xfail(reason=reason, raises=CheckFailure, strict=True)] if reason is not None else []
        cases.append(pytest.param(plugin, _skipping(check), marks=marks, id=f"{shown(plugin)}-{check.id}"))
    return cases


def _skipping(check: Check) -> Check:
    """Return `check`, skipping the test where it cannot be done."""
    import pytest

    def run(plugin: Plugin) -> None:

        try:
            check(plugin)
        except CheckSkipped as skipped:
            pytest.skip(str(skipped))

    return replace(check, run=run, varied=False)
