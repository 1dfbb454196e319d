"""Two listeners of one configuration, of which one knows the short way, held against each other byte by byte: what goes
upstream, what the client gets, what is logged, remembered and summed. Not for: real connections.
"""

from __future__ import annotations

import json
from typing import Any

from support.recorded import chat_route
from support.wire_bench import WireBench

from gateway.values import Origin

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

    def __init__(
        self, *plugins: dict[str, Any], request: bytes | None = None, more: dict[str, Any] | None = None, **config: Any
    ) -> None:
        """`request`: another one to learn from; `more`: of the declarative configuration."""
        route = chat_route(*plugins) | (more or {})
        route["services"][0]["routes"][0]["plugins"][0]["config"].update(config)
        self.express, self.general = (WireBench(route, ORIGIN, express=express) for express in (True, False))
        self.both = (self.express, self.general)
        self.exchange(request or asked(), answered())

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

    def refused(self) -> bytes:
        """What the client got for a request that did not go up."""
        short, general = (bench.client_wire.take() for bench in self.both)
        assert short == general
        self.same()
        return short
