"""/upstreams/{upstream}/health and setting a target's health by hand; the same as a metric. Not for: the targets
themselves (writes.py), finding out who is ill (transport/probing.py, peer_health.py).

A target is marked as a whole, whatever addresses its name has; `address` paths mark it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.admin import answers
from gateway.admin.answers import message, not_found
from gateway.admin.call import Call
from gateway.admin.query import read_page
from gateway.admin.resources import COLLECTIONS, Place, place
from gateway.admin.rows import find, page, points_at, row_at
from gateway.entities import Config
from gateway.entities.formats import read_address
from gateway.entities.kinds import Entity
from gateway.health_marks import HealthMarks
from gateway.metrics import Definition, Dump, family
from gateway.peer_health import checked, enough_weight
from gateway.plugins import registry
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_READ = "GET, HEAD, OPTIONS"
_SET = "OPTIONS, PUT"
_OFF, _WELL, _ILL = "HEALTHCHECKS_OFF", "HEALTHY", "UNHEALTHY"
_STATES = ("healthchecks_off", "healthy", "unhealthy", "dns_error")
METRIC = Definition(
    "gauge",
    "kong_upstream_target_health",
    "Health status of targets of upstream. States = healthchecks_off|healthy|unhealthy|dns_error, value is 1 when "
    "state is populated.",
    ("upstream", "target", "address", "state", "subsystem"),
)
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
        target = row_at(collections, named) if named is not None else None
        if target is None:
            raise not_found()
        if not checked(upstream):
            raise message(400, f"no healthchecker found for {upstream['name']}")
        api.marks.mark(upstream["name"], target["target"]).set(call.segments[-1] == "unhealthy")
        return answers.empty(204)
    if call.query.flag("balancer_health"):
        rows = [row for row in collections["targets"].values() if points_at(row, "upstream", upstream)]
        return answers.json(200, {"data": _balancer(upstream, rows, api.marks), "next": None, "node_id": api.node.id})
    found = page(collections, targets, call.path, read_page(call.query), registry(), api.wall())
    words = [_health(upstream, row, api.marks) for row in found["data"]]
    data = [
        {**row, "health": word, "data": _host(row, word != _ILL, "health", word)}
        for row, word in zip(found["data"], words, strict=True)
    ]
    return answers.json(200, {**found, "data": data, "node_id": api.node.id})


def metrics(config: Config, marks: HealthMarks) -> Dump:
    """The health of every target, where some prometheus plugin is asked to tell it."""
    collections = config.collections
    if not any(
        row["name"] == "prometheus" and row["enabled"] and row["config"]["upstream_health_metrics"]
        for row in collections["plugins"].values()
    ):
        return {}
    series: list[tuple[tuple[str, ...], float]] = []
    for target in collections["targets"].values():
        upstream = collections["upstreams"][target["upstream"]["id"]]
        word = _health(upstream, target, marks).lower()
        address = _host(target, True, "health", word)
        where = f"{address['host']}:{address['port']}"
        series += (
            ((upstream["name"], target["target"], where, state, "http"), int(state == word)) for state in _STATES
        )
    return family(METRIC, series)


def _health(upstream: Entity, target: Entity, marks: HealthMarks) -> str:
    if not checked(upstream):
        return _OFF
    return _ILL if marks.ill(upstream["name"], target["target"]) else _WELL


def _balancer(upstream: Entity, targets: list[Entity], marks: HealthMarks) -> dict[str, Any]:
    words = [_health(upstream, target, marks) for target in targets]
    total = sum(target["weight"] for target in targets)
    well = sum(target["weight"] for target, word in zip(targets, words, strict=True) if word != _ILL)
    healthy = enough_weight(well, total, upstream["healthchecks"]["threshold"] or 0)
    hosts = [_host(target, word != _ILL, "healthy", word != _ILL) for target, word in zip(targets, words, strict=True)]
    state = _WELL if healthy else _ILL
    return {
        "id": upstream["id"],
        "health": state if checked(upstream) else _OFF,
        "balancer_health": state,
        "details": {"healthy": healthy, "hosts": hosts, "weight": _weight(total, well)},
    }


def _host(target: Entity, well: bool, field: str, value: Any) -> dict[str, Any]:
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
        "weight": _weight(weight, weight if well else 0),
        "addresses": [{"ip": ip, "port": address.port, "weight": weight, field: value} for ip in known],
    }


def _weight(total: int, well: int) -> dict[str, int]:
    return {"total": total, "available": well, "unavailable": total - well}
