"""request-size-limiting: what is said and what is there, both count."""

from typing import Any

import pytest
from support.exchange import Gateway, Told, proxied


def told(body: bytes, headers: dict[str, str] | None = None, **config: Any) -> Told:
    gateway = Gateway(proxied({"name": "request-size-limiting", "config": config}))
    return gateway.ask("POST", "/", headers or {}, body)


@pytest.mark.parametrize(
    ("unit", "size", "body", "status"),
    [
        ("bytes", 5, b"12345", 200),
        ("bytes", 5, b"123456", 413),
        ("kilobytes", 1, b"x" * 1024, 200),
        ("kilobytes", 1, b"x" * 1025, 413),
        ("megabytes", 1, b"x" * (1 << 20), 200),
        ("megabytes", 1, b"x" * ((1 << 20) + 1), 413),
    ],
)
def test_units(unit: str, size: int, body: bytes, status: int) -> None:
    got = told(body, size_unit=unit, allowed_payload_size=size)
    assert got.status == status
    if status == 413:
        assert got.json["message"] == "Request size limit exceeded"
        assert not got.attempts


def test_the_default_is_128_megabytes() -> None:
    assert told(b"x", {"Content-Length": str(128 << 20)}).status == 200
    assert told(b"x", {"Content-Length": str((128 << 20) + 1)}).status == 413


def test_a_client_that_waits_for_a_word_is_told_417() -> None:
    got = told(b"", {"Content-Length": "10", "Expect": "100-continue"}, size_unit="bytes", allowed_payload_size=5)
    assert (got.status, got.json["message"]) == (417, "Request size limit exceeded")


def test_a_length_that_is_less_than_the_body_does_not_help() -> None:
    assert told(b"123456", {"Content-Length": "1"}, size_unit="bytes", allowed_payload_size=5).status == 413


@pytest.mark.parametrize("length", ["9" * 400, "10000000000000000000000"])
def test_an_absurd_length(length: str) -> None:
    assert told(b"", {"Content-Length": length}).status == 413


def test_the_length_may_be_required_but_for_chunks() -> None:
    limited: dict[str, Any] = {"require_content_length": True, "size_unit": "bytes", "allowed_payload_size": 5}
    got = told(b"", **limited)
    assert (got.status, got.json["message"]) == (411, "A valid Content-Length header is required")
    assert told(b"123", {"Transfer-Encoding": "chunked"}, **limited).status == 200
    assert told(b"123456", {"Transfer-Encoding": "chunked"}, **limited).status == 413
    assert told(b"123", **limited).status == 200
