from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.catalogue import clean
from gateway.entities.upstreams import TARGETS, UPSTREAMS, canonical_target

HASHED = ["failed conditional validation given value of field 'hash_on'"]


def errors(row: dict[str, Any]) -> object:
    return UPSTREAMS.record.clean({"name": "u.test", **row})[1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"name": "a b"}, {"name": "Invalid name ('a b'); must be a valid hostname"}),
        ({"name": "a.test:80"}, {"name": "Invalid name ('a.test:80'); no port allowed"}),
        ({"name": "1.2.3.4"}, {"name": "Invalid name ('1.2.3.4'); no ip addresses allowed"}),
        ({"slots": 5}, {"slots": "value should be between 10 and 65536"}),
        (
            {"algorithm": "x"},
            {"algorithm": "expected one of: consistent-hashing, least-connections, round-robin, latency"},
        ),
        ({"hash_on": "header"}, {"@entity": HASHED, "hash_on_header": "required field missing"}),
        ({"hash_on": "cookie"}, {"@entity": HASHED, "hash_on_cookie": "required field missing"}),
        ({"hash_fallback": "ip"}, {"@entity": HASHED, "hash_fallback": "expected one of: none"}),
        (
            {"hash_on": "ip", "hash_fallback": "ip"},
            {
                "@entity": HASHED,
                "hash_fallback": "expected one of: none, consumer, header, cookie, path, query_arg, uri_capture",
            },
        ),
        (
            {"hash_on": "header", "hash_on_header": "x", "hash_fallback": "header", "hash_fallback_header": "x"},
            {"@entity": ["values of these fields must be distinct: 'hash_on_header', 'hash_fallback_header'"]},
        ),
        ({"hash_on": "header", "hash_on_header": "x-h", "hash_fallback": "ip"}, None),
        ({"healthchecks": None}, {"healthchecks": "required field missing"}),
        (
            {"healthchecks": {"active": {"type": "y", "timeout": -1, "healthy": {"http_statuses": [99]}}}},
            {
                "healthchecks": {
                    "active": {
                        "timeout": "value should be between 0 and 65535",
                        "type": "expected one of: tcp, http, https, grpc, grpcs",
                        "healthy": {"http_statuses": ["value should be between 100 and 999"]},
                    }
                }
            },
        ),
    ],
)
def test_upstreams(row: dict[str, Any], expected: object) -> None:
    assert errors(row) == expected


def test_health_checks_are_off_and_complete_by_default() -> None:
    checks = UPSTREAMS.record.validate({"name": "u"})["healthchecks"]
    assert checks["active"]["healthy"] == {"http_statuses": [200, 302], "interval": 0, "successes": 0}
    assert checks["active"]["headers"] is None
    assert checks["passive"]["unhealthy"]["http_statuses"] == [429, 500, 503]
    assert checks["threshold"] == 0


def test_parts_of_health_checks_are_completed() -> None:
    row = {"name": "u", "healthchecks": {"passive": {"unhealthy": {"http_failures": 5}}}}
    checks = UPSTREAMS.record.validate(row)["healthchecks"]
    assert checks["passive"]["unhealthy"] == {
        "http_statuses": [429, 500, 503],
        "http_failures": 5,
        "timeouts": 0,
        "tcp_failures": 0,
    }
    assert checks["active"]["concurrency"] == 10


@pytest.mark.parametrize(
    ("target", "stored"),
    [
        ("127.0.0.1:9", "127.0.0.1:9"),
        ("127.0.0.2", "127.0.0.2:8000"),
        ("LocalHost:81", "LocalHost:81"),
        ("a:0", "a:0"),
        ("[::1]:80", "[0000:0000:0000:0000:0000:0000:0000:0001]:80"),
        ("::2", "[0000:0000:0000:0000:0000:0000:0000:0002]:8000"),
    ],
)
def test_targets_are_stored_in_one_form(target: str, stored: str) -> None:
    assert canonical_target(target) == stored
    assert canonical_target(stored) == stored


@pytest.mark.parametrize("target", ["a b", "a.test:99999", "127.0.0.1:99999", "a/b"])
def test_targets_that_are_refused(target: str) -> None:
    row = {"upstream": {"id": "aaaaaaaa-0000-4000-8000-000000000001"}, "target": target}
    assert TARGETS.record.clean(row)[1] == {
        "target": f"Invalid target ('{target}'); not a valid hostname or ip address"
    }


def test_a_weight_of_null_is_the_usual_one() -> None:
    row = {"upstream": {"id": "aaaaaaaa-0000-4000-8000-000000000001"}, "target": "a.test:1", "weight": None}
    cleaned, error = clean(TARGETS, row, {})
    assert error is None and cleaned["weight"] == 100
