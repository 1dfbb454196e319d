"""What the Admin API answers, in Kong's shapes. Not for: deciding what to answer.

Whoever has to say no raises Refusal; api.py turns it into the reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway import KONG_VERSION
from gateway.codec import encode
from gateway.errors import ConfigError, violations
from gateway.values import Reply

JSON_TYPE = b"Content-Type: application/json; charset=utf-8\r\n"
SERVER_LINE = f"Server: kong/{KONG_VERSION}\r\n".encode()
_UNSUPPORTED = b"<html>\r\n<head><title>415 Unsupported Media Type</title></head>\r\n</html>\r\n"


class Refusal(Exception):
    """A request that is answered with an error. `body` is the JSON of the answer."""

    def __init__(self, status: int, body: Mapping[str, Any], allow: str = "") -> None:
        super().__init__(body.get("message", ""))
        self.status = status
        self.body = body
        self.allow = allow  # of a 405

    def reply(self) -> Reply:
        extra = f"Allow: {self.allow}\r\n".encode() if self.allow else b""
        return json(self.status, self.body, extra)


def json(status: int, body: Any, extra: bytes = b"") -> Reply:
    """`extra`: further ready header lines."""
    return Reply(status, JSON_TYPE + extra, encode(body))


def empty(status: int = 204, extra: bytes = b"") -> Reply:
    return Reply(status, extra)


def unsupported_media_type() -> Reply:
    """Kong's edge answers this one with a page, not with JSON."""
    return Reply(415, b"Content-Type: text/html; charset=UTF-8\r\n", _UNSUPPORTED)


def message(status: int, text: str) -> Refusal:
    """The plain shape {"message": "..."}."""
    return Refusal(status, {"message": text})


def not_found(text: str = "Not found") -> Refusal:
    return message(404, text)


def not_allowed(methods: str) -> Refusal:
    return Refusal(405, {"message": "Method not allowed"}, methods)


def coded(status: int, code: int, name: str, text: str, **more: Any) -> Refusal:
    """Kong's shape for errors of entities: code, name, message and mostly `fields`."""
    return Refusal(status, {"code": code, "name": name, "message": text, **more})


def schema_violation(fields: dict[str, Any]) -> Refusal:
    return coded(400, 2, "schema violation", violations(fields), fields=fields)


def declarative(error: ConfigError, flatten: bool) -> Refusal:
    """A declarative configuration that is refused (code 14)."""
    body = error.declarative()
    if flatten:
        body["flattened_errors"] = error.flattened()
    return Refusal(400, body)


def lua(value: Any) -> str:
    """A value as Kong writes it inside its messages: {id="..."}."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}={lua(value[key])}" for key in sorted(value)) + "}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
