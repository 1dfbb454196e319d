"""What setup sees of the world while it asks: keys tried, servers found. One value, so that tests can hand in another.

Not for: doing any of it (keycheck.py, discovery.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from gateway.providers._base import Provider
from quickstart import discovery, keycheck
from quickstart.discovery import Probed, Server
from quickstart.keycheck import KeyCheck

PATIENCE = 2.0
"""Seconds for a server that somebody named; one that was only guessed gets discovery.TIMEOUT."""


class Eyes(NamedTuple):
    check: Callable[[Provider, str, str], KeyCheck]  # (provider, complete header value, endpoint or "")
    discover: Callable[[], list[Server]]
    probe: Callable[[str], Probed | None]  # (base URL of a server somebody named)


def real(environment: Mapping[str, str], ours: Collection[int]) -> Eyes:
    """The world as it is; `ours` are ports of our own listeners, which are not asked."""
    return Eyes(
        lambda provider, value, endpoint: keycheck.check(provider, value, endpoint, environment),
        lambda: discovery.discover(ours),
        lambda base: discovery.probe(base, timeout=PATIENCE),
    )
