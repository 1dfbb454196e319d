"""What a worker lends to its exchanges: clocks, request ids, the access log. Not for: what a log line says."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.partners import Outbox
from gateway.transport.delivery import Delivery
from gateway.transport.file_logs import FileLogs
from gateway.values import Count, RedisStore

if TYPE_CHECKING:
    from gateway.transport.redis_stores import RedisStores

_FLUSH_SIZE = 64 << 10
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ATOMIC = 4096  # a pipe takes this much in one piece (PIPE_BUF)


class AccessLog:
    """Lines are gathered and written in few calls, so that a request costs no system call. Several workers may write
    to one pipe: no write is larger than what a pipe keeps in one piece, unless a single line is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._size = 0
        self._piece = _ATOMIC if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else 1 << 30
        self.lost = 0  # lines that could not be written

    @classmethod
    def open(cls, path: str) -> AccessLog:
        """`path` is a file, appended to, or "/dev/stdout"."""
        if path in ("/dev/stdout", "-"):
            return cls(1)
        if path == "/dev/stderr":
            return cls(2)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return cls(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640))

    def write(self, line: bytes) -> None:
        """`line` without its line end."""
        self._lines.append(line)
        self._size += len(line)
        if self._size > _FLUSH_SIZE:
            self.flush()

    def extend(self, lines: list[bytes]) -> None:
        self._lines += lines
        self._size += sum(map(len, lines))
        if self._size > _FLUSH_SIZE:
            self.flush()

    def flush(self) -> None:
        """Writes what was gathered. A reader that went away loses the lines, never the request."""
        if not self._lines:
            return
        lines, self._lines, self._size = self._lines, [], 0
        batch: list[bytes] = []
        size = 0
        for line in lines:
            if batch and size + len(line) + 1 > self._piece:
                self._send(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line) + 1
        self._send(batch)

    def _send(self, batch: list[bytes]) -> None:
        data = b"\n".join(batch) + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self.lost += len(batch)


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
