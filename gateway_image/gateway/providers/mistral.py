"""Mistral, by its own API or as a model that Ollama serves. Source: Mistral's API reference, 2026-11.

Its API is OpenAI's with fewer members, and it refuses those it does not know.
"""

from __future__ import annotations

import hashlib
import re

from gateway.chat import items, mapping, string
from gateway.providers._base import CHAT, EMBEDDINGS, Call, Json
from gateway.providers._compatible import CHAT_PATH, EMBEDDINGS_PATH, listed_models, model_entries, openai_request
from gateway.providers._diagnosis import Tell
from gateway.providers._ollama import Ollamas

_CALL_ID = re.compile(r"[A-Za-z0-9]{9}\Z")
_RENAMED = {"max_completion_tokens": "max_tokens", "seed": "random_seed"}


class Mistral(Ollamas):
    name = "mistral"
    title = "Mistral"
    telemetry_name = "mistral_ai"
    origin = "https://api.mistral.ai"
    paths = {CHAT: CHAT_PATH, EMBEDDINGS: EMBEDDINGS_PATH}
    environment = ("MISTRAL_API_KEY",)
    key_url = "https://console.mistral.ai/api-keys"
    billing_url = "https://admin.mistral.ai/organization/billing"
    catalogue = (
        "mistral-small-latest", "ministral-8b-latest", "mistral-medium-latest", "mistral-large-latest",
        "mistral-large-4", "codestral-latest",
    )  # fmt: skip
    retired = (
        "mistral-tiny", "open-mistral-7b", "open-mixtral-8x7b", "open-mixtral-8x22b", "pixtral-12b", "pixtral-12b-2409",
    )  # fmt: skip
    models_path = "/v1/models"
    required_options = {"mistral_format": "must set 'model.options.mistral_format' for mistral provider"}
    strips_cookies = True
    include_usage = False  # it always reports usage in the last event, and refuses the option
    refused = frozenset({"top_k", "stream_options", "user", "store", "logit_bias", "service_tier"})
    tells = (Tell("invalid model", "model_not_found", (400,)), Tell("too large for model", "context_too_long", (400,)))

    def native(self, call: Call) -> bool:
        return call.options.get("mistral_format") == "ollama"

    def splices(self, body: dict[str, Json]) -> bool:
        return super().splices(body) and _RENAMED.keys().isdisjoint(body) and not _foreign_ids(body)

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        if self.native(call):
            return super().request(body, call)
        renamed = {_RENAMED.get(name, name): value for name, value in body.items()}
        if _foreign_ids(body):
            renamed["messages"] = [_own_ids(message) for message in items(body.get("messages"))]
        return openai_request(self, renamed, call)

    def models(self, body: Json) -> list[str]:
        entries = model_entries(body)
        return listed_models([e for e in entries if mapping(e.get("capabilities")).get("completion_chat", True)])


def _ids(message: Json) -> list[str]:
    message = mapping(message)
    found = [string(mapping(call).get("id")) for call in items(message.get("tool_calls"))]
    return [identity for identity in (*found, string(message.get("tool_call_id"))) if identity]


def _foreign_ids(body: dict[str, Json]) -> bool:
    """Ids of tool calls that another provider gave: here they must be nine letters and digits."""
    return any(not _CALL_ID.match(identity) for message in items(body.get("messages")) for identity in _ids(message))


def _own_id(identity: str) -> str:
    if _CALL_ID.match(identity) or not identity:
        return identity
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:9]


def _own_ids(message: Json) -> Json:
    if not _ids(message):
        return message
    own = dict(message)
    if string(message.get("tool_call_id")):
        own["tool_call_id"] = _own_id(message["tool_call_id"])
    if calls := items(message.get("tool_calls")):
        own["tool_calls"] = [{**call, "id": _own_id(string(call.get("id")))} for call in map(mapping, calls)]
    return own
