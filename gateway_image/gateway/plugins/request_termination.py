"""request-termination: answers in place of the upstream, always or only when a trigger is there.

Source: Kong's documentation and the observable behaviour of Kong 3.9.1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.headers import line_error
from gateway.plugins import _arguments
from gateway.plugins._base import Plugin, Setting
from gateway.replies import json_reply
from gateway.schema import Boolean, Integer, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

MESSAGES = {
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    500: "An unexpected error occurred",
    502: "Bad Gateway",
    503: "Service unavailable",
}
_JSON = "application/json; charset=utf-8"


def _exclusive(config: Mapping[str, Any]) -> str | None:
    if config["message"] and (config["content_type"] or config["body"]):
        return "message cannot be used with content_type or body"
    if config["content_type"] and not config["body"]:
        return "content_type requires a body"
    if config["echo"] and (config["content_type"] or config["body"]):
        return "echo cannot be used with content_type and body"
    return None


class RequestTermination(Plugin):
    name = "request-termination"
    priority = 2
    fields = Record(
        "Answers requests itself.",
        required=True,
        fields={
            "status_code": Integer("The status of the answer.", between=(100, 599), default=503, required=True),
            "message": String("A message, told as JSON."),
            "content_type": String("The type of the body; JSON when not given.", check=line_error),
            "body": String("A body as it is."),
            "echo": Boolean("Whether the answer shows the request instead.", default=False, required=True),
            "trigger": String("The header or query argument whose presence stops a request; without it all stop."),
        },
        check=_exclusive,
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.status: int = config["status_code"]
        self.trigger: str | None = config["trigger"]
        self.echoes: bool = config["echo"]
        message = config["message"] or MESSAGES.get(self.status)
        if config["body"]:
            kind = config["content_type"] or _JSON
            self._reply = Reply(self.status, f"Content-Type: {kind}\r\n".encode("latin-1"), config["body"].encode())
        elif message is not None:
            self._reply = json_reply(self.status, {"message": message})
        else:
            self._reply = Reply(self.status)
        self._message: str | None = message

    def access(self, exchange: Exchange) -> Reply | None:
        if self.trigger is not None and not self._triggered(exchange, self.trigger):
            return None
        return json_reply(self.status, self._echo(exchange)) if self.echoes else self._reply

    def _triggered(self, exchange: Exchange, trigger: str) -> bool:
        if trigger.lower().encode("latin-1", "replace") in exchange.request.fields:
            return True
        return any(each.name == trigger for each in _arguments.parsed(exchange.query()))

    def _echo(self, exchange: Exchange) -> dict[str, Any]:
        request = exchange.request
        match = exchange.match
        assert match is not None
        headers: dict[str, Any] = {}
        for name, value in request.headers:
            _arguments.gather(headers, name.decode("latin-1").lower(), value.decode("latin-1"))
        query: dict[str, Any] = {}
        for each in _arguments.parsed(exchange.query()):
            _arguments.gather(
                query, _arguments.printable(each.name), True if each.value is None else _arguments.printable(each.value)
            )
        host = request.fields.get(b"host", b"").decode("latin-1")
        path = request.target.partition(b"?")[0].decode("latin-1")
        return {
            "message": self._message,
            "kong": {
                "node_id": getattr(exchange.runtime.settings, "node_id", None),
                "worker_pid": os.getpid(),
                "hostname": os.uname().nodename,
            },
            "request": {
                "scheme": request.scheme,
                "host": host.rpartition(":")[0] or host,
                "port": request.port,
                "headers": headers,
                "query": query,
                "body": exchange.document(),
                "raw_body": request.body.decode("utf-8", "replace"),
                "method": request.method.decode("latin-1"),
                "path": path,
                "uri_captures": {"named": dict(match.captures)},
            },
            "matched_route": match.route,
            "matched_service": match.service,
        }


PLUGIN = RequestTermination
