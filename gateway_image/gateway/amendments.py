"""What plugins may look at and change about a request and its answer while an exchange runs. Not for: the course of an
exchange (exchange.py), what the wire gets (outbound.py).
"""

from __future__ import annotations

from typing import Any

from gateway.codec import CodecError, decode, encode
from gateway.headers import Changes, lines_of, one_line
from gateway.outbound import Rewrite
from gateway.values import Headers, Request


class Amendments:
    """The half of an exchange that plugins work on; defaults stand on the class, as there."""

    request: Request
    body: bytes  # what goes upstream
    request_changes: Changes
    response_changes: Changes
    changed = False  # whether the decoded document was replaced and `body` is stale
    rewrite: Rewrite | None = None  # what plugins changed about the request line
    upstream_headers: Headers = []
    _document: Any = None

    def document(self) -> Any:
        """The request body as decoded JSON, None when it is none. Decoded once; call replace() after a change."""
        if self._document is None and self.body:
            try:
                self._document = decode(self.body)
            except CodecError:
                self._document = None
        return self._document

    def replace(self, document: Any) -> None:
        """The request body is now this; it is encoded only when it goes up."""
        self._document = document
        self.changed = True

    def respell(self, document: Any, body: bytes) -> None:
        """The request body is now this, and `body` says it already."""
        self._document, self.body, self.changed = document, body, False

    def raw_body(self) -> bytes:
        """The request body as it would go upstream now."""
        if self.changed:
            self.body = encode(self._document)
            self.changed = False
        return self.body

    def replace_body(self, body: bytes) -> None:
        """The request body is now these bytes, whatever they are."""
        self.body, self._document, self.changed = body, None, False

    def query(self) -> bytes:
        """The query that goes upstream, without its question mark: the client's unless a plugin rewrote it."""
        if self.rewrite is not None and self.rewrite.query is not None:
            return self.rewrite.query
        return self.request.target.partition(b"?")[2]

    def requested(self) -> bytes:
        """The client's path as it came, with the query that goes upstream."""
        if self.rewrite is None or self.rewrite.query is None:
            return self.request.target
        path = self.request.target.partition(b"?")[0]
        return path + b"?" + self.rewrite.query if self.rewrite.query else path

    def rewriting(self) -> Rewrite:
        """For a plugin that changes method, path, query or Host of what goes upstream."""
        if self.rewrite is None:
            self.rewrite = Rewrite()
        return self.rewrite

    def set_request_header(self, name: bytes, value: bytes) -> None:
        self.request_changes[name.lower()] = name + b": " + one_line(value) + b"\r\n"

    def clear_request_header(self, name: bytes) -> None:
        self.request_changes[name.lower()] = b""

    def set_response_header(self, name: bytes, value: bytes) -> None:
        self.response_changes[name.lower()] = name + b": " + one_line(value) + b"\r\n"

    def add_response_header(self, name: bytes, value: bytes) -> None:
        """One more line of that name. For header_filter: only there the upstream's own lines are known."""
        key = name.lower()
        before = self.response_changes.get(key)
        if before is None:
            before = lines_of(self.upstream_headers, key)
        self.response_changes[key] = before + name + b": " + one_line(value) + b"\r\n"

    def clear_response_header(self, name: bytes) -> None:
        self.response_changes[name.lower()] = b""
