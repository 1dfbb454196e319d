"""A client connection of the proxy: drives one Exchange after another and writes their answers.

Not for: reading requests (reading.py), upstream connections (pool.py), what an answer says (the exchange).

The upstream calls the upstream_*() methods (client.Consumer), the reader begin() and gave_up(). Nothing here is a
coroutine, and a request makes no task: that is where the time would go. What one read of the upstream brings is
written in one piece.
"""

from __future__ import annotations

import logging
from typing import Any, cast

from gateway.exchange import Exchange
from gateway.express import Express
from gateway.lane import Lane
from gateway.replies import core_error, message_of
from gateway.transport.faults import describe
from gateway.transport.framing import LAST_CHUNK, head_bytes, reply_bytes
from gateway.transport.lanes import Again, Key
from gateway.transport.pool import Pool
from gateway.transport.reading import HEAD, RequestReader
from gateway.transport.serving import Serving
from gateway.values import Consult, Consulted, Fetch, Fetched, Forward, Headers, Reply, Request, Step, UpstreamError

CLIENT_CLOSED = 499
"""What is logged for a client that went away before it got any answer."""
_log = logging.getLogger("gateway")


class ClientConnection(RequestReader):
    """One client of the proxy."""

    __slots__ = (
        "_again",
        "_chunked",
        "_exchange",
        "_forward",
        "_held",
        "_key",
        "_lane",
        "_left",
        "_passes",
        "_pieces",
        "_pool",
        "_ready",
        "_sent",
        "_silent",
        "_status",
        "upstream",
    )

    def __init__(self, serving: Serving) -> None:
        super().__init__(serving)
        self._pool = cast(Pool, serving.pool)
        self._exchange: Any = None
        self._lane: Lane | None = None  # the short way of the request whose body still comes
        self._again: Again | None = None  # the head that came last
        self._key: Key | None = None  # under which the request under way may be learned
        self._forward: Forward | None = None  # of that request
        self.upstream: Any = None  # what works for the exchange: a connection, an attempt to open one, a Fetching
        self._held = False  # the exchange keeps the answer until it is whole
        self._silent = False  # the answer has no body on the wire
        self._chunked = False
        self._passes: Any = None  # of the exchange: what may pass in the upstream's chunks
        self._left: int | None = None  # bytes of the promised length still to send
        self._ready = b""  # the head, until it is written
        self._pieces: list[bytes] = []  # body bytes that wait for the next flush
        self._status = 0
        self._sent = 0

    # -- the short way ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        lanes = self.serving.lanes
        if lanes is not None and self._state == HEAD and not self._buffer and not self.blocked:
            lane = lanes.find(data, self._client, self._again)
            if lane is None:
                self._key = lanes.missed
            elif len(data) - lanes.end == lanes.length:
                express = lane.begin(data[lanes.end :], lanes.end)
                if express is not None and not self.serving.draining:
                    self._again = lanes.again
                    self.take(lane.head, len(data))
                    self._send_express(express)
                    return
            else:
                self._lane = lane
        super().data_received(data)

    def _send_express(self, express: Express) -> None:
        self._held = False
        self._status = 0
        self._sent = 0
        self._exchange = express
        self._pool.send(express.start(), self)

    # -- the reader's calls -------------------------------------------------------------------------------------

    def begin(self, request: Request) -> None:
        lane, self._lane = self._lane, None
        if lane is not None and self.keep_alive:
            express = lane.begin(request.body, request.head_size)
            if express is not None:
                self._send_express(express)
                return
        self._held = False
        self._status = 0
        self._sent = 0
        try:
            self._exchange = exchange = self.serving.begin(request)
            step = exchange.start()
        except Exception as error:
            self._crash(error)
            return
        self._perform(step)

    def gave_up(self) -> None:
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abandon()
        self._pieces.clear()
        self._forward = self._key = None
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            try:
                exchange.finish(self._status or CLIENT_CLOSED, self._sent, True)
            except Exception as error:
                _report(error)

    def stalled(self, blocked: bool) -> None:
        if self.upstream is not None:
            if blocked:
                self.upstream.pause()
            else:
                self.upstream.resume()

    # -- driving the exchange -----------------------------------------------------------------------------------

    def _perform(self, step: Step) -> None:
        if type(step) is Forward:
            if self._key is not None:
                self._forward = step
            self._pool.send(step, self)
        elif type(step) is Reply:
            self._reply(step)
        elif type(step) is Fetch:
            self._fetch(step)
        elif type(step) is Consult:
            self._consult(step)

    def _fetch(self, fetch: Fetch) -> None:
        upstream = self._pool.fetch(fetch, self._answered)
        if upstream.waits:
            self.upstream = upstream

    def _consult(self, consult: Consult) -> None:
        stores = self.serving.runtime.stores
        assert stores is not None
        waiting = stores.consult(consult, self._answered)
        if waiting.waits:
            self.upstream = waiting

    def _answered(self, answer: Fetched | Consulted) -> None:
        self.upstream = None
        try:
            step = self._exchange.resume(answer)
        except Exception as error:
            self._crash(error)
            return
        self._perform(step)

    def upstream_connected(self, address: str, seconds: float) -> None:
        self._exchange.connected(address, seconds)

    def upstream_head(self, status: int, reason: bytes, headers: Headers) -> None:
        try:
            head = self._exchange.head(status, reason, headers)
        except Exception as error:
            self._crash(error)
            return
        if head is None:
            self._held = True
            return
        if head.status != status:
            status, reason = head.status, b""
        self._status = status
        self._left = length = head.length
        request = self.head
        silent = self._silent = status == 204 or status == 304 or request[0] == b"HEAD"
        chunked = False
        if length is None and not silent:
            if request[4] == "1.1":
                chunked = True
            else:
                self.keep_alive = False
        self._chunked = chunked
        self._ready = head_bytes(head, reason, chunked, self.keep_alive)
        if chunked and self.upstream is not None:
            self._passes = passes = self._exchange.passer()
            if passes is not None:
                self.upstream.passer = self._pass_on

    def upstream_whole(self, status: int, reason: bytes, headers: Headers, body: bytes) -> None:
        exchange = self._exchange
        self.upstream = None
        if type(exchange) is Express and self.keep_alive:
            try:
                data = exchange.whole(status, headers, body)
            except Exception as error:
                self._crash(error)
                return
            if data is not None:
                self._exchange = None
                self.transport.write(data)
                exchange.over(len(data))
                self.done()
                return
        self.upstream_head(status, reason, headers)
        if self._exchange is exchange:  # else it failed in there, and is answered
            self.upstream_end(body)

    def upstream_data(self, piece: bytes) -> None:
        try:
            piece = self._exchange.data(piece)
        except Exception as error:
            self._crash(error)
            return
        if self._held:
            if self._exchange.overfull:
                upstream, self.upstream = self.upstream, None
                upstream.abandon()
                self.upstream_end(b"")
        elif piece:
            self._add(piece)

    def _pass_on(self, chunks: bytes) -> bool:
        """Whole chunks for the client as the upstream made them, where nobody has to look into them."""
        try:
            if not self._passes(chunks):
                return False
        except Exception as error:
            self._crash(error)
            return True
        if self._ready:
            chunks = self._ready + chunks
            self._ready = b""
        self._sent += len(chunks)
        self.transport.write(chunks)
        return True

    def upstream_flush(self) -> None:
        if self._ready or self._pieces:
            self._flush(b"")

    def upstream_end(self, piece: bytes) -> None:
        self.upstream = self._passes = None
        exchange = self._exchange
        try:
            if piece:
                piece = exchange.data(piece)
            tail = exchange.end()
        except Exception as error:
            self._crash(error)
            return
        if type(tail) is not bytes:
            self._held = False
            self._perform(tail)
            return
        if tail:
            piece += tail
        if self._left == len(piece) and not self._pieces and not self._silent:
            # the usual case, written out: a body of known length that came in one read
            data = self._ready + piece
            self._ready = b""
            self._sent += len(data)
            self.transport.write(data)
            self._finish()
            return
        if piece:
            self._add(piece)
        self._end_body()

    def upstream_failed(self, error: UpstreamError) -> None:
        self.upstream = None
        try:
            step = self._exchange.fail(error)
        except Exception as crash:
            self._crash(crash)
            return
        if type(step) is bytes:
            # the body says itself that it broke: it ends cleanly, and the connection with it
            self.keep_alive = False
            if step:
                self._add(step)
            self._end_body()
        elif step is None:
            self._cut()
        else:
            self._held = False
            self._perform(step)

    # -- writing answers ----------------------------------------------------------------------------------------

    def _reply(self, reply: Reply) -> None:
        data = reply_bytes(reply, self.head[0], self.keep_alive, self.serving.runtime.date_line())
        self._status = reply.status
        self._sent += len(data)
        self.transport.write(data)
        self._finish()

    def _add(self, piece: bytes) -> None:
        """Body bytes for the client; they go out at the next flush."""
        if self._silent:
            return
        left = self._left
        if left is not None:
            if len(piece) > left:
                piece = piece[:left]
            self._left = left - len(piece)
        self._pieces.append(piece)

    def _flush(self, last: bytes) -> None:
        """Writes what is ready in one piece; `last` ends a chunked body."""
        pieces = self._pieces
        if pieces:
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            if self._chunked:
                data = b"%b%x\r\n%b\r\n%b" % (self._ready, len(data), data, last)
            elif self._ready:
                data = self._ready + data
        else:
            data = self._ready + last
        self._ready = b""
        if data:
            self._sent += len(data)
            self.transport.write(data)

    def _end_body(self) -> None:
        """The body is complete, unless bytes of the promised length are missing."""
        if self._left and not self._silent:
            self._cut()
            return
        self._flush(LAST_CHUNK if self._chunked else b"")
        self._finish()

    def _finish(self) -> None:
        exchange, self._exchange = self._exchange, None
        key, self._key = self._key, None
        if exchange is not None:
            try:
                exchange.finish(self._status, self._sent, False)
                if key is not None:
                    self._learn(key, exchange)
            except Exception as error:
                _report(error)
        self.done()

    def _learn(self, key: Key, exchange: Exchange) -> None:
        """Next time a request has this head, it may go the short way."""
        forward, self._forward = self._forward, None
        if forward is not None and self._status == 200:
            self.serving.lanes.learn(key, exchange, forward)

    def _cut(self) -> None:
        """Ends the connection in the middle of a body, so that the client notices that it is not whole. A head that
        was not sent yet stays unsent: no answer is told apart from half of one."""
        if self._sent:
            self._flush(b"")
        if not self._sent or self._chunked or self._left is not None:
            self.transport.close()
        else:
            self.transport.abort()

    def _crash(self, error: Exception) -> None:
        """A fault of ours: the client gets a 500 where it got nothing yet, and the worker goes on."""
        _report(error)
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abandon()
        self._pieces.clear()
        if self._sent:
            self._cut()
            return
        self._ready = b""
        serving = self.serving
        identity = serving.runtime.request_id()
        reply = core_error(500, message_of(500), identity, self.head[3].get(b"accept", b""))
        self._reply(Reply(500, reply.block + serving.identity(identity), reply.body))


def _report(error: Exception) -> None:
    _log.error("a request failed inside the gateway: %s", describe(error))
