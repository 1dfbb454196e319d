"""Spans in OTLP's JSON encoding. Not for: when a span is made and what it says (opentelemetry.py).

Source: the OTLP specification and the Protobuf definitions of traces: ids as lower-case hex, 64-bit integers and times
(nanoseconds since the epoch) as strings of digits, names in lowerCamelCase, enums as integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.codec import encode

SERVER, CLIENT = 2, 3
"""Kinds of spans."""
_ERROR = 2
_SAMPLED, _KNOWS_REMOTE, _REMOTE = 1, 0x100, 0x200
LONGEST = 4096
"""Characters of a text; more is cut off. Attributes named in `long` of attributes() have LONGEST_CONTENT."""
LONGEST_CONTENT = 1 << 20


def attributes(values: Mapping[str, Any], long: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Attributes of a span or resource; what is None is left out."""
    return [
        {"key": name, "value": _value(value, LONGEST_CONTENT if name in long else LONGEST)}
        for name, value in values.items()
        if value is not None
    ]


def _value(value: Any, longest: int) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(one, longest) for one in value]}}
    return {"stringValue": str(value)[:longest].encode("utf-8", "replace").decode("utf-8")}


def span(
    name: str,
    kind: int,
    *,
    trace_id: str,
    span_id: str,
    parent_id: str,
    remote: bool,
    state: str,
    start: float,
    end: float,
    values: list[dict[str, Any]],
    error: str,
) -> bytes:
    """One sampled span. Times in seconds since the epoch; `remote`: the parent is another process's span; `error`: what
    went wrong, "" for nothing."""
    told: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": span_id,
        "flags": _SAMPLED | _KNOWS_REMOTE | (_REMOTE if remote else 0),
        "name": name[:LONGEST].encode("utf-8", "replace").decode("utf-8"),
        "kind": kind,
        "startTimeUnixNano": _nanoseconds(start),
        "endTimeUnixNano": _nanoseconds(max(start, end)),
        "attributes": values,
        "status": {"code": _ERROR, "message": error} if error else {},
    }
    if parent_id:
        told["parentSpanId"] = parent_id
    if state:
        told["traceState"] = state
    return encode(told)


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1_000_000) * 1000)


class Envelope:
    """What is around the spans of one export."""

    def __init__(self, resource: Mapping[str, str], scope: str, version: str) -> None:
        about = encode({"attributes": attributes(resource)})
        by = encode({"name": scope, "version": version})
        self._before = b'{"resourceSpans":[{"resource":%b,"scopeSpans":[{"scope":%b,"spans":[' % (about, by)

    def around(self, spans: list[bytes]) -> bytes:
        return self._before + b",".join(spans) + b"]}]}]}"
