"""What does the page not have yet? The answer to each of its requests, a chunk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from landscape.dashboard.payloads import points_payload
from landscape.dashboard.work import Work


class Known(NamedTuple):
    """What a page has already.

    Attributes
    ----------
    key : which run and which version of its points; those of others are sent from the start.
    since : the first step that it does not have.
    surface : the version of its surface.
    tested : the step after which the test examples were last evaluated.
    revision : that of the state.
    """

    key: str | None = None
    since: int = 0
    surface: str | None = None
    tested: int | None = None
    revision: int = -1


def has_news(work: Work, known: Known) -> bool:
    """Whether there are points or a surface of `work` that the page does not have."""
    new_points = known.key != work.key or work.newest >= known.since
    return new_points or (work.surface or {}).get("version") != known.surface


def chunk_of(work: Work, known: Known, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is new of `work`, whose slice has a surface; `state` is that of its session."""
    first = known.since if known.key == work.key else 0
    steps, rows = work.trail.since(first)
    tested = work.tests[-1]["step"] if work.tests else None
    surface = work.surface or {}
    return {
        "key": work.key,
        "from": first,
        "to": steps[-1] + 1 if steps else first,
        "points": points_payload(steps, rows),
        "surface": None if known.surface == surface.get("version") else surface,
        "tests": None if first and known.tested == tested else work.tests,
        "changes": work.changes,
        "state": {**state, **work.describe()},
    }
