"""ip-restriction: lets callers in, or keeps them out, by the address their connection comes from.

Source: Kong's documentation and observable behaviour. X-Forwarded-For is not believed: anyone can write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from gateway.plugins._base import Plugin, Setting
from gateway.schema import Array, AtLeastOneOf, Number, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

Networks = tuple[IPv4Network | IPv6Network, ...]
_REMEMBERED = 4096


def address_error(text: str) -> str | None:
    """An address or a range of them."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return f"invalid ip or cidr range: '{text}'"
    return None


def _ranges(help: str) -> Array:
    return Array(help, elements=String("An address, or a range such as 10.0.0.0/8.", check=address_error))


class IpRestriction(Plugin):
    name = "ip-restriction"
    priority = 990
    protocols = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
    default_protocols = ("http", "https", "tcp", "tls", "grpc", "grpcs")
    fields = Record(
        "Lets callers in by their address.",
        required=True,
        fields={
            "allow": _ranges("Addresses that get in; when given, no others do."),
            "deny": _ranges("Addresses that stay out, even when they are allowed as well."),
            "status": Number("The status of a refusal; 403 when not given.", required=False),
            "message": String("The message of a refusal.", required=False),
        },
    )
    checks = (AtLeastOneOf("config.allow", "config.deny"),)

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.allow = _networks(config["allow"])
        self.deny = _networks(config["deny"])
        self.status = int(config["status"] or 403)
        self.message: str | None = config["message"]
        self._judged = lru_cache(_REMEMBERED)(self._judge)

    def access(self, exchange: Exchange) -> Reply | None:
        client = exchange.request.client
        if self._judged(client):
            return None
        return exchange.core_error(self.status, self.message or f"IP address not allowed: {client}")

    def _judge(self, client: str) -> bool:
        """Whether an address gets in. One that cannot be read, does not."""
        try:
            address = ip_address(client.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 caller on a listener for both
        forms = (address,) if mapped is None else (address, mapped)
        if _within(forms, self.deny):
            return False
        return not self.allow or _within(forms, self.allow)


def _within(forms: tuple[IPv4Address | IPv6Address, ...], networks: Networks) -> bool:
    return any(address in network for network in networks for address in forms)


def _networks(given: list[str] | None) -> Networks:
    return tuple(ip_network(text, strict=False) for text in given or ())


PLUGIN = IpRestriction
