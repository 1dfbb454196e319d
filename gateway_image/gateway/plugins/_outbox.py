"""What plugins that send entries to a server share: how entries wait, and how a request to the server begins. Not for:
the queue itself (transport/delivery.py), what an entry says (the plugins).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from gateway.headers import one_line
from gateway.outbound import host_value
from gateway.schema import Integer, Number, Record
from gateway.values import Origin

MOST_BYTES = 64 << 20
"""Bytes that wait when the configuration names no bound."""


def queue_record(**more: Any) -> Record:
    """How entries wait; Kong's queue, which several plugins of Kong share."""
    delay = (0.001, 1_000_000)
    return Record(
        "How entries wait and are tried again.",
        required=True,
        fields={
            "max_batch_size": Integer("Most entries of one request.", between=(1, 1_000_000), default=1),
            "max_coalescing_delay": Number("Seconds that an entry waits for others.", between=(0, 3600), default=1),
            "max_entries": Integer(
                "Most entries that wait; beyond it the oldest are dropped.", between=(1, 1_000_000), default=10_000
            ),
            "max_bytes": Integer("Most bytes that wait; beyond it the oldest are dropped."),
            "max_retry_time": Number("Seconds after which a batch is given up; -1 for never.", default=60),
            "initial_retry_delay": Number(
                "Seconds before the second attempt; doubles each time.", between=delay, default=0.01
            ),
            "max_retry_delay": Number("Most seconds between two attempts.", between=delay, default=60),
            "concurrency_limit": Integer(
                "1: one request at a time, so that entries keep their order; -1: as many as there are.",
                one_of=(-1, 1),
                default=1,
            ),
        },
        **more,
    )


def first(*values: Any) -> Any:
    """The first that is set."""
    return next(value for value in values if value is not None)


class Queued:
    """The numbers of an Outbox, from a plugin's `queue`."""

    key: str
    batch_size: int
    delay: float
    most_entries: int
    most_bytes: int
    first_retry: float
    longest_retry: float
    give_up: float
    parallel: bool

    def wait_as(
        self, key: str, queue: Mapping[str, Any], batch_size: int | None = None, delay: float | None = None
    ) -> None:
        """`batch_size` and `delay`: what older fields say, which win."""
        self.key = key
        self.batch_size = first(batch_size, queue["max_batch_size"], 1)
        self.delay = first(delay, queue["max_coalescing_delay"], 1)
        self.most_entries = first(queue["max_entries"], 10_000)
        self.most_bytes = queue["max_bytes"] or MOST_BYTES
        self.first_retry = first(queue["initial_retry_delay"], 0.01)
        self.longest_retry = first(queue["max_retry_delay"], 60)
        give_up: float = first(queue["max_retry_time"], 60)
        self.give_up = give_up if give_up >= 0 else float("inf")
        self.parallel = queue["concurrency_limit"] == -1


def request_head(method: str, url: str, content_type: str, headers: Mapping[str, str] | None) -> tuple[Origin, bytes]:
    """Where requests go and the head that all of them share, without its last lines. User info in the URL becomes Basic
    authentication. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    origin = Origin(scheme, parts.hostname or "", parts.port or (443 if scheme == "https" else 80))
    path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    lines = [
        f"{method} {path} HTTP/1.1".encode("utf-8", "replace"),
        b"Host: " + host_value(origin),
        f"Content-Type: {content_type}".encode("latin-1"),
    ]
    if parts.username is not None:
        pair = unquote_to_bytes(parts.username) + b":" + unquote_to_bytes(parts.password or "")
        lines.append(b"Authorization: Basic " + b64encode(pair))
    for name, value in (headers or {}).items():
        lines.append(name.encode("latin-1", "replace") + b": " + value.encode("utf-8", "replace"))
    return origin, b"".join(one_line(line) + b"\r\n" for line in lines)
