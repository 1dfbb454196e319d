"""Upstream entities at work: which target takes a request, which one the next attempt, and who is well. Not for: how
to choose (choosing.py), what makes a target ill (peer_health.py), sending probes (transport).

Source: Kong's documentation and the observable behaviour of Kong 3.9.1. Which target a hash falls to is this gateway's
own; that the same key meets the same target, and how keys move when targets do, is Kong's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.choosing import Peer, Record, by_hash, fastest, in_turns, least_busy
from gateway.hash_keys import COOKIE, hash_key
from gateway.health_marks import HealthMarks
from gateway.outbound import Target, host_value
from gateway.peer_health import HealthRules, checked, enough_weight
from gateway.retries import repeatable
from gateway.values import Origin, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange

Entity = Mapping[str, Any]
Records = dict[str, Record]
"""Of the targets of one upstream, by host:port. Kept across configurations."""


class Place(NamedTuple):
    host: str
    port: int


class Balancer:
    """One upstream. `records` is shared by the configurations that follow each other."""

    def __init__(self, upstream: Entity, targets: Iterable[Entity], records: Records, marks: HealthMarks) -> None:
        self.upstream = upstream
        self.targets = tuple(targets)
        self.peers = tuple(
            Peer(name, target["weight"], records.setdefault(name, Record()), place(name))
            for target in self.targets
            if target["weight"] > 0
            for name in (target["target"],)
        )
        self.checked = checked(upstream)
        for peer in self.peers:
            peer.record.mark = marks.mark(upstream["name"], peer.name) if self.checked else None
        checks = upstream["healthchecks"]
        self.passive = HealthRules(checks["passive"])
        self.threshold: float = checks["threshold"] or 0
        self.hashes = upstream["hash_on"] != "none"  # whatever the algorithm is called, as in Kong
        self._algorithm: str = upstream["algorithm"]

    def start(self, exchange: Exchange, target: Target) -> Target | None:
        """The first attempt of a request that would go to `target`, the service's own; None: nobody may take it."""
        attempts = ServiceAttempts(self, exchange, target)
        exchange.attempts = attempts
        return attempts.choose(exchange)

    def well(self) -> list[Peer[Place]]:
        """The targets that may be asked. None are when too little of the weight is well."""
        well = [peer for peer in self.peers if (mark := peer.record.mark) is None or not mark.ill]
        if self.threshold and len(well) < len(self.peers):
            total = sum(peer.weight for peer in self.peers)
            if not enough_weight(sum(peer.weight for peer in well), total, self.threshold):
                return []
        return well

    def pick(self, candidates: list[Peer[Place]], key: bytes | None, now: float) -> Peer[Place]:
        if key is not None:
            return by_hash(candidates, key)
        if self._algorithm == "least-connections":
            return least_busy(candidates)
        if self._algorithm == "latency":
            return fastest(candidates, now)
        return in_turns(candidates)


class ServiceAttempts:
    """The attempts of one request at the targets of an upstream."""

    __slots__ = ("_balancer", "_key", "_left", "_peer", "_since", "_target", "_tried")

    def __init__(self, balancer: Balancer, exchange: Exchange, target: Target) -> None:
        assert exchange.match is not None and exchange.match.service is not None
        self._balancer = balancer
        self._target = target
        self._key = hash_key(balancer.upstream, exchange) if balancer.hashes else None
        self._left: int = exchange.match.service["retries"]
        self._peer: Peer[Place] | None = None
        self._since = 0.0
        self._tried: set[str] = set()

    def choose(self, exchange: Exchange) -> Target | None:
        """The next target: one that was not tried yet, as long as there is one."""
        well = self._balancer.well()
        candidates = [peer for peer in well if peer.name not in self._tried] if self._tried else well
        candidates = candidates or well
        if not candidates:
            return None
        now = exchange.runtime.now()
        peer = self._peer = self._balancer.pick(candidates, self._key, now)
        peer.record.in_flight += 1
        self._since = now
        self._tried.add(peer.name)
        return self._aimed(exchange, peer.value)

    def _aimed(self, exchange: Exchange, at: Place) -> Target:
        base = self._target
        match = exchange.match
        assert match is not None
        named = self._balancer.upstream["host_header"]
        origin = base.origin._replace(host=at.host, port=at.port)
        if named and origin.scheme == "https":
            origin = origin._replace(server_name=named)
        rewritten = exchange.rewrite is not None and exchange.rewrite.host is not None
        if match.route["preserve_host"] or rewritten:
            host = base.host
        else:
            host = host_value(origin if not named else Origin(origin.scheme, named, at.port))
        return Target(
            origin, base.path, host, block=base.block, names=base.names, method=base.method, timeouts=base.timeouts
        )

    def next(self, exchange: Exchange, error: UpstreamError) -> Target | None:
        peer = self._peer
        if peer is None:
            return None
        if peer.record.mark is not None:
            self._balancer.passive.failed(peer.record.mark, error)
        self._leave()
        if self._left <= 0 or not repeatable(exchange.request.method, error):
            return None
        self._left -= 1
        return self.choose(exchange)

    def heard(self, exchange: Exchange, status: int) -> bool:
        peer = self._peer
        if peer is not None:
            if peer.record.mark is not None:
                self._balancer.passive.answered(peer.record.mark, status)
            now = exchange.runtime.now()
            peer.record.measure(now - self._since, now)
        cookie = exchange.notes.get(COOKIE)
        if cookie is not None:
            exchange.add_response_header(b"Set-Cookie", cookie)
        return False

    def done(self, exchange: Exchange) -> None:
        self._leave()

    def _leave(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.record.in_flight -= 1


def place(name: str) -> Place:
    """host:port, an IPv6 address in brackets, as values have it."""
    host, _, port = name.rpartition(":")
    if not host or (port and not port.isdigit()):
        host, port = name, "8000"
    return Place(host.removeprefix("[").removesuffix("]"), int(port))


def balancers(
    collections: Mapping[str, Mapping[str, Entity]],
    shared: dict[str, Records],
    marks: HealthMarks,
    before: Mapping[str, Balancer] | None = None,
) -> dict[str, Balancer]:
    """The upstreams of a configuration by name; what `shared` and `marks` remember of their targets is kept. Those of
    `before` stay where nothing changed."""
    upstreams = collections.get("upstreams") or {}
    if not upstreams:
        return {}
    targets: dict[str, list[Entity]] = {}
    for row in collections.get("targets", {}).values():
        targets.setdefault(row["upstream"]["id"], []).append(row)
    made: dict[str, Balancer] = {}
    for id, row in upstreams.items():
        name, own = row["name"], tuple(targets.get(id, ()))
        old = before.get(name) if before is not None else None
        if old is None or old.upstream is not row or not _identical(old.targets, own):
            old = Balancer(row, own, shared.setdefault(name, {}), marks)
        made[name] = old
    return made


def _identical(old: Sequence[Entity], new: Sequence[Entity]) -> bool:
    return len(old) == len(new) and all(one is other for one, other in zip(old, new, strict=True))
