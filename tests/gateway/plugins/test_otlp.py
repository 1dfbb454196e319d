"""OTLP's JSON, held against the protocol's shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.otlp import spans_of

from gateway.plugins._otlp import CLIENT, LONGEST, LONGEST_CONTENT, Envelope, attributes, span

IDS = {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"}


def made(**more: Any) -> bytes:
    told: dict[str, Any] = {
        **IDS,
        **{"parent_id": "", "remote": False, "state": "", "start": 1.0, "end": 2.0, "values": b"", "error": ""},
        **more,
    }
    return span(told.pop("name", "n"), CLIENT, **told)


def test_a_span() -> None:
    told = json.loads(
        made(parent_id="00f067aa0ba902b8", remote=True, state="a=1", error="broke", start=1_800_000_000.25)
    )
    assert told == {
        "traceId": IDS["trace_id"],
        "spanId": IDS["span_id"],
        "parentSpanId": "00f067aa0ba902b8",
        "traceState": "a=1",
        "flags": 0x301,
        "name": "n",
        "kind": 3,
        "startTimeUnixNano": "1800000000250000000",
        "endTimeUnixNano": "1800000000250000000",  # never before the start
        "attributes": [],
        "status": {"code": 2, "message": "broke"},
    }


def test_a_root_span_without_trouble() -> None:
    told = json.loads(made())
    assert not {"parentSpanId", "traceState", "status"} & told.keys()
    assert (told["endTimeUnixNano"], told["flags"]) == ("2000000000", 0x101)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("a", {"stringValue": "a"}),
        (True, {"boolValue": True}),
        (1 << 62, {"intValue": str(1 << 62)}),
        (0.5, {"doubleValue": 0.5}),
        (["a", 1], {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}}),
        ("\ud800", {"stringValue": "?"}),
    ],
)
def test_values(value: Any, encoded: dict[str, Any]) -> None:
    assert json.loads(attributes({"k": value})) == {"key": "k", "value": encoded}


def test_what_is_not_known_is_left_out_and_long_texts_are_cut() -> None:
    texts = {"a": None, "b": "x" * (LONGEST + 1), "c": "x" * (LONGEST_CONTENT + 1)}
    values = json.loads(b"[" + attributes(texts, frozenset("c")) + b"]")
    assert [(one["key"], len(one["value"]["stringValue"])) for one in values] == [
        ("b", LONGEST),
        ("c", LONGEST_CONTENT),
    ]


plain = st.one_of(
    st.text(), st.booleans(), st.integers(-(1 << 62), 1 << 62), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(st.dictionaries(st.text(min_size=1), plain | st.lists(st.text()), max_size=5), max_size=4))
def test_an_export_is_what_the_protocol_says(each: list[dict[str, Any]]) -> None:
    envelope = Envelope({"service.name": "kong"}, "scope", "1")
    body = envelope.around([made(values=attributes(values)) for values in each])
    found = spans_of(json.loads(body))
    assert len(found) == len(each)
    assert all(one.resource == {"service.name": "kong"} and one.scope == "scope" for one in found)
    assert [one.attributes for one in found] == each
