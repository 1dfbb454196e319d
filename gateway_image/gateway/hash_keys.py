"""What a balancer hashes of a request: the `hash_on` of an upstream. Not for: choosing by it (choosing.py).

Source: Kong's documentation and the observable behaviour of Kong 3.9.1. Deviations on purpose: a header with a dash in
its name is found; the cookie says SameSite as browsers know it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.plugins import _arguments

if TYPE_CHECKING:
    from gateway.exchange import Exchange

Entity = Mapping[str, Any]
COOKIE = "balancer_cookie"
"""Where an exchange notes the cookie to give."""


def hash_key(upstream: Entity, exchange: Exchange) -> bytes | None:
    """The bytes to hash; None where the upstream hashes nothing. What a request lacks, with its fallback, is b""."""
    how = upstream["hash_on"]
    if how == "none":
        return None
    key = _key(upstream, exchange, how, "hash_on")
    if key is None and upstream["hash_fallback"] != "none":
        key = _key(upstream, exchange, upstream["hash_fallback"], "hash_fallback")
    return key or b""


def _key(upstream: Entity, exchange: Exchange, how: str, side: str) -> bytes | None:
    request = exchange.request
    match = exchange.match
    assert match is not None
    if how == "ip":
        return request.client.encode("latin-1")
    if how == "path":
        return match.path
    if how == "consumer":
        who = exchange.consumer or exchange.credential
        return str(who["id"]).encode() if who is not None else None
    if how == "header":
        name = upstream[f"{side}_header"].lower().encode("latin-1", "replace")
        return request.fields.get(name) or request.fields.get(name.replace(b"_", b"-"))
    if how == "query_arg":
        wanted = upstream[f"{side}_query_arg"]
        arguments = _arguments.parsed(request.target.partition(b"?")[2])
        value = next((each.value for each in arguments if each.name == wanted and each.value), "")
        return (value or "").encode("utf-8", "surrogateescape") or None
    if how == "uri_capture":
        captured = match.captures.get(upstream[f"{side}_uri_capture"])
        return captured.encode("utf-8", "surrogateescape") if captured else None
    return _cookie(upstream, exchange)


def _cookie(upstream: Entity, exchange: Exchange) -> bytes:
    """The client's cookie; one is given to a client that has none."""
    name = upstream["hash_on_cookie"].encode("latin-1", "replace")
    for each in exchange.request.fields.get(b"cookie", b"").split(b";"):
        key, _, value = each.strip().partition(b"=")
        if key == name and value:
            return value
    value = str(uuid.UUID(hex=exchange.id.decode("latin-1"))).encode()
    path = (upstream["hash_on_cookie_path"] or "/").encode("latin-1", "replace")
    exchange.notes[COOKIE] = b"%b=%b; Path=%b; SameSite=Lax; HttpOnly" % (name, value, path)
    return value
