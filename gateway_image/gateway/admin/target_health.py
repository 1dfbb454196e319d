"""/upstreams/{upstream}/health and setting a target's health by hand. Not for: the targets themselves (writes.py).

No target's health is watched yet, so each is said to be what Kong calls HEALTHCHECKS_OFF, and none can be set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.admin import answers
from gateway.admin.answers import message, not_found
from gateway.admin.call import Call
from gateway.admin.query import read_page
from gateway.admin.resources import COLLECTIONS, Place, place
from gateway.admin.rows import find, page, points_at, row_at
from gateway.entities.formats import read_address
from gateway.entities.kinds import Entity
from gateway.plugins import registry
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_READ = "GET, HEAD, OPTIONS"
_SET = "OPTIONS, PUT"
_OFF = "HEALTHCHECKS_OFF"
_WORDS = ("healthy", "unhealthy")


def serves(segments: tuple[str, ...]) -> bool:
    if segments[:1] != ("upstreams",) or len(segments) < 3:
        return False
    if len(segments) == 3:
        return segments[2] == "health"
    return segments[2] == "targets" and len(segments) in (5, 6) and segments[-1] in _WORDS


def answer(api: AdminApi, call: Call) -> Reply:
    telling = len(call.segments) == 3
    reply = call.gate(_READ if telling else _SET)
    if reply is not None:
        return reply
    collections = api.store.config.collections
    upstream = find(collections, COLLECTIONS["upstreams"], call.segments[1])
    if upstream is None:
        raise not_found()
    targets = Place(COLLECTIONS["targets"], "", COLLECTIONS["upstreams"], call.segments[1], "upstream")
    if not telling:
        named = place(call.segments[:4])
        if named is None or row_at(collections, named) is None:
            raise not_found()
        raise message(400, f"no healthchecker found for {upstream['name']}")
    if call.query.flag("balancer_health"):
        rows = [row for row in collections["targets"].values() if points_at(row, "upstream", upstream)]
        return answers.json(200, {"data": _balancer(upstream, rows), "next": None, "node_id": api.node.id})
    found = page(collections, targets, call.path, read_page(call.query), registry())
    data = [{**row, "health": _OFF, "data": _host(row, "health", _OFF)} for row in found["data"]]
    return answers.json(200, {**found, "data": data, "node_id": api.node.id})


def _balancer(upstream: Entity, targets: list[Entity]) -> dict[str, Any]:
    total = sum(target["weight"] for target in targets)
    hosts = [_host(target, "healthy", True) for target in targets]
    return {
        "id": upstream["id"],
        "health": _OFF,
        "balancer_health": "HEALTHY" if total else "UNHEALTHY",
        "details": {"healthy": total > 0, "hosts": hosts, "weight": _weight(total)},
    }


def _host(target: Entity, field: str, value: Any) -> dict[str, Any]:
    """Where a target's requests go. A name's addresses are whatever it resolves to at each request: none are listed."""
    weight = target["weight"]
    address = read_address(target["target"])
    assert not isinstance(address, str), "stored targets are valid"
    known = [] if address.kind == "name" else [address.host]
    return {
        "host": address.host,
        "port": address.port,
        "dns": "AAAA" if address.kind == "ipv6" else "A",
        "nodeWeight": weight,
        "weight": _weight(weight),
        "addresses": [{"ip": ip, "port": address.port, "weight": weight, field: value} for ip in known],
    }


def _weight(total: int) -> dict[str, int]:
    return {"total": total, "available": total, "unavailable": 0}
