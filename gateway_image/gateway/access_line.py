"""The lines of the access log: one JSON object a request. The query is left out, it may hold a key. What stays the same
from request to request of a client is made once (Told). Not for: where lines go (the runtime), entries of log plugins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.codec import encode

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.values import Request


LINE = b'{"time":%.3f,%b%d,"bytes":%d,"ms":%.1f,"request_id":"%b"%b}'
"""What line() fills in."""
TOKENS = b'%b,"prompt_tokens":%d,"completion_tokens":%d%b'
"""The members about an answer whose usage is known: provider and model, tokens, what else there is to say."""


def who(request: Request) -> bytes:
    """The members that say who asked for what, up to the name of the status."""
    return b'"client":"%b","method":"%b","path":%b,"status":' % (
        request.client.encode("latin-1"),
        request.method,
        encode(request.target.partition(b"?")[0].decode("latin-1")),
    )


def routed(route: Any) -> bytes:
    """The member that names the route, with its comma."""
    return b',"route":' + encode(route["name"] or route["id"])


def named(consumer: Any) -> bytes:
    """The member that names the consumer, with its comma."""
    return b',"consumer":' + encode(consumer["username"] or consumer["id"])


def line(moment: float, opening: bytes, status: int, sent: int, seconds: float, id: bytes, rest: bytes) -> bytes:
    """A whole line. `opening` is who()'s, `rest` further members, each with a comma before it."""
    return LINE % (
        moment,
        opening,
        status,
        sent,
        seconds * 1000,
        id,
        rest,
    )


def access_line(exchange: Exchange, moment: float) -> bytes:
    """The line of an exchange that is over since `moment` (seconds since 1970)."""
    match = exchange.match
    rest = b"" if match is None else routed(match.route)
    if exchange.conversation is not None:
        rest += b"," + exchange.conversation.summary()
    if exchange.consumer is not None:
        rest += named(exchange.consumer)
    error = exchange.notes.get("upstream_error")
    if error is not None:
        rest += b',"upstream_error":' + encode(f"{error.kind}: {error.detail}")
    if "aborted" in exchange.notes:
        rest += b',"aborted":true'
    seconds = exchange.ended_at - exchange.started_at
    return line(moment, who(exchange.request), exchange.status, exchange.sent_size, seconds, exchange.id, rest)
