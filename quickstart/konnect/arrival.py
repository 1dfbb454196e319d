"""Waiting until Konnect lists the data plane with the configuration it should have, and why it does not.

Not for: starting the container (data_plane_runner.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from quickstart import messages
from quickstart.errors import KonnectError
from quickstart.konnect.client import Client
from quickstart.konnect.journal import Entry
from quickstart.konnect.product import Node, Product
from quickstart.konnect.refusals import Refused

SECONDS = 90.0
FIRST_POLL, LONGEST_POLL = 0.1, 2.0
FRESH = 60.0
"""A node that was heard of within this many seconds is there: it says so every 30."""


def listed(product: Product, client: Client, home: str) -> frozenset[str]:
    """Ids of all nodes, also of ones that have ended: Konnect lists them for hours."""
    return frozenset(node.id for node in product.nodes(client, home))


def wait(
    product: Product,
    client: Client,
    entry: Entry,
    hostname: str,
    earlier: Collection[str],
    crashed: Callable[[], str],
    progress: Callable[[str], None],
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
    sleep: Callable[[float], object] = time.sleep,
) -> Node:
    """The node, once it is listed with the expected configuration. `hostname` "" = of any name; `earlier`: ids that
    cannot be it; `crashed` says why the container ended, "" while it runs. Raises KonnectError."""
    deadline, pause = clock() + seconds, FIRST_POLL
    while True:
        nodes = [node for node in product.nodes(client, entry.id) if _may_be(node, hostname, earlier, wall())]
        expected = product.expected(client, entry.id)
        found = max(nodes, key=lambda node: (node.config == expected, node.last_ping), default=None)
        if found is not None and expected and found.config == expected:
            return found
        ended = crashed()
        if ended or clock() >= deadline:
            raise _missing(found, entry, ended, seconds)
        progress(messages.text("konnect.waiting.config" if found is not None else "konnect.waiting.node"))
        sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)


def state(product: Product, client: Client, entry: Entry, hostname: str, wall: Callable[[], float] = time.time) -> str:
    """What status shows, one word: "in sync", "out of date" or "not connected"."""
    nodes = [node for node in product.nodes(client, entry.id) if _may_be(node, hostname, (), wall())]
    if not nodes:
        return "not connected"
    expected = product.expected(client, entry.id)
    return "in sync" if any(node.config == expected for node in nodes) else "out of date"


def _may_be(node: Node, hostname: str, earlier: Collection[str], now: float) -> bool:
    return node.id not in earlier and hostname in ("", node.hostname) and now - node.last_ping <= FRESH


def _missing(found: Node | None, entry: Entry, ended: str, seconds: float) -> KonnectError:
    named = {
        "seconds": f"{seconds:g}", "name": entry.name, "host": entry.configuration, "telemetry": entry.telemetry,
        "reason": ended, "problems": "; ".join(found.problems) if found is not None else "",
    }  # fmt: skip
    if ended:
        kind = "ended"
    elif found is None:
        kind = "absent"
    else:
        kind = "incompatible" if found.problems else "stale"
    return Refused(
        "refused", messages.text(f"konnect.node.{kind}", **named), messages.text(f"konnect.node.{kind}_hint", **named)
    )
