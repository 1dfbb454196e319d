"""Which headers are read, taken away and written."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plugins._propagation import Propagation, header_type_field, propagation_record
from gateway.plugins._trace_context import READABLE, Outgoing
from gateway.schema import Record

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
B3 = {b"x-b3-traceid": TRACE.encode(), b"x-b3-spanid": SPAN.encode()}
W3C = {b"traceparent": f"00-{TRACE}-{SPAN}-01".encode()}
CONFIG = Record("c", fields={"header_type": header_type_field(), "propagation": propagation_record()})


def made(**config: Any) -> Propagation:
    if "propagation" in config:
        config["propagation"].setdefault("default_format", "w3c")
    return Propagation(CONFIG.validate(config))


def written(propagation: Propagation, fields: dict[bytes, bytes]) -> list[str]:
    came = propagation.read(fields)
    lines = propagation.lines(came, Outgoing(TRACE, SPAN, True))
    return [name.decode().lower() for name, _ in lines]


B3_LINES = ["x-b3-traceid", "x-b3-spanid", "x-b3-sampled"]


@pytest.mark.parametrize(
    ("config", "came", "out"),
    [
        ({}, {}, ["traceparent"]),
        ({}, W3C, ["traceparent"]),
        ({}, B3, B3_LINES),
        ({}, B3 | W3C, ["traceparent"]),
        ({"header_type": "ignore"}, B3, ["traceparent"]),
        ({"header_type": "b3"}, {}, B3_LINES),
        ({"header_type": "b3"}, W3C, ["traceparent", *B3_LINES]),
        ({"header_type": "w3c"}, W3C, ["traceparent"]),
        ({"header_type": "b3-single"}, {}, ["b3"]),
        ({"propagation": {"default_format": "jaeger"}}, {}, ["uber-trace-id"]),
        (
            {"propagation": {"inject": ["b3", "datadog"]}},
            W3C,
            [*B3_LINES, "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority"],
        ),
        ({"propagation": {"extract": ["b3"], "inject": ["preserve"]}}, W3C, ["traceparent"]),
        (
            {"propagation": {"extract": ["b3"], "inject": ["preserve"], "default_format": "ot"}},
            W3C,
            ["ot-tracer-traceid", "ot-tracer-spanid", "ot-tracer-sampled"],
        ),
        ({"propagation": {"extract": ["b3"], "inject": ["preserve", "w3c"]}}, B3, [*B3_LINES, "traceparent"]),
        ({"propagation": {"extract": ["w3c"]}}, W3C, []),
        ({"propagation": {"inject": []}, "header_type": "b3"}, B3, []),
    ],
)
def test_what_goes_upstream(config: dict[str, Any], came: dict[bytes, bytes], out: list[str]) -> None:
    assert written(made(**config), came) == out


@pytest.mark.parametrize(
    ("config", "came", "format"),
    [
        ({}, B3 | W3C, "w3c"),
        ({"propagation": {"extract": ["b3", "w3c"]}}, B3 | W3C, "b3"),
        ({"propagation": {"inject": ["w3c"]}}, B3 | W3C, None),
        ({"header_type": "ignore"}, W3C, None),
        ({"header_type": "aws"}, B3, "b3"),
    ],
)
def test_what_is_read(config: dict[str, Any], came: dict[bytes, bytes], format: str | None) -> None:
    found = made(**config).read(came)
    assert (found.format if found is not None else None) == format


def test_what_is_taken_away() -> None:
    assert made(propagation={"clear": ["b3", "uber-trace-id"]}).clear == (b"b3", b"uber-trace-id")
    assert made().clear == ()


def test_nulls_are_defaults() -> None:
    propagation = Propagation({"header_type": None, "propagation": None})
    assert (propagation.extract, propagation.inject) == (READABLE, ("preserve",))
    assert written(propagation, {}) == ["traceparent"]
