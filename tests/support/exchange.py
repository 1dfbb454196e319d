"""A gateway in memory: a declarative configuration is compiled for real, requests run through real exchanges, and the
test plays the upstream. Not for: sockets and HTTP parsing (the transport's tests).

    gateway = Gateway({"services": [...], "plugins": [...]})
    told = gateway.ask("POST", "/chat", {"apikey": "k"}, b"{}", answer=Answer(200, {"X-A": "b"}, b"body"))
    told.status, told.header("x-consumer-id"), told.body, told.sent.header("host"), told.sent.body
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway.entities import Config
from gateway.exchange import Exchange
from gateway.snapshot import Snapshot
from gateway.values import (
    Consult,
    Consulted,
    Count,
    Fetch,
    Fetched,
    Forward,
    Head,
    Headers,
    RedisStore,
    Reply,
    Request,
    Step,
    UpstreamError,
)
from gateway.vault import Vault

HeaderInput = Mapping[str, str] | Iterable[tuple[str, str]]


def header_lines(given: HeaderInput) -> Headers:
    pairs = given.items() if isinstance(given, Mapping) else given
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def taken_apart(block: bytes) -> list[tuple[str, str]]:
    """A block of header lines as pairs; a line that is none fails the test."""
    pairs = []
    for line in block.decode("latin-1").split("\r\n"):
        if line:
            name, colon, value = line.partition(": ")
            assert colon, f"not a header line: {line!r}"
            pairs.append((name, value))
    return pairs


class Lines:
    """Header lines that a test looks at."""

    headers: list[tuple[str, str]]

    def header(self, name: str) -> str | None:
        """The only value of a header; None when it is absent, an AssertionError when there are two."""
        found = self.all(name)
        assert len(found) < 2, f"{name} came {len(found)} times"
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Sent(Lines):
    """What went upstream."""

    def __init__(self, forward: Forward | Fetch) -> None:
        start, _, block = forward.head.partition(b"\r\n")
        method, path, version = start.decode("latin-1").split(" ")
        assert version == "HTTP/1.1"
        assert block.endswith(b"\r\n\r\n") or block == b"\r\n"
        self.origin = forward.origin
        self.method = method
        self.path = path
        self.headers = taken_apart(block[:-2])
        self.body = forward.body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answer:
    """What the test's upstream says; `body` may be several pieces. `error` instead of an answer, `broken` after it."""

    def __init__(
        self,
        status: int = 200,
        headers: HeaderInput = (),
        body: bytes | Iterable[bytes] = b"",
        *,
        error: UpstreamError | None = None,
        broken: UpstreamError | None = None,
    ) -> None:
        self.status = status
        self.headers = header_lines(headers)
        self.pieces = [body] if isinstance(body, bytes) else list(body)
        self.error = error
        self.broken = broken


class Told(Lines):
    """What the client got."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.status = 0
        self.headers = []
        self.body = b""
        self.length: int | None = None  # announced before the body
        self.whole = False  # a Reply: nothing was sent before the end
        self.cut = False  # the connection was cut in the middle
        self.attempts: list[Sent] = []
        self.fetches: list[Sent] = []

    @property
    def sent(self) -> Sent:
        """The one request that went upstream."""
        assert len(self.attempts) == 1, (
            f"{len(self.attempts)} requests went upstream; answer: {self.status} {self.body!r}"
        )
        return self.attempts[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def _reply(self, reply: Reply) -> Told:
        self.status, self.headers, self.body, self.whole = reply.status, taken_apart(reply.block), reply.body, True
        return self


class TestRuntime:
    """A worker's gifts with a clock that the test moves."""

    __test__ = False

    def __init__(self, **settings: Any) -> None:
        self.settings = SimpleNamespace(**{"access_log": True, "proxy_listen": [], **settings})
        self.time = 1000.0
        self.epoch = 1_800_000_000.0
        self.count = 0
        self.lines: list[bytes] = []
        self.appended: list[tuple[str, bytes]] = []  # what went to files
        self.delivered: list[tuple[Any, bytes]] = []  # what went to servers, with the outbox
        self.charged: list[tuple[RedisStore, Count]] = []  # what nodes count together

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.epoch

    def pass_time(self, seconds: float) -> None:
        self.time += seconds
        self.epoch += seconds

    def request_id(self) -> bytes:
        self.count += 1
        return b"%020x%012x" % (0xABCDEF, self.count)

    def log(self, line: bytes) -> None:
        self.lines.append(line)

    def log_all(self, lines: list[bytes]) -> None:
        self.lines += lines

    def append(self, path: str, line: bytes, reopen: bool) -> None:
        self.appended.append((path, line))

    def deliver(self, outbox: Any, entry: bytes) -> None:
        self.delivered.append((outbox, entry))

    def charge(self, store: RedisStore, counts: Sequence[Count]) -> None:
        self.charged += ((store, count) for count in counts)


class Gateway:
    """A compiled configuration that answers requests. `environment`: for vault references."""

    def __init__(
        self,
        declarative: Mapping[str, Any],
        *,
        environment: Mapping[str, str] | None = None,
        secrets_file: Path | None = None,
        resources: dict[str, Any] | None = None,
        hidden: frozenset[str] = frozenset(),
        runtime: Any = None,
    ) -> None:
        self.runtime = runtime or TestRuntime()
        self.resources = {} if resources is None else resources
        self._environment = environment or {}
        self._secrets_file = secrets_file
        self._hidden = hidden
        self.snapshot = self._compile(declarative, None)

    def _compile(self, declarative: Mapping[str, Any], previous: Snapshot | None) -> Snapshot:
        config = Config.from_declarative({"_format_version": "3.0", **declarative})
        vault = Vault(self._environment, self._secrets_file, entities=list(config.collections["vaults"].values()))
        return Snapshot.compile(config, vault, self.resources, hidden=self._hidden, previous=previous)

    def change(self, declarative: Mapping[str, Any]) -> None:
        """Another configuration takes over, as after POST /config."""
        self.snapshot = self._compile(declarative, self.snapshot)

    def exchange(
        self,
        method: str,
        target: str,
        headers: HeaderInput = (),
        body: bytes | str | Mapping[str, Any] = b"",
        *,
        client: str = "127.0.0.1",
        scheme: str = "http",
        port: int = 8000,
    ) -> Exchange:
        """An exchange that has not started. A mapping as body is sent as JSON with its content type; Host and
        Content-Length are added where they are missing."""
        lines = header_lines(headers)
        named = {name.lower() for name, _ in lines}
        if isinstance(body, Mapping):
            if b"content-type" not in named:
                lines.append((b"Content-Type", b"application/json"))
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else body
        if b"host" not in named:
            lines.insert(0, (b"Host", b"gateway.test"))
        if raw and b"content-length" not in named and b"transfer-encoding" not in named:
            lines.append((b"Content-Length", str(len(raw)).encode()))
        fields = {name.lower(): value for name, value in lines}
        request = Request(
            method.encode(), target.encode("latin-1"), lines, fields, raw, client=client, scheme=scheme, port=port
        )
        return Exchange(self.snapshot, request, self.runtime)

    def ask(
        self,
        method: str,
        target: str,
        headers: HeaderInput = (),
        body: bytes | str | Mapping[str, Any] = b"",
        *,
        answer: Answer | Callable[[Sent], Answer] | None = None,
        fetched: Callable[[Sent], Answer] | None = None,
        consulted: Callable[[Consult], Consulted] | None = None,
        aborted: bool = False,
        **about: Any,
    ) -> Told:
        """One request from its first byte to its log. `answer`: the upstream, or a function that plays it; `fetched`
        plays whoever a plugin asks, `consulted` the counts that nodes share."""
        exchange = self.exchange(method, target, headers, body, **about)
        told = Told(exchange)
        step: Step | None = exchange.start()
        while isinstance(step, Fetch | Consult):
            if isinstance(step, Consult):
                assert consulted is not None, "a plugin asks a store, and the test has no `consulted`"
                step = exchange.resume(consulted(step))
                continue
            assert fetched is not None, "a plugin asks someone, and the test has no `fetched`"
            told.fetches.append(Sent(step))
            said = fetched(told.fetches[-1])
            step = exchange.resume(Fetched(said.status, said.headers, b"".join(said.pieces), said.error))
        while isinstance(step, Forward):
            told.attempts.append(Sent(step))
            played = answer(told.attempts[-1]) if callable(answer) else answer or Answer()
            step = self._play(exchange, played, told)
        if isinstance(step, Reply):
            told._reply(step)
        exchange.finish(told.status, len(told.body), aborted)
        return told

    def _play(self, exchange: Exchange, answer: Answer, told: Told) -> Forward | Reply | None:
        """Feeds one answer back as the transport does. Forward: once more; Reply: the whole answer; None: sent."""
        if answer.error is not None:
            outcome = exchange.fail(answer.error)
            assert not isinstance(outcome, bytes), "bytes for a client that has no head yet"
            return outcome
        headers = list(answer.headers)
        named = {name.lower() for name, _ in headers}
        if b"content-length" not in named and b"transfer-encoding" not in named and len(answer.pieces) == 1:
            headers.append((b"Content-Length", str(len(answer.pieces[0])).encode()))
        head = exchange.head(answer.status, b"", headers)
        if head is not None:
            self._sending(head, told)
        for piece in answer.pieces:
            told.body += exchange.data(piece)
        if answer.broken is not None:
            last = exchange.fail(answer.broken)
            if last is None:
                told.cut = True
            elif isinstance(last, bytes):
                told.body += last
            return last if isinstance(last, Forward | Reply) else None
        rest = exchange.end()
        if isinstance(rest, Reply | Forward):
            assert head is None, "a whole answer after a head was sent"
            return rest
        assert head is not None, "a body without a head"
        told.body += rest
        if told.length is not None:
            assert told.length == len(told.body), f"announced {told.length} bytes, sent {len(told.body)}"
        return None

    @staticmethod
    def _sending(head: Head, told: Told) -> None:
        told.status, told.headers, told.length = head.status, taken_apart(head.block), head.length


def proxied(*plugins: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A configuration with one route (everything) to one plain service, and these plugins on it."""
    service = {"name": "plain", "url": "http://upstream.test:8080", "routes": [{"name": "all", "paths": ["/"]}]}
    return {"services": [{**service, "plugins": list(plugins)}], **more}
