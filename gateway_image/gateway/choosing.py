"""How to choose one of several peers: in turns, by load, by speed, by use, by hash. Pure; no clock, no chance of its
own. Not for: who may be chosen (balancing.py, plugins/_balancer.py), health.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Generic, TypeVar

from gateway.health_marks import Mark

Value = TypeVar("Value")
FRESHNESS = 300.0
"""Seconds after which a measured speed counts half: a peer that was slow once is asked again some time."""
_NEWEST = 0.3  # how much the newest measurement weighs


class Record:
    """What is remembered about a peer, also when the configuration changes."""

    __slots__ = ("credit", "failures", "in_flight", "mark", "measured_at", "open_until", "seconds", "used")

    def __init__(self) -> None:
        self.credit = 0.0  # in turns: what it has coming
        self.in_flight = 0
        self.seconds: float | None = None  # moving average of what is measured; None: never
        self.measured_at = 0.0
        self.used = 0.0  # what it has taken so far, in tokens or money
        self.mark: Mark | None = None  # whether it is ill, as all workers know; None where nobody checks
        self.failures = 0  # circuit breaker: since the last success
        self.open_until = 0.0  # circuit breaker: not asked before

    def measure(self, seconds: float, now: float) -> None:
        before = self.speed(now)
        self.seconds = seconds if before is None else before * (1 - _NEWEST) + seconds * _NEWEST
        self.measured_at = now

    def speed(self, now: float) -> float | None:
        """The moving average as it counts now."""
        if self.seconds is None:
            return None
        return self.seconds * math.pow(0.5, max(0.0, now - self.measured_at) / FRESHNESS)


class Peer(Generic[Value]):
    """One of those to choose from."""

    __slots__ = ("name", "record", "value", "weight")

    def __init__(self, name: str, weight: int, record: Record, value: Value) -> None:
        self.name = name  # unique among its peers; what a hash is taken with
        self.weight = weight  # above 0
        self.record = record
        self.value = value


def in_turns(peers: Sequence[Peer[Value]]) -> Peer[Value]:
    """By weight, the heavier ones spread out: 2 and 1 give a, b, a."""
    if len(peers) == 1:
        return peers[0]
    best = peers[0]
    total = 0
    for peer in peers:
        total += peer.weight
        peer.record.credit += peer.weight
        if peer.record.credit > best.record.credit:
            best = peer
    best.record.credit -= total
    return best


def least_busy(peers: Sequence[Peer[Value]]) -> Peer[Value]:
    """The fewest requests under way for its weight; of equals the heaviest, those in turns."""

    def load(peer: Peer[Value]) -> tuple[float, int]:
        return (peer.record.in_flight + 1) / peer.weight, -peer.weight

    return _best(peers, [load(peer) for peer in peers])


def fastest(peers: Sequence[Peer[Value]], now: float) -> Peer[Value]:
    """The lowest measured time, and what is under way counts too; whoever was never measured comes first."""

    def wait(peer: Peer[Value]) -> tuple[float, int]:
        speed = peer.record.speed(now)
        return (0.0 if speed is None else speed * (peer.record.in_flight + 1)), peer.record.in_flight

    return _best(peers, [wait(peer) for peer in peers])


def least_used(peers: Sequence[Peer[Value]]) -> Peer[Value]:
    """The least use so far for its weight."""
    return _best(peers, [(peer.record.used / peer.weight, peer.record.in_flight) for peer in peers])


def by_hash(peers: Sequence[Peer[Value]], key: bytes) -> Peer[Value]:
    """Always the same for a key, keys shared out by weight; without one peer only its own keys move elsewhere."""

    def score(peer: Peer[Value]) -> float:
        digest = hashlib.blake2b(peer.name.encode() + b"\0" + key, digest_size=8).digest()
        unit = (int.from_bytes(digest, "big") + 0.5) / 2**64
        return -peer.weight / math.log(unit) if unit < 1 else math.inf

    return max(peers, key=score)


def _best(peers: Sequence[Peer[Value]], scores: Sequence[tuple[float, int]]) -> Peer[Value]:
    lowest = min(scores)
    return in_turns([peer for peer, score in zip(peers, scores, strict=True) if score == lowest])
