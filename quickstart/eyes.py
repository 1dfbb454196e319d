"""What setup sees of the world while it asks: keys tried, servers found. One value, so that tests can hand in another.

Not for: doing any of it (keycheck.py, discovery.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from gateway.providers._base import Provider
from quickstart import discovery, keycheck
from quickstart.discovery import Probed, Server
from quickstart.files import Places
from quickstart.keycheck import KeyCheck
from quickstart.konnect.account import Asked, Seen, no_token
from quickstart.server_check import PATIENCE


def _nobody(token: str, asked: Asked) -> Seen:
    raise no_token()


class Eyes(NamedTuple):
    check: Callable[[Provider, str, str], KeyCheck]  # (provider, complete header value, endpoint or "")
    discover: Callable[[], list[Server]]
    probe: Callable[..., Probed | None]  # (base URL of a server somebody named, its Authorization value or nothing)
    konnect: Callable[[str, Asked], Seen] = _nobody  # (token, what is looked for)


def real(environment: Mapping[str, str], ours: Collection[int]) -> Eyes:
    """The world as it is; `ours` are ports of our own listeners, which are not asked."""

    def konnect(token: str, asked: Asked) -> Seen:
        from quickstart.konnect import seeing  # cryptography takes a moment to import, and few need it

        return seeing.see(token, asked, environment, Places.from_environment(environment))

    return Eyes(
        lambda provider, value, endpoint: keycheck.check(provider, value, endpoint, environment),
        lambda: discovery.discover(ours),
        lambda base, key="": discovery.probe(base, timeout=PATIENCE, key=key),
        konnect,
    )
