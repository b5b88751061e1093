"""Is a plugin right? The conformance kit: the checks that every plugin, built in or not, should pass.

With pytest::

    from landscape.testing import parametrize_with_checks

    @parametrize_with_checks([Focal(), Focal(gamma=5)])
    def test_focal(plugin, check):
        check(plugin)

and without: ``landscape check focal``, or `run_checks`.
"""

from __future__ import annotations

from landscape.testing.core import (
    Check,
    CheckFailure,
    CheckSkipped,
    Outcome,
    Result,
    checks_for,
    kind_of,
    run_checks,
)
from landscape.testing.pytest import parametrize_with_checks

__all__ = [
    "Check",
    "CheckFailure",
    "CheckSkipped",
    "Outcome",
    "Result",
    "checks_for",
    "kind_of",
    "parametrize_with_checks",
    "run_checks",
]
