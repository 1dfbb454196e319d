"""A real, small exchange for transport tests: forwards every request to one origin, unless its path says otherwise.

`/reply` answers at once, `/held` keeps the answer until it is whole, `/fetch` asks the origin first, `/again` fails
over to a second origin, `/tail` ends a broken body with a last line. Anything else is forwarded with its body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.values import Fetch, Fetched, Forward, Head, Headers, Origin, Reply, Request, Step, UpstreamError

_HOP = frozenset((b"connection", b"transfer-encoding", b"content-length", b"keep-alive"))


class PlainExchange:
    def __init__(self, origins: list[Origin], request: Request, record: Callable[..., None] | None = None) -> None:
        self.origins = origins
        self.request = request
        self.record = record
        self.attempt = 0
        self.held: list[bytes] | None = None
        self.answered: tuple[int, bytes] | None = None
        self.connections: list[tuple[str, float]] = []
        self.error: UpstreamError | None = None
        self.read_timeout = 60.0
        self.connect_timeout = 60.0

    def start(self) -> Step:
        target = self.request.target
        if target.startswith(b"/reply"):
            return Reply(200, b"Content-Type: text/plain\r\n", b"here: " + self.request.body)
        if target.startswith(b"/crash"):
            raise RuntimeError("a fault in the exchange")
        if target.startswith(b"/fetch"):
            head = b"GET /fetched HTTP/1.1\r\nHost: fetch\r\n\r\n"
            return Fetch(self.origins[0], head, b"", timeout=5.0, limit=1000)
        return self.forward()

    def forward(self) -> Forward:
        request = self.request
        lines = [b"%b %b HTTP/1.1\r\n" % (request.method, request.target)]
        lines += [b"%b: %b\r\n" % pair for pair in request.headers if pair[0].lower() not in _HOP]
        if request.body or request.method in (b"POST", b"PUT"):
            lines.append(b"Content-Length: %d\r\n" % len(request.body))
        lines.append(b"\r\n")
        origin = self.origins[min(self.attempt, len(self.origins) - 1)]
        return Forward(origin, b"".join(lines), request.body, self.connect_timeout, 60.0, self.read_timeout)

    def resume(self, fetched: Fetched) -> Step:
        if fetched.error is not None:
            return Reply(502, b"", fetched.error.kind.encode())
        return Reply(fetched.status, b"", b"fetched: " + fetched.body)

    def connected(self, address: str, seconds: float) -> None:
        self.connections.append((address, seconds))

    def passer(self) -> None:
        """Everything is looked at."""

    def head(self, status: int, reason: bytes, headers: Headers) -> Head | None:
        if self.request.target.startswith(b"/held"):
            self.held = []
            self.answered = (status, reason)
            return None
        length = None
        lines = []
        for name, value in headers:
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() not in _HOP:
                lines.append(b"%b: %b\r\n" % (name, value))
        return Head(status, b"".join(lines), length)

    def data(self, piece: bytes) -> bytes:
        if self.held is not None:
            self.held.append(piece)
            return b""
        return piece

    def end(self) -> bytes | Reply:
        if self.held is not None and self.answered is not None:
            return Reply(self.answered[0], b"X-Held: yes\r\n", b"".join(self.held))
        return b""

    def fail(self, error: UpstreamError) -> Forward | Reply | bytes | None:
        self.error = error
        if self.request.target.startswith(b"/again") and self.attempt + 1 < len(self.origins):
            self.attempt += 1
            return self.forward()
        if self.request.target.startswith(b"/tail"):
            return b"data: broken\n\n"
        if self.request.target.startswith(b"/cut"):
            return None
        return Reply(504 if "timeout" in error.kind else 502, b"", error.kind.encode())

    def finish(self, status: int, sent: int, aborted: bool) -> None:
        if self.record is not None:
            self.record(self, status, sent, aborted)


Record = list[tuple[Any, int, int, bool]]
