"""Which forward proxy an https request takes, as HTTPS_PROXY and NO_PROXY say it: the gateway's rules, by which the
quickstart asks too. Pure. Not for: connecting (transport/dial.py).
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from gateway.errors import GatewayError
from gateway.settings.loopback import is_loopback

PROXY: Final = "HTTPS_PROXY"
DIRECT: Final = "NO_PROXY"


class ProxyError(GatewayError):
    """A value that is no http://host:port; neither `variable`, the name it stands under, nor str() holds a password."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable} must look like http://host:port; unset it for direct connections")
        self.variable = variable


class ForwardProxy(NamedTuple):
    """`url` may hold a password and is never shown; `shown` is host:port."""

    url: str
    host: str
    port: int
    variable: str

    @property
    def shown(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authorization(self) -> bytes:
        """The value of Proxy-Authorization, b"" for none."""
        parts = urlsplit(self.url)
        if not parts.username:
            return b""
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return b"Basic " + base64.b64encode(pair.encode())

    def __repr__(self) -> str:
        return f"ForwardProxy({self.shown!r}, {self.variable!r})"


def configured(environment: Mapping[str, str]) -> ForwardProxy | None:
    """The proxy of https requests. Raises ProxyError."""
    variable, value = _said(environment, PROXY)
    if not value:
        return None
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise ProxyError(variable) from None
    if parts.scheme != "http" or not host:
        raise ProxyError(variable)
    return ForwardProxy(url, host, port, variable)


def direct(environment: Mapping[str, str]) -> list[str]:
    """What NO_PROXY names, in lower case, leading dots taken off."""
    names = _said(environment, DIRECT)[1].split(",")
    return [name.strip().lower().lstrip(".") for name in names if name.strip()]


def goes_direct(scheme: str, host: str, port: int, names: list[str]) -> bool:
    """Whether a request takes no proxy, whichever there is: plain http, this machine, and what `names` (of direct())
    cover."""
    host = host.lower()
    return scheme != "https" or is_loopback(host) or any(_covers(name, host, port) for name in names)


def _covers(name: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY covers a host: *, a name with its subdomains, host:port, an address, a network."""
    if name == "*":
        return True
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


def _said(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """A variable by its name in capitals or, as many tools write it, in small letters: which of both, and its value."""
    for variable in (name, name.lower()):
        if value := environment.get(variable, "").strip():
            return variable, value
    return name, ""
