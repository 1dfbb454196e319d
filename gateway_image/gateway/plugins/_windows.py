"""Windows of time and what is left in them: arithmetic shared by the limiting plugins. Pure; seconds on the wall clock.
Not for: keeping counts.

Sliding windows weigh the previous window by the part of it that still lies within the last `size` seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NAMES = {1: "second", 60: "minute", 3600: "hour", 86400: "day", 2592000: "month", 31536000: "year"}


def window_name(size: float) -> str:
    """How Kong's headers name a window: standard sizes by a word, others in seconds."""
    return NAMES.get(int(size), str(int(size))) if size == int(size) else f"{size:g}"


@dataclass(frozen=True, slots=True)
class Window:
    """One limit over one size of window."""

    limit: float
    size: float  # seconds
    sliding: bool

    def index(self, now: float) -> int:
        return int(now // self.size)

    def weight(self, now: float) -> float:
        """How much of the previous window still counts."""
        return 1 - (now % self.size) / self.size if self.sliding else 0.0

    def used(self, current: float, previous: float, now: float) -> float:
        return current + previous * self.weight(now) if previous else current

    def left(self, current: float, previous: float, now: float) -> float:
        return max(0.0, self.limit - self.used(current, previous, now))

    def wait(self, current: float, previous: float, now: float) -> int:
        """Whole seconds until a request is let through again, at least 1. With a sliding window that may be longer than
        the window: what was spent far beyond the limit weighs on the next one too."""
        elapsed = now % self.size
        rest = self.size - elapsed
        if not self.sliding:
            return max(1, math.ceil(rest))
        if current < self.limit:  # the previous window is too heavy still: until its weight is light enough
            if not previous:
                return 1
            return max(1, math.ceil(self.size * (1 - (self.limit - current) / previous) - elapsed))
        return max(1, math.ceil(rest + self.size * (1 - self.limit / current)))

    def expires(self, now: float) -> float:
        """When counts of the current window no longer matter."""
        return (self.index(now) + 2) * self.size


def number(value: float) -> bytes:
    """A count as a header shows it: whole numbers without a point, others as short as they are exact."""
    return b"%d" % value if value == int(value) else f"{value:.10f}".rstrip("0").rstrip(".").encode()
