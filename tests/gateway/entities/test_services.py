from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.services import SERVICES

PROTOCOLS = "grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp"
BAD_PROTOCOL = f"expected one of: {PROTOCOLS}"
NO_HOST = "required field missing"
NOT_FOR_PROTOCOL = ["failed conditional validation given value of field 'protocol'"]


def errors(row: dict[str, Any]) -> object:
    return SERVICES.record.clean(row)[1]


def test_a_host_is_enough() -> None:
    row, error = SERVICES.record.clean({"host": "n.test"})
    assert error is None
    assert row == {
        "id": None,
        "created_at": None,
        "updated_at": None,
        "name": None,
        "retries": 5,
        "protocol": "http",
        "host": "n.test",
        "port": 80,
        "path": None,
        "connect_timeout": 60000,
        "write_timeout": 60000,
        "read_timeout": 60000,
        "tags": None,
        "client_certificate": None,
        "tls_verify": None,
        "tls_verify_depth": None,
        "ca_certificates": None,
        "enabled": True,
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"url": "https://n.test/api"}, ("https", "n.test", 443, "/api")),
        ({"url": "http://n.test/p", "port": 8081, "host": "other.test"}, ("http", "n.test", 80, "/p")),
        ({"url": "https://n.test", "path": "/gone", "protocol": "http"}, ("https", "n.test", 443, None)),
        ({"url": "grpcs://n.test"}, ("grpcs", "n.test", 80, None)),
        ({"url": "//n.test:8443"}, ("http", "n.test", 8443, None)),
    ],
)
def test_the_url_stands_for_four_fields_and_wins(row: dict[str, Any], expected: tuple[object, ...]) -> None:
    cleaned, error = SERVICES.record.clean(row)
    assert error is None
    assert tuple(cleaned[name] for name in ("protocol", "host", "port", "path")) == expected
    assert "url" not in cleaned


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"url": ""}, {"url": "length must be at least 1"}),
        ({"url": 12}, {"url": "expected a string"}),
        ({"url": "example.test/p"}, {"host": NO_HOST, "path": "should start with: /"}),
        ({"url": "e.test:8080"}, {"host": NO_HOST, "path": "should start with: /", "protocol": BAD_PROTOCOL}),
        ({"url": None, "host": "x"}, {"host": NO_HOST, "path": "should start with: /", "protocol": BAD_PROTOCOL}),
        ({"url": "ftp://n.test"}, {"protocol": BAD_PROTOCOL}),
        ({"url": "http://n.test:99999"}, {"port": "value should be between 0 and 65535"}),
        ({"url": 5, "nope": 1}, {"url": "expected a string", "nope": "unknown field"}),
    ],
)
def test_urls_that_kong_refuses(row: dict[str, Any], expected: object) -> None:
    assert errors(row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"protocol": "tcp", "path": "/x"}, {"path": "value must be null", "@entity": NOT_FOR_PROTOCOL}),
        ({"tls_verify": True}, {"tls_verify": "value must be null", "@entity": NOT_FOR_PROTOCOL}),
        ({"protocol": "https", "tls_verify_depth": 65}, {"tls_verify_depth": "value should be between 0 and 64"}),
        ({"protocol": "https", "tls_verify": True, "tls_verify_depth": 2}, None),
        ({"protocol": "https", "ca_certificates": ["x"]}, {"ca_certificates": ["expected a valid UUID"]}),
        (
            {"name": "a b"},
            {"name": "invalid value 'a b': the only accepted ascii characters are alphanumerics or ., -, _, and ~"},
        ),
        ({"path": "/a//b"}, {"path": "must not have empty segments"}),
        ({"port": None, "enabled": None}, {"port": NO_HOST, "enabled": NO_HOST}),
        ({"retries": None, "connect_timeout": None}, None),
        ({"tags": ["ok", ""]}, {"tags": [None, "length must be at least 1"]}),
    ],
)
def test_fields_and_rules(row: dict[str, Any], expected: object) -> None:
    assert errors({"host": "n.test", **row}) == expected


def test_everything_wrong_at_once() -> None:
    row = {"name": "", "host": "", "port": 99999, "protocol": "x", "path": "x", "foo": 1}
    assert errors(row) == {
        "name": "length must be at least 1",
        "foo": "unknown field",
        "path": "should start with: /",
        "protocol": BAD_PROTOCOL,
        "host": "length must be at least 1",
        "port": "value should be between 0 and 65535",
    }
