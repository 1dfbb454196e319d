"""http-log: entries go to a server, alone or in batches, beside the traffic; what cannot be delivered is tried again
and in the end dropped. The transport keeps the queue and sends; this says what a request is.

Source: Kong's documentation. Deviations on purpose: a queue is bounded in bytes even where max_bytes is not set, and
the server's certificate is checked.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from gateway.codec import encode
from gateway.errors import ConfigError
from gateway.headers import one_line
from gateway.log_entry import entry
from gateway.outbound import host_value
from gateway.plugins._ai_fields import url_error
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._custom_fields import CustomFields, custom_fields_field
from gateway.schema import Integer, Map, Number, Record, String
from gateway.values import Fetch, Origin

if TYPE_CHECKING:
    from gateway.exchange import Exchange

MOST_BYTES = 64 << 20
"""Bytes that wait when the configuration names no bound."""
_ANSWER_LIMIT = 64 << 10
_BOTH = "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed"


def _old(message: str, old_default: float) -> dict[str, Any]:
    return {
        "deprecation": {
            "message": f"http-log: config.{message}",
            "removal_in_version": "4.0",
            "old_default": old_default,
        }
    }


def _one_authorization(config: Mapping[str, Any]) -> str | None:
    named = any(name.lower() == "authorization" for name in config["headers"] or ())
    return _BOTH if named and "@" in urlsplit(config["http_endpoint"]).netloc else None


def _header_names() -> String:
    return String(
        "A header.",
        match_none=(
            ("^[Hh][Oo][Ss][Tt]$", "cannot contain 'Host' header"),
            ("^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]%-[Ll][Ee][nn][Gg][Tt][Hh]$", "cannot contain 'Content-Length' header"),
            ("^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]%-[Tt][Yy][Pp][Ee]$", "cannot contain 'Content-Type' header"),
        ),
    )


def queue_record() -> Record:
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
    )


class HttpLog(Plugin):
    name = "http-log"
    priority = 12
    protocols = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
    fields = Record(
        "Sends an entry for each request to a server.",
        required=True,
        fields={
            "http_endpoint": String(
                "The URL to send to; user info in it becomes Basic authentication.",
                required=True,
                referenceable=True,
                encrypted=True,
                check=url_error,
            ),
            "method": String("How it is sent.", one_of=("POST", "PUT", "PATCH"), default="POST"),
            "content_type": String(
                "The Content-Type that is told.",
                one_of=("application/json", "application/json; charset=utf-8"),
                default="application/json",
            ),
            "timeout": Number("Milliseconds that one attempt may take.", default=10_000),
            "keepalive": Number(
                "Milliseconds that an idle connection is kept at Kong; here all connections share one pool.",
                default=60_000,
            ),
            "retry_count": Integer(
                "Has no effect.",
                schema=_old("retry_count no longer works, please use config.queue.max_retry_time instead", 10),
            ),
            "queue_size": Integer(
                "The old name of queue.max_batch_size.",
                schema=_old("queue_size is deprecated, please use config.queue.max_batch_size instead", 1),
            ),
            "flush_timeout": Number(
                "The old name of queue.max_coalescing_delay.",
                schema=_old("flush_timeout is deprecated, please use config.queue.max_coalescing_delay instead", 2),
            ),
            "headers": Map(
                "Headers to send along.",
                keys=_header_names(),
                values=String("The value.", referenceable=True),
            ),
            "queue": queue_record(),
            "custom_fields_by_lua": custom_fields_field(),
        },
        check=_one_authorization,
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        problem = url_error(config["http_endpoint"])  # a vault's value is known only now
        if problem is not None:
            raise ConfigError({"config": {"http_endpoint": problem}})
        queue = config["queue"]
        self.key = setting.id
        self.batch_size: int = _first(config["queue_size"], queue["max_batch_size"], 1)
        self.delay: float = _first(config["flush_timeout"], queue["max_coalescing_delay"], 1)
        self.most_entries: int = _first(queue["max_entries"], 10_000)
        self.most_bytes: int = queue["max_bytes"] or MOST_BYTES
        self.first_retry: float = _first(queue["initial_retry_delay"], 0.01)
        self.longest_retry: float = _first(queue["max_retry_delay"], 60)
        give_up: float = _first(queue["max_retry_time"], 60)
        self.give_up = give_up if give_up >= 0 else float("inf")
        self.parallel = queue["concurrency_limit"] == -1
        self.custom = CustomFields(config["custom_fields_by_lua"])
        self.timeout: float = _first(config["timeout"], 10_000) / 1000
        self._origin, self._head = _head(config)

    def log(self, exchange: Exchange) -> None:
        told = entry(exchange)
        self.custom.put(told, exchange)
        exchange.runtime.deliver(self, encode(told))

    def request(self, entries: list[bytes]) -> Fetch:
        """One request for these entries: an object where batches have one entry, else an array."""
        body = entries[0] if self.batch_size == 1 else b"[" + b",".join(entries) + b"]"
        head = self._head + b"Content-Length: %d\r\n\r\n" % len(body)
        return Fetch(self._origin, head, body, timeout=self.timeout, limit=_ANSWER_LIMIT)


def _first(*values: Any) -> Any:
    """The first that is set."""
    return next(value for value in values if value is not None)


def _head(config: Mapping[str, Any]) -> tuple[Origin, bytes]:
    """Where requests go and the head that all of them share."""
    parts = urlsplit(config["http_endpoint"])
    scheme = parts.scheme.lower()
    try:
        port = parts.port or (443 if scheme == "https" else 80)
    except ValueError:
        raise ConfigError({"config": {"http_endpoint": "its port is not a number from 1 to 65535"}}) from None
    origin = Origin(scheme, parts.hostname or "", port)
    path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    lines = [
        f"{config['method'] or 'POST'} {path} HTTP/1.1".encode("utf-8", "replace"),
        b"Host: " + host_value(origin),
        f"Content-Type: {config['content_type'] or 'application/json'}".encode("latin-1"),
    ]
    if parts.username is not None:
        pair = unquote_to_bytes(parts.username) + b":" + unquote_to_bytes(parts.password or "")
        lines.append(b"Authorization: Basic " + b64encode(pair))
    for name, value in (config["headers"] or {}).items():
        lines.append(name.encode("latin-1", "replace") + b": " + value.encode("utf-8", "replace"))
    return origin, b"".join(one_line(line) + b"\r\n" for line in lines)


PLUGIN = HttpLog
