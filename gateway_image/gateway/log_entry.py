"""One request as the log plugins tell it: Kong's log format, as far as it is known here. Pure.

Not for: the access log (snapshot.access_line), where entries go (plugins/file_log.py, plugins/http_log.py).
Source: Kong's documentation and the observable entries of Kong 3.9.1. Deviations on purpose: beside Authorization the
values of all headers and arguments that carry keys are REDACTED; upstream_status is always a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.headers import changed, parsed
from gateway.plugins import _arguments
from gateway.values import Headers

if TYPE_CHECKING:
    from gateway.exchange import Exchange

REDACTED = "REDACTED"
WORKSPACE = "0dc6f45b-8f8d-40d2-a504-473544ee190b"
"""The id of Kong's default workspace when it has no database."""
_SECRET = frozenset(
    (
        *("authorization", "proxy-authorization", "apikey", "api-key", "x-api-key", "x-goog-api-key"),
        *("api_key", "access_token", "key", "token"),
    )
)
_HARMLESS = frozenset(("api-version", "alt"))
"""Arguments that a provider's URL has beside the client's; any other may be its key."""
_MOST_ARGUMENTS = 100


def entry(exchange: Exchange) -> dict[str, Any]:
    """The entry of a finished exchange: plain values, ready for JSON."""
    runtime = exchange.runtime
    now = runtime.now()
    secret = secret_names(exchange)
    told: dict[str, Any] = {
        "request": _request(exchange, secret),
        "response": {
            "status": exchange.status,
            "headers": _response_headers(exchange),
            "size": exchange.sent_size,
        },
        "latencies": _latencies(exchange, now),
        "upstream_uri": upstream_uri(exchange, secret),
        "upstream_status": _upstream_status(exchange),
        "client_ip": exchange.request.client,
        "started_at": int((runtime.wall() - (now - exchange.started_at)) * 1000),
        "source": "upstream" if exchange.upstream_status and not exchange.replied else "kong",
        "workspace": WORKSPACE,
        "workspace_name": "default",
    }
    match = exchange.match
    if match is not None:
        told["tries"] = _tries(exchange)
        told["route"] = _shown(exchange, match.route, ws_id=WORKSPACE)
        if match.service is not None:
            told["service"] = _shown(exchange, match.service, ws_id=WORKSPACE)
    if exchange.consumer is not None:
        told["consumer"] = _shown(exchange, exchange.consumer)
    if exchange.credential is not None:
        told["authenticated_entity"] = {"id": exchange.credential["id"]}
    if exchange.chain is not None:
        for plugin in exchange.chain.plugins:
            merge(told, plugin.logged(exchange))
    return told


def merge(into: dict[str, Any], members: Mapping[str, Any]) -> None:
    """Puts members in, objects member by member."""
    for name, value in members.items():
        if isinstance(value, Mapping) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = dict(value) if isinstance(value, Mapping) else value


# -- the request --------------------------------------------------------------------------------------------------


def _request(exchange: Exchange, secret: frozenset[str]) -> dict[str, Any]:
    request = exchange.request
    path, mark, query = request.target.partition(b"?")
    uri = (path + mark + safe_query(query, secret)).decode("latin-1")
    host = _host(request.fields.get(b"host", b"")).decode("latin-1")
    return {
        "id": exchange.id.decode("latin-1"),
        "method": request.method.decode("latin-1"),
        "uri": uri,
        "url": f"{request.scheme}://{host}:{request.port}{uri if uri.startswith('/') else '/' + uri}",
        "querystring": _querystring(query, secret),
        "headers": _request_headers(exchange, secret),
        "size": request.size,
    }


def _request_headers(exchange: Exchange, secret: frozenset[str]) -> dict[str, Any]:
    """As they went upstream, but for those that the gateway adds to every request."""
    headers = changed(exchange.request.headers, exchange.request_changes)
    target = exchange.target
    if target is not None and target.block:
        own = parsed(target.block)
        named = {name.lower() for name, _ in own}
        headers = [(name, value) for name, value in headers if name.lower() not in named] + own
    told = _named(headers, secret)
    if "content-length" in told and exchange.forwarded_at:
        told["content-length"] = str(len(exchange.body))
    return told


def _querystring(query: bytes, secret: frozenset[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for each in _arguments.parsed(query)[:_MOST_ARGUMENTS]:
        value: Any = True if each.value is None else _arguments.printable(each.value)
        _arguments.gather(out, _arguments.printable(each.name), REDACTED if each.name.lower() in secret else value)
    return out


def safe_query(query: bytes, secret: frozenset[str]) -> bytes:
    if not query:
        return query
    parts = _arguments.parsed(query)
    if not any(each.name.lower() in secret for each in parts):
        return query
    return b"&".join(
        each.raw.partition(b"=")[0] + b"=" + REDACTED.encode() if each.name.lower() in secret else each.raw
        for each in parts
    )


# -- the upstream -------------------------------------------------------------------------------------------------


def upstream_uri(exchange: Exchange, secret: frozenset[str]) -> str:
    target = exchange.target
    if target is None:
        match = exchange.match
        return match.upstream_path(match.service["path"]).decode("latin-1") if match and match.service else ""
    path, mark, query = target.path.partition(b"?")
    if mark and target.block:
        theirs = {each.name for each in _arguments.parsed(exchange.query())} | _HARMLESS
        secret = secret | {each.name.lower() for each in _arguments.parsed(query) if each.name not in theirs}
    return (path + mark + safe_query(query, secret)).decode("latin-1")


def _upstream_status(exchange: Exchange) -> str:
    if exchange.upstream_status:
        return str(exchange.upstream_status)
    return str(exchange.status) if "upstream_error" in exchange.notes else ""


def _tries(exchange: Exchange) -> list[dict[str, Any]]:
    """The attempts to reach the upstream; of a kept connection only the name of the other end is known."""
    target = exchange.target
    if target is None or not exchange.forwarded_at:
        return []
    started = exchange.runtime.wall() - (exchange.runtime.now() - exchange.forwarded_at)
    told: dict[str, Any] = {
        "ip": exchange.address.rpartition(":")[0] or target.origin.host,
        "port": target.origin.port,
        "balancer_start": int(started * 1000),
        "balancer_start_ns": int(started * 1_000_000) * 1000,
        "balancer_latency": 0,
        "balancer_latency_ns": 0,
    }
    if "upstream_error" in exchange.notes:
        told |= {"state": "failed", "code": exchange.status}
    return [told]


def _latencies(exchange: Exchange, now: float) -> dict[str, int]:
    """Milliseconds: all of it, our own part, waiting for the upstream (-1: it was not asked), reading its answer."""
    total = now - exchange.started_at
    waited, receive = -0.001, 0.0
    if exchange.forwarded_at:
        first = exchange.first_byte_at or now
        waited, receive = first - exchange.forwarded_at, now - first
    own = max(0.0, total - max(0.0, waited) - receive)
    return {
        "request": round(total * 1000),
        "kong": round(own * 1000),
        "proxy": round(waited * 1000),
        "receive": round(receive * 1000),
    }


# -- the response -------------------------------------------------------------------------------------------------


def _response_headers(exchange: Exchange) -> dict[str, Any]:
    told = _named(parsed(exchange.block), frozenset())
    if exchange.length is not None:
        told["content-length"] = str(exchange.length)
    else:
        told["transfer-encoding"] = "chunked"
    told["connection"] = "keep-alive" if exchange.request.keep_alive else "close"
    return told


# -- small things -------------------------------------------------------------------------------------------------


def secret_names(exchange: Exchange) -> frozenset[str]:
    names = _SECRET
    if exchange.chain is not None:
        for plugin in exchange.chain.plugins:
            if not plugin.secret_names <= names:
                names = names | plugin.secret_names
    return names


def _shown(exchange: Exchange, entity: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An entity without what is not set; made once and shared, so not to be changed."""
    kept = exchange.snapshot.derived.setdefault("log_entry", {})
    shown: dict[str, Any] | None = kept.get(entity["id"])
    if shown is None:
        shown = kept[entity["id"]] = {name: value for name, value in entity.items() if value is not None} | more
    return shown


def _named(headers: Headers, secret: Iterable[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        text = REDACTED if name in secret else value.decode("latin-1")
        if name in out:
            _arguments.gather(out, name, text)
        else:
            out[name] = text
    return out


def _host(address: bytes) -> bytes:
    """The host of host:port, brackets kept."""
    if address.startswith(b"["):
        return address.partition(b"]")[0] + b"]"
    return address.partition(b":")[0]
