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
    body_size_field,
    llm_format_field,
    target_checks,
    target_fields,
)
from gateway.plugins._balancer import ALGORITHMS
from gateway.schema import Any_, Array, Boolean, Custom, Integer, Map, Record, String

_CHATS_ONLY = tuple(name for name in LLM_FORMATS if name != "openai")


def advanced_fields() -> Record:
    """The configuration of ai-proxy-advanced."""
    target = Record(
        "One model that may answer.",
        fields={
            **target_fields(),
            "weight": Integer("Its share of the requests.", between=(1, 65535), default=100),
            "description": String("What it is good at, in words."),
            "metadata": Map("Whatever else is to be known about it.", keys=String("A name."), values=Any_("A value.")),
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
                fields={"algorithm": String("How to choose.", one_of=ALGORITHMS, default="round-robin")},
            ),
            "response_streaming": String(
                "Whether clients may ask for a stream, never get one, or always do.",
                one_of=("allow", "deny", "always"),
                default="allow",
            ),
            "max_request_body_size": body_size_field(),
            "model_name_header": Boolean("Whether answers name the model in X-Kong-LLM-Model.", default=True),
            "llm_format": llm_format_field(),
        },
        checks=(Custom(("targets", "llm_format"), _formats), Custom(("targets",), _one_kind)),
    )


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
