"""Tracing headers of seven systems: read, refused, written, and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._trace_context import READABLE, WRITABLE, Incoming, Outgoing, read, write

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
SHORT = "a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("format", "headers", "found"),
    [
        ("w3c", {"traceparent": f"00-{TRACE}-{SPAN}-01"}, Incoming("w3c", TRACE, SPAN, True)),
        ("w3c", {"traceparent": f"00-{TRACE}-{SPAN}-00"}, Incoming("w3c", TRACE, SPAN, False)),
        (
            "w3c",
            {"traceparent": f"00-{TRACE}-{SPAN}-03", "tracestate": "a=1"},
            Incoming("w3c", TRACE, SPAN, True, "a=1"),
        ),
        ("w3c", {"traceparent": f"cc-{TRACE}-{SPAN}-01-later"}, Incoming("w3c", TRACE, SPAN, True)),
        ("b3", {"b3": f"{TRACE}-{SPAN}-1"}, Incoming("b3-single", TRACE, SPAN, True)),
        ("b3", {"b3": f"{TRACE}-{SPAN}-d-{SPAN}"}, Incoming("b3-single", TRACE, SPAN, True)),
        ("b3", {"b3": f"{SHORT}-{SPAN}"}, Incoming("b3-single", "0" * 16 + SHORT, SPAN, None)),
        ("b3", {"b3": "0"}, Incoming("b3-single", sampled=False)),
        ("b3", {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1"}, Incoming("b3", TRACE, SPAN, True)),
        ("b3", {"x-b3-traceid": TRACE.upper(), "x-b3-spanid": SPAN}, Incoming("b3", TRACE, SPAN, None)),
        ("b3", {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-flags": "1"}, Incoming("b3", TRACE, SPAN, True)),
        ("b3", {"x-b3-sampled": "0"}, Incoming("b3", sampled=False)),
        ("jaeger", {"uber-trace-id": f"{TRACE}:{SPAN}:0:1"}, Incoming("jaeger", TRACE, SPAN, True)),
        (
            "jaeger",
            {"uber-trace-id": f"{SHORT}%3A{SPAN[2:]}%3A0%3A0"},
            Incoming("jaeger", "0" * 16 + SHORT, SPAN, False),
        ),
        (
            "ot",
            {"ot-tracer-traceid": SHORT, "ot-tracer-spanid": SPAN, "ot-tracer-sampled": "true"},
            Incoming("ot", "0" * 16 + SHORT, SPAN, True),
        ),
        (
            "datadog",
            {"x-datadog-trace-id": "255", "x-datadog-parent-id": "16", "x-datadog-sampling-priority": "2"},
            Incoming("datadog", "ff".zfill(32), "10".zfill(16), True),
        ),
        ("datadog", {"x-datadog-trace-id": "255"}, Incoming("datadog", "ff".zfill(32), "", None)),
        (
            "aws",
            {"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1"},
            Incoming("aws", TRACE, SPAN, True),
        ),
        ("aws", {"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]}"}, Incoming("aws", TRACE, "", None)),
        ("gcp", {"x-cloud-trace-context": f"{TRACE}/255;o=1"}, Incoming("gcp", TRACE, "ff".zfill(16), True)),
        ("gcp", {"x-cloud-trace-context": TRACE}, Incoming("gcp", TRACE, "", None)),
    ],
)
def test_reading(format: str, headers: dict[str, str], found: Incoming) -> None:
    assert read(format, {name.encode(): value.encode() for name, value in headers.items()}) == found


@pytest.mark.parametrize(
    ("format", "headers"),
    [
        *((format, {}) for format in READABLE),
        ("w3c", {"traceparent": f"ff-{TRACE}-{SPAN}-01"}),
        ("w3c", {"traceparent": f"00-{TRACE}-{SPAN}-01-more"}),
        ("w3c", {"traceparent": f"00-{TRACE.upper()}-{SPAN}-01"}),
        ("w3c", {"traceparent": f"00-{'0' * 32}-{SPAN}-01"}),
        ("w3c", {"traceparent": f"00-{TRACE}-{'0' * 16}-01"}),
        ("w3c", {"traceparent": f"00-{TRACE}-{SPAN}"}),
        ("b3", {"b3": "x"}),
        ("b3", {"b3": f"{'0' * 32}-{SPAN}-1"}),
        ("b3", {"x-b3-traceid": "not hex"}),
        ("jaeger", {"uber-trace-id": f"{TRACE}:{SPAN}:1"}),
        ("jaeger", {"uber-trace-id": f"{TRACE}:{SPAN}:0:zz"}),
        ("datadog", {"x-datadog-trace-id": "0"}),
        ("datadog", {"x-datadog-trace-id": "18446744073709551616"}),
        ("datadog", {"x-datadog-trace-id": "-1"}),
        ("aws", {"x-amzn-trace-id": "Root=2-0-0"}),
        ("aws", {"x-amzn-trace-id": f"Self=1-{TRACE[:8]}-{TRACE[8:]}"}),
        ("gcp", {"x-cloud-trace-context": "abc/1;o=1"}),
    ],
)
def test_what_does_not_fit_is_treated_as_absent(format: str, headers: dict[str, str]) -> None:
    assert read(format, {name.encode(): value.encode() for name, value in headers.items()}) is None


@pytest.mark.parametrize(
    ("format", "lines"),
    [
        ("w3c", {"traceparent": f"00-{TRACE}-{SPAN}-01"}),
        ("b3", {"X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Sampled": "1", "X-B3-ParentSpanId": SHORT}),
        ("b3-single", {"b3": f"{TRACE}-{SPAN}-1-{SHORT}"}),
        ("jaeger", {"uber-trace-id": f"{TRACE}:{SPAN}:{SHORT}:01"}),
        ("ot", {"ot-tracer-traceid": SHORT, "ot-tracer-spanid": SPAN, "ot-tracer-sampled": "1"}),
        (
            "datadog",
            {
                "x-datadog-trace-id": "11803532876627986230",
                "x-datadog-parent-id": "67667974448284343",
                "x-datadog-sampling-priority": "1",
            },
        ),
        ("aws", {"X-Amzn-Trace-Id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1"}),
        ("gcp", {"X-Cloud-Trace-Context": f"{TRACE}/67667974448284343;o=1"}),
    ],
)
def test_writing(format: str, lines: dict[str, str]) -> None:
    written = write(format, Outgoing(TRACE, SPAN, True, SHORT))
    assert {name.decode(): value.decode() for name, value in written} == lines


ids = st.integers(1, (1 << 64) - 1)


@given(st.sampled_from(WRITABLE), st.integers(1, (1 << 128) - 1), ids, ids, st.booleans())
def test_what_is_written_is_read_back(format: str, trace: int, span: int, parent: int, sampled: bool) -> None:
    if format in ("ot", "datadog"):  # whose ids are half as long
        trace = trace % (1 << 64) or 1
    to = Outgoing(f"{trace:032x}", f"{span:016x}", sampled, f"{parent:016x}")
    fields = {name.lower(): value for name, value in write(format, to)}
    assert read(format.removesuffix("-single"), fields) == Incoming(format, to.trace_id, to.span_id, sampled)


@given(st.sampled_from(READABLE), st.binary(max_size=80))
def test_any_bytes_are_taken(format: str, value: bytes) -> None:
    names = ("traceparent", "b3", "x-b3-traceid", "x-b3-sampled", "uber-trace-id", "ot-tracer-traceid")
    more = ("x-datadog-trace-id", "x-datadog-parent-id", "x-amzn-trace-id", "x-cloud-trace-context")
    found = read(format, {name.encode(): value for name in (*names, *more)})
    assert found is None or len(found.trace_id) in (0, 32)
