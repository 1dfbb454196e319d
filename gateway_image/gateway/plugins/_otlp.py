"""Spans in OTLP's JSON encoding. Not for: when a span is made and what it says (opentelemetry.py).

Source: the OTLP specification and the Protobuf definitions of traces: ids as lower-case hex, 64-bit integers and times
(nanoseconds since the epoch) as strings of digits, names in lowerCamelCase, enums as integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.codec import CodecError, encode

SERVER, CLIENT = 2, 3
"""Kinds of spans."""
_ERROR = 2
_SAMPLED, _KNOWS_REMOTE, _REMOTE = 1, 0x100, 0x200
LONGEST = 4096
"""Characters of a text; more is cut off. Attributes named in `long` of attributes() have LONGEST_CONTENT."""
LONGEST_CONTENT = 1 << 20


_names: dict[str, bytes] = {}  # the beginning of an attribute, by its name


def attributes(values: Mapping[str, Any], long: frozenset[str] = frozenset()) -> bytes:
    """Attributes of a span or resource as the inside of an array; what is None is left out. Written by hand, because
    that takes a third of the time that dictionaries and an encoder take."""
    parts: list[bytes] = []
    for name, value in values.items():
        if value is None:
            continue
        before = _names.get(name)
        if before is None:
            before = b'{"key":%b,"value":' % _string(name)
            if len(_names) < 1024:
                _names[name] = before
        parts.append(before + _value(value, LONGEST_CONTENT if name in long else LONGEST) + b"}")
    return b",".join(parts)


def _value(value: Any, longest: int) -> bytes:
    if isinstance(value, str):
        return b'{"stringValue":%b}' % _string(value if len(value) <= longest else value[:longest])
    if isinstance(value, bool):
        return b'{"boolValue":true}' if value else b'{"boolValue":false}'
    if isinstance(value, int):
        return b'{"intValue":"%d"}' % value
    if isinstance(value, float):
        return b'{"doubleValue":%b}' % encode(value)
    return b'{"arrayValue":{"values":[%b]}}' % b",".join(_value(one, longest) for one in value)


def _string(text: str) -> bytes:
    try:
        return encode(text)
    except CodecError:  # half of a pair of surrogates
        return encode(text.encode("utf-8", "replace").decode("utf-8"))


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
    values: bytes,
    error: str,
) -> bytes:
    """One sampled span. Times in seconds since the epoch; `remote`: the parent is another process's span; `values`: of
    attributes(); `error`: what went wrong, "" for nothing."""
    more = b""
    if parent_id:
        more = b',"parentSpanId":"%b"' % parent_id.encode("latin-1")
    if state:
        more += b',"traceState":' + _string(state)
    if error:
        more += b',"status":{"code":%d,"message":%b}' % (_ERROR, _string(error[:LONGEST]))
    return (
        b'{"traceId":"%b","spanId":"%b","flags":%d,"name":%b,"kind":%d,"startTimeUnixNano":"%d000",'
        b'"endTimeUnixNano":"%d000","attributes":[%b]%b}'
        % (
            trace_id.encode("latin-1"),
            span_id.encode("latin-1"),
            _SAMPLED | _KNOWS_REMOTE | (_REMOTE if remote else 0),
            _string(name[:LONGEST]),
            kind,
            int(start * 1_000_000),
            int(max(start, end) * 1_000_000),
            values,
            more,
        )
    )


class Envelope:
    """What is around the spans of one export."""

    def __init__(self, resource: Mapping[str, str], scope: str, version: str) -> None:
        by = encode({"name": scope, "version": version})
        self._before = b'{"resourceSpans":[{"resource":{"attributes":[%b]},"scopeSpans":[{"scope":%b,"spans":[' % (
            attributes(resource),
            by,
        )

    def around(self, spans: list[bytes]) -> bytes:
        return self._before + b",".join(spans) + b"]}]}]}"
