"""The course of a request on the short way: answers whole and in pieces, failures, clients that leave."""

from __future__ import annotations

import json

import pytest
from support.two_ways import ANSWER, CHAT, LINES, TwoWays, answered, asked

from gateway.values import UpstreamError


def test_the_second_request_goes_the_short_way_and_nobody_can_tell() -> None:
    ways = TwoWays()
    sent = ways.sent(asked({**CHAT, "temperature": 0.5}))
    assert ways.express.short
    assert not ways.general.short
    assert sent.endswith(
        b'{"model":"gpt-6-luna","messages": [{"role": "user", "content": "hello"}], "temperature": 0.5}'
    )
    assert b"Authorization: Bearer sk-canary-17\r\n" in sent
    got = ways.got(answered())
    assert b"X-Kong-Upstream-Latency: 12\r\nX-Kong-Proxy-Latency: 0\r\n" in got
    assert got.endswith(json.dumps(ANSWER).encode())


def test_every_request_has_an_id_of_its_own() -> None:
    ways = TwoWays()
    seen = {ways.exchange(asked(), answered())[1].split(b"X-Kong-Request-Id: ")[1][:32] for _ in range(5)}
    assert len(seen) == 5


@pytest.mark.parametrize(
    "lines",
    [
        {**LINES, "Content-Encoding": "gzip"},
        {**LINES, "Connection": "close"},
        {**LINES, "Set-Cookie": "a=b"},
        {**LINES, "X-Kong-Upstream-Latency": "9", "X-Kong-Request-Id": "theirs", "Via": "theirs"},
        {"Content-Type": "application/json"},
        {},
    ],
    ids=repr,
)
def test_answers_with_other_headers(lines: dict[str, str]) -> None:
    ways = TwoWays()
    ways.exchange(asked(), answered(lines=lines))
    for bench in ways.both:
        if bench.upstream_wire.closed:
            bench.connect()
    ways.exchange(asked(), answered())


def test_an_answer_in_pieces_goes_on_the_general_way() -> None:
    ways = TwoWays()
    whole = answered()
    ways.sent(asked())
    assert ways.express.short
    ways.got(whole[:40], whole[40:200], whole[200:])
    ways.sent(asked())
    chunked = b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    text = json.dumps(ANSWER).encode()
    ways.got(chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(text), text))


def test_a_body_that_comes_later_than_its_head() -> None:
    ways = TwoWays()
    request = asked({**CHAT, "n": 1})
    head = request.index(b"\r\n\r\n") + 4
    ways.sent(request[:head], request[head : head + 10], request[head + 10 :])
    assert ways.express.short
    ways.got(answered())


def test_requests_that_come_together_are_answered_in_order() -> None:
    ways = TwoWays()
    assert ways.sent(asked({**CHAT, "n": 1}) + asked({**CHAT, "n": 2})).endswith(b'"n": 1}')
    ways.got(answered())
    assert all(bench.upstream_wire.take().endswith(b'"n": 2}') for bench in ways.both)
    ways.got(answered())


def test_an_upstream_that_fails_is_told_as_ever() -> None:
    ways = TwoWays()
    ways.sent(asked())
    for bench in ways.both:
        bench.upstream.data_received(b"HTTP/1.1 2")
        bench.upstream.connection_lost(ConnectionResetError())
        bench._loop.turn()
    first, second = (bench.client_wire.take() for bench in ways.both)
    assert first == second
    assert first.startswith(b"HTTP/1.1 502 ")
    ways.same()


def test_a_failure_unfolds_into_the_exchange_that_would_have_been() -> None:
    ways = TwoWays()
    ways.sent(asked())
    told = [bench.client._exchange.fail(UpstreamError("timeout", "sent nothing", True)) for bench in ways.both]
    assert told[0].status == told[1].status == 504
    assert told[0].body == told[1].body


def test_a_client_that_leaves_is_remembered() -> None:
    ways = TwoWays()
    ways.sent(asked())
    for bench in ways.both:
        bench.client.connection_lost(None)
    ways.same()
    assert ways.express.recorder.recent()[-1]["aborted"] is True


def test_prices_are_summed() -> None:
    ways = TwoWays()
    ways.exchange(asked(), answered())
    (cell,) = ways.express.recorder.activity()["cells"]
    assert cell[2] == 2
    assert cell[8] == pytest.approx(2 * (5 * 1 + 7 * 2) / 1_000_000)


def test_while_somebody_watches_nothing_goes_the_short_way() -> None:
    ways = TwoWays()
    for bench in ways.both:
        bench.recorder.watch(bench.runtime.now() + 10, False)
    ways.sent(asked())
    assert not ways.express.short
