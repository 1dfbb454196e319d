"""A receiver of traces by OTLP/HTTP with JSON on loopback, which takes nothing that the protocol does not allow.

Source: the OTLP specification and the Protobuf definitions of traces. Not for: judging what the spans say.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

from support.mock_server import Answer, Asked, MockServer, as_json

_HEX = {size: re.compile(rf"[0-9a-f]{{{size}}}") for size in (16, 32)}
_DIGITS = re.compile(r"-?[0-9]{1,20}")
_KINDS = range(6)
_SPAN = {
    *("traceId", "spanId", "parentSpanId", "traceState", "flags", "name", "kind", "startTimeUnixNano"),
    *("endTimeUnixNano", "attributes", "droppedAttributesCount", "events", "links", "status"),
}


class Malformed(ValueError):
    """What is not OTLP, and where."""


@dataclass(frozen=True)
class Span:
    resource: dict[str, Any]
    scope: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start: int  # nanoseconds
    end: int
    attributes: dict[str, Any]
    status: int
    message: str
    state: str


def _need(fine: object, where: str, found: Any = None) -> None:
    if not fine:
        raise Malformed(f"{where}: {found!r}")


def _members(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    _need(isinstance(value, dict), where, value)
    _need(value.keys() <= known, where, value.keys() - known)
    return dict(value)


def _array(value: Any, where: str) -> list[Any]:
    _need(isinstance(value, list), where, value)
    return list(value)


def _value(value: Any, where: str) -> Any:
    _need(isinstance(value, dict) and len(value) == 1, where, value)
    ((kind, inner),) = value.items()
    match kind:
        case "stringValue":
            _need(isinstance(inner, str), where, inner)
            return inner
        case "boolValue":
            _need(isinstance(inner, bool), where, inner)
            return inner
        case "intValue":
            _need(isinstance(inner, str) and _DIGITS.fullmatch(inner), where, inner)
            return int(inner)
        case "doubleValue":
            _need(isinstance(inner, int | float) and not isinstance(inner, bool), where, inner)
            return float(inner)
        case "arrayValue":
            values = _members(inner, where, {"values"}).get("values", [])
            return [_value(one, where) for one in _array(values, where)]
    raise Malformed(f"{where}: {kind}")


def _attributes(value: Any, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in _array(value, where):
        one = _members(each, where, {"key", "value"})
        _need(isinstance(one.get("key"), str) and one["key"] and one["key"] not in found, where, one)
        found[one["key"]] = _value(one["value"], f"{where}.{one['key']}")
    return found


def spans_of(export: Any) -> list[Span]:
    """The spans of an ExportTraceServiceRequest. Raises Malformed."""
    spans: list[Span] = []
    for resource_spans in _array(_members(export, "request", {"resourceSpans"})["resourceSpans"], "resourceSpans"):
        outer = _members(resource_spans, "resourceSpans", {"resource", "scopeSpans", "schemaUrl"})
        resource = _members(outer["resource"], "resource", {"attributes", "droppedAttributesCount"})
        about = _attributes(resource.get("attributes", []), "resource")
        for scope_spans in _array(outer["scopeSpans"], "scopeSpans"):
            inner = _members(scope_spans, "scopeSpans", {"scope", "spans", "schemaUrl"})
            scope = _members(inner["scope"], "scope", {"name", "version", "attributes"})
            spans += (_span(one, about, scope["name"]) for one in _array(inner["spans"], "spans"))
    return spans


def _span(value: Any, resource: dict[str, Any], scope: str) -> Span:
    one = _members(value, "span", _SPAN)
    for name, size in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
        if name != "parentSpanId" or name in one:
            _need(_HEX[size].fullmatch(one[name]) and one[name].strip("0"), name, one[name])
    for name in ("startTimeUnixNano", "endTimeUnixNano"):
        _need(isinstance(one[name], str) and _DIGITS.fullmatch(one[name]), name, one[name])
    _need(isinstance(one["name"], str) and one["name"], "name", one["name"])
    _need(one["kind"] in _KINDS, "kind", one["kind"])
    _need(isinstance(one.get("flags", 0), int), "flags", one.get("flags"))
    _need(int(one["startTimeUnixNano"]) <= int(one["endTimeUnixNano"]), "times", one)
    status = _members(one.get("status", {}), "status", {"code", "message"})
    _need(status.get("code", 0) in range(3), "status", status)
    return Span(
        resource,
        scope,
        one["traceId"],
        one["spanId"],
        one.get("parentSpanId", ""),
        one["name"],
        one["kind"],
        int(one["startTimeUnixNano"]),
        int(one["endTimeUnixNano"]),
        _attributes(one.get("attributes", []), "span"),
        status.get("code", 0),
        status.get("message", ""),
        one.get("traceState", ""),
    )


class OtlpReceiver(MockServer):
    """Collects spans; fails with 503 as often as it is told first, and says what was malformed."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.spans: list[Span] = []
        self.malformed: list[str] = []
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            if self.failures:
                self.failures -= 1
                return Answer(503)
            if asked.headers.get("content-type") != "application/json" or asked.method != "POST":
                self.malformed.append(f"{asked.method} {asked.headers.get('content-type')}")
                return Answer(415)
            try:
                self.spans += spans_of(asked.json)
            except (Malformed, KeyError, TypeError) as error:
                self.malformed.append(f"{type(error).__name__} {error}")
                return Answer(400)
        return as_json({"partialSuccess": {}})
