"""One connection to an upstream: a request goes out, its answer comes back in calls. Not for: opening and keeping
connections (pool.py, dial.py), what an answer means.

The one who asks (a Consumer) is told: upstream_head() once, upstream_data() per piece, upstream_end() or
upstream_failed() at last; upstream_flush() after each read that did not end the answer, so that pieces which came
together are written together. A consumer that sets `passer` during upstream_head() gets whole events of a stream in the
upstream's own chunks through it, and as upstream_data() those for which it says False.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from gateway.transport.chunks import ChunkError, ChunkReader
from gateway.transport.event_chunks import EventChunks
from gateway.transport.lines import Refused
from gateway.transport.outbox import LateTransport
from gateway.transport.sweeper import FOREVER, ticks
from gateway.transport.wire import (
    CHUNKED,
    UNTIL_CLOSE,
    answer_head,
)
from gateway.values import Forward, Headers, Origin, UpstreamError

if TYPE_CHECKING:
    from gateway.transport.pool import Pool


class Consumer(Protocol):
    """Who asked. `upstream` is the connection (or the attempt to open one) that works for it."""

    upstream: Any

    def upstream_connected(self, address: str, seconds: float) -> None: ...

    def upstream_head(self, status: int, reason: bytes, headers: Headers) -> None: ...

    def upstream_data(self, piece: bytes) -> None: ...

    def upstream_flush(self) -> None: ...

    def upstream_end(self, piece: bytes) -> None: ...  # the last piece of the body, b"" when there is none

    def upstream_whole(self, status: int, reason: bytes, headers: Headers, body: bytes) -> None: ...  # all in one read

    def upstream_failed(self, error: UpstreamError) -> None: ...


_MOST_INTERIM = 64
"""Answers 1xx before the real one: they cost the upstream nothing, and each wins it time."""
_EVENTS = EventChunks()
_NOTHING = Forward(Origin("http", "", 0), b"", b"")
_IDLE, _HEAD, _LENGTH, _CHUNKS, _UNTIL_CLOSE = range(5)


class Upstream(asyncio.Protocol):
    """A connection of the pool. `reused` says whether it answered before."""

    __slots__ = (
        "_buffer",
        "_chunks",
        "_consumer",
        "_drained",
        "_forward",
        "_heard",
        "_keep",
        "_left",
        "_state",
        "_unsent",
        "address",
        "answers",
        "context",
        "origin",
        "passer",
        "patience",
        "pool",
        "quiet",
        "transport",
    )

    def __init__(self, pool: Pool, origin: Origin, address: str) -> None:
        self.pool = pool
        self.origin = origin
        self.address = address
        self.transport = cast(LateTransport, None)
        self.context: Any = None  # of TLS, to keep the session
        self.quiet = 0
        self.patience = FOREVER
        self.answers = 0  # complete answers so far
        self.passer: Callable[[bytes], bool] | None = None
        self._consumer: Consumer | None = None
        self._forward = _NOTHING
        self._state = _IDLE
        self._buffer = b""
        self._chunks: ChunkReader | None = None
        self._left = 0
        self._keep = False
        self._heard = 0  # interim answers, or 1 once a part of a head came
        self._drained = True
        self._unsent = 0

    # -- asking -------------------------------------------------------------------------------------------------

    def ask(self, forward: Forward, consumer: Consumer) -> None:
        """Sends a request; the connection must be idle."""
        self._consumer = consumer
        self._forward = forward
        self._state = _HEAD
        self._heard = 0
        self.quiet = 0
        self.patience = ticks(forward.read_timeout)
        consumer.upstream = self
        body = forward.body
        if len(body) <= 65536:
            self.transport.write(forward.head + body if body else forward.head)
        else:
            self.transport.writelines((forward.head, body))

    def abandon(self) -> None:
        """The client is gone: nobody wants the answer, and the upstream notices."""
        self._consumer = None
        self.close()

    def pause(self) -> None:
        """The client reads slower than the upstream sends."""
        if self._state != _IDLE and not self.transport.is_closing():
            self.patience = FOREVER
            self.transport.pause_reading()

    def resume(self) -> None:
        if self._state != _IDLE and not self.transport.is_closing():
            self.quiet = 0
            self.patience = ticks(self._forward.read_timeout)
            self.transport.resume_reading()

    def close(self) -> None:
        self._state = _IDLE
        self.patience = FOREVER
        self.pool.forget(self)
        self.transport.abort()

    # -- asyncio's calls ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = LateTransport(cast(asyncio.Transport, transport), self.pool.outbox)

    def pause_writing(self) -> None:
        self._drained = False
        self._unsent = self.transport.get_write_buffer_size()
        if self._state == _HEAD:
            self.quiet = 0
            self.patience = ticks(self._forward.write_timeout)

    def resume_writing(self) -> None:
        self._drained = True
        if self._state == _HEAD:
            self.quiet = 0
            self.patience = ticks(self._forward.read_timeout)

    def data_received(self, data: bytes) -> None:
        self.quiet = 0
        state = self._state
        consumer = self._consumer
        if consumer is None:
            # bytes that nobody asked for: this connection cannot be trusted to answer the next request
            self.close()
            return
        if state == _HEAD:
            self._read_head(data, consumer)
        elif state == _LENGTH:
            self._left = left = self._left - len(data)
            if left > 0:
                consumer.upstream_data(data)
                consumer.upstream_flush()
            else:
                self._finish_length(data, consumer)
        elif state == _CHUNKS:
            self._read_chunks(data, consumer)
        elif state == _UNTIL_CLOSE:
            consumer.upstream_data(data)
            consumer.upstream_flush()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.pool.forget(self)
        consumer = self._consumer
        if consumer is None:
            return
        state = self._state
        self._state = _IDLE
        self._consumer = None
        if state == _UNTIL_CLOSE and error is None:
            consumer.upstream_end(b"")
        elif state == _HEAD and self.answers and not self._heard:
            # the server had closed this kept connection before it read our request
            self.pool.dial(self._forward, consumer)
        else:
            detail = "it closed the connection before the answer was complete"
            if state == _HEAD:
                detail = "it closed the connection without an answer"
            consumer.upstream_failed(UpstreamError("closed", f"{self.address}: {detail}", True))

    def expired(self) -> None:
        """The sweeper: nothing happened for too long."""
        if self._consumer is None:
            self.close()
            return
        if not self._drained:
            unsent = self.transport.get_write_buffer_size()
            if unsent < self._unsent:
                self._unsent = unsent
                return
        what = "took no more of the request" if not self._drained else "sent nothing"
        limit = self._forward.write_timeout if not self._drained else self._forward.read_timeout
        self._fail("timeout", f"{what} for {limit:g} s")

    # -- reading ------------------------------------------------------------------------------------------------

    def _read_head(self, data: bytes, consumer: Consumer) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        while True:
            try:
                found = answer_head(data)
            except Refused as refused:
                self._fail("protocol", refused.message)
                return
            if found is None:
                self._heard = self._heard or 1
                self._buffer = data
                return
            head, position = found
            status, reason, headers, keep, length = head
            if status >= 200:
                break
            if status == 101:
                self._fail("protocol", "it switched protocols, which nobody asked for")
                return
            self._heard += 1
            if self._heard > _MOST_INTERIM:
                self._fail("protocol", f"it sent more than {_MOST_INTERIM} interim answers and no other")
                return
            data = data[position:]
            if not data:
                return
        if status == 204 or status == 304 or self._forward.head.startswith(b"HEAD "):
            length = 0
        self._keep = keep and length != UNTIL_CLOSE
        body = data[position:]
        if length == len(body):
            self._idle()
            consumer.upstream_whole(status, reason, headers, body)
            return
        consumer.upstream_head(status, reason, headers)
        if self._consumer is not consumer:
            return
        if length >= 0:
            left = length - len(body)
            self._left = left
            if left > 0:
                self._state = _LENGTH
                if body:
                    consumer.upstream_data(body)
                consumer.upstream_flush()
            else:
                self._finish_length(body, consumer)
        elif length == CHUNKED:
            self._state = _CHUNKS
            self._chunks = ChunkReader()
            self._read_chunks(body, consumer)
        else:
            self._state = _UNTIL_CLOSE
            if body:
                consumer.upstream_data(body)
            consumer.upstream_flush()

    def _finish_length(self, data: bytes, consumer: Consumer) -> None:
        if self._left < 0:
            # more than it said: the excess is not passed on, and the connection is not used again
            data = data[: self._left]
            self._keep = False
        self._end(data, consumer)

    def _read_chunks(self, data: bytes, consumer: Consumer) -> None:
        chunks = self._chunks
        assert chunks is not None
        if self.passer is not None and chunks.between():
            end = _EVENTS.end(data)
            if end and self.passer(data[:end]):
                if end < len(data) and self._consumer is consumer:
                    self._end(b"", consumer)
                return
        try:
            piece = chunks.feed(data)
        except ChunkError as error:
            self._fail("protocol", str(error))
            return
        if chunks.rest is not None:
            if chunks.rest:
                self._keep = False
            self._end(piece, consumer)
            return
        if piece:
            consumer.upstream_data(piece)
        consumer.upstream_flush()

    def _end(self, piece: bytes, consumer: Consumer) -> None:
        self._idle()
        consumer.upstream_end(piece)

    def _idle(self) -> None:
        """The answer is complete: back into the pool first, so that the consumer's next request may use it."""
        self._state = _IDLE
        self._consumer = None
        self._chunks = self.passer = None
        self._forward = _NOTHING  # an idle connection must not keep a large body alive
        self.answers += 1
        if self._keep and self._drained:
            self.pool.give_back(self)
        else:
            self.close()

    def _fail(self, kind: str, detail: str) -> None:
        consumer = self._consumer
        self._consumer = None
        self.close()
        if consumer is not None:
            consumer.upstream_failed(UpstreamError(kind, f"{self.address}: {detail}", True))
