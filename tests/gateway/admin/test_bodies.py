"""Bodies: JSON as it is, forms read by a schema."""

from __future__ import annotations

from typing import Any

import pytest
from support.admin_api import request

from gateway.admin.answers import Refusal
from gateway.admin.bodies import Unsupported, read_body
from gateway.entities import KINDS
from gateway.schema import Record
from gateway.values import Request

FORM = "application/x-www-form-urlencoded"


def form(text: str, kind: str = "routes") -> dict[str, Any]:
    def record(given: Any) -> Record:
        return KINDS[kind].record

    return read_body(request("POST", "/", text, {"Content-Type": FORM}), record)


def sent(body: str | bytes, kind: str) -> Request:
    return request("POST", "/", body, {"Content-Type": kind})


def test_json_is_never_converted() -> None:
    assert read_body(sent('{"port": "80", "tags": null}', "application/json; charset=utf-8")) == {
        "port": "80",
        "tags": None,
    }


@pytest.mark.parametrize("body", ["", "{", "5", '"x"', "null", '[{"a":1}]', '{"a":1} x', '{"a":"\\ud800"}', "[" * 5000])
def test_json_that_is_no_object_is_refused(body: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_body(sent(body, "application/json"))
    assert refused.value.status == 400


def test_an_empty_list_and_nothing_are_empty_objects() -> None:
    assert read_body(sent("[]", "application/json")) == {} == read_body(request("POST", "/"))


@pytest.mark.parametrize("kind", ["text/plain", "Application/JSON", "application/yaml", ""])
def test_other_types_are_not_read(kind: str) -> None:
    with pytest.raises(Unsupported):
        read_body(sent("x", kind))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("paths[]=/a&paths[]=/b", {"paths": ["/a", "/b"]}),
        ("paths[1]=/a&paths[2]=/b", {"paths": ["/a", "/b"]}),
        ("paths=/a", {"paths": ["/a"]}),
        ("hosts=x.test&hosts=y.test", {"hosts": ["x.test", "y.test"]}),
        ("strip_path=false&regex_priority=5", {"strip_path": False, "regex_priority": 5}),
        ("strip_path=maybe&regex_priority=five", {"strip_path": "maybe", "regex_priority": "five"}),
        ("name=&paths=", {"name": None, "paths": None}),
        ("service.id=x", {"service": {"id": "x"}}),
        ("headers.x-a=1&headers.x-b[]=2&headers.x-b[]=3", {"headers": {"x-a": ["1"], "x-b": ["2", "3"]}}),
        ("name=a%20b%26c", {"name": "a b&c"}),
        ("unknown.a.b=1", {"unknown": {"a": {"b": "1"}}}),
    ],
)
def test_forms(text: str, value: dict[str, Any]) -> None:
    assert form(text) == value


def test_a_form_reads_nested_records_and_numbers() -> None:
    assert form("healthchecks.active.healthy.interval=0.5&slots=20", "upstreams") == {
        "healthchecks": {"active": {"healthy": {"interval": 0.5}}},
        "slots": 20,
    }


def test_multipart() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nr\r\n'
        b'--B\r\nContent-Disposition: form-data; name="paths[]"; filename="f"\r\n\r\n/a\r\n--B--\r\n'
    )
    read = read_body(sent(body, 'multipart/form-data; boundary="B"'), lambda given: KINDS["routes"].record)
    assert read == {"name": "r", "paths": ["/a"]}
    with pytest.raises(Refusal):
        read_body(sent(body, "multipart/form-data"))
