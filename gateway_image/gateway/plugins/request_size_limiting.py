"""request-size-limiting: refuses request bodies over a size. Source: Kong's documentation and observable behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.plugins._base import Plugin, Setting
from gateway.schema import Boolean, Integer, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

TOO_LARGE = "Request size limit exceeded"
NO_LENGTH = "A valid Content-Length header is required"
_UNITS = {"megabytes": 1 << 20, "kilobytes": 1 << 10, "bytes": 1}
_DEFAULT = 128


class RequestSizeLimiting(Plugin):
    name = "request-size-limiting"
    priority = 951
    fields = Record(
        "Refuses request bodies that are too large.",
        required=True,
        fields={
            "allowed_payload_size": Integer("The largest body that gets in, in units of size_unit.", default=_DEFAULT),
            "size_unit": String(
                "What the size is counted in: megabytes of 1,048,576 bytes, kilobytes of 1,024, or bytes.",
                one_of=tuple(_UNITS),
                default="megabytes",
                required=True,
            ),
            "require_content_length": Boolean(
                "Whether a request must say its size, unless it is sent in chunks.", default=False, required=True
            ),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        size = config["allowed_payload_size"]
        self.limit = (_DEFAULT if size is None else size) * _UNITS[config["size_unit"]]
        self.requires_length: bool = config["require_content_length"]

    def access(self, exchange: Exchange) -> Reply | None:
        fields = exchange.request.fields
        told = fields.get(b"content-length")
        if told is not None and told.isdigit():
            size = int(told[:20])
        elif self.requires_length and b"chunked" not in fields.get(b"transfer-encoding", b"").lower():
            return exchange.core_error(411, NO_LENGTH)
        else:
            size = len(exchange.request.body)
        if max(size, len(exchange.request.body)) <= self.limit:
            return None
        return exchange.core_error(417 if b"expect" in fields else 413, TOO_LARGE)


PLUGIN = RequestSizeLimiting
