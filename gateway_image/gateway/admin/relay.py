"""A request that a page of ours sends through the proxy, and its answer as a stream of lines. A page may talk to its
own origin only, and what an upstream answers must never run or count as a page of that origin: so the answer is
wrapped, one JSON object a line, and the request goes to this node's proxy and nowhere else.

    {"head": {"status": 200, "headers": [["content-type", "text/event-stream"], ...], "ms": 12.3}}
    {"data": "some text", "ms": 15.0}           as often as pieces come
    {"end": {"ms": 40.2}}  or  {"error": {"kind": "refused", "detail": "...", "ms": 1.0}}

The transport drives it like an exchange. Not for: deciding who may ask (guard.py), sockets.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from typing import Any

from gateway import __version__
from gateway.admin.answers import message
from gateway.admin.static import PAGE_LINES
from gateway.codec import encode
from gateway.headers import HOP_BY_HOP
from gateway.outbound import host_value
from gateway.settings import Settings
from gateway.values import Fetched, Forward, Head, Headers, Origin, Reply, UpstreamError

READ_SECONDS = 600.0
_LINES = b"Content-Type: application/x-ndjson; charset=utf-8\r\nCache-Control: no-store\r\n" + PAGE_LINES
_METHOD = re.compile(r"[A-Z]{1,20}\Z")
_TARGET = re.compile(r"/[!-~]*\Z")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_VALUE = re.compile(r"[\t -~\x80-\xff]*\Z")
_SHAPE = 'send {"method": "POST", "path": "/...", "headers": {...}, "body": "..."}'
_AGENT = f"User-Agent: gateway-manager/{__version__}".encode()
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "*": "127.0.0.1"}  # noqa: S104 - recognised, not listened on


def proxy_origin(settings: Settings) -> Origin | None:
    """This node's proxy, as it is reached from itself; plain HTTP where it has that. None: it has no proxy."""
    listeners = settings.proxy_listen
    listener = next((one for one in listeners if not one.ssl), listeners[0] if listeners else None)
    if listener is None:
        return None
    host = _WILDCARDS.get(listener.host, listener.host)
    return Origin("https" if listener.ssl else "http", host, listener.port, verify=False)


class Relay:
    """One request through the proxy. Raises Refusal (400) for what is no request."""

    def __init__(self, asked: Mapping[str, Any], origin: Origin, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock()
        self._forward = _forward(asked, origin)
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._lead = b""  # the line about the head, until there is something to send it with
        self._began = False

    def start(self) -> Forward:
        return self._forward

    def resume(self, fetched: Fetched) -> Reply:
        raise NotImplementedError  # nothing is ever fetched

    def connected(self, address: str, seconds: float) -> None:
        """Nobody asks."""

    def head(self, status: int, reason: bytes, headers: Headers) -> Head:
        named = [[name.decode("latin-1").lower(), value.decode("latin-1")] for name, value in headers]
        self._lead = self._line({"head": {"status": status, "headers": named, "ms": self._ms()}})
        self._began = True
        return Head(200, _LINES, None)

    def passer(self) -> None:
        """Nothing passes: all of it becomes JSON."""

    def data(self, piece: bytes) -> bytes:
        text = self._text.decode(piece)
        return self._led(self._line({"data": text, "ms": self._ms()}) if text else b"")

    def end(self) -> bytes:
        rest = self._text.decode(b"", True)
        last = self._line({"data": rest, "ms": self._ms()}) if rest else b""
        return self._led(last + self._line({"end": {"ms": self._ms()}}))

    def fail(self, error: UpstreamError) -> Reply | bytes:
        told = self._line({"error": {"kind": error.kind, "detail": error.detail, "ms": self._ms()}})
        return self._led(told) if self._began else Reply(200, _LINES, told)

    def finish(self, status: int, sent: int, aborted: bool) -> None:
        """Nothing is kept."""

    def _led(self, line: bytes) -> bytes:
        lead, self._lead = self._lead, b""
        return lead + line

    def _line(self, value: Any) -> bytes:
        return encode(value) + b"\n"

    def _ms(self) -> float:
        return round((self._clock() - self._started) * 1000, 1)


def _forward(asked: Mapping[str, Any], origin: Origin) -> Forward:
    method, path = asked.get("method", "GET"), asked.get("path")
    headers, body = asked.get("headers") or {}, asked.get("body")
    if not isinstance(method, str) or not _METHOD.match(method):
        raise message(400, f"'method' must be an HTTP method in capitals: {_SHAPE}")
    if not isinstance(path, str) or not _TARGET.match(path):
        raise message(400, f"'path' must begin with / and have no spaces or other characters to escape: {_SHAPE}")
    if body is not None and not isinstance(body, str):
        raise message(400, f"'body' must be a text: {_SHAPE}")
    if not isinstance(headers, dict):
        raise message(400, f"'headers' must be an object of texts: {_SHAPE}")
    lines = {
        "host": b"Host: " + host_value(origin),
        "user-agent": f"User-Agent: gateway-manager/{__version__}".encode(),
    }
    for name, value in headers.items():
        if not isinstance(value, str) or not _NAME.match(name) or not _VALUE.match(value):
            raise message(400, f"the header '{name[:100]}' is not a name with a text of Latin-1 letters")
        if name.lower().encode() not in HOP_BY_HOP:
            lines[name.lower()] = f"{name}: {value}".encode("latin-1")
    content = body.encode("utf-8", "surrogatepass") if body is not None else b""
    if content or method in ("POST", "PUT", "PATCH"):
        lines["content-length"] = b"Content-Length: %d" % len(content)
    head = b"%b %b HTTP/1.1\r\n%b\r\n\r\n" % (method.encode(), path.encode(), b"\r\n".join(lines.values()))
    return Forward(origin, head, content, connect_timeout=5.0, write_timeout=60.0, read_timeout=READ_SECONDS)
