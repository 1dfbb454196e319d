"""What a plan's routes become in Konnect's AI Gateway API: a model provider each, a model under its own path, and one
behind the door that all models share. Pure. Not for: sending them (ai_gateways.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quickstart.konnect.product import MARK, Entity
from quickstart.plan import Plan, RoutePlan
from quickstart.render import reference

COLLECTIONS = ("model-providers", "models")
DOOR = "/v1"
TYPES = frozenset(
    (
        "anthropic", "azure", "bedrock", "cerebras", "cohere", "dashscope", "databricks", "deepseek", "gemini",
        "huggingface", "kimi", "llama2", "mistral", "ollama", "openai", "vercel", "vllm", "xai", "sagemaker",
    )
)  # fmt: skip
_OPTIONS = {"azure_deployment_id": "deployment_id", "azure_api_version": "api_version"}
"""Options of ai-proxy that this API knows by another name; the rest but upstream_url follows from the type."""


def wanted(plan: Plan) -> list[Entity]:
    """Providers first, since models name them."""
    chats = plan.chats
    providers = [_entity("model-providers", chat.public, _provider(chat)) for chat in chats]
    made = [_entity("models", chat.public, _model(chat, chat.public, f"/{chat.public}", ())) for chat in chats]
    for chat in chats:
        names = tuple(dict.fromkeys((chat.public, chat.model, f"{chat.public}/{chat.model}")))
        name = f"{chat.public}-by-name"
        made.append(_entity("models", name, _model(chat, name, DOOR, names)))
    return [*providers, *made]


def _entity(collection: str, name: str, body: dict[str, Any]) -> Entity:
    return Entity(collection, name, name, {"name": name, **body})


def _type(chat: RoutePlan) -> str:
    return chat.provider if chat.provider in TYPES else "openai"


def _provider(chat: RoutePlan) -> dict[str, Any]:
    headers = [{"name": chat.auth_header, "value": reference(chat.secret)}] if chat.secret else []
    config: dict[str, Any] = {"auth": {"type": "basic", "headers": headers}}
    if instance := chat.options.get("azure_instance"):
        config["instance"] = instance
    return {"type": _type(chat), "display_name": chat.title, "config": config}


def _model(chat: RoutePlan, name: str, path: str, names: tuple[str, ...]) -> dict[str, Any]:
    target: dict[str, Any] = {"type": _type(chat)}
    own = {theirs: chat.options[ours] for ours, theirs in _OPTIONS.items() if ours in chat.options}
    if "upstream_url" in chat.options:
        own["upstream_url"] = chat.options["upstream_url"]
    chosen = {"body_param": "model", "values": list(names)} if names else {}
    return {
        "type": "model",
        "display_name": name,
        "formats": [{"type": "openai"}],
        "config": {"route": {"paths": [path]}, "model": chosen},
        "targets": [{"name": chat.model, "provider": chat.public, "config": target | own}],
        "policies": [],
        "capabilities": ["generate"],
    }


def existing(collection: str, item: Mapping[str, Any]) -> Entity:
    """An entity as Konnect has it. This API has labels instead of tags, and one value for each: the last owner."""
    labels = item.get("labels") or {}
    owners = frozenset([str(labels[MARK])]) if labels.get(MARK) else frozenset[str]()
    name = str(item.get("name"))
    return Entity(collection, name, name, dict(item), owners)


def marked(entity: Entity, earlier: Entity | None, owner: str) -> dict[str, Any]:
    """The body to send: with our label, and the ones that somebody else put there."""
    labels = dict(earlier.body.get("labels") or {}) if earlier is not None else {}
    return {**entity.body, "labels": {**labels, MARK: owner}}
