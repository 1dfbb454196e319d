"""Requests that a page sends through the proxy: what goes out, what comes back, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.admin.answers import Refusal
from gateway.admin.relay import Relay, proxy_origin
from gateway.settings import Listener, Settings
from gateway.values import Forward, Origin, Reply, UpstreamError

ORIGIN = Origin("http", "127.0.0.1", 8000)


def ticking() -> Iterator[float]:
    moment = 100.0
    while True:
        yield moment
        moment += 0.0105


def relay(**asked: Any) -> Relay:
    moments = ticking()
    return Relay({"method": "POST", "path": "/x", **asked}, ORIGIN, lambda: next(moments))


def sent(forward: Forward) -> tuple[str, dict[str, str]]:
    line, *rest = forward.head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    return line, {name.lower(): value for name, value in (text.split(": ", 1) for text in rest)}


def events(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.split(b"\n") if line]


def test_the_request_goes_to_the_proxy_as_it_was_asked_for() -> None:
    forward = relay(
        path="/a?b=%20c", headers={"X-A": "1", "Host": "api.test", "Content-Length": "99"}, body="é"
    ).start()
    line, headers = sent(forward)
    assert forward.origin == ORIGIN
    assert line == "POST /a?b=%20c HTTP/1.1"
    assert headers["host"] == "api.test" and headers["x-a"] == "1"
    assert headers["content-length"] == "2" and forward.body == "é".encode()


def test_without_a_body_and_a_host() -> None:
    forward = relay(method="GET").start()
    _, headers = sent(forward)
    assert headers["host"] == "127.0.0.1:8000" and "content-length" not in headers
    assert sent(relay(method="PUT").start())[1]["content-length"] == "0"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"method": "get"}, "method"),
        ({"method": "GET / HTTP/1.1\r\nX: y"}, "method"),
        ({"path": "x"}, "path"),
        ({"path": "/x HTTP/1.1\r\nHost: evil"}, "path"),
        ({"path": "/ü"}, "path"),
        ({"path": None}, "path"),
        ({"path": "http://evil.test/"}, "path"),
        ({"body": {"a": 1}}, "body"),
        ({"headers": ["a"]}, "headers"),
        ({"headers": {"X": "a\r\nY: b"}}, "X"),
        ({"headers": {"X Y": "a"}}, "X Y"),
        ({"headers": {"X": 1}}, "X"),
        ({"headers": {"X": "日"}}, "X"),
    ],
)
def test_what_is_no_request_is_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal) as refused:
        relay(**asked)
    assert refused.value.status == 400 and words in str(refused.value)


def test_framing_cannot_be_smuggled_in() -> None:
    _, headers = sent(relay(headers={"Transfer-Encoding": "chunked", "Connection": "close, x"}, body="a").start())
    assert "transfer-encoding" not in headers and "connection" not in headers


def test_the_answer_is_wrapped_line_by_line() -> None:
    asked = relay()
    asked.start()
    head = asked.head(401, b"Unauthorized", [(b"Set-Cookie", b"a=b"), (b"WWW-Authenticate", b"Basic")])
    assert head.status == 200 and head.length is None
    assert b"Set-Cookie" not in head.block and b"application/x-ndjson" in head.block
    assert b"Content-Security-Policy: default-src 'none'" in head.block
    first = events(asked.data(b"<script>"))
    assert first[0]["head"]["status"] == 401 and ["set-cookie", "a=b"] in first[0]["head"]["headers"]
    assert first[1]["data"] == "<script>" and first[1]["ms"] > first[0]["head"]["ms"]
    assert "ms" in events(asked.end())[0]["end"]


def test_a_letter_cut_in_two_arrives_whole() -> None:
    asked = relay()
    asked.head(200, b"OK", [])
    data = asked.data(b"\xe6\x97") + asked.data(b"\xa5!") + asked.end()
    assert [event["data"] for event in events(data) if "data" in event] == ["日!"]
    cut = relay()
    cut.head(200, b"OK", [])
    assert [event.get("data") for event in events(cut.data(b"\xe6") + cut.end())][1] == "�"


def test_an_answer_without_a_body_still_tells_its_head() -> None:
    asked = relay()
    asked.head(204, b"", [])
    told = events(asked.end())
    assert told[0]["head"]["status"] == 204 and "end" in told[1]


def test_trouble_is_told() -> None:
    before = relay().fail(UpstreamError("refused", "127.0.0.1:8000: refused", False))
    assert isinstance(before, Reply) and before.status == 200
    assert events(before.body)[0]["error"]["kind"] == "refused"
    asked = relay()
    asked.head(200, b"OK", [])
    asked.data(b"half")
    after = asked.fail(UpstreamError("closed", "gone", True))
    assert isinstance(after, bytes) and events(after)[0]["error"]["detail"] == "gone"


def test_the_proxy_as_it_is_reached_from_itself() -> None:
    everywhere = Settings(proxy_listen=(Listener("0.0.0.0", 8443, ssl=True), Listener("0.0.0.0", 8000)))
    assert proxy_origin(everywhere) == Origin("http", "127.0.0.1", 8000, verify=False)
    tls = Settings(proxy_listen=(Listener("::", 8443, ssl=True),))
    assert proxy_origin(tls) == Origin("https", "::1", 8443, verify=False)
    assert proxy_origin(Settings(proxy_listen=())) is None
