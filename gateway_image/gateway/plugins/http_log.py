"""http-log: entries go to a server, alone or in batches, beside the traffic; what cannot be delivered is tried again
and in the end dropped. The transport keeps the queue and sends; this says what a request is.

Source: Kong's documentation. Deviations on purpose: a queue is bounded in bytes even where max_bytes is not set, and
the server's certificate is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.codec import encode
from gateway.errors import ConfigError
from gateway.log_entry import entry
from gateway.plugins._ai_fields import url_error
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._custom_fields import CustomFields, custom_fields_field
from gateway.plugins._outbox import Queued, first, queue_record, request_head
from gateway.schema import Integer, Map, Number, Record, String
from gateway.values import Fetch

if TYPE_CHECKING:
    from gateway.exchange import Exchange

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


class HttpLog(Queued, Plugin):
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
        self.wait_as(setting.id, config["queue"], config["queue_size"], config["flush_timeout"])
        self.custom = CustomFields(config["custom_fields_by_lua"])
        self.timeout: float = first(config["timeout"], 10_000) / 1000
        method, content_type = config["method"] or "POST", config["content_type"] or "application/json"
        try:
            self._origin, self._head = request_head(method, config["http_endpoint"], content_type, config["headers"])
        except ValueError:
            raise ConfigError({"config": {"http_endpoint": "its port is not a number from 1 to 65535"}}) from None

    def log(self, exchange: Exchange) -> None:
        told = entry(exchange)
        self.custom.put(told, exchange)
        exchange.runtime.deliver(self, encode(told))

    def request(self, entries: list[bytes]) -> Fetch:
        """One request for these entries: an object where batches have one entry, else an array."""
        body = entries[0] if self.batch_size == 1 else b"[" + b",".join(entries) + b"]"
        head = self._head + b"Content-Length: %d\r\n\r\n" % len(body)
        return Fetch(self._origin, head, body, timeout=self.timeout, limit=_ANSWER_LIMIT)


PLUGIN = HttpLog
