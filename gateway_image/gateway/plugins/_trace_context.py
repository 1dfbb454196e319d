"""Where a request stands in a trace, as the headers of seven tracing systems say it: read from the client's request,
written into the upstream's. Not for: deciding what is read and written (_propagation.py), spans (_otlp.py).

Sources: W3C Trace Context, and the documented headers of Zipkin B3, Jaeger, OpenTracing, Datadog, AWS X-Ray and Google
Cloud Trace. A header that does not fit its format is treated as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

Fields = Mapping[bytes, bytes]
Line = tuple[bytes, bytes]
_W3C = re.compile(rb"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$", re.DOTALL)
_HEX = re.compile(rb"^[0-9a-fA-F]{1,32}$")
_DIGITS = re.compile(rb"^[0-9]{1,20}$")
_MOST = 1 << 64


class Incoming(NamedTuple):
    """What a client's request says of its trace. Ids are 32 and 16 lower-case hex digits, shorter ones filled up."""

    format: str  # one of FORMATS, "b3-single" too
    trace_id: str = ""  # "" where only a decision to sample came
    span_id: str = ""
    sampled: bool | None = None  # None: nobody decided yet
    state: str = ""  # W3C's tracestate


class Outgoing(NamedTuple):
    """The gateway's own span, as the upstream is told of it."""

    trace_id: str
    span_id: str
    sampled: bool
    parent_id: str = ""  # of that span


def _hex(value: bytes | None, width: int) -> str:
    """An id in `width` digits, "" for none, for zero and for what is no hex."""
    if value is None or not _HEX.match(value):
        return ""
    text = value.decode().lower().zfill(width)[-width:]
    return text if text.strip("0") else ""


def _decimal(value: bytes | None, width: int = 16) -> str:
    if value is None or not _DIGITS.match(value) or not 0 < int(value) < _MOST:
        return ""
    return f"{int(value):0{width}x}"


def _flag(value: bytes | None) -> bool | None:
    return {b"1": True, b"true": True, b"d": True, b"0": False, b"false": False}.get((value or b"").strip().lower())


# -- reading ------------------------------------------------------------------------------------------------------


def _read_w3c(fields: Fields) -> Incoming | None:
    match = _W3C.match(fields.get(b"traceparent", b"").strip())
    if match is None or match[1] == b"ff" or (match[1] == b"00" and match[5]):
        return None
    trace_id, span_id = _hex(match[2], 32), _hex(match[3], 16)
    if not trace_id or not span_id:
        return None
    state = fields.get(b"tracestate", b"").decode("latin-1")
    return Incoming("w3c", trace_id, span_id, bool(int(match[4], 16) & 1), state)


def _read_b3(fields: Fields) -> Incoming | None:
    single = fields.get(b"b3", b"").strip()
    if single:
        parts = single.split(b"-")
        if len(parts) == 1:
            return Incoming("b3-single", sampled=_flag(single)) if _flag(single) is not None else None
        trace_id, span_id = _hex(parts[0], 32), _hex(parts[1], 16)
        if trace_id and span_id and len(parts) <= 4:
            return Incoming("b3-single", trace_id, span_id, _flag(parts[2]) if len(parts) > 2 else None)
    sampled = True if fields.get(b"x-b3-flags") == b"1" else _flag(fields.get(b"x-b3-sampled"))
    trace_id, span_id = _hex(fields.get(b"x-b3-traceid"), 32), _hex(fields.get(b"x-b3-spanid"), 16)
    if trace_id:
        return Incoming("b3", trace_id, span_id, sampled)
    return Incoming("b3", sampled=sampled) if sampled is not None else None


def _read_jaeger(fields: Fields) -> Incoming | None:
    parts = unquote_to_bytes(fields.get(b"uber-trace-id", b"").strip()).split(b":")
    if len(parts) != 4 or not _HEX.match(parts[3]):
        return None
    trace_id, span_id = _hex(parts[0], 32), _hex(parts[1], 16)
    return Incoming("jaeger", trace_id, span_id, bool(int(parts[3], 16) & 1)) if trace_id and span_id else None


def _read_ot(fields: Fields) -> Incoming | None:
    trace_id, span_id = _hex(fields.get(b"ot-tracer-traceid"), 32), _hex(fields.get(b"ot-tracer-spanid"), 16)
    return Incoming("ot", trace_id, span_id, _flag(fields.get(b"ot-tracer-sampled"))) if trace_id else None


def _read_datadog(fields: Fields) -> Incoming | None:
    trace_id = _decimal(fields.get(b"x-datadog-trace-id"), 32)
    if not trace_id:
        return None
    priority = fields.get(b"x-datadog-sampling-priority", b"").strip()
    sampled = {b"-1": False, b"0": False, b"1": True, b"2": True}.get(priority)
    return Incoming("datadog", trace_id, _decimal(fields.get(b"x-datadog-parent-id")), sampled)


def _read_aws(fields: Fields) -> Incoming | None:
    pairs = (part.strip().partition(b"=") for part in fields.get(b"x-amzn-trace-id", b"").split(b";"))
    found = {name.lower(): value for name, _, value in pairs}
    version, _, root = found.get(b"root", b"").partition(b"-")
    time, _, rest = root.partition(b"-")
    if version != b"1" or len(time) != 8 or len(rest) != 24:
        return None
    trace_id = _hex(time + rest, 32)
    return Incoming("aws", trace_id, _hex(found.get(b"parent"), 16), _flag(found.get(b"sampled"))) if trace_id else None


def _read_gcp(fields: Fields) -> Incoming | None:
    ids, _, options = fields.get(b"x-cloud-trace-context", b"").strip().partition(b";")
    trace, _, span = ids.partition(b"/")
    trace_id = _hex(trace, 32) if len(trace) == 32 else ""
    if not trace_id:
        return None
    return Incoming("gcp", trace_id, _decimal(span), _flag(options.removeprefix(b"o=")) if options else None)


# -- writing ------------------------------------------------------------------------------------------------------


def _write_w3c(to: Outgoing) -> list[Line]:
    return [(b"traceparent", f"00-{to.trace_id}-{to.span_id}-0{to.sampled:d}".encode())]


def _write_b3(to: Outgoing) -> list[Line]:
    lines = [
        (b"X-B3-TraceId", to.trace_id.encode()),
        (b"X-B3-SpanId", to.span_id.encode()),
        (b"X-B3-Sampled", b"%d" % to.sampled),
    ]
    return [*lines, (b"X-B3-ParentSpanId", to.parent_id.encode())] if to.parent_id else lines


def _write_b3_single(to: Outgoing) -> list[Line]:
    parent = f"-{to.parent_id}" if to.parent_id else ""
    return [(b"b3", f"{to.trace_id}-{to.span_id}-{to.sampled:d}{parent}".encode())]


def _write_jaeger(to: Outgoing) -> list[Line]:
    return [(b"uber-trace-id", f"{to.trace_id}:{to.span_id}:{to.parent_id or 0}:0{to.sampled:d}".encode())]


def _write_ot(to: Outgoing) -> list[Line]:
    return [
        (b"ot-tracer-traceid", to.trace_id[-16:].encode()),
        (b"ot-tracer-spanid", to.span_id.encode()),
        (b"ot-tracer-sampled", b"%d" % to.sampled),
    ]


def _write_datadog(to: Outgoing) -> list[Line]:
    return [
        (b"x-datadog-trace-id", b"%d" % int(to.trace_id[-16:], 16)),
        (b"x-datadog-parent-id", b"%d" % int(to.span_id, 16)),
        (b"x-datadog-sampling-priority", b"%d" % to.sampled),
    ]


def _write_aws(to: Outgoing) -> list[Line]:
    root = f"1-{to.trace_id[:8]}-{to.trace_id[8:]}"
    return [(b"X-Amzn-Trace-Id", f"Root={root};Parent={to.span_id};Sampled={to.sampled:d}".encode())]


def _write_gcp(to: Outgoing) -> list[Line]:
    return [(b"X-Cloud-Trace-Context", f"{to.trace_id}/{int(to.span_id, 16)};o={to.sampled:d}".encode())]


_READERS: dict[str, Callable[[Fields], Incoming | None]] = {
    "w3c": _read_w3c,
    "b3": _read_b3,
    "jaeger": _read_jaeger,
    "ot": _read_ot,
    "aws": _read_aws,
    "gcp": _read_gcp,
    "datadog": _read_datadog,
}
_WRITERS: dict[str, Callable[[Outgoing], list[Line]]] = {
    "w3c": _write_w3c,
    "b3": _write_b3,
    "b3-single": _write_b3_single,
    "jaeger": _write_jaeger,
    "ot": _write_ot,
    "aws": _write_aws,
    "gcp": _write_gcp,
    "datadog": _write_datadog,
}
_HEADERS = frozenset(
    (
        *(b"traceparent", b"b3", b"x-b3-traceid", b"x-b3-sampled", b"x-b3-flags", b"uber-trace-id"),
        *(b"ot-tracer-traceid", b"x-amzn-trace-id", b"x-cloud-trace-context", b"x-datadog-trace-id"),
    )
)
"""Without one of these no format is there."""
READABLE = tuple(_READERS)
WRITABLE = tuple(_WRITERS)


def nothing(fields: Fields) -> bool:
    """Whether no tracing header came, which is so for most requests and quickly told."""
    return _HEADERS.isdisjoint(fields)


def read(format: str, fields: Fields) -> Incoming | None:
    """What the headers of one format say; both ways of B3 are one format here."""
    return _READERS[format](fields)


def write(format: str, to: Outgoing) -> list[Line]:
    """Header lines of one format."""
    return _WRITERS[format](to)
