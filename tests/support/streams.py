"""Streams cut into pieces every way, for tests that say: however the network cuts it, the result is the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Protocol

from hypothesis import strategies as st


class Feedable(Protocol):
    def feed(self, piece: bytes) -> bytes: ...
    def end(self) -> bytes: ...


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, cut at these offsets (taken modulo its length)."""
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(marks)]


PLACES = st.lists(st.integers(0, 100_000), max_size=12)


def every_split(data: bytes) -> Iterator[list[bytes]]:
    """In two at every place, and byte by byte."""
    for place in range(len(data) + 1):
        yield [data[:place], data[place:]]
    yield [data[index : index + 1] for index in range(len(data))]


def drain(stream: Feedable, pieces: list[bytes]) -> bytes:
    """All that a client gets."""
    return b"".join([stream.feed(piece) for piece in pieces]) + stream.end()


def sse(*events: Any, named: bool = False, end: str = "\n") -> bytes:
    """Server-sent events, each a JSON value or bytes as they are; `named` puts the value's type as the event's name."""
    out = b""
    for event in events:
        data = event if isinstance(event, bytes) else json.dumps(event, separators=(",", ":")).encode()
        if named and isinstance(event, dict):
            out += f"event: {event['type']}{end}".encode()
        out += b"data: " + data + (end * 2).encode()
    return out


def lines(*values: Any) -> bytes:
    """Newline-delimited JSON."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def chunks(data: bytes) -> list[Any]:
    """The decoded events of an OpenAI stream as a client reads them; "[DONE]" as that string."""
    assert data.endswith(b"\n\n") or not data
    found = []
    for event in data.split(b"\n\n")[:-1]:
        assert event.startswith(b"data: "), event
        text = event[6:]
        found.append("[DONE]" if text == b"[DONE]" else json.loads(text))
    return found


def check_chunks(data: bytes) -> list[Any]:
    """What every OpenAI client relies on: one id, created and model; the role only first; an index on every tool
    delta; nothing after [DONE]; an error instead of [DONE], never both. Returns the decoded events."""
    found = chunks(data)
    errors = [chunk for chunk in found if isinstance(chunk, dict) and "error" in chunk]
    assert found[-1:] == (errors if errors else ["[DONE]"]), found[-1:]
    assert found.count("[DONE]") == (0 if errors else 1)
    told = [chunk for chunk in found if isinstance(chunk, dict) and "error" not in chunk]
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in told}) <= 1
    deltas = [choice["delta"] for chunk in told for choice in chunk["choices"] if "delta" in choice]
    assert all(("role" in delta) == (position == 0) for position, delta in enumerate(deltas))
    for delta in deltas:
        assert all(isinstance(call["index"], int) for call in delta.get("tool_calls", ()))
    reasons = [choice["finish_reason"] for chunk in told for choice in chunk["choices"] if choice["finish_reason"]]
    assert len(reasons) == (0 if errors else 1)
    return found


def text_of(found: list[Any], member: str = "content") -> str:
    """What the chunks' deltas add up to."""
    return "".join(
        choice.get("delta", choice).get(member) or ""
        for chunk in found
        if isinstance(chunk, dict)
        for choice in chunk.get("choices", ())
    )


def calls_of(found: list[Any]) -> list[dict[str, Any]]:
    """The tool calls that a client puts together from the deltas."""
    calls: dict[int, dict[str, Any]] = {}
    for chunk in found:
        for choice in chunk.get("choices", ()) if isinstance(chunk, dict) else ():
            for delta in choice.get("delta", {}).get("tool_calls", ()):
                call = calls.setdefault(delta["index"], {"id": "", "name": "", "arguments": ""})
                call["id"] += delta.get("id", "")
                call["name"] += delta["function"].get("name", "")
                call["arguments"] += delta["function"].get("arguments", "")
    return [calls[index] for index in sorted(calls)]
