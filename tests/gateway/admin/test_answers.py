"""Kong's shapes of answers."""

from __future__ import annotations

import json

from gateway.admin import answers
from gateway.errors import ConfigError


def test_a_refusal_is_a_reply_in_json() -> None:
    reply = answers.not_allowed("GET, HEAD").reply()
    assert reply.status == 405 and json.loads(reply.body) == {"message": "Method not allowed"}
    assert b"Allow: GET, HEAD\r\n" in reply.block and b"application/json; charset=utf-8" in reply.block


def test_a_schema_violation_names_every_field() -> None:
    body = answers.schema_violation({"host": "required field missing", "port": "expected an integer"}).body
    assert body == {
        "code": 2,
        "name": "schema violation",
        "message": "2 schema violations (host: required field missing; port: expected an integer)",
        "fields": {"host": "required field missing", "port": "expected an integer"},
    }


def test_values_inside_messages_are_written_like_kong_does() -> None:
    row = {"service": {"id": "x"}, "name": "rate-limiting", "consumer": None}
    assert answers.lua(row) == '{consumer=null,name="rate-limiting",service={id="x"}}'
    assert answers.lua({"a": True, "b": 1}) == "{a=true,b=1}"


def test_a_declarative_error_has_code_14_and_flattened_errors_when_asked() -> None:
    error = ConfigError(
        {"services": [{"host": "required field missing"}]}, flatten=lambda: [{"entity_type": "service"}]
    )
    plain = answers.declarative(error, flatten=False).body
    assert plain["code"] == 14 and plain["fields"] == {"services": [{"host": "required field missing"}]}
    assert "flattened_errors" not in plain
    assert answers.declarative(error, flatten=True).body["flattened_errors"] == [{"entity_type": "service"}]


def test_an_unknown_media_type_is_answered_with_a_page() -> None:
    reply = answers.unsupported_media_type()
    assert reply.status == 415 and b"text/html" in reply.block
