"""Who may talk to the Admin API and the Manager: not a web page that the user happens to have open. Pure.

A page on another site reaches a listener on this machine in two ways: it sends requests from its own origin (then
Origin and Sec-Fetch-Site tell), or it lets its own host name resolve to 127.0.0.1 (then Host tells).
Not for: passwords (token.py).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from gateway.settings.loopback import is_loopback
from gateway.values import Request

_OTHER_NAMES = frozenset(("localhost.localdomain", "ip6-localhost"))
"""By which some hosts files know this machine."""
MANAGER_PORTS = frozenset((8002, 8445))
"""Where a Manager usually is. One that runs on this machine beside the gateway is let in even when ours is off."""
_READING = (b"GET", b"HEAD")


class Guard:
    """`hosts`: names by which this node is reached, besides loopback. `addresses`: any IP address is a good Host (for
    listeners that the user opened to the network; a page cannot make its own name one). `origins`: where a Manager
    served from elsewhere runs (`https://manager.test:8445`); one on this node is let in through `ports`, those of its
    Manager listeners."""

    def __init__(
        self,
        hosts: Iterable[str] = (),
        *,
        addresses: bool = False,
        origins: Iterable[str] = (),
        ports: Iterable[int] = (),
    ) -> None:
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        self._addresses = addresses
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._ports = frozenset(ports)

    def refusal(self, request: Request) -> str | None:
        """Why the request is refused (403), None when it may go on."""
        host = request.fields.get(b"host", b"").decode("latin-1")
        if not self._known(_name(host)):
            return (
                f"the Host header '{host[:100]}' is not a name of this node, and a web page could have chosen it: use "
                "http://localhost or 127.0.0.1, or add the name with KONG_ADMIN_HOSTS"
            )
        origin = request.fields.get(b"origin")
        if origin is not None:
            if self.allows_origin(origin.decode("latin-1"), host):
                return None
            return (
                f"requests from pages of {origin.decode('latin-1')[:100]} are refused: only the Manager of this node, "
                "or the one that KONG_ADMIN_GUI_URL names, may call the Admin API from a browser"
            )
        if request.fields.get(b"sec-fetch-site", b"").lower() == b"cross-site" and not _visit(request):
            return "requests that a page of another site makes are refused: open this address yourself"
        return None

    def allows_origin(self, origin: str, host: str) -> bool:
        """Whether pages of `origin` may call the listener that is reached as `host` (a Host header)."""
        lowered = origin.lower()
        if lowered in self._origins:
            return True
        scheme, separator, authority = lowered.partition("://")
        if not separator or scheme not in ("http", "https"):
            return False
        if authority == host.lower():
            return True  # the very listener that is called
        name, port = _name(authority), _port(scheme, authority)
        return (port in self._ports and self._known(name)) or (port in MANAGER_PORTS and _loopback(name))

    def _known(self, name: str) -> bool:
        return name in self._hosts or _loopback(name) or (self._addresses and _address(name) is not None)


def _loopback(name: str) -> bool:
    return is_loopback(name) or name in _OTHER_NAMES


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _visit(request: Request) -> bool:
    """The user followed a link: a whole page is shown, and its maker does not get to read it."""
    return (
        request.method in _READING
        and request.fields.get(b"sec-fetch-mode", b"").lower() == b"navigate"
        and request.fields.get(b"sec-fetch-dest", b"").lower() == b"document"
    )


def _name(host: str) -> str:
    """A Host header or an authority without its port, lower case, brackets and trailing dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _port(scheme: str, authority: str) -> int:
    port = authority.rpartition("]")[2].rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() else {"http": 80, "https": 443}[scheme]
