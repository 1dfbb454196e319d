"""Periods of the calendar, in UTC: which one a moment lies in and when it ends. Pure; seconds since the epoch.

Not for: windows of any size (_windows.py), keeping counts.
"""

from __future__ import annotations

import time
from calendar import timegm
from typing import NamedTuple

PERIODS = ("second", "minute", "hour", "day", "month", "year")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class Period(NamedTuple):
    """One stretch of the calendar. `number` grows by one from period to period of a kind."""

    number: int
    start: int
    end: int

    def rest(self, now: float) -> int:
        """Whole seconds until it ends, at least 1."""
        return max(1, self.end - int(now))


def period(kind: str, now: float) -> Period:
    """The second, minute, hour, day, month or year that `now` lies in. Months are as long as the calendar says."""
    size = _SECONDS.get(kind)
    if size is not None:
        index = int(now // size)
        return Period(index, index * size, (index + 1) * size)
    moment = time.gmtime(now)
    if kind == "month":
        index = moment.tm_year * 12 + moment.tm_mon - 1
        return Period(index, _month(index), _month(index + 1))
    return Period(moment.tm_year, _month(moment.tm_year * 12), _month(moment.tm_year * 12 + 12))


def _month(index: int) -> int:
    year, month = divmod(index, 12)
    return timegm((year, month + 1, 1, 0, 0, 0, 0, 0, 0))
