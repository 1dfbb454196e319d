"""Why a request got no answer: the exception of an HTTP client as one stable word. Pure.

Not for: wording (diagnosis.py), what an answer means (gateway.providers).
"""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Iterator

import httpx

_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
_EARLY, _EXPIRED, _NAME, _ADDRESS = 9, 10, 62, 64
"""OpenSSL's X509_V_ERR_*: not yet valid, expired, host name mismatch, address mismatch."""
_STATUS = re.compile(r"\b([1-5]\d\d)\b")


def cause(error: BaseException, proxied: bool = False) -> str:
    """One of: proxy_refused, proxy_auth, proxy_denied, proxy_silent, proxy_broken; tls_early, tls_expired, tls_name,
    tls_untrusted, tls_broken; refused, offline, timeout, closed, network. `proxied`: it went by a proxy."""
    chain = list(causes(error))
    if isinstance(error, httpx.ProxyError):
        return _of_proxy(str(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return _of_certificate(one.verify_code)
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return "tls_broken"
    system = [one.errno for one in chain if isinstance(one, OSError) and one.errno]
    connecting = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    if errno.ECONNREFUSED in system:
        return "proxy_refused" if proxied else "refused"
    if any(number in _NO_ROUTE for number in system):
        return "offline"
    if isinstance(error, httpx.TimeoutException) or any(isinstance(one, TimeoutError) for one in chain):
        return "proxy_silent" if proxied and connecting else "timeout"
    if proxied and connecting:
        return "proxy_broken"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "closed"
    return "network"


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it came from, each once."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _of_proxy(text: str) -> str:
    found = _STATUS.search(text)
    status = int(found[1]) if found else 0
    return {407: "proxy_auth", 403: "proxy_denied"}.get(status, "proxy_broken")


def _of_certificate(code: int) -> str:
    return {_EARLY: "tls_early", _EXPIRED: "tls_expired", _NAME: "tls_name", _ADDRESS: "tls_name"}.get(
        code, "tls_untrusted"
    )
