"""`ai-gateway export kongctl`: an AI Gateway of Kong Konnect (AI Gateway 2.0) as `kongctl apply` takes it.

That product knows providers, models and policies instead of services, routes and plugins: every model that answers
chats becomes one, below one path, chosen by the request's `model`. Source: kongctl's examples and the SDK's types.

Not for: Konnect's classic control planes (terraform.py, deck.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from quickstart import messages
from quickstart.exports._addresses import local_addresses
from quickstart.exports._bundle import Bundle, Note, Wish
from quickstart.exports._kong_versions import NEWEST, fitted, listed
from quickstart.exports._source import Source, plugins, uses
from quickstart.exports._yaml import Tagged, dump
from quickstart.konnect.models import TYPES

TITLE = "an AI Gateway of Konnect, for kongctl"
HEAD = "The AI gateway for Konnect's AI Gateway: kongctl apply --filename FILE\n"
NAME = "ai-gateway"
CERTIFICATE = "./certs/data-plane.crt"
_COMMON = ("max_tokens", "input_cost", "output_cost", "temperature", "top_k", "top_p", "upstream_url")
_OWN = {
    "anthropic": {"anthropic_version": "version"},
    "azure": {"azure_deployment_id": "deployment_id", "azure_api_version": "api_version"},
    "llama2": {"llama2_format": "format"},
    "mistral": {"mistral_format": "format"},
}
"""Options that have another name there."""
_SERVING = ("ai-proxy", "ai-proxy-advanced")
_CHAT = "llm/v1/chat"
Row = dict[str, Any]


@dataclass
class _Found:
    """What was made so far. Keys say what makes two of them the same."""

    providers: dict[tuple[str, ...], Row] = field(default_factory=dict)
    models: dict[tuple[str, ...], Row] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)  # words that choose a model; each means one
    lost: dict[str, list[str]] = field(default_factory=dict)  # message -> what


def export(source: Source, wish: Wish) -> Bundle:
    document, notes = fitted(source.document, wish.target or NEWEST)
    found = _Found()
    for row, config in _targets(document):
        _take(found, row, config)
    policies = [policy for row, at in plugins(document) if (policy := _policy(found, row, at)) is not None]
    gateway: Row = {
        "ref": NAME,
        "name": NAME,
        "display_name": "AI gateway",
        "description": "Exported from an AI gateway quickstart",
        "proxy_urls": [{"host": "localhost", "port": 8000, "protocol": "http"}],
        "data_plane_certificates": [
            {"ref": f"{NAME}-data-plane", "title": f"{NAME}-data-plane", "cert": Tagged("!file", CERTIFICATE)}
        ],
        "model_providers": list(found.providers.values()),
        "models": list(found.models.values()),
    }
    if policies:
        gateway["policies"] = policies
    if consumers := [_consumer(one) for one in document.get("consumers", ())]:
        gateway["consumers"] = consumers
        notes.append(Note(messages.text("exports.kongctl_consumers")))
    notes += [Note(messages.text(key, names=listed(list(dict.fromkeys(names))))) for key, names in found.lost.items()]
    notes.append(Note(messages.text("exports.kongctl_certificate", path=CERTIFICATE), _certificate_hint()))
    if needed := list(uses({"models": [*found.providers.values(), *policies]})):
        notes.append(Note(messages.text("exports.kong_environment", names=", ".join(needed))))
    if here := local_addresses(document):
        notes.append(
            Note(messages.text("exports.not_here", servers=", ".join(here)), messages.text("exports.not_here_hint"))
        )
    whole = {"_defaults": {"kongctl": {"namespace": NAME}}, "ai_gateways": [gateway]}
    return Bundle(dump(whole, head=HEAD), notes=tuple(notes))


def _certificate_hint() -> str:
    return "openssl req -new -x509 -nodes -newkey rsa:2048 -days 365 -subj /CN=ai-gateway -keyout KEY -out FILE"


def _targets(document: Row) -> list[tuple[str, Row]]:
    """(what people call it, configuration) of every model behind a route, the ones with a route of their own first: the
    front door's aliases are their names."""
    alone, together = [], []
    for service in document.get("services", ()):
        for route in service.get("routes", ()):
            for row in route.get("plugins", ()):
                shown = str(route.get("name") or (route.get("paths") or ["/"])[0])
                if row["name"] == "ai-proxy":
                    alone.append((shown, row["config"]))
                elif row["name"] == "ai-proxy-advanced":
                    together += [(shown, target) for target in row["config"]["targets"]]
    # an alias says what clients call a model: whoever has one goes first
    everything = alone + together
    return sorted(everything, key=lambda one: not one[1]["model"].get("model_alias"))


def _take(found: _Found, shown: str, config: Row) -> None:
    model = config["model"]
    kind, name = str(model["provider"]), str(model.get("name") or "")
    if config["route_type"] != _CHAT:
        found.lost.setdefault("exports.kongctl_operation", []).append(shown)
        return
    if kind not in TYPES or not name:
        found.lost.setdefault("exports.kongctl_model", []).append(shown)
        return
    options = model.get("options") or {}
    auth = config.get("auth") or {}
    told = (options.get("upstream_url"), options.get("azure_deployment_id"), auth.get("header_value"))
    key = (kind, name, *map(str, told))
    if key in found.models:
        return
    alias = str(model.get("model_alias") or "")
    provider = _provider(found, kind, alias, auth, options)
    word = _word(alias or name)
    ref = word
    while ref in {row["ref"] for row in found.models.values()}:
        ref += "-2"
    values = [value for value in dict.fromkeys((alias, name)) if value and value not in found.values]
    found.values.update(values)
    target = {"type": kind, **{n: options[n] for n in _COMMON if options.get(n) is not None}}
    target |= {there: options[ours] for ours, there in _OWN.get(kind, {}).items() if options.get(ours) is not None}
    found.models[key] = {
        "ref": ref,
        "name": ref,
        "display_name": alias or name,
        "type": "model",
        "enabled": True,
        "formats": [{"type": "openai"}],
        "config": {"route": {"paths": ["/v1"], "model": {"body_param": "model", "values": values or [ref]}}},
        "targets": [{"name": name, "provider": provider, "config": target}],
        "policies": [],
        "capabilities": ["generate"],
    }


def _provider(found: _Found, kind: str, alias: str, auth: Row, options: Row) -> str:
    """The name of the provider with this credential; made when it is the first time."""
    header, value = str(auth.get("header_name") or ""), str(auth.get("header_value") or "")
    instance = str(options.get("azure_instance") or "")
    key = (kind, header, value, instance)
    if key not in found.providers:
        ref, taken = kind, {row["ref"] for row in found.providers.values()}
        if ref in taken:
            ref = _word(alias) if _word(alias) not in taken and alias else f"{kind}-{len(taken) + 1}"
        config: Row = {"auth": {"type": "basic", "headers": [{"name": header, "value": value}]}} if header else {}
        config = config or {"auth": {"type": "basic"}}
        if instance:
            config["instance"] = instance
        found.providers[key] = {"ref": ref, "name": ref, "display_name": ref, "type": kind, "config": config}
    return str(found.providers[key]["name"])


def _policy(found: _Found, row: Row, at: str) -> Row | None:
    """A plugin on everything is a global policy; one on a single route has nothing to stand on there."""
    if row["name"] in _SERVING:
        return None
    if at.startswith("plugins[") and not (row.get("service") or row.get("route") or row.get("consumer")):
        return {
            "ref": row["name"],
            "name": row["name"],
            "display_name": row["name"],
            "type": row["name"],
            "enabled": row.get("enabled", True),
            "global": True,
            "config": row.get("config") or {},
        }
    if row["name"] != "request-termination":  # the list of models, which that product answers itself
        found.lost.setdefault("exports.kongctl_policy", []).append(row["name"])
    return None


def _consumer(row: Row) -> Row:
    name = str(row.get("username") or row.get("custom_id"))
    out: Row = {"ref": _word(name), "name": _word(name), "display_name": name, "type": "api-key"}
    if row.get("keyauth_credentials"):
        out["credentials"] = [
            {"ref": f"{_word(name)}-key-{number}", "name": f"{_word(name)}-key-{number}", "display_name": name}
            | {"type": "api-key", "ttl": 0}
            for number, _ in enumerate(row["keyauth_credentials"], 1)
        ]
    return out


def _word(name: str) -> str:
    """A name as references take it: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
