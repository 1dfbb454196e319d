"""Which forward proxy an upstream connection goes through: HTTPS_PROXY and NO_PROXY. Pure, but for reading CONNECT's
answer, which the caller hands in. Not for: sockets.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from gateway.errors import GatewayError
from gateway.values import Origin

NOTHING: Mapping[str, str] = MappingProxyType({})


class ProxyError(GatewayError):
    """HTTPS_PROXY cannot be used; str() says why, without its password."""


class Proxy(NamedTuple):
    host: str
    port: int
    authorization: bytes  # value of Proxy-Authorization, b"" for none


class Proxies:
    """The answer to "through which proxy?" for each origin, read once from an environment. What `secrets` say wins over
    it: a proxy's password is better kept there. Raises ProxyError."""

    def __init__(self, environment: Mapping[str, str], secrets: Mapping[str, str] = NOTHING) -> None:
        value = _either(secrets, "HTTPS_PROXY") or _either(environment, "HTTPS_PROXY")
        self._proxy = _parse(value) if value else None
        names = _either(secrets, "NO_PROXY") or _either(environment, "NO_PROXY")
        self._direct = [name.strip().lower().lstrip(".") for name in names.split(",") if name.strip()]

    def choose(self, origin: Origin) -> Proxy | None:
        """The proxy of an origin that names one; else that of an https origin, None for a direct connection. Loopback
        is direct unless the origin itself names a proxy."""
        if origin.proxy is not None:
            return Proxy(*origin.proxy, b"")
        if self._proxy is None or origin.scheme != "https" or is_loopback(origin.host):
            return None
        host = origin.host.lower()
        for name in self._direct:
            if name == "*" or _names(name, host, origin.port):
                return None
        return self._proxy


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by name or address."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connect_request(origin: Origin, proxy: Proxy) -> bytes:
    """The CONNECT that asks a proxy for a tunnel."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}".encode("idna" if not host.isascii() else "ascii")
    head = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n" % (target, target)
    if proxy.authorization:
        head += b"Proxy-Authorization: %b\r\n" % proxy.authorization
    return head + b"\r\n"


def _names(name: str, host: str, port: int) -> bool:
    """Whether one NO_PROXY entry covers a host: a name with its subdomains, host:port, an address or a network."""
    if "/" in name:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    if name.count(":") == 1:
        name, _, wanted = name.partition(":")
        if wanted != str(port):
            return False
    return host == name or host.endswith("." + name)


def _either(environment: Mapping[str, str], name: str) -> str:
    """A variable by its name in capitals or, as many tools write it, in small letters."""
    return environment.get(name) or environment.get(name.lower()) or ""


def _parse(value: str) -> Proxy:
    parts = urlsplit(value if "://" in value else "http://" + value)
    try:
        port = parts.port or 80
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port:
        raise ProxyError("HTTPS_PROXY must look like http://host:port; unset it for direct connections")
    authorization = b""
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = b"Basic " + base64.b64encode(pair.encode())
    return Proxy(parts.hostname, port, authorization)
