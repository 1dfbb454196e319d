"""Which exchanges teach a lane: heads and routes whose next request is known but for its body. Not for: the lane itself
(lane.py), remembering it (transport/lanes.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lane import Lane, asked_target
from gateway.plugins._conversation import LlmConversation, takes_gzip
from gateway.plugins.ai_proxy import AiProxy
from gateway.providers._base import CHAT, Provider
from gateway.recorder import RecordedExchange
from gateway.values import Forward

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._ai_target import Aim
    from gateway.plugins._repeat import Repeat
    from gateway.snapshot import Chain

_LENGTH = b"Content-Length: "


def learned(exchange: Exchange, forward: Forward) -> Lane | None:
    """What can be learned from an exchange that is over; None where its head or route is none for short ways, or
    one of its plugins must run for each request."""
    chain, match, conversation = exchange.chain, exchange.match, exchange.conversation
    if type(exchange) is not RecordedExchange or type(conversation) is not LlmConversation:
        return None
    plugin, aim, request = conversation.plugin, conversation.aim, exchange.request
    usual = (
        chain is not None
        and match is not None
        and plugin in chain.access
        and not (chain.header_filter or chain.body_filter or exchange.snapshot.hidden)
        and exchange.attempts is None
        and exchange.rewrite is None
        and exchange.target is not None
        and exchange.target.like(asked_target(aim, takes_gzip(exchange)))
        and request.keep_alive
        and request.method == b"POST"
    )
    if not (usual and _plain(plugin) and _plain_aim(aim)):
        return None
    head = forward.head
    at = head.find(exchange.id)
    end = head.rfind(_LENGTH)
    if at < 0 or end < at or head.count(exchange.id) != 1 or head.count(b"\r\n", end) != 2:
        return None
    assert chain is not None
    repeats = _repeats(exchange, chain, plugin)
    if repeats is None:
        return None
    return Lane(exchange, forward, head[:at], head[at + len(exchange.id) : end + len(_LENGTH)], repeats)


def _repeats(exchange: Exchange, chain: Chain, speaker: AiProxy) -> list[Repeat] | None:
    """What the other plugins do again; None where one of them must run for each request."""
    found: list[Repeat] = []
    for plugin in dict.fromkeys((*chain.access, *chain.log)):
        if plugin is not speaker:
            repeat = plugin.repeat(exchange)
            if repeat is None:
                return None
            found.append(repeat)
    return found


def _plain(plugin: AiProxy) -> bool:
    """Whether what a plugin does to a request is told by its model alone."""
    return (
        type(plugin) is AiProxy
        and plugin.route_type == CHAT
        and plugin.client is None
        and plugin.template is None
        and plugin.model is not None
        and plugin.streaming != "always"
        and not plugin.tuned
    )


def _plain_aim(aim: Aim) -> bool:
    provider = aim.provider
    return (
        aim.passes
        and not (aim.body_member or aim.signs)
        and type(provider).splices is Provider.splices
        and "prompt" not in provider.refused
    )
