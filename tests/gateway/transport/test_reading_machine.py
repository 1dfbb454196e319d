"""A client that does what the protocol allows, in any order and cut anywhere, driven by h11: it must understand every
answer, and every request must have arrived as it was meant.
"""

from __future__ import annotations

from typing import Any

import h11
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support.wire_pipe import server

from gateway.values import Reply, Request

LIMIT = 2000
PATHS = st.sampled_from(["/", "/a", "/a/b?c=d", "/%41", "http://h/x"])
SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=8)
BROKEN = st.sampled_from(
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2001\r\n\r\n",
    ]
)


class Clients(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.begun: list[Request] = []
        self.connection, self.pipe = server(self.answer, LIMIT)
        self.peer = h11.Connection(h11.CLIENT)
        self.asked: list[tuple[bytes, bytes]] = []
        self.told = 0

    def answer(self, request: Request) -> Reply:
        self.begun.append(request)
        return Reply(200, b"Content-Type: text/plain\r\n", b"%d %b" % (len(self.begun), request.body[:20]))

    def send(self, data: bytes, sizes: list[int]) -> None:
        position, turn = 0, 0
        while position < len(data) and not self.pipe.closed:
            size = sizes[turn % len(sizes)]
            self.connection.data_received(data[position : position + size])
            position, turn = position + size, turn + 1

    def understand(self) -> tuple[int, bytes, bool]:
        """The next answer as h11 reads it: status, body, and whether the connection stays."""
        data, self.pipe.written = self.pipe.written, b""
        self.peer.receive_data(data)
        status, body = 0, b""
        while True:
            event = self.peer.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self.told += 1
                break
            else:
                assert isinstance(event, h11.InformationalResponse), event
        return status, body, self.peer.their_state is not h11.MUST_CLOSE

    @rule(
        method=st.sampled_from(["GET", "POST", "DELETE", "HEAD"]),
        path=PATHS,
        body=st.one_of(st.none(), st.binary(max_size=300)),
        chunked=st.booleans(),
        expects=st.booleans(),
        last=st.sampled_from([False, False, False, True]),
        sizes=SIZES,
    )
    def request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        chunked: bool,
        expects: bool,
        last: bool,
        sizes: list[int],
    ) -> None:
        headers: list[tuple[str, str]] = [("Host", "h"), ("X-Number", str(len(self.asked)))]
        if body is not None:
            headers.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body))))
            if expects:
                headers.append(("Expect", "100-continue"))
        if last:
            headers.append(("Connection", "close"))
        data = self.peer.send(h11.Request(method=method, target=path, headers=headers)) or b""
        for start in range(0, len(body or b""), 70):
            data += self.peer.send(h11.Data(data=(body or b"")[start : start + 70])) or b""
        data += self.peer.send(h11.EndOfMessage()) or b""
        self.asked.append((method.encode(), body or b""))
        self.send(data, sizes)
        status, told, stays = self.understand()
        assert status == 200
        assert told == (b"" if method == "HEAD" else b"%d %b" % (len(self.asked), (body or b"")[:20]))
        assert stays != last and self.pipe.closed == last
        self.next(last)

    @rule(broken=BROKEN, sizes=SIZES)
    def nonsense(self, broken: bytes, sizes: list[int]) -> None:
        self.peer.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
        self.peer.send(h11.EndOfMessage())  # h11 must expect an answer
        self.send(broken, sizes)
        status, _, stays = self.understand()
        assert status in (400, 413) and not stays
        before = len(self.begun)
        self.connection.data_received(b"GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
        assert len(self.begun) == before and not self.pipe.written
        self.next(True)

    @rule(count=st.integers(2, 6), sizes=SIZES)
    def pipeline(self, count: int, sizes: list[int]) -> None:
        """Requests that do not wait for their answers."""
        before = len(self.begun)
        self.send(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab" * count, sizes)
        assert len(self.begun) == before + count
        self.asked += [(b"POST", b"ab")] * count
        written, self.pipe.written = self.pipe.written, b""
        assert written.count(b"HTTP/1.1 200 OK\r\n") == count
        order = [int(piece.split(b" ")[0]) for piece in written.split(b"\r\n\r\n")[1:] if piece[:1].isdigit()]
        assert order == list(range(before + 1, before + count + 1))

    def next(self, over: bool) -> None:
        if over:
            self.connection, self.pipe = server(self.answer, LIMIT)
            self.peer = h11.Connection(h11.CLIENT)
        else:
            self.peer.start_next_cycle()

    @invariant()
    def every_request_arrived_as_it_was_meant(self) -> None:
        assert [(request.method, request.body) for request in self.begun] == self.asked

    @invariant()
    def nothing_is_said_unasked(self) -> None:
        assert not self.pipe.written


TestClients: Any = Clients.TestCase
TestClients.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
