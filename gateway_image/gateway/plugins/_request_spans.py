"""The two spans of one request: as the client saw it, and the call to the upstream. Not for: headers of traces
(_trace_context.py), what is special about AI calls (_gen_ai_span.py), the encoding (_otlp.py).

Source: OpenTelemetry's semantic conventions for HTTP; Kong's documented attributes beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from gateway.outbound import host_only
from gateway.paths import split_target
from gateway.plugins._gen_ai_span import CONTENT, content, name_and_attributes
from gateway.plugins._otlp import CLIENT, SERVER, attributes, span
from gateway.plugins._trace_context import Incoming

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_SPAN_IDS = 1 << 64


class Trace:
    """Where one exchange stands. Its ids are drawn from the request's own, which is never the same twice."""

    __slots__ = ("came", "client_span", "id", "parent", "sampled", "server_span", "state")

    def __init__(self, request_id: bytes, came: Incoming | None, rate: float) -> None:
        ids = blake2b(request_id, digest_size=32).hexdigest()
        self.came = came
        self.server_span, self.client_span = ids[32:48], ids[48:]
        self.id = (came.trace_id if came is not None else "") or ids[:32]
        self.parent = came.span_id if came is not None else ""
        self.state = came.state if came is not None else ""
        refused = came is not None and came.sampled is False
        self.sampled = not refused and int(self.id[-16:], 16) < rate * _SPAN_IDS


class Times:
    """Seconds since the epoch of what an exchange noted on its monotonic clock."""

    def __init__(self, exchange: Exchange) -> None:
        now = exchange.runtime.now()
        self._offset = exchange.runtime.wall() - now
        self.end = self.of(now)

    def of(self, noted: float) -> float:
        return noted + self._offset


def server_span(exchange: Exchange, trace: Trace, times: Times) -> bytes:
    request, match = exchange.request, exchange.match
    method, path = request.method.decode("latin-1"), split_target(request.target)[0].decode("latin-1")
    host = request.fields.get(b"host", b"")
    status = exchange.status
    route = _route(exchange)
    told: dict[str, Any] = {
        "http.request.method": method,
        "http.response.status_code": status,
        "http.route": route,
        "url.scheme": request.scheme,
        "url.path": path,
        "server.address": host_only(host).decode("latin-1") or None,
        "server.port": request.port,
        "client.address": request.client,
        "network.protocol.version": request.version,
        "user_agent.original": _text(request.fields.get(b"user-agent")),
        "http.request.body.size": len(request.body) or None,
        "error.type": str(status) if status >= 500 else None,
        # Kong's names
        "http.method": method,
        "http.url": f"{request.scheme}://{host.decode('latin-1')}{path}",
        "http.host": host.decode("latin-1") or None,
        "http.scheme": request.scheme,
        "http.flavor": request.version,
        "net.peer.ip": request.client,
        "http.status_code": status,
        "kong.request.id": exchange.id.decode("latin-1"),
        "kong.route.name": (match.route["name"] or match.route["id"]) if match is not None else None,
        "kong.service.name": (match.service["name"] or match.service["host"]) if match and match.service else None,
    }
    if exchange.consumer is not None:
        who = exchange.consumer
        told["kong.auth.consumer.name"] = who["username"] or who["custom_id"] or who["id"]
    if "aborted" in exchange.notes:
        told["error.type"] = "client_closed"
    return span(
        f"{method} {route}" if route else method,
        SERVER,
        trace_id=trace.id,
        span_id=trace.server_span,
        parent_id=trace.parent,
        remote=bool(trace.parent),
        state=trace.state,
        start=times.of(exchange.started_at),
        end=times.end,
        values=attributes(told),
        error=f"status {status}" if status >= 500 else "",
    )


def client_span(exchange: Exchange, trace: Trace, times: Times) -> bytes:
    target, conversation = exchange.target, exchange.conversation
    assert target is not None
    method = (target.method or exchange.request.method).decode("latin-1")
    path = target.path.partition(b"?")[0].decode("latin-1")
    trouble = exchange.notes.get("upstream_error")
    status = exchange.upstream_status
    told: dict[str, Any] = {
        "http.request.method": method,
        "http.response.status_code": status or None,
        "url.full": f"{target.origin.scheme}://{target.host.decode('latin-1')}{path}",
        "server.address": target.origin.host,
        "server.port": target.origin.port,
        "network.peer.address": exchange.address.rpartition(":")[0].strip("[]") or None,
        "http.status_code": status or None,
    }
    kind = trouble.kind if trouble is not None else str(status) if status >= 400 else ""
    name = method
    if conversation is not None:
        talk: Any = conversation
        reasons = talk.observer.found if talk.observer is not None else []
        name, more = name_and_attributes(exchange, talk, reasons)
        told |= more
        if talk.plugin.logs["log_payloads"] and exchange.chain is not None:
            told |= content(exchange, _payload(exchange, talk), reasons)
        if talk.failed and not kind:
            kind = "broken_answer"
    told["error.type"] = kind or None
    detail = trouble.detail if trouble is not None else f"status {status}" if status >= 400 else kind
    return span(
        name,
        CLIENT,
        trace_id=trace.id,
        span_id=trace.client_span,
        parent_id=trace.server_span,
        remote=False,
        state=trace.state,
        start=times.of(exchange.forwarded_at),
        end=times.end,
        values=attributes(told, CONTENT),
        error=detail if kind else "",
    )


def _payload(exchange: Exchange, conversation: Any) -> Mapping[str, str]:
    """What the plugin that holds the conversation tells the log plugins of the words."""
    assert exchange.chain is not None
    for plugin in exchange.chain.plugins:
        if plugin.setting is conversation.plugin.setting:
            payload: Mapping[str, str] = plugin.logged(exchange).get("ai", {}).get("proxy", {}).get("payload", {})
            return payload
    return {}


def _route(exchange: Exchange) -> str | None:
    """The route's path that took the request; None where that cannot be told, so that names stay few."""
    match = exchange.match
    if match is None:
        return None
    paths = match.route["paths"] or ()
    prefix = match.prefix.decode("utf-8", "replace")
    if prefix in paths:
        return prefix
    patterns = [path for path in paths if path.startswith("~")]
    return patterns[0] if len(patterns) == 1 else None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
