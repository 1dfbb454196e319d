"""Which results make a target ill or well: the rules of `healthchecks`. Pure. Not for: sending probes
(transport/probing.py), keeping the marks (health_marks.py), choosing among those that are well (balancing.py).

Active and passive checks count together, as in Kong. Deviation: a success forgets the failures before it also where
`successes` is 0; in Kong failures then add up for ever, so that a few in a year take a target out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.health_marks import Mark
from gateway.retries import UNCONNECTED
from gateway.values import UpstreamError

_TIMEOUTS = ("timeout", "connect_timeout")


class HealthRules:
    """Of `healthchecks.passive` or `.active`. A threshold of 0 means never."""

    __slots__ = ("_bad", "_good", "_successes", "_thresholds")

    def __init__(self, check: Mapping[str, Any]) -> None:
        healthy, unhealthy = check["healthy"], check["unhealthy"]
        by_status = check["type"] in ("http", "https")
        self._good = frozenset(healthy["http_statuses"] or ()) if by_status else frozenset()
        self._bad = frozenset(unhealthy["http_statuses"] or ()) if by_status else frozenset()
        self._successes: int = healthy["successes"]
        self._thresholds: dict[str, int] = {
            "http": unhealthy["http_failures"],
            "tcp": unhealthy["tcp_failures"],
            "timeouts": unhealthy["timeouts"],
        }

    def answered(self, mark: Mark, status: int) -> None:
        if status in self._bad:
            mark.failed("http", self._thresholds["http"])
        elif status in self._good:
            mark.succeeded(self._successes)

    def connected(self, mark: Mark) -> None:
        """A connection was made, which is all that a check of type tcp asks for."""
        mark.succeeded(self._successes)

    def failed(self, mark: Mark, error: UpstreamError) -> None:
        if error.kind in _TIMEOUTS:
            mark.failed("timeouts", self._thresholds["timeouts"])
        elif error.kind in UNCONNECTED or error.kind in ("closed", "protocol"):
            mark.failed("tcp", self._thresholds["tcp"])


def checked(upstream: Mapping[str, Any]) -> bool:
    """Whether anything watches the targets of an upstream; where nothing does, Kong tells HEALTHCHECKS_OFF."""
    active, passive = upstream["healthchecks"]["active"], upstream["healthchecks"]["passive"]["unhealthy"]
    return bool(
        active["healthy"]["interval"]
        or active["unhealthy"]["interval"]
        or passive["tcp_failures"]
        or passive["timeouts"]
        or passive["http_failures"]
    )


def enough_weight(well: int, total: int, threshold: float) -> bool:
    """Whether an upstream takes requests when targets of `well` of all its weight are well; `threshold` in percent."""
    return well > 0 and well * 100 >= threshold * total
