"""What tests of the dashboard's sessions share: they ask as the page does."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from landscape.dashboard.chunks import Known
from landscape.dashboard.payloads import POINT_COLUMNS
from landscape.dashboard.session import Session


def decoded(chunk: dict[str, Any]) -> tuple[list[int], np.ndarray]:
    steps = np.frombuffer(base64.b64decode(chunk["points"]["steps"]), "<i4")
    rows = np.frombuffer(base64.b64decode(chunk["points"]["rows"]), "<f4")
    return steps.tolist(), rows.reshape(-1, len(POINT_COLUMNS))


def until(session: Session, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask as the page does until `holds`, and return all that the session has then."""
    deadline = time.monotonic() + 60
    known = Known()
    while time.monotonic() < deadline:
        session.chunk(known)  # waits a moment for news
        chunk = session.chunk(Known())
        if "points" not in chunk:
            continue
        if holds(chunk):
            return chunk
        known = Known(chunk["key"], chunk["to"], chunk["surface"]["version"], revision=chunk["state"]["revision"])
    pytest.fail(f"it never came; the last state was {chunk['state']}")


def idle(chunk: dict[str, Any]) -> bool:
    return not chunk["state"]["running"] and not chunk["state"]["busy"]
