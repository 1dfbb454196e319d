"""Which forward proxy an upstream request from this machine takes: as the gateway does it; no name of this machine
needs one, those that only containers know included. Pure.

Not for: the rules (gateway.settings.proxies), connecting (keycheck.py), what is wrong with the variables as a whole
(doctor/proxy.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.settings.proxies import ForwardProxy, configured, direct, goes_direct
from quickstart.endpoints import is_this_machine


def chosen(url: str, environment: Mapping[str, str]) -> ForwardProxy | None:
    """The proxy that a request to `url` takes; None goes direct. Raises ProxyError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_this_machine(host) or goes_direct(parts.scheme, host, parts.port or 443, direct(environment)):
        return None
    return configured(environment)
