"""One remembered request, as bare values and as it is told to who looks; keys and cookies are covered. Not for: what is
remembered and for how long (recorder.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.headers import parsed
from gateway.log_entry import REDACTED, safe_query, secret_names

if TYPE_CHECKING:
    from gateway.values import Headers

_HIDDEN = frozenset(("cookie", "set-cookie"))
_LIMITS = (b"ratelimit-limit-", b"ratelimit-remaining-")

Raw = tuple[Any, ...]
"""A Row without its names: a request pays for making one, and this is half as dear."""


class Row(NamedTuple):
    """One remembered request, for those who read it. Seconds; `sent_after` and `first_after` count from its start."""

    ended: float
    seconds: float
    id: bytes
    method: bytes
    target: bytes
    client: str
    headers: Headers
    received: int
    route: Mapping[str, Any] | None
    status: int
    upstream_status: int
    consumer: Mapping[str, Any] | None
    sent_after: float
    first_after: float
    sent: int
    provider: str | None
    model: str | None
    call: Any
    usage: Any
    cost: float
    block: bytes
    error: Any
    aborted: bool
    chain: Any
    details: dict[str, Any] | None


def shown(row: Row) -> dict[str, Any]:
    consumer, error, call, usage = row.consumer, row.error, row.call, row.usage
    limits = [line for line in parsed(row.block) if any(word in line[0].lower() for word in _LIMITS)]
    told: dict[str, Any] = {
        "id": row.id.decode("latin-1"),
        "ended": row.ended,
        "started": row.ended - row.seconds,
        "ms": round(row.seconds * 1000, 1),
        "method": row.method.decode("latin-1"),
        "target": _target(row.target, row.chain),
        "client": row.client,
        "status": row.status,
        "upstream_status": row.upstream_status,
        "received": row.received,
        "sent": row.sent,
        "route": row.route["id"] if row.route is not None else None,
        "consumer": (consumer["username"] or consumer["custom_id"] or consumer["id"]) if consumer is not None else None,
        "error": f"{error.kind}: {error.detail}" if error is not None else "",
        "aborted": row.aborted,
        "details": row.details is not None,
        "forwarded_ms": round(row.sent_after * 1000, 1) if row.sent_after >= 0 else None,
        "first_byte_ms": round(row.first_after * 1000, 1) if row.first_after >= 0 else None,
        "limits": [[name.decode("latin-1").lower(), value.decode("latin-1")] for name, value in limits],
    }
    if call is not None:
        told |= {"provider": row.provider, "model": row.model or call.model, "stream": call.stream}
    if usage is not None:
        told |= {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "estimated": usage.estimated,
            "cost": row.cost,
        }
    return told


def full(row: Row) -> dict[str, Any]:
    hidden = hidden_names(row.chain)
    return {
        "request_headers": redacted(row.headers, hidden),
        "response_headers": redacted(parsed(row.block), hidden),
        "plugins": [plugin.name for plugin in row.chain.plugins] if row.chain is not None else [],
        "watched": row.details,
    }


def _target(target: bytes, chain: Any) -> str:
    path, mark, query = target.partition(b"?")
    return (path + mark + safe_query(query, hidden_names(chain))).decode("latin-1")


class _Chained:
    """What secret_names() looks at."""

    def __init__(self, chain: Any) -> None:
        self.chain = chain


def hidden_names(chain: Any) -> frozenset[str]:
    """Lower-case names of headers and arguments whose values nobody is shown."""
    found: frozenset[str] = secret_names(_Chained(chain)) | _HIDDEN  # type: ignore[arg-type]
    return found


def redacted(headers: Headers, hidden: frozenset[str]) -> list[list[str]]:
    """[[name, value], ...] with the values of keys and cookies covered."""
    return [
        [name.decode("latin-1"), REDACTED if name.decode("latin-1").lower() in hidden else value.decode("latin-1")]
        for name, value in headers
    ]
