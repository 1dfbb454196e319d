"""Which results make a peer ill or well: the rules of `healthchecks`. Pure. Not for: sending probes
(transport/probing.py), choosing among those that are well (balancing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.choosing import Record
from gateway.retries import UNCONNECTED
from gateway.values import UpstreamError

_TIMEOUTS = ("timeout", "connect_timeout")


class HealthRules:
    """Of `healthchecks.passive` or `.active`. A threshold of 0 means never."""

    __slots__ = ("_bad", "_good", "_successes", "_thresholds", "counts")

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
        self.counts = bool(self._successes or any(self._thresholds.values()))

    def answered(self, record: Record, status: int) -> None:
        if status in self._bad:
            self._fail(record, "http")
        elif status in self._good:
            self.succeeded(record)

    def succeeded(self, record: Record) -> None:
        for name in record.failures:
            record.failures[name] = 0
        record.successes += 1
        if self._successes and record.successes >= self._successes:
            record.ill = False

    def failed(self, record: Record, error: UpstreamError) -> None:
        if error.kind in _TIMEOUTS:
            self._fail(record, "timeouts")
        elif error.kind in UNCONNECTED or error.kind in ("closed", "protocol"):
            self._fail(record, "tcp")

    def _fail(self, record: Record, what: str) -> None:
        record.successes = 0
        record.failures[what] += 1
        threshold = self._thresholds[what]
        if threshold and record.failures[what] >= threshold:
            record.ill = True
