"""How many steps are due now? Training at a chosen number of steps per second, without rushing after a delay."""

from __future__ import annotations

import math
from dataclasses import dataclass

FASTEST = 0.0
"""The speed that means: as fast as possible."""

SPEEDS: dict[str, float] = {
    "10 steps/s": 10.0,
    "20 steps/s": 20.0,
    "50 steps/s": 50.0,
    "200 steps/s": 200.0,
    "1000 steps/s": 1000.0,
    "5000 steps/s": 5000.0,
    "full speed": FASTEST,
}
"""What the page offers."""

_MOST_BEHIND_SECONDS = 0.25


@dataclass
class Pace:
    """Steps per second since an anchor, a moment at which `index` steps were done."""

    speed: float = 200.0
    since: float = 0.0
    index: int = 0

    def anchor(self, now: float, index: int) -> None:
        """Count from `now` on, where `index` steps are done."""
        self.since, self.index = now, index

    def due(self, now: float, index: int) -> int:
        """Return how many steps to take when `index` are done at `now`, at least 0."""
        if self.speed == FASTEST:
            return 1 << 30
        owed = math.floor((now - self.since) * self.speed) - (index - self.index)
        if owed > max(2.0, self.speed * _MOST_BEHIND_SECONDS):
            self.anchor(now - 1 / self.speed, index)
            return 1
        return max(0, owed)

    def wait(self, now: float, index: int) -> float:
        """Return the seconds until the next step is due."""
        if self.speed == FASTEST:
            return 0.0
        return max(0.0, self.since + (index - self.index + 1) / self.speed - now)
