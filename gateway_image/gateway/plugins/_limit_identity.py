"""Whose requests a limit counts together. Not for: finding out who a consumer is (key_auth)."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.exchange import Exchange


class Identity:
    """What a limit goes by; the client's address where a request has none of that."""

    def __init__(self, kind: str, header_name: str | None, path: str | None) -> None:
        self.kind = kind
        self._header = header_name.lower().encode("latin-1", "replace") if header_name else b""
        self._path = path.encode() if path else b""
        self._mark = kind.encode() + b":"

    def of(self, exchange: Exchange) -> bytes:
        kind = self.kind
        found: str | bytes | None = None
        if kind == "consumer" and exchange.consumer is not None:
            found = str(exchange.consumer["id"])
        elif kind in ("consumer", "credential") and exchange.credential is not None:
            found = str(exchange.credential["id"])
        elif kind == "service" and exchange.match is not None and exchange.match.service is not None:
            found = str(exchange.match.service["id"])
        elif kind == "header":
            found = exchange.request.fields.get(self._header)
        elif kind == "path" and exchange.match is not None:
            found = exchange.match.path if exchange.match.path == self._path else None
        if found is None:
            return b"ip:" + exchange.request.client.encode("latin-1")
        return self._mark + (found.encode() if isinstance(found, str) else found)


def shared_tag(namespace: bytes, who: bytes) -> bytes:
    """How the keys of counts that nodes share begin. In braces, so that a Redis Cluster keeps all counts of one caller
    on one node; a digest, because a header that identifies may be a secret."""
    return b"{%b}:" % blake2b(namespace + b"\0" + who, digest_size=16).hexdigest().encode()
