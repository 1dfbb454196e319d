"""The reading half of a client connection: requests come in, one at a time is begun, the rest waits in order.

Not for: what is done with a request (server.py, handling.py), what a head says (wire.py).

What a client pipelines waits in the buffer, bounded. Bodies are collected whole, up to the listener's limit. A request
that cannot be read is refused in Kong's words, and the connection is closed in a way that the client can read them.
"""

from __future__ import annotations

import asyncio
from typing import cast

from gateway.replies import bare_page, core_error, edge_accept, message_of
from gateway.transport.chunks import ChunkError, ChunkReader
from gateway.transport.framing import CONTINUE, phrase, reply_bytes
from gateway.transport.lines import Refused
from gateway.transport.outbox import LateTransport
from gateway.transport.serving import Serving
from gateway.transport.sweeper import FOREVER, ticks
from gateway.transport.wire import CHUNKED, RequestHead, request_head
from gateway.values import Reply, Request

BUFFER_LIMIT = 64 << 10  # bytes of further requests that wait while one is under way
_AT_ONCE = range(64)
"""Requests of one client that are begun in one turn of the loop: the next ones wait until others had theirs."""
HEAD, _BODY, _BUSY, _LINGER, _CLOSED = range(5)
"""What a connection is at; HEAD: between two requests, or in the head of one."""
_IDLE = ticks(75.0)  # between two requests
_HEAD_TIME = ticks(60.0)  # for a whole head, from its first byte
_BODY_TIME = ticks(60.0) + 1  # between two pieces of a body
_SEND_TIME = ticks(60.0) + 2  # for a client that takes nothing
_LINGER_TIME = ticks(2.0)  # for a client that still sends after it was refused
_LINGER_LIMIT = 4 << 20


class RequestReader(asyncio.Protocol):
    """Reads requests; a child begins them and calls done() after the last byte of each answer."""

    __slots__ = (
        "_body",
        "_buffer",
        "_chunks",
        "_client",
        "_counted",
        "_head_size",
        "_missing",
        "_pumping",
        "_reading",
        "_state",
        "_unsent",
        "blocked",
        "head",
        "keep_alive",
        "patience",
        "quiet",
        "serving",
        "transport",
    )

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.transport: asyncio.Transport | LateTransport = cast(asyncio.Transport, None)
        self.head: RequestHead = cast(RequestHead, None)  # of the request that is read or worked for
        self.keep_alive = True
        self.blocked = False  # the client takes nothing at the moment
        self.quiet = 0
        self.patience = _IDLE
        self._client = ""
        self._head_size = 0  # bytes
        self._state = HEAD
        self._buffer = b""  # bytes not read yet
        self._pumping = False
        self._reading = True
        self._unsent = 0
        self._body: list[bytes] = []
        self._counted = 0  # bytes of it, as the listener counts them
        self._missing = 0  # bytes of the body still to come; for a chunked one those it may still have
        self._chunks: ChunkReader | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is being worked for."""
        return self._state == _BUSY

    @property
    def arriving(self) -> bool:
        """Whether a part of a request is here."""
        return self._state == _BODY or (self._state == HEAD and bool(self._buffer))

    # -- what a child does --------------------------------------------------------------------------------------

    def begin(self, request: Request) -> None:
        """A request is whole: answer it and call done()."""
        raise NotImplementedError

    def gave_up(self) -> None:
        """The client went away while its request was worked for."""
        raise NotImplementedError

    def stalled(self, blocked: bool) -> None:
        """The client stopped or started again to take the answer."""

    # -- asyncio's calls ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pool = self.serving.pool
        plain = cast(asyncio.Transport, transport)
        self.transport = plain if pool is None else LateTransport(plain, pool.outbox)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if isinstance(peer, tuple) else ""
        self.serving.opened(self)

    def data_received(self, data: bytes) -> None:
        state = self._state
        if state == _BUSY or (state == HEAD and self.blocked):
            self._buffer += data
            if len(self._buffer) > BUFFER_LIMIT and self._reading:
                self._reading = False
                self.transport.pause_reading()
        elif state == HEAD:
            if self._buffer:
                data = self._buffer + data
            elif self.patience != _HEAD_TIME:
                self.quiet = 0
                self.patience = _HEAD_TIME
            self._buffer = data
            self._pump()
        elif state == _BODY:
            self.quiet = 0
            self._buffer = data
            self._read_body()
            self._pump()
        elif state == _LINGER:
            self._missing -= len(data)
            if self._missing < 0:
                self.transport.abort()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.serving.closed(self)
        busy = self._state == _BUSY
        self._state = _CLOSED
        self._buffer = b""
        self._body = []
        self._let_go()
        if busy:
            self.gave_up()

    def pause_writing(self) -> None:
        self.blocked = True
        self._unsent = self.transport.get_write_buffer_size()
        self.quiet = 0
        self.patience = _SEND_TIME
        self.stalled(True)

    def resume_writing(self) -> None:
        self.blocked = False
        self.quiet = 0
        self.patience = FOREVER if self._state == _BUSY else _IDLE
        self.stalled(False)
        if self._state == HEAD:
            self._read_on()

    def expired(self) -> None:
        """The sweeper: nothing happened for too long."""
        if self.blocked and self._state != _LINGER:
            unsent = self.transport.get_write_buffer_size()
            if unsent < self._unsent:
                self._unsent = unsent
            else:
                self.transport.abort()
        elif (self._state == HEAD and self._buffer) or self._state == _BODY:
            self.refuse(Refused(408, message_of(408)))
        elif self._state == _LINGER:
            self.transport.abort()
        else:
            self.transport.close()

    def drain(self) -> None:
        """The process is about to end: an idle connection closes now, a busy one after its answer."""
        self.keep_alive = False
        if self._state == HEAD and not self._buffer:
            self.transport.close()

    # -- reading ------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Reads requests from the buffer until one is under way or bytes are missing, or the others' turn has come."""
        if self._pumping:
            return
        self._pumping = True
        try:
            for _ in _AT_ONCE:
                if self._state != HEAD or not self._buffer or self.blocked or not self._read_head():
                    return
        finally:
            self._pumping = False
        if self._reading:
            self._reading = False
            self.transport.pause_reading()
        self.serving.sweeper.soon(self._read_on)

    def _read_head(self) -> bool:
        """Takes one head off the buffer; False when it is not whole yet."""
        data = self._buffer
        if data[0] <= 13:
            data = self._buffer = data.lstrip(b"\r\n")
        try:
            found = request_head(data)
        except Refused as refused:
            self.refuse(refused)
            return False
        if found is None:
            return False
        self.head, position = found
        self._head_size = position
        head = self.head
        length = head[6]
        if length > self.serving.body_limit:
            too_large = Refused(413, message_of(413))
            too_large.fields = head[3]
            self.refuse(too_large)
            return False
        end = position + length
        size = len(data)
        if length >= 0 and size >= end:
            self._buffer = b"" if size == end else data[end:]
            self._begin(data[position:end])
            return True
        self._state = _BODY
        self.quiet = 0
        self.patience = _BODY_TIME
        chunked = length == CHUNKED
        self._chunks = ChunkReader() if chunked else None
        self._missing = self.serving.body_limit if chunked else length
        self._buffer = data[position:]
        if self._buffer:
            self._read_body()
        if self._state == _BODY and head[4] == "1.1" and head[3].get(b"expect", b"").lower() == b"100-continue":
            self.transport.write(CONTINUE)
        return True

    def _read_body(self) -> None:
        """Takes body bytes off the buffer, and begins the request when its body is whole."""
        data = self._buffer
        self._buffer = b""
        self._counted += len(data)
        self.serving.held += len(data)
        if self.serving.held > self.serving.bodies_limit:
            self.refuse(Refused(503, "Too many request bodies are arriving at once"))
            return
        chunks = self._chunks
        if chunks is None:
            missing = self._missing
            self._missing = missing - len(data)
            if self._missing > 0:
                self._body.append(data)
                return
            if self._missing < 0:
                self._buffer = data[missing:]
                data = data[:missing]
            self._body.append(data)
        else:
            try:
                piece = chunks.feed(data)
            except ChunkError:
                self.refuse(Refused(400, message_of(400)))
                return
            self._body.append(piece)
            self._missing -= len(piece)
            if self._missing < 0:
                self.refuse(Refused(413, message_of(413)))
                return
            if chunks.rest is None:
                return
            self._buffer = chunks.rest
            self._chunks = None
        body = self._body
        self._body = []
        self._begin(b"".join(body))

    def _begin(self, body: bytes) -> None:
        serving = self.serving
        method, target, headers, fields, version, keep_alive, _ = self.head
        if serving.draining:
            keep_alive = False
        serving.requests += 1
        self._state = _BUSY
        self.patience = FOREVER
        self.keep_alive = keep_alive
        client, port, scheme, size = self._client, serving.port, serving.scheme, self._head_size
        self.begin(Request(method, target, headers, fields, body, version, client, port, scheme, keep_alive, size))

    def take(self, head: RequestHead, size: int) -> None:
        """A request that came in one piece is under way, without begin()."""
        self.head = head
        self._head_size = size
        self.serving.requests += 1
        self._state = _BUSY
        self.patience = FOREVER
        self.keep_alive = True

    # -- after an answer ----------------------------------------------------------------------------------------

    def done(self) -> None:
        """The answer is written: on to the next request, or the connection ends."""
        if self._state != _BUSY:
            return
        if self._counted:
            self._let_go()
        if not self.keep_alive or self.serving.draining:
            self._end()
            return
        self._state = HEAD
        self.quiet = 0
        self.patience = _IDLE
        if self._buffer:
            self._read_on()

    def _let_go(self) -> None:
        """Nobody needs the body any more."""
        self.serving.held -= self._counted
        self._counted = 0

    def _read_on(self) -> None:
        """Takes up what waited, and reads again when that had become too much."""
        if self._buffer and self._state == HEAD:
            self.patience = _HEAD_TIME
            self._pump()
        if not self._reading and len(self._buffer) <= BUFFER_LIMIT and not self.transport.is_closing():
            self._reading = True
            self.transport.resume_reading()

    def refuse(self, refused: Refused) -> None:
        """Answers a request that could not be read, and ends the connection."""
        serving = self.serving
        status = refused.status
        identity = serving.runtime.request_id()
        if refused.bare:
            reply = bare_page(status, phrase(status).decode())
        else:
            reply = core_error(status, refused.message or message_of(status), identity, edge_accept(refused.fields))
        reply = Reply(status, reply.block + serving.identity(identity), reply.body)
        self._buffer = b""
        self._body = []
        self._let_go()
        self._missing = _LINGER_LIMIT
        data = reply_bytes(reply, b"", False, serving.runtime.date_line())
        self.transport.write(data)
        serving.refused(self._client, status, identity, len(data))
        self._linger()

    def _end(self) -> None:
        if self._buffer:
            self._missing = _LINGER_LIMIT
            self._buffer = b""
            self._linger()
        else:
            self._state = _CLOSED
            self.transport.close()

    def _linger(self) -> None:
        """Closes our half and drops what still comes: closing at once would make the kernel reset the connection,
        and the client could lose the answer that it has not read yet."""
        self._state = _LINGER
        self.quiet = 0
        self.patience = _LINGER_TIME
        if self.transport.can_write_eof():
            if not self._reading:
                self._reading = True
                self.transport.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()
