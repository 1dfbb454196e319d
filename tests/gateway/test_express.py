"""The short way and the general way are held against each other, byte by byte: what goes upstream, what the client
gets, what is logged, remembered and summed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.recorded import chat_route
from support.wire_bench import WireBench

from gateway.values import Origin, UpstreamError

ORIGIN = Origin("http", "upstream.test", 80)
CHAT = {"messages": [{"role": "user", "content": "hello"}]}
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
ANSWER = {"id": "c", "object": "chat.completion", "model": "gpt-6-luna-2026", "choices": [{"index": 0}], "usage": USAGE}
LINES = {"Server": "up", "Date": "Sun, 22 Nov 2026 05:32:48 GMT", "Content-Type": "application/json"}


def asked(body: Any = CHAT, target: str = "/chat", **headers: str) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Host": "gateway.test", "Content-Type": "application/json", **headers, "Content-Length": str(len(text))}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + text


def answered(body: Any = ANSWER, status: str = "200 OK", lines: dict[str, str] | None = None) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {**(LINES if lines is None else lines), "Content-Length": str(len(text))}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + text


class TwoWays:
    """Two listeners of the same configuration, of which one learned the short way of asked()."""

    def __init__(self, *plugins: dict[str, Any], **config: Any) -> None:
        route = chat_route(*plugins)
        route["services"][0]["routes"][0]["plugins"][0]["config"].update(config)
        self.express, self.general = (WireBench(route, ORIGIN, express=express) for express in (True, False))
        self.both = (self.express, self.general)
        self.exchange(asked(), answered())

    def sent(self, *pieces: bytes) -> bytes:
        short, general = (bench.send(*pieces) for bench in self.both)
        assert short == general
        return short

    def got(self, *pieces: bytes) -> bytes:
        for bench in self.both:
            bench.runtime.pass_time(0.0125)
        short, general = (bench.answer(*pieces) for bench in self.both)
        assert short == general
        self.same()
        return short

    def same(self) -> None:
        lines, general = (bench.remembered() for bench in self.both)
        assert lines == general

    def exchange(self, request: bytes, *answer: bytes) -> tuple[bytes, bytes]:
        return self.sent(request), self.got(*answer)


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
    "body",
    [
        {**CHAT, "model": "gpt-6-luna"},
        {**CHAT, "model": "another"},
        {**CHAT, "model": None},
        {**CHAT, "stream": False},
        {**CHAT, "stream": "yes"},
        {**CHAT, "prompt": "also"},
        {**CHAT, "top_k": 3},
        {**CHAT, "stream_options": {"include_usage": True}},
        {"messages": []},
        {"messages": {}},
        {"messages": None},
        {"prompt": "only"},
        {},
        [],
        b"",
        b"{",
        b" " + json.dumps(CHAT).encode(),
        b'{"messages":[{}],"messages":[]}',
        b'{"messages":[{}],"\\u006dodel":"another"}',
        b'{"messages":["\xff"]}',
        b'{"messages":[' + b"[" * 5000,
    ],
    ids=repr,
)
def test_a_body_out_of_the_ordinary_goes_the_general_way(body: Any) -> None:
    ways = TwoWays()
    sent = ways.sent(asked(body))
    assert not ways.express.short
    if sent:
        ways.got(answered())
    else:
        for bench in ways.both:
            assert b"HTTP/1.1 4" in bench.client_wire.take()[:12]
        ways.same()


BODIES = st.fixed_dictionaries(
    {"messages": st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=3)},
    optional={
        "model": st.sampled_from(["gpt-6-luna", "other", "", None]),
        "stream": st.booleans() | st.none(),
        "stream_options": st.just({"include_usage": True}),
        "temperature": st.floats(allow_nan=False, allow_infinity=False),
        "prompt": st.text(max_size=5) | st.none(),
        "top_k": st.integers(),
        "tools": st.lists(st.text(max_size=5), max_size=2),
    },
)
USED = st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": st.integers(-1, 1 << 40) | st.none(),
        "completion_tokens": st.integers(0, 1 << 40) | st.floats(0, 9),
        "total_tokens": st.integers(0, 100),
        "prompt_tokens_details": st.just({"cached_tokens": 2}) | st.none(),
    },
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.just([{"index": 0}]) | st.just([]) | st.just({}),
        "usage": st.just(USAGE) | USED | st.none(),
        "model": st.text(max_size=10) | st.none(),
    },
)


@given(BODIES, ANSWERS, st.sampled_from(["200 OK", "200 Fine", "201 Created", "400 Bad Request", "503 Busy"]))
def test_whatever_is_asked_and_answered(body: Any, answer: Any, status: str) -> None:
    ways = TwoWays()
    if ways.sent(asked(body)):
        ways.got(answered(answer, status))
    else:
        first, second = (bench.client_wire.take() for bench in ways.both)
        assert first == second
        ways.same()


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


@pytest.mark.parametrize(
    "plugin",
    [
        {"name": "correlation-id", "config": {}},
        {"name": "ai-prompt-guard", "config": {"deny_patterns": ["secret"]}},
        {"name": "prometheus", "config": {"status_code_metrics": True}},
        {"name": "response-transformer", "config": {"add": {"headers": ["X-A:b"]}}},
    ],
    ids=lambda plugin: str(plugin["name"]),
)
def test_routes_with_further_plugins_go_the_general_way(plugin: dict[str, Any]) -> None:
    ways = TwoWays(plugin)
    ways.express.send(asked())
    assert not ways.express.short


def test_an_answer_that_is_compressed_for_the_client_goes_the_general_way() -> None:
    ways = TwoWays()
    for _ in range(2):
        ways.sent(asked(Accept_Encoding="gzip"))
        assert not ways.express.short
        ways.got(answered())


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
