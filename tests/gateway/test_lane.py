"""What may go the short way, and that nobody can tell which way it went."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.two_ways import ANSWER, CHAT, LINES, USAGE, TwoWays, answered, asked

STREAM = {**LINES, "Content-Type": "text/event-stream"}
EVENTS = (
    b'data: {"choices":[{"delta":{"content":"hello"}}],"usage":null}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}\n\n'
    b"data: [DONE]\n\n"
)


@pytest.mark.parametrize(
    "members",
    [
        {"stream": True},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": False},
        {"stream": None, "stream_options": []},
        {"stream_options": {"include_usage": True}},
    ],
    ids=repr,
)
@pytest.mark.parametrize("pieces", [1, 3, 40])
def test_streams_go_up_the_short_way(members: dict[str, Any], pieces: int) -> None:
    ways = TwoWays()
    for _ in range(2):
        ways.sent(asked({**CHAT, **members}))
        assert ways.express.short
        answer = answered(EVENTS, lines=STREAM) if members.get("stream") else answered()
        size = len(answer) // pieces + 1
        got = ways.got(*(answer[at : at + size] for at in range(0, len(answer), size)))
        assert b"hello" in got or not members.get("stream")
        assert ways.express.recorder.recent()[-1]["completion_tokens"] == 7


def test_a_stream_teaches_the_way_of_what_is_none() -> None:
    ways = TwoWays()
    ways.exchange(asked({**CHAT, "stream": True}, Accept="x"), answered(EVENTS, lines=STREAM))
    ways.sent(asked(CHAT, Accept="x"))
    assert ways.express.short
    ways.got(answered())


def test_a_route_that_denies_streams_denies_them_on_both_ways() -> None:
    ways = TwoWays(response_streaming="deny")
    assert ways.sent(asked({**CHAT, "stream": True})) == b""
    first, second = (bench.client_wire.take() for bench in ways.both)
    assert first == second
    assert first.startswith(b"HTTP/1.1 400 ")


def test_only_so_many_ways_to_write_the_same_are_kept() -> None:
    ways = TwoWays()
    for spaces in range(40):
        text = json.dumps(CHAT)[:-1] + ',"stream":true,"stream_options":{' + " " * spaces + '"include_usage":true}}'
        ways.exchange(asked(text.encode()), answered(EVENTS, lines=STREAM))
    ways.sent(asked({**CHAT, "stream": True}))
    assert not ways.express.short  # which was the seventeenth
    ways.got(answered(EVENTS, lines=STREAM))


@pytest.mark.parametrize(
    "body",
    [
        {**CHAT, "model": "gpt-6-luna"},
        {**CHAT, "model": "another"},
        {**CHAT, "model": None},
        {**CHAT, "stream": "yes"},
        {**CHAT, "prompt": "also"},
        {**CHAT, "top_k": 3},
        {**CHAT, "stream": True, "stream_options": {"include_usage": False}},
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


def zipped(body: Any = ANSWER) -> tuple[bytes, dict[str, str]]:
    return gzip.compress(json.dumps(body).encode(), mtime=0), {**LINES, "Content-Encoding": "gzip"}


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br, zstd"])
def test_answers_for_a_client_that_takes_them_packed(accepted: str) -> None:
    request = asked(Accept_Encoding=accepted)
    ways = TwoWays(request=request)
    body, lines = zipped()
    for answer in (answered(), answered(body, lines=lines), answered(), answered(body, lines=lines)):
        sent = ways.sent(request)
        assert ways.express.short
        assert b"Accept-Encoding: gzip, identity\r\n" in sent
        got = ways.got(answer)
        assert b"Content-Encoding: gzip\r\n" in got
        assert json.loads(gzip.decompress(got.split(b"\r\n\r\n", 1)[1])) == ANSWER
        assert ways.express.recorder.recent()[-1]["completion_tokens"] == 7


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"no gzip", {"Content-Encoding": "gzip"}),
        (zipped()[0][:-5], {"Content-Encoding": "gzip"}),
        (zipped({"choices": 5})[0], {"Content-Encoding": "x-gzip"}),
        (zlib.compress(json.dumps(ANSWER).encode()), {"Content-Encoding": "deflate"}),
        (b"?", {"Content-Encoding": "br"}),
        (zipped()[0], {}),
    ],
    ids=repr,
)
def test_packed_answers_out_of_the_ordinary(body: bytes, lines: dict[str, str]) -> None:
    for headers in ({"Accept_Encoding": "gzip"}, {}):
        ways = TwoWays(request=asked(**headers))
        ways.sent(asked(**headers))
        assert ways.express.short
        ways.got(answered(body, lines={**LINES, **lines}))


@pytest.mark.parametrize("pieces", [1, 7])
def test_streams_of_a_client_that_takes_answers_packed(pieces: int) -> None:
    plain, streamed = asked(Accept_Encoding="gzip"), asked({**CHAT, "stream": True}, Accept_Encoding="gzip")
    for first in (plain, streamed):
        ways = TwoWays()
        ways.exchange(first, answered(EVENTS, lines=STREAM) if first is streamed else answered())
        for request in (streamed, plain, streamed):
            sent = ways.sent(request)
            assert ways.express.short
            wanted = b"identity" if request is streamed else b"gzip, identity"
            assert b"Accept-Encoding: " + wanted + b"\r\n" in sent
            answer = answered(EVENTS, lines=STREAM) if request is streamed else answered()
            size = len(answer) // pieces + 1
            ways.got(*(answer[at : at + size] for at in range(0, len(answer), size)))
