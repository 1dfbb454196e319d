"""Which forward proxy an upstream request takes, by the rules of the gateway itself: HTTPS_PROXY and NO_PROXY count for
https, a proxy speaks plain HTTP, this machine and plain http are always direct. Pure.

Not for: connecting (keycheck.py), what is wrong with the variables as a whole (doctor/proxy.py).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from quickstart.endpoints import is_this_machine


class Proxy(NamedTuple):
    """`url` may hold a password and is never shown; `shown` is host:port."""

    url: str
    host: str
    port: int
    variable: str

    @property
    def shown(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Proxy({self.shown!r}, {self.variable!r})"


class ProxyMalformed(ValueError):
    """The variable's value is no http://host:port; `str()` is the variable's name, never its value."""


def configured(environment: Mapping[str, str]) -> Proxy | None:
    """The proxy of https requests. Raises ProxyMalformed."""
    for variable in ("HTTPS_PROXY", "https_proxy"):
        if value := environment.get(variable, "").strip():
            return _parsed(value, variable)
    return None


def chosen(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that a request to `url` takes; None goes direct. Raises ProxyMalformed."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or is_this_machine(host):
        return None
    port = parts.port or 443
    if any(_covers(name, host, port) for name in direct(environment)):
        return None
    return configured(environment)


def direct(environment: Mapping[str, str]) -> list[str]:
    """What NO_PROXY names, in lower case, leading dots taken off."""
    names = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    return [name.strip().lower().lstrip(".") for name in names.split(",") if name.strip()]


def _covers(name: str, host: str, port: int) -> bool:
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


def _parsed(value: str, variable: str) -> Proxy:
    whole = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise ProxyMalformed(variable) from None
    if parts.scheme != "http" or not host:
        raise ProxyMalformed(variable)
    return Proxy(whole, host, port, variable)
