"""The head of an upstream request: request line, the client's headers that pass, forwarding headers, the target's own.
Not for: choosing the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.codec import encode
from gateway.headers import REQUEST_DROPPED, NameTable, lines, without_listed
from gateway.paths import split_target, target_host
from gateway.values import Forward, Origin

if TYPE_CHECKING:
    from gateway.exchange import Exchange

PASSING = NameTable(REQUEST_DROPPED)
_LEADS_KEPT = 1024
Timeouts = tuple[float, float, float]
"""Seconds to connect, to write and to wait for bytes."""


class Target:
    """Where a request goes and what its head says there. Compiled once where nothing varies; `path` is ready bytes."""

    __slots__ = ("block", "host", "leads", "method", "names", "origin", "path", "timeouts")

    def __init__(
        self,
        origin: Origin,
        path: bytes,
        host: bytes,
        *,
        block: bytes = b"",
        names: NameTable = PASSING,
        method: bytes = b"",
        timeouts: Timeouts | None = None,
    ) -> None:
        self.origin = origin
        self.path = path  # request-target, query included
        self.host = host  # value of the Host header
        self.block = block  # ready header lines: credential, content type
        self.names = names  # which of the client's headers pass
        self.method = method  # b"" = the client's
        self.timeouts = timeouts  # None: the service's
        self.leads: dict[tuple[object, ...], bytes] | None = None  # first lines of recent requests, where kept

    def like(self, other: Target) -> bool:
        """Whether a request goes to the same place with the same head."""
        return (
            self.origin == other.origin
            and (self.path, self.host, self.block, self.method) == (other.path, other.host, other.block, other.method)
            and self.names.dropped == other.names.dropped
            and self.timeouts == other.timeouts
        )


class Rewrite:
    """What plugins changed about the request line and Host; None: as it was. Most requests have none of this."""

    __slots__ = ("host", "method", "path", "query")

    def __init__(self) -> None:
        self.method: bytes | None = None
        self.path: bytes | None = None  # escaped, without the query; not for ai-proxy, which knows its own
        self.query: bytes | None = None  # without its question mark
        self.host: bytes | None = None  # value of the Host header; not for ai-proxy

    def aim(self, target: Target) -> Target:
        """The service's target with path, query and Host as rewritten; the method is told when it goes up."""
        path, _, query = target.path.partition(b"?")
        if self.path is not None:
            path = self.path
        if self.query is not None:
            query = self.query
        return Target(
            target.origin,
            path + b"?" + query if query else path,
            target.host if self.host is None else self.host,
            block=target.block,
            names=target.names,
            method=target.method,
            timeouts=target.timeouts,
        )


def host_value(origin: Origin) -> bytes:
    """A Host header's value: the port only where it is not the scheme's own."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    if origin.port == (443 if origin.scheme == "https" else 80):
        return host.encode("latin-1")
    return f"{host}:{origin.port}".encode("latin-1")


def forward(exchange: Exchange, target: Target) -> Forward:
    """The request of `exchange` as it goes to `target`."""
    request = exchange.request
    if exchange.changed:
        exchange.body = encode(exchange.document())
        exchange.changed = False
    body = exchange.body
    fields = request.fields
    headers = request.headers
    connection = fields.get(b"connection")
    if connection is not None and connection not in (b"keep-alive", b"close", b"Keep-Alive"):
        headers = without_listed(headers, connection)
    method = target.method or request.method
    if exchange.rewrite is not None and exchange.rewrite.method is not None:
        method = exchange.rewrite.method
    leads = target.leads
    if leads is None or b"x-forwarded-for" in fields or b"via" in fields:
        lead = _lead(exchange, target, method)
    else:
        key = (method, request.target, request.client, fields.get(b"host"), request.port)
        known = leads.get(key)
        if known is None:
            known = _lead(exchange, target, method)
            if len(leads) < _LEADS_KEPT:
                leads[key] = known
        lead = known
    pieces = [lead, exchange.id, b"\r\n"]
    changes = exchange.request_changes
    if changes and target.block:  # what the target says itself is not said twice
        changes = {name: value for name, value in changes.items() if name not in target.names.dropped}
    pieces += lines(headers, target.names, changes)
    if target.block:
        pieces.append(target.block)
    if body:
        pieces.append(b"Content-Length: %d\r\n\r\n" % len(body))
    elif method in (b"POST", b"PUT", b"PATCH"):
        pieces.append(b"Content-Length: 0\r\n\r\n")
    else:
        pieces.append(b"\r\n")
    connect, write, read = target.timeouts or exchange.snapshot.timeouts(exchange.match)
    return Forward(target.origin, b"".join(pieces), body, connect, write, read)


def _lead(exchange: Exchange, target: Target, method: bytes) -> bytes:
    """Request line, Host and forwarding headers, up to the value of X-Kong-Request-Id: what stays the same for all
    requests of a client to a route."""
    request = exchange.request
    fields = request.fields
    client = request.client.encode("latin-1")
    before = fields.get(b"x-forwarded-for")
    host = target_host(request.target) or fields.get(b"host", b"")
    via = fields.get(b"via")
    own_via = exchange.snapshot.via
    pieces = [
        method,
        b" ",
        target.path,
        b" HTTP/1.1\r\nHost: ",
        target.host,
        b"\r\nX-Forwarded-For: ",
        before + b", " + client if before else client,
        b"\r\nX-Forwarded-Proto: ",
        request.scheme.encode("latin-1"),
        b"\r\nX-Forwarded-Host: ",
        host_only(host),
        b"\r\nX-Forwarded-Port: %d\r\nX-Forwarded-Path: " % request.port,
        split_target(request.target)[0],
        b"\r\nX-Real-IP: ",
        client,
        b"\r\nVia: ",
        via + b", " + own_via if via else own_via,
    ]
    match = exchange.match
    prefix = match.stripped_prefix if match is not None else None
    if prefix:
        pieces += (b"\r\nX-Forwarded-Prefix: ", prefix)
    pieces.append(b"\r\nX-Kong-Request-Id: ")
    return b"".join(pieces)


def host_only(host: bytes) -> bytes:
    """A Host header's value without the port."""
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
