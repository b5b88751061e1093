"""What the browser tests share: the server under test, and what to wait for on the page."""

from __future__ import annotations

import threading
from typing import Any

from landscape.dashboard import Server
from landscape.dashboard.session import Session

# A slow machine may take its time; what these tests check is that things happen, and in which order.
PATIENCE = 30_000
# What the dashboard promises for the first picture and for an answer to a click, on a machine that does much else.
PROMPT = 6_000

READY = "() => window.landscape?.player?.()?.scene?.ready"
NEWEST = "() => { const p = window.landscape.player(); return p.live ? p.points.step.at(-1) ?? -1 : -1; }"
STEPS = "() => window.landscape.player().points.step"
EYE = (
    "() => { const scene = document.getElementById('space')._fullLayout.scene._scene;"
    " const eye = scene.getCamera().eye; return [eye.x, eye.y, eye.z]; }"
)


class Dashboard:
    """A server in a thread of this process, so that a test can look at its sessions."""

    def __init__(self, **given: Any) -> None:
        self.server = Server(**given)
        self.url = self.server.url
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()

    @property
    def sessions(self) -> list[Session]:
        return list(self.server.app.server.config["LANDSCAPE_VISITORS"]._sessions.values())

    def close(self) -> None:
        self.server.close()
        self._thread.join()


def wait_past(page: Any, step: int, timeout: float = PATIENCE) -> int:
    """Wait until the page has a point after `step`, and return its newest one."""
    page.wait_for_function(f"step => ({NEWEST})() > step", arg=step, timeout=timeout)
    return int(page.evaluate(NEWEST))


def wait_idle(page: Any) -> None:
    """Wait until the page has a run of its own whose surface is complete, and nothing is on its way."""
    page.wait_for_function(
        "() => { const p = window.landscape.player();"
        " return p.live && p.state && !p.state.running && !p.state.busy && p.surface && p.surface.a.length > 60; }"
    )
