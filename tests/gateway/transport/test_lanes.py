"""How a request's head is found again: by all of its bytes but the length of its body."""

from __future__ import annotations

import pytest
from support.recorded import chat_route
from support.wire_bench import WireBench

from gateway.transport.lanes import Lanes
from gateway.values import Origin

BODY = b'{"messages":[{"role":"user","content":"hello"}]}'
ANSWER = b'{"choices":[{}],"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'
HEAD = b"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: %b\r\nAccept: */*\r\n\r\n"


def bench() -> WireBench:
    made = WireBench(chat_route(), Origin("http", "upstream.test", 80))
    made.send(HEAD % b"48" + BODY)
    made.answer(b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER))
    return made


def found(data: bytes, client: str = "127.0.0.1") -> Lanes | None:
    """What is found, the same whether the connection sent this head before or not."""
    lanes: Lanes = bench().serving.lanes
    lane = lanes.find(data, client)
    told = (lanes.end, lanes.length) if lane is not None else None
    if client == "127.0.0.1":
        assert lanes.find(HEAD % b"48", client) is not None
        again = lanes.again
        assert lanes.find(data, client, again) is lane
        assert lane is None or (lanes.end, lanes.length) == told
    return lanes if lane is not None else None


@pytest.mark.parametrize("length", [b"0", b"7", b"48", b"123456"])
def test_a_head_is_known_whatever_the_length_of_its_body(length: bytes) -> None:
    lanes = found(HEAD % length)
    assert lanes is not None
    assert lanes.length == int(length)
    assert lanes.end == len(HEAD % length)


@pytest.mark.parametrize(
    "data",
    [
        HEAD % b"",
        HEAD % b"-1",
        HEAD % b"+5",
        HEAD % b"5 ",
        HEAD % b"0x5",
        HEAD % b"5,5",
        HEAD % (b"9" * 30),
        HEAD % b"\xb2",
        (HEAD % b"48")[:-2],
        (HEAD % b"48").replace(b"Host: a", b"Host: b"),
        (HEAD % b"48").replace(b"Accept: */*", b"Accept: */*\r\nContent-Length: 48"),
        (HEAD % b"48").replace(b"Accept: */*", b"Accept: */*\r\nTransfer-Encoding: chunked"),
        (HEAD % b"48").replace(b"Content-Length", b"content-length"),
        (HEAD % b"48").replace(b"Content-Length: 48\r\n", b""),
        b"",
        b"\r\n\r\n",
    ],
    ids=repr,
)
def test_any_other_head_is_not(data: bytes) -> None:
    assert found(data) is None


def test_a_head_belongs_to_its_client() -> None:
    assert found(HEAD % b"48", "127.0.0.2") is None


def test_what_cannot_go_the_short_way_is_looked_at_once() -> None:
    made = WireBench(
        {"services": [{"name": "s", "url": "http://upstream.test", "routes": [{"paths": ["/"]}]}]},
        Origin("http", "upstream.test", 80),
    )
    lanes: Lanes = made.serving.lanes
    made.send(HEAD % b"2" + b"{}")
    assert lanes.missed is not None
    made.answer(b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok")
    assert lanes.find(HEAD % b"2", "127.0.0.1") is None
    assert lanes.missed is None


def test_a_request_that_began_before_a_change_teaches_nothing_about_what_came_after() -> None:
    made = WireBench(chat_route(), Origin("http", "upstream.test", 80))
    other = WireBench(chat_route(), Origin("http", "upstream.test", 80))
    made.send(HEAD % b"48" + BODY)
    made.serving.lanes = lanes = Lanes(made.serving.lanes._recorder, other.gateway.snapshot)
    made.answer(b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER))
    assert lanes.find(HEAD % b"48", "127.0.0.1") is None
    assert lanes.missed is not None


def test_a_head_that_a_connection_sent_before_is_forgotten_with_the_configuration() -> None:
    made = bench()
    lanes: Lanes = made.serving.lanes
    assert lanes.find(HEAD % b"48", "127.0.0.1") is not None
    assert Lanes(made.recorder).find(HEAD % b"48", "127.0.0.1", lanes.again) is None


@pytest.mark.parametrize("name", [b"Content-Length", b"content-length"])
@pytest.mark.parametrize("last", [False, True])
def test_where_the_length_stands_in_the_head(name: bytes, last: bool) -> None:
    lines = [name + b": %b", b"Accept: */*"]
    head = b"\r\n".join([b"POST /chat HTTP/1.1", b"Host: other", *(reversed(lines) if last else lines), b"", b""])
    made = bench()
    for size in range(3):
        body = BODY.replace(b"hello", b"hello" * 10**size)
        made.send(head % b"%d" % len(body) + body)
        assert made.short == (size > 0)
        made.answer(b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER))
    assert made.client._again is not None
    assert made.client._again.before.endswith(name + b": ")
