"""Which host names and addresses are this machine and nobody else's. Not for: names that only container engines or
hosts files know (quickstart/endpoints.py, admin/guard.py), asking a resolver.
"""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by name or address; an IPv6 address without brackets."""
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
