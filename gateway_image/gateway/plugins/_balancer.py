"""Which of several targets takes a request: the seam where ai-proxy-advanced's algorithms, retries and health belong.
Not for: which targets may take it (_model_choice), calling one (ai_proxy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins.ai_proxy import AiProxy

ALGORITHMS = ("round-robin",)


class Member:
    """One target. What a balancer remembers about it, it may keep here."""

    __slots__ = ("credit", "position", "proxy", "weight")

    def __init__(self, position: int, proxy: AiProxy, weight: int) -> None:
        self.position = position  # in config.targets, from 0
        self.proxy = proxy
        self.weight = weight
        self.credit = 0  # round-robin: what it has coming


class Balancer:
    """`config`: the plugin's `balancer`."""

    def __init__(self, config: Mapping[str, Any], members: Sequence[Member]) -> None:
        self.members = tuple(members)

    def choose(self, candidates: Sequence[Member], exchange: Exchange) -> Member:
        """One of `candidates`, of which there is at least one: in turns, by weight, the heavier ones spread out."""
        if len(candidates) == 1:
            return candidates[0]
        for member in candidates:
            member.credit += member.weight
        best = max(candidates, key=lambda member: (member.credit, -member.position))
        best.credit -= sum(member.weight for member in candidates)
        return best
