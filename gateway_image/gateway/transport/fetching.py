"""Collects the whole answer to a plugin's Fetch. Not for: connections (pool.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.values import Fetch, Fetched, Headers, UpstreamError


class Fetching:
    """The consumer of one Fetch. `done` is called once, unless it is abandoned before."""

    __slots__ = ("_done", "_fetch", "_headers", "_pieces", "_size", "_status", "_timer", "upstream")

    def __init__(self, fetch: Fetch, done: Callable[[Fetched], None], loop: asyncio.AbstractEventLoop) -> None:
        self.upstream: Any = None
        self._fetch = fetch
        self._done: Callable[[Fetched], None] | None = done
        self._status = 0
        self._headers: Headers = []
        self._pieces: list[bytes] = []
        self._size = 0
        # the limit is for the whole question, so that a server which dribbles bytes cannot hold a request up
        self._timer = loop.call_later(fetch.timeout, self._late) if fetch.timeout > 0 else None

    def abandon(self) -> None:
        self._finish(None)
        if self.upstream is not None:
            self.upstream.abandon()

    @property
    def waits(self) -> bool:
        """Whether the answer is still to come."""
        return self._done is not None

    def pause(self) -> None:
        """Nothing is being written to the client yet."""

    def resume(self) -> None:
        """Nothing is being written to the client yet."""

    def upstream_connected(self, address: str, seconds: float) -> None:
        """Nobody counts the connections of plugins."""

    def upstream_head(self, status: int, reason: bytes, headers: Headers) -> None:
        self._status = status
        self._headers = headers

    def upstream_data(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._fetch.limit:
            self._break("too_large", f"the answer is larger than {self._fetch.limit} bytes")
        else:
            self._pieces.append(piece)

    def upstream_flush(self) -> None:
        """The answer is collected, not passed on."""

    def upstream_end(self, piece: bytes) -> None:
        if piece:
            self.upstream = None
            self.upstream_data(piece)
        self._finish(Fetched(self._status, self._headers, b"".join(self._pieces)))

    def upstream_whole(self, status: int, reason: bytes, headers: Headers, body: bytes) -> None:
        self.upstream_head(status, reason, headers)
        self.upstream_end(body)

    def upstream_failed(self, error: UpstreamError) -> None:
        self._finish(Fetched(0, [], b"", error))

    def _late(self) -> None:
        self._break("timeout", f"no complete answer within {self._fetch.timeout:g} s")

    def _break(self, kind: str, detail: str) -> None:
        origin = self._fetch.origin
        upstream = self.upstream
        if upstream is not None:
            upstream.abandon()
        self._finish(Fetched(0, [], b"", UpstreamError(kind, f"{origin.host}:{origin.port}: {detail}", True)))

    def _finish(self, fetched: Fetched | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        done, self._done = self._done, None
        if done is not None and fetched is not None:
            done(fetched)
