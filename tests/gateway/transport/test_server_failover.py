"""An answer that is not good enough gives way to another upstream's, over real connections."""

from __future__ import annotations

import pytest
from support.plain_exchange import PlainExchange
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import RawUpstream, answer_bytes, ok

from gateway.values import Forward, Head, Headers, Reply

BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"


class Choosy(PlainExchange):
    """Goes on to the next upstream while it hears 503."""

    unwanted = False

    def head(self, status: int, reason: bytes, headers: Headers) -> Head | None:
        self.unwanted = status == 503 and self.attempt + 1 < len(self.origins)
        return None if self.unwanted else super().head(status, reason, headers)

    def data(self, piece: bytes) -> bytes:
        return b"" if self.unwanted else super().data(piece)

    def end(self) -> bytes | Reply | Forward:  # type: ignore[override]
        if not self.unwanted:
            return super().end()
        self.attempt += 1
        return self.forward()


@pytest.mark.parametrize(("answer", "body"), [(ok(b"fine"), b"fine"), (STREAM, b"abcdef"), (BUSY, b"busy")])
def test_the_next_upstream_answers(answer: bytes, body: bytes) -> None:
    async def scene() -> None:
        bad, good = RawUpstream(answer_bytes(BUSY)), RawUpstream(answer_bytes(answer))
        async with bad, good:
            begin = lambda request: Choosy([bad.origin, good.origin], request, bench.record)  # noqa: E731
            async with ProxyBench(begin=begin) as bench:
                client = await bench.connect()
                for _ in range(2):  # the connections of both sides are kept
                    _, told = await client.ask(b"/x", b"hello")
                    assert told == body
                assert [arrived.body for arrived in good.arrived] == [b"hello"] * 2
                assert (bad.connections, good.connections, len(bad.arrived)) == (1, 1, 2)

    run(scene())
