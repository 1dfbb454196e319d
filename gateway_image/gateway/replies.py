"""Answers that the gateway itself makes: Kong's core errors (negotiated) and the AI plugins' compact ones. Pure.

Not for: choosing when to refuse, latency and identity headers (the exchange adds them), framing (the transport).
Source: the observable behaviour of Kong 3.9.1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.values import Reply

MESSAGES: dict[int, str] = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    411: "Length required",
    412: "Precondition failed",
    413: "Payload too large",
    414: "URI too long",
    417: "Expectation failed",
    431: "Request header or cookie too large",
    494: "Request header or cookie too large",
    500: "An unexpected error occurred",
    502: "An invalid response was received from the upstream server",
    503: "The upstream server is currently unavailable",
    504: "The upstream server is timing out",
}
"""What Kong says about a status when nothing more specific is known."""

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
"""As html.escape has it, whose module holds the names of all characters: 0.5 MB in every worker."""
_JSON = "application/json"
_PLAIN = "text/plain"
_HTML = "text/html"
_XML = "application/xml"
_GRPC = "application/grpc"
_TYPES = {
    _JSON: _JSON,
    "application/*": _JSON,
    "*/*": _JSON,
    _PLAIN: _PLAIN,
    "text/*": _PLAIN,
    _HTML: _HTML,
    _XML: _XML,
    _GRPC: _GRPC,
}


def message_of(status: int) -> str:
    """Kong's words for a status that carries no message of its own."""
    return MESSAGES.get(status) or f"The upstream server responded with {status}"


def core_error(status: int, message: str, request_id: bytes, accept: bytes = b"") -> Reply:
    """An error in the shape of Kong's core: JSON with `message` and `request_id`, or what `accept` prefers.

    `accept` is the Accept header's value; empty or unknown gives JSON. `request_id` is 32 hex digits.
    """
    kind = _preferred(accept)
    identity = request_id.decode("latin-1")
    if kind == _JSON:
        text = f'{{\n  "message":{json.dumps(message, ensure_ascii=False)},\n  "request_id":"{identity}"\n}}'
    elif kind == _PLAIN:
        text = f"{message}\nrequest_id: {identity}\n"
    elif kind == _HTML:
        text = _page(message, identity)
    elif kind == _XML:
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n'
            f"  <message>{message.translate(_ESCAPED)}</message>\n  <requestid>{identity}</requestid>\n</error>"
        )
    else:
        text = ""  # grpc: the status is told in trailers
    charset = b"" if kind == _GRPC else b"; charset=utf-8"
    return Reply(status, b"Content-Type: " + kind.encode() + charset + b"\r\n", text.encode("utf-8", "replace"))


def edge_accept(fields: Mapping[bytes, bytes]) -> bytes:
    """What to pass as `accept` for an error that no route and no plugin caused: Accept, else the request's own
    Content-Type, else plain text, as Kong does for errors of its HTTP edge."""
    return fields.get(b"accept") or fields.get(b"content-type") or b"text/plain"


def bare_page(status: int, reason: str) -> Reply:
    """The bare HTML page that Kong's HTTP edge gives for 501 and 505, which its error handler does not cover."""
    title = f"{status} {reason}"
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, b"Content-Type: text/html; charset=UTF-8\r\n", text.encode("latin-1"))


def json_reply(status: int, value: object, block: bytes = b"") -> Reply:
    """A compact JSON answer; `block` holds further ready header lines."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, b"Content-Type: application/json; charset=utf-8\r\n" + block, text.encode("utf-8", "replace"))


def ai_error(status: int, message: str) -> Reply:
    """An error in the shape of the AI plugins: compact `{"error":{"message":"..."}}`, whatever the client accepts."""
    return json_reply(status, {"error": {"message": message}})


def _page(message: str, identity: str) -> str:
    return (
        '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n'
        f"  <body>\n    <h1>Error</h1>\n    <p>{message.translate(_ESCAPED)}.</p>\n"
        f"    <p>request_id: {identity}</p>\n  </body>\n</html>\n"
    )


def _preferred(accept: bytes) -> str:
    """The body type that an Accept value likes best; the first of equals, JSON when it names nothing we make."""
    best, chosen = 0.0, _JSON
    for part in accept.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        kind = _TYPES.get(name.strip())
        if kind is None:
            continue
        quality = _quality(parameters)
        if quality > best:
            best, chosen = quality, kind
    return chosen


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
