"""When a request that failed may be sent again, and the attempts of a service with a single target. Pure. Not for:
choosing among targets (balancing.py).

Source: the observable behaviour of Kong 3.9.1: a connection that was not made is tried again for any request, one that
broke or fell silent only where sending twice does no harm, a status never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.outbound import Target
from gateway.values import UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange

UNCONNECTED = frozenset(("dns", "refused", "unreachable", "connect_timeout", "tls"))
_BROKEN = ("closed", "timeout")
_ONCE = (b"POST", b"PATCH", b"LOCK")


def repeatable(method: bytes, error: UpstreamError) -> bool:
    """Whether a request of this method may be sent again after `error`."""
    if error.kind in UNCONNECTED:
        return True
    return error.kind in _BROKEN and (not error.sent or method not in _ONCE)


class Retries:
    """The attempts of a request whose service is one host: whether to ask it again."""

    __slots__ = ("_left",)

    def __init__(self, retries: int) -> None:
        self._left = retries

    def next(self, exchange: Exchange, error: UpstreamError) -> Target | None:
        # a host that takes no connection was tried at all its addresses: asking it again at once changes nothing
        if self._left <= 0 or error.kind in UNCONNECTED or not repeatable(exchange.request.method, error):
            return None
        self._left -= 1
        return exchange.target

    def heard(self, exchange: Exchange, status: int) -> bool:
        return False

    def done(self, exchange: Exchange) -> None:
        """Nothing is counted."""
