"""What is fuzzed, and what must hold for any input. Not for: making inputs (fuzzing.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import h11
import msgspec
from support.admin_api import Admin, request
from support.fuzzing import Target
from support.wire_pipe import Heard, client, server

from gateway.entities import KINDS, Config, ConfigError
from gateway.paths import BadTarget
from gateway.router import Router
from gateway.sse import SseError, SseParser, UsageScanner
from gateway.values import Forward, Headers, Origin, Reply, Request

LIMIT = 3000
_STATUS_LINE = re.compile(rb"HTTP/1\.1 \d{3} ")


class Fuzzed(NamedTuple):
    make: Callable[[], Target]
    seeds: list[bytes]
    words: list[bytes]


def _halves(data: bytes) -> list[bytes]:
    """The same bytes in three pieces, cut at places that depend on them alone."""
    one = (sum(data[:64]) * 7) % (len(data) + 1)
    other = (sum(data[-64:]) * 13) % (len(data) + 1)
    first, second = sorted((one, other))
    return [data[:first], data[first:second], data[second:]]


# -- requests ------------------------------------------------------------------------------------------------------


def requests() -> Target:
    """What is taken does not depend on how it was cut, is never more than what h11 reads in it, and every answer is
    one that h11 understands."""

    def taken(pieces: list[bytes]) -> tuple[list[Request], bytes, bool]:
        begun: list[Request] = []

        def answer(one: Request) -> Reply:
            begun.append(one)
            return Reply(200, b"X-A: b\r\n", b"ok")

        connection, pipe = server(answer, LIMIT)
        for piece in pieces:
            if piece and not pipe.closed:
                connection.data_received(piece)
        return begun, pipe.written, pipe.closed

    def target(data: bytes) -> str:
        begun, written, closed = taken([data])
        again, written_again, _ = taken(_halves(data))
        shape = [(one.method, one.target, one.body) for one in begun]
        assert shape == [(one.method, one.target, one.body) for one in again]
        assert _STATUS_LINE.findall(written) == _STATUS_LINE.findall(written_again)
        for one in begun:
            assert len(one.body) <= LIMIT
            assert not any(byte in one.target for byte in b"\r\n\0 ")
            for name, value in one.headers:
                assert name and not any(byte in name + value for byte in b"\r\n\0")
        theirs = _as_h11_reads(data)
        for ours, other in zip(begun, theirs, strict=False):
            assert ours.body == other[1], "two readings of one body"
        statuses = [piece[:3] for piece in written.split(b"HTTP/1.1 ")[1:]]
        return f"{len(begun)} {len(theirs)} {statuses[-1:]} {closed}" if len(begun) < 4 else "many"

    return target


def _as_h11_reads(data: bytes) -> list[tuple[bytes, bytes]]:
    """(method, body) of the requests that h11 takes whole."""
    peer = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 16)
    found: list[tuple[bytes, bytes]] = []
    try:
        peer.receive_data(data)
        method, body = b"", b""
        while True:
            event = peer.next_event()
            if isinstance(event, h11.Request):
                method, body = event.method, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                found.append((method, body))
                peer.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                peer.send(h11.EndOfMessage())
                peer.start_next_cycle()
            else:
                return found
    except h11.ProtocolError:
        return found


# -- answers -------------------------------------------------------------------------------------------------------


def answers() -> Target:
    """What a consumer hears does not depend on how it was cut; a kept connection has nothing left over."""

    def heard_of(pieces: list[bytes]) -> tuple[Heard, bool, int]:
        upstream, pipe, pool = client()
        heard = Heard()
        upstream.ask(Forward(Origin("http", "h", 80), b"GET / HTTP/1.1\r\n\r\n", b""), heard)
        for piece in pieces:
            if piece and not pipe.closed and not (heard.ended or heard.error):
                upstream.data_received(piece)
        return heard, pipe.closed, pool.kept

    def target(data: bytes) -> str:
        one, closed, kept = heard_of([data])
        other, _, _ = heard_of(_halves(data))
        assert (one.status, one.headers) == (other.status, other.headers)
        assert (one.error is None) == (other.error is None)
        if one.error is None:
            assert one.body == other.body
        assert not (kept and closed) and one.ended + (one.error is not None) <= 1
        for name, value in one.headers:
            assert not any(byte in name + value for byte in b"\r\n\0")
        why = one.error.detail if one.error is not None else ""
        return f"{one.status // 100} {one.ended} {kept} {closed} {why}"

    return target


# -- events --------------------------------------------------------------------------------------------------------


def events() -> Target:
    """Cutting changes nothing, and a passing stream passes whole."""

    def parsed(pieces: list[bytes]) -> Any:
        parser = SseParser(2000)
        found: list[Any] = []
        try:
            for piece in pieces:
                found += parser.feed(piece)
        except SseError:
            return "too large"
        return found

    def target(data: bytes) -> str:
        whole = parsed([data])
        if whole != "too large":
            assert whole == parsed(_halves(data))
        scanner, cut = UsageScanner(), UsageScanner()
        passed = scanner.feed(data) + scanner.end()
        assert passed.startswith(data) and passed[len(data) :] in (b"", b"\n\n")
        assert b"".join(cut.feed(piece) for piece in _halves(data)) + cut.end() == passed
        assert (scanner.usage, scanner.done, scanner.error) == (cut.usage, cut.done, cut.error)
        stripped = UsageScanner(strip=True)
        stripped.feed(data)
        stripped.end()
        count = whole if isinstance(whole, str) else min(len(whole), 5)
        return f"{count} {scanner.done} {scanner.usage is not None} {bool(scanner.error)} {len(passed) - len(data)}"

    return target


# -- routing -------------------------------------------------------------------------------------------------------

_ROUTES = [
    *({"paths": [path]} for path in ("/", "/a", "/a/b", "/ab", "~/a/(?<x>[^/]+)$", "~/(?i)B", "/%41", "/a b")),
    {"hosts": ["h.test", "*.test"], "paths": ["/a"]},
    {"hosts": ["h.*"]},
    {"headers": {"x-a": ["1", "~*^z"]}, "paths": ["/a"]},
    {"methods": ["PUT"]},
]


def routing() -> Target:
    """A decision does not depend on what was asked before, and what leaves for upstream is one clean path."""
    rows = [
        {"id": f"00000000-0000-4000-8000-{number:012d}", "name": str(number), "service": None, **row}
        for number, row in enumerate(_ROUTES)
    ]
    kept = Router.compile(rows, {})

    def decide(router: Router, data: bytes) -> Any:
        parts = data.split(b"\n")
        target = parts[0] or b"/"
        host = parts[1].decode("latin-1") if len(parts) > 1 else "h.test"
        headers: Headers = [(b"X-A", parts[2])] if len(parts) > 2 else []
        try:
            return router.match("GET", host, target, headers)
        except BadTarget:
            return "bad"

    def target(data: bytes) -> str:
        match = decide(kept, data)
        again = decide(Router.compile(rows, {}), data)
        if match is None or match == "bad":
            assert again == match
            return str(match)
        assert again.route is match.route and again.captures == match.captures
        path = match.upstream_path("/base")
        assert path.startswith(b"/") and not any(byte in path for byte in b"\r\n\0 ")
        assert b"/../" not in path + b"/"
        if match.stripped_prefix is not None:
            assert not any(byte in match.stripped_prefix for byte in b"\r\n\0")
        return f"{match.route['name']} {len(match.captures)}"

    return target


# -- configuration -------------------------------------------------------------------------------------------------


def config() -> Target:
    """A text is a configuration or a ConfigError that says what is wrong; one that is taken loads from its own
    rendering to the same."""

    def target(data: bytes) -> str:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return "not text"
        try:
            made = Config.load(text, deck=True)
        except ConfigError as error:
            assert str(error).strip()
            return "refused " + ",".join(sorted(name for name in map(str, error.fields) if name in KINDS))
        again = Config.from_declarative(made.render())
        assert again.hash == made.hash
        msgspec.msgpack.encode(made.collections)  # as every worker is told it
        counts = {kind: min(len(rows), 2) for kind, rows in made.collections.items() if rows}
        return json.dumps(counts, sort_keys=True)

    return target


# -- the Admin API -------------------------------------------------------------------------------------------------


_KNOWN = {name for kind in KINDS.values() for name in kind.record.fields}


def admin() -> Target:
    """Method, target, content type and body, a line each: never a 5xx, always the shape that was promised."""
    api = Admin()

    def target(data: bytes) -> str:
        line, _, body = data.partition(b"\n")
        words = line.decode("latin-1").split(" ")
        method = words[0] or "GET"
        path = words[1] if len(words) > 1 and words[1].startswith("/") else "/"
        kind = words[2] if len(words) > 2 else "application/json"
        if len(api.store.config.collections["services"]) > 50:
            api.store.config = Config()
        answer = api.handle(request(method, path, body, {"Content-Type": kind}))
        assert answer.status < 500 or answer.status == 501, answer
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            assert isinstance(answer.body, dict | list), answer.body
        msgspec.msgpack.encode(answer.body)
        code = answer.body.get("code") if isinstance(answer.body, dict) else None
        fields = answer.body.get("fields") if isinstance(answer.body, dict) else None
        names = (
            ",".join(sorted(name for name in map(str, fields) if name in _KNOWN)) if isinstance(fields, dict) else ""
        )
        known = method if method in ("GET", "POST", "PUT", "PATCH", "DELETE") else "other"
        return f"{known} {path.count('/')} {answer.status} {code} {names}"

    return target


_HTTP_WORDS = [
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b"\r\n\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b";a=b"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Host: h\r\n"),
    *(b"HTTP/1.1", b"HTTP/1.0", b"GET / HTTP/1.1\r\n", b"Expect: 100-continue\r\n", b"chunked", b"identity", b"gzip"),
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"%2e", b"..", b"http://h/", b"\x80", b"+5", b"0x5"),
]
_JSON_WORDS = [
    *(b'"', b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b'""', b"{}", b"[]", b"\\u0000", b"\xc3\xa9"),
    *(b'"name"', b'"id"', b'"paths"', b'"plugins"', b'"config"', b'"service"', b'"routes"', b'"tags"', b'"url"'),
    *(b'"services"', b'"upstreams"', b'"targets"', b'"consumers"', b'"ai-proxy"', b'"key-auth"', b'"enabled"'),
    *(
        b"~/(",
        b"{vault://env/x}",
        b"9" * 20,
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!python/object ",
        b"? ",
        b"- ",
        b"\n  ",
    ),
]
_CONFIG = b"""_format_version: "3.0"
services:
- name: s
  url: http://h.test/x
  routes: [{name: r, paths: ["~/a$", /b], methods: [GET]}]
  plugins: [{name: key-auth, config: {key_names: [apikey]}}]
consumers: [{username: c, keyauth_credentials: [{key: k}]}]
upstreams: [{name: u.test, targets: [{target: "10.0.0.1:80", weight: 5}]}]
plugins:
- {name: ai-proxy, config: {route_type: llm/v1/chat, model: {provider: openai, name: m}}}
"""
FUZZED: dict[str, Fuzzed] = {
    "requests": Fuzzed(
        requests,
        [
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            b"POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ],
        _HTTP_WORDS,
    ),
    "answers": Fuzzed(
        answers,
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        ],
        _HTTP_WORDS,
    ),
    "events": Fuzzed(
        events,
        [
            b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n',
            b'event: x\ndata: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
            b'data: {"error":{"message":"no"}}\r\n\r\n',
        ],
        [
            b"\n\n",
            b"\r\n",
            b"\r",
            b"\n",
            b"data: ",
            b"data:",
            b"event: ",
            b": c\n",
            b"[DONE]",
            b'"usage":{"',
            *_JSON_WORDS,
        ],
    ),
    "routing": Fuzzed(
        routing,
        [b"/a/b?c=d", b"/a\nh.test", b"/ab\nx.test:80\n1", b"http://h/a\nh.x\nzz", b"/%41%2f..%2F/a/./b//c"],
        [
            b"/",
            b"//",
            b"..",
            b"%2e",
            b"%2F",
            b"%00",
            b"?",
            b"#",
            b"\n",
            b"h.test",
            b"*.test",
            b":80",
            b"~",
            b"%zz",
            b"\xff",
        ],
    ),
    "config": Fuzzed(
        config, [_CONFIG, b'{"_format_version":"3.0","services":[{"name":"s","url":"http://h"}]}'], _JSON_WORDS
    ),
    "admin": Fuzzed(
        admin,
        [
            b'POST /services\n{"name":"s","url":"http://h.test/x"}',
            b'PUT /services/s\n{"url":"http://h.test"}',
            b'PATCH /services/s\n{"retries":3}',
            b"GET /services?size=1&tags=a",
            b"DELETE /services/s",
            b"POST /routes application/x-www-form-urlencoded\npaths[]=/a&service.name=s",
            b'POST /plugins\n{"name":"key-auth","config":{"key_names":["k"]}}',
            b'POST /upstreams\n{"name":"u.test"}',
            b'POST /schemas/plugins/validate\n{"name":"ai-proxy"}',
            b'POST /config\n{"_format_version":"3.0"}',
        ],
        [b" ", b"\n", b"/", b"?size=", b"&offset=", b"%2F", b"[]=", b"&", b"=", b"/plugins", b"/health", *_JSON_WORDS],
    ),
}
