"""An Admin API request, its path and query taken apart. Not for: answering it."""

from __future__ import annotations

from functools import cached_property

from gateway.admin.answers import empty, not_allowed
from gateway.admin.query import Query, plain_path
from gateway.paths import split_target
from gateway.values import Reply, Request


class Call:
    """`segments`: the path's, unescaped. `path`: the path as the client wrote it, for `next` links."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.method = request.method.decode("latin-1")
        raw, query = split_target(request.target)
        self._query = query[1:]
        self.path = raw.decode("latin-1")
        if len(raw) > 1 and raw.endswith(b"/") and not raw.endswith(b"//"):
            raw = raw[:-1]  # one is forgiven
        parts = raw.split(b"/")[1:] if raw != b"/" else []
        self.segments = tuple(plain_path(part) for part in parts)
        self.broken = not raw.startswith(b"/") or any(part in ("", ".", "..") for part in self.segments)
        """Whether no path of ours can be written like this: `//`, `..`."""

    @cached_property
    def query(self) -> Query:
        return Query(self._query)

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")

    def gate(self, methods: str) -> Reply | None:
        """None lets one of `methods` ("GET, HEAD, OPTIONS") through; OPTIONS is answered. Raises Refusal (405)."""
        if self.method not in methods.split(", "):
            raise not_allowed(methods)
        if self.method != "OPTIONS":
            return None
        line = methods.encode()
        return empty(204, b"Allow: " + line + b"\r\nAccess-Control-Allow-Methods: " + line + b"\r\n")
