"""An upstream that does what the protocol allows, in any order and cut anywhere, driven by h11: every answer arrives
whole, connections are kept exactly when they may be, and h11 understands every request.
"""

from __future__ import annotations

from typing import Any

import h11
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from support.wire_pipe import Heard, client

from gateway.values import Forward, Origin

ORIGIN = Origin("http", "h", 80)
SIZES = st.lists(st.integers(1, 80), min_size=1, max_size=8)
METHODS = st.sampled_from([b"GET", b"POST", b"HEAD"])
BODIES = st.binary(max_size=300)


class Upstreams(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.fresh()

    def fresh(self) -> None:
        self.upstream, self.pipe, self.pool = client()
        self.peer = h11.Connection(h11.SERVER)

    def ask(self, method: bytes, body: bytes) -> Heard:
        head = b"%b /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (method, len(body))
        heard = Heard()
        self.upstream.ask(Forward(ORIGIN, head, body), heard)
        self.pool.outbox.flush()
        self.peer.receive_data(self.pipe.written)
        self.pipe.written = b""
        request = self.peer.next_event()
        assert isinstance(request, h11.Request) and request.method == method
        got = b""
        while not isinstance(event := self.peer.next_event(), h11.EndOfMessage):
            assert isinstance(event, h11.Data)
            got += bytes(event.data)
        assert got == body
        return heard

    def receive(self, data: bytes, sizes: list[int]) -> None:
        position, turn = 0, 0
        while position < len(data) and not self.pipe.closed:
            size = sizes[turn % len(sizes)]
            self.upstream.data_received(data[position : position + size])
            position, turn = position + size, turn + 1

    @rule(
        method=METHODS,
        sent=BODIES,
        body=BODIES,
        status=st.sampled_from([200, 201, 204, 304, 400, 503]),
        framing=st.sampled_from(["length", "chunked", "close"]),
        interim=st.integers(0, 3),
        close=st.booleans(),
        sizes=SIZES,
    )
    def answer(
        self,
        method: bytes,
        sent: bytes,
        body: bytes,
        status: int,
        framing: str,
        interim: int,
        close: bool,
        sizes: list[int],
    ) -> None:
        heard = self.ask(method, sent)
        silent = method == b"HEAD" or status in (204, 304)
        headers = {"length": [("Content-Length", str(len(body)))], "chunked": [("Transfer-Encoding", "chunked")]}
        lines = headers.get(framing, [])
        if status == 204:
            lines = []
        if close or framing == "close":
            lines = [*lines, ("Connection", "close")]
        data = b""
        for _ in range(interim):
            data += self.peer.send(h11.InformationalResponse(status_code=103, headers=[("Link", "<x>")])) or b""
        data += self.peer.send(h11.Response(status_code=status, headers=lines, reason=b"Fine")) or b""
        if not silent:
            for start in range(0, len(body), 90):
                data += self.peer.send(h11.Data(data=body[start : start + 90])) or b""
        data += self.peer.send(h11.EndOfMessage()) or b""
        self.receive(data, sizes)
        if framing == "close" and not heard.ended:
            self.upstream.connection_lost(None)
        assert (heard.status, heard.ended, heard.error) == (status, 1, None)
        assert heard.body == (b"" if silent else body)
        if self.pipe.closed or framing == "close":
            assert close or framing == "close"
            self.fresh()
        else:
            assert self.pool.kept == 1 and not close
            self.pool.kept = 0
            self.peer.start_next_cycle()

    @rule(method=METHODS, body=st.binary(min_size=2, max_size=300), keep=st.integers(0, 400), sizes=SIZES)
    def break_off(self, method: bytes, body: bytes, keep: int, sizes: list[int]) -> None:
        """The connection is lost in the middle of an answer."""
        heard = self.ask(b"GET" if method == b"HEAD" else method, b"")
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        self.receive(data[: min(keep, len(data) - 1)], sizes)
        stale = self.upstream.answers and not keep
        self.upstream.connection_lost(None)
        if stale:
            assert self.pool.dialled == 1  # closed while it was idle: asked once more elsewhere
        else:
            assert heard.error is not None and heard.error.kind == "closed" and not heard.ended
            assert body.startswith(heard.body)
        self.fresh()

    @rule(
        garbage=st.sampled_from(
            [
                b"garbage\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"HTTP/1.1 101 Switching\r\n\r\n",
            ]
        ),
        sizes=SIZES,
    )
    def garbage(self, garbage: bytes, sizes: list[int]) -> None:
        heard = self.ask(b"GET", b"")
        self.receive(garbage, sizes)
        assert heard.error is not None and heard.error.kind == "protocol"
        assert self.pipe.closed and not self.pool.kept
        self.fresh()

    @rule(data=st.binary(min_size=1, max_size=50))
    def nobody_asked(self, data: bytes) -> None:
        self.upstream.data_received(data)
        assert self.pipe.closed and not self.pool.kept
        self.fresh()


TestUpstreams: Any = Upstreams.TestCase
TestUpstreams.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
