"""correlation-id: one id for a request on its whole way, the client's own where it brings one.

Source: Kong's documentation and observable behaviour.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.headers import line_error
from gateway.plugins._base import Plugin, Setting
from gateway.schema import Boolean, Record, String

if TYPE_CHECKING:
    from gateway.exchange import Exchange


class CorrelationId(Plugin):
    name = "correlation-id"
    priority = 100001
    fields = Record(
        "Gives every request an id and passes it on.",
        required=True,
        fields={
            "header_name": String("The header that carries the id.", check=line_error, default="Kong-Request-ID"),
            "generator": String(
                "What a new id looks like: a UUID of its own; one UUID and a counter; or address, port, process,"
                " connection, request and time.",
                one_of=("uuid", "uuid#counter", "tracker"),
                default="uuid#counter",
                required=True,
            ),
            "echo_downstream": Boolean("Whether the client is told the id too.", default=False, required=True),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.header = (config["header_name"] or "").encode("latin-1")
        self.lower = self.header.lower()
        self.echoes: bool = config["echo_downstream"]
        self.generate = {"uuid": self._uuid, "uuid#counter": self._counted, "tracker": self._tracker}[
            config["generator"]
        ]
        self._worker = b""
        self._count = 0

    def access(self, exchange: Exchange) -> None:
        if not self.header:
            return
        found = exchange.request.fields.get(self.lower)
        if not found:
            found = self.generate(exchange)
            exchange.set_request_header(self.header, found)
        exchange.notes["correlation_id"] = found
        if self.echoes:
            exchange.set_response_header(self.header, found)

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        found = exchange.notes.get("correlation_id")
        return {} if found is None else {"correlation_id": found.decode("latin-1")}

    def _uuid(self, exchange: Exchange) -> bytes:
        return _as_uuid(exchange.runtime.request_id())

    def _counted(self, exchange: Exchange) -> bytes:
        if not self._worker:
            self._worker = _as_uuid(exchange.runtime.request_id())
        self._count += 1
        return b"%b#%d" % (self._worker, self._count)

    def _tracker(self, exchange: Exchange) -> bytes:
        """Kong's fields in Kong's order. An exchange does not know its connection: the request's number stands for the
        connection's, and 1 for the number of the request on it."""
        self._count += 1
        request = exchange.request
        listeners = exchange.runtime.settings.proxy_listen
        hosts = [str(listener.host) for listener in listeners if listener.port == request.port]
        host = hosts[0] if hosts else "127.0.0.1"
        wall = exchange.runtime.wall()
        return f"{host}-{request.port}-{os.getpid()}-{self._count}-1-{wall:.3f}".encode("latin-1")


def _as_uuid(digits: bytes) -> bytes:
    """32 hex digits as a UUID of the random kind."""
    return b"%b-%b-4%b-8%b-%b" % (digits[:8], digits[8:12], digits[13:16], digits[17:20], digits[20:32])


PLUGIN = CorrelationId
