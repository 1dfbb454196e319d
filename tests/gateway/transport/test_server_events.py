"""Streams of whole events in chunks of their own: the client gets the same, whether they are looked into or pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.recorded import chat_route
from support.two_ways import ORIGIN, USAGE, asked
from support.wire_bench import WireBench

from gateway.exchange import Exchange
from gateway.sse import UsageScanner
from gateway.transport import client
from gateway.transport.chunks import ChunkReader
from gateway.transport.event_chunks import EventChunks

HEAD = (
    b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 05:32:48 GMT\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"
SIZES = EventChunks()
REMEMBERED = ("status", "prompt_tokens", "completion_tokens", "estimated", "model")


def event(**members: Any) -> bytes:
    return b"data: %b\n\n" % json.dumps({"id": "c", "choices": [], **members}).encode()


def word(text: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}}])


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


WORDS = [word(text) for text in ("a", "of", "the", "with", "x" * 200)]
COUNTED = event(usage=USAGE)
ODD = [COUNTED, DONE, event(error={"message": "no more"}), b": ping\n\n", WORDS[0] + WORDS[1], WORDS[2][:20], b"\n\n"]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sizes of all words came before."""
    for _ in range(256):
        SIZES.end(b"".join(map(chunk, [*WORDS, *ODD[:5]])))
    monkeypatch.setattr(client, "_EVENTS", SIZES)
    yield


def body_of(wire: bytes) -> bytes:
    """A chunked answer's body. The framing must hold."""
    _, _, rest = wire.partition(b"\r\n\r\n")
    reader = ChunkReader()
    body = reader.feed(rest)
    assert reader.rest == b""
    return body


def streamed(reads: list[bytes], passing: bool, request: dict[str, Any]) -> tuple[bytes, bytes, dict[str, Any]]:
    """What the client got: its body, all of it; and what was remembered."""
    with pytest.MonkeyPatch.context() as patch:
        if not passing:
            patch.setattr(Exchange, "passer", lambda self: None)
        bench = WireBench(chat_route(), ORIGIN)
        bench.send(asked({"messages": [{"role": "user", "content": "hello"}], "stream": True, **request}))
        got = b"".join(bench.answer(read) for read in [HEAD, *reads])
    (told,) = bench.remembered()[1]
    return body_of(got), got, {name: told.get(name) for name in REMEMBERED}


SHOWN = {"stream_options": {"include_usage": True}}


def test_events_pass_in_the_chunks_that_they_came_in(monkeypatch: pytest.MonkeyPatch) -> None:
    read = b"".join(chunk(WORDS[number % 4]) for number in range(16))
    last = chunk(COUNTED) + chunk(DONE) + END
    fed: list[bytes] = []
    feed = UsageScanner.feed
    monkeypatch.setattr(UsageScanner, "feed", lambda self, piece: fed.append(piece) or feed(self, piece))
    body, got, told = streamed([read, read, read, last], True, SHOWN)
    assert not fed
    assert got.count(read) == 3 and got.endswith(last)
    assert body == b"".join(WORDS[number % 4] for number in range(16)) * 3 + COUNTED + DONE
    assert told == streamed([read, read, read, last], False, SHOWN)[2]
    assert told["completion_tokens"] == 7


def test_the_first_of_them_after_a_head_goes_behind_the_head() -> None:
    reads = [b"".join(map(chunk, WORDS * 3))] * 2 + [chunk(DONE) + END]
    assert streamed(reads, True, SHOWN)[1].startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_stream_that_tells_no_usage_is_estimated_about_alike() -> None:
    reads = [b"".join(map(chunk, WORDS[:4] * 4))] * 10 + [chunk(DONE) + END]
    one, other = (streamed(reads, passing, {})[2] for passing in (True, False))
    assert one["estimated"] and other["estimated"]
    assert other["completion_tokens"] > 50
    assert abs(one["completion_tokens"] - other["completion_tokens"]) <= 2


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(ODD)), max_size=30),
    st.lists(st.integers(0, 10_000), max_size=6),
    st.sampled_from([{}, SHOWN]),
)
def test_whatever_comes_and_however_it_is_cut(bodies: list[bytes], cuts: list[int], request: dict[str, Any]) -> None:
    chunks = [chunk(body) for body in [*WORDS, *WORDS, *bodies]]
    ends = [sum(map(len, chunks[: index + 1])) for index in range(len(chunks))]
    stream = b"".join(chunks)
    places = sorted({ends[9], len(stream), *(ends[cut % len(ends)] if cut % 3 else cut % len(stream) for cut in cuts)})
    reads = [stream[start:end] for start, end in zip([0, *places], places, strict=False)] + [END]
    one, other = streamed(reads, True, request), streamed(reads, False, request)
    assert one[0] == other[0]
    if not one[2]["estimated"]:
        assert one[2] == other[2]


def test_a_break_between_events_is_told_in_an_event_of_its_own() -> None:
    bench = WireBench(chat_route(), ORIGIN)
    bench.send(asked({"messages": [{"role": "user", "content": "hello"}], "stream": True}))
    got = bench.answer(HEAD, *[b"".join(map(chunk, WORDS * 2))] * 3)
    bench.upstream.connection_lost(None)
    bench._loop.turn()
    got += bench.client_wire.take()
    body = body_of(got)
    assert body.startswith(b"".join(WORDS * 6))
    assert b"the upstream stopped in the middle" in body[len(b"".join(WORDS * 6)) :]
    assert bench.client_wire.closed
