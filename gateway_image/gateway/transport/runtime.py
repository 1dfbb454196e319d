"""What a worker lends to its exchanges: clocks, request ids, the access log. Not for: what a log line says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gateway.partners import Outbox
from gateway.transport.delivery import Delivery
from gateway.transport.file_logs import AccessLog, FileLogs
from gateway.values import Count, RedisStore

if TYPE_CHECKING:
    from gateway.transport.redis_stores import RedisStores

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Runtime:
    """One per worker. `now` is monotonic seconds, `wall` seconds since the epoch; both are arguments for tests."""

    def __init__(
        self,
        settings: Any,
        log: AccessLog | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.settings = settings
        self.now = now
        self.wall = wall
        self._access_log = log
        self.files: FileLogs | None = None  # for file-log, where requests are served
        self.delivery: Delivery | None = None  # for http-log and its like
        self.stores: RedisStores | None = None  # for limits that nodes share
        # a random prefix and a counter: unique like a random UUID, at a tenth of its price
        self._prefix = random(10).hex().encode()
        self._count = int.from_bytes(random(5), "big")
        self._date = b""
        self._date_second = 0

    def request_id(self) -> bytes:
        """32 hex digits, never the same twice."""
        self._count = count = (self._count + 1) & 0xFFFFFFFFFFFF
        return b"%b%012x" % (self._prefix, count)

    def log(self, line: bytes) -> None:
        """Adds a line to the access log; it is written within a second."""
        if self._access_log is not None:
            self._access_log.write(line)

    def log_all(self, lines: list[bytes]) -> None:
        if self._access_log is not None:
            self._access_log.extend(lines)

    def append(self, path: str, line: bytes, reopen: bool) -> None:
        """Adds a line to a file; it is written within a second, beside the traffic."""
        if self.files is not None:
            self.files.append(path, line, reopen)

    def deliver(self, outbox: Outbox, entry: bytes) -> None:
        """Queues an entry for a server."""
        if self.delivery is not None:
            self.delivery.deliver(outbox, entry)

    def charge(self, store: RedisStore, counts: Sequence[Count]) -> None:
        """Adds amounts to what nodes count together."""
        if self.stores is not None:
            self.stores.charge(store, counts)

    def flush(self) -> None:
        if self._access_log is not None:
            self._access_log.flush()
        if self.files is not None:
            self.files.flush()

    def date_line(self) -> bytes:
        """The ready Date header line of this second."""
        second = int(self.wall())
        if second != self._date_second:
            self._date_second = second
            year, month, day, hour, minute, seconds, weekday, *_ = time.gmtime(second)
            clock = f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{seconds:02} GMT"
            self._date = b"Date: " + clock.encode() + b"\r\n"
        return self._date
