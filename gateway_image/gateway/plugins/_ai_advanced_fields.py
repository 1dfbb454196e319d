"""The configuration fields of ai-proxy-advanced: ai-proxy's, once per target, and how to choose among targets. Not for:
fields that both plugins share (_ai_fields), what is done with any of them.

Names, types and defaults are those of the plugin's published schema (Kong Gateway 3.15).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.plugins._ai_fields import (
    LLM_FORMATS,
    NATIVE_FORMATS,
    route_fields,
    target_checks,
    target_fields,
)
from gateway.plugins._balancer import ALGORITHMS, CRITERIA, HASH_HEADER
from gateway.schema import Any_, Array, Custom, Field, Integer, Map, Record, String, size_error

_CHATS_ONLY = tuple(name for name in LLM_FORMATS if name != "openai")


def advanced_fields() -> Record:
    """The configuration of ai-proxy-advanced."""
    target = Record(
        "One model that may answer.",
        fields={
            **target_fields(),
            "weight": Integer("Its share of the requests.", between=(1, 65535), default=100),
            "description": String("What it is good at, in words."),
            "metadata": Map(
                "Whatever else is to be known about it.",
                keys=String("A name."),
                values=Any_("A value.", check=size_error),
            ),
        },
        checks=target_checks(),
    )
    return Record(
        "Turns a route into an AI endpoint with several models behind it.",
        required=True,
        fields={
            "targets": Array(
                "The models; the `model` of a request says which are meant.",
                elements=target,
                len_min=1,
                required=True,
            ),
            "balancer": Record(
                "How to choose among the targets that a request means.",
                fields=_balancer_fields(),
            ),
            **route_fields(),
        },
        checks=(Custom(("targets", "llm_format"), _formats), Custom(("targets",), _one_kind)),
    )


def _balancer_fields() -> dict[str, Field]:
    def timeout(help: str) -> Integer:
        return Integer(help, between=(1, 2147483646), default=60000)

    return {
        "algorithm": String("How to choose.", one_of=ALGORITHMS, default="round-robin"),
        "retries": Integer("How many other targets are asked at most.", between=(0, 32767), default=5),
        "connect_timeout": timeout("Milliseconds to connect to a target."),
        "read_timeout": timeout("Milliseconds that a target may be silent."),
        "write_timeout": timeout("Milliseconds that sending may stand still."),
        "failover_criteria": Array(
            "What makes the gateway ask another target. Without non_idempotent, an error or timeout after the request "
            "went out does not.",
            elements=String("A kind of failure.", one_of=CRITERIA),
            default=["error", "timeout"],
        ),
        "max_fails": Integer("Failures in a row after which a target rests; 0 = never.", between=(0, 32767), default=0),
        "fail_timeout": Integer("Milliseconds that it rests.", between=(1, 2147483646), default=10000),
        "hash_on_header": String("The header that consistent-hashing hashes.", default=HASH_HEADER),
        "latency_strategy": String(
            "What lowest-latency compares: the time per token of the answer, or of the whole answer.",
            one_of=("tpot", "e2e"),
            default="tpot",
        ),
        "tokens_count_strategy": String(
            "What lowest-usage counts.",
            one_of=("total-tokens", "prompt-tokens", "completion-tokens", "cost"),
            default="total-tokens",
        ),
        "slots": Integer("Accepted; hashing needs no slots here.", between=(10, 65536), default=10000),
    }


def _formats(config: Mapping[str, Any]) -> str | None:
    """A client's dialect goes with chats, and a provider's own dialect with that provider."""
    spoken = config.get("llm_format")
    targets = config.get("targets") or []
    if spoken in _CHATS_ONLY and any(target.get("route_type") != "llm/v1/chat" for target in targets):
        return f"llm_format '{spoken}' can only be used with the 'llm/v1/chat' route_type"
    providers = {(target.get("model") or {}).get("provider") for target in targets}
    if spoken in NATIVE_FORMATS and providers != {spoken}:
        return f"native llm_format '{spoken}' can only be used with the '{spoken}' model.provider"
    return None


def _one_kind(config: Mapping[str, Any]) -> str | None:
    """All targets answer the same kind of request: a client cannot know which of them it meets."""
    kinds = {target.get("route_type") for target in config.get("targets") or []}
    if len(kinds) > 1:
        return f"targets must have one route_type, not several: {', '.join(sorted(map(str, kinds)))}"
    return None
