"""Which forward proxy an upstream connection goes through, and how it is asked for a tunnel. Pure. Not for: what
HTTPS_PROXY and NO_PROXY mean (settings/proxies.py), sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gateway.settings import proxies
from gateway.values import Origin

NOTHING: Mapping[str, str] = MappingProxyType({})


class Proxy(NamedTuple):
    host: str
    port: int
    authorization: bytes  # value of Proxy-Authorization, b"" for none


class Proxies:
    """The answer to "through which proxy?" for each origin, read once from an environment. What `secrets` say wins over
    it: a proxy's password is better kept there. Raises ProxyError."""

    def __init__(self, environment: Mapping[str, str], secrets: Mapping[str, str] = NOTHING) -> None:
        found = proxies.configured(secrets) or proxies.configured(environment)
        self._proxy = Proxy(found.host, found.port, found.authorization) if found else None
        self._direct = proxies.direct(secrets) or proxies.direct(environment)

    def choose(self, origin: Origin) -> Proxy | None:
        """The proxy of an origin that names one; else that of an https origin, None for a direct connection. Loopback
        is direct unless the origin itself names a proxy."""
        if origin.proxy is not None:
            return Proxy(*origin.proxy, b"")
        if self._proxy is None or proxies.goes_direct(origin.scheme, origin.host, origin.port, self._direct):
            return None
        return self._proxy


def connect_request(origin: Origin, proxy: Proxy) -> bytes:
    """The CONNECT that asks a proxy for a tunnel."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}".encode("idna" if not host.isascii() else "ascii")
    head = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n" % (target, target)
    if proxy.authorization:
        head += b"Proxy-Authorization: %b\r\n" % proxy.authorization
    return head + b"\r\n"
