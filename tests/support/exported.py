"""Sources for exports: everything setup can make, and what people add to it by hand. Not for: what comes of them."""

from __future__ import annotations

from typing import Any

import yaml
from support.example_answers import EVERYTHING, SECRETS

from quickstart.exports._source import Source, source
from quickstart.planning import make_plan
from quickstart.render import render

CONSUMER_KEY = "consumer-key-canary-31"
JWT_SECRET = "jwt-secret-canary-32"
OAUTH_SECRET = "oauth-secret-canary-33"
TYPED_KEY = "Bearer sk-canary-typed-in-clear-77"


def rendered() -> str:
    """kong.yml as setup writes it, with every kind of provider."""
    return render(make_plan(EVERYTHING, lambda: False, lambda port: False, "Linux")).kong_yml


def edited() -> dict[str, Any]:
    """The same with limits, a consumer, a guard, a key typed in clear and an upstream, as people add them."""
    document: dict[str, Any] = yaml.safe_load(rendered())
    openai = next(service for service in document["services"] if service["name"] == "openai-api")
    limit = {"llm_providers": [{"name": "openai", "limit": [100], "window_size": [60]}], "identifier": "consumer"}
    openai["plugins"] = [{"name": "ai-rate-limiting-advanced", "config": limit}]
    document["plugins"] = [
        {"name": "prometheus", "config": {"ai_metrics": True}},
        {"name": "ai-prompt-guard", "config": {"deny_patterns": [".*${secret}.*", "%{percent}"]}, "route": "own_chat"},
        {"name": "rate-limiting", "config": {"minute": 60}},
    ]
    document["consumers"] = [
        {"username": "alice", "keyauth_credentials": [{"key": CONSUMER_KEY}], "acls": [{"group": "dev"}]},
        {
            "username": "bob",
            "jwt_secrets": [{"key": "issuer-b", "secret": JWT_SECRET}],
            "oauth2_credentials": [
                {"name": "app", "client_id": "c-1", "client_secret": OAUTH_SECRET, "redirect_uris": ["https://a.test"]}
            ],
        },
    ]
    model = {"provider": "openai", "name": "gpt-6-luna", "options": {"temperature": 0.5}}
    auth = {"header_name": "Authorization", "header_value": TYPED_KEY}
    config = {"route_type": "llm/v1/chat", "auth": auth, "model": model, "logging": {"log_statistics": True}}
    route = {"name": "own_chat", "paths": ["/own"], "plugins": [{"name": "ai-proxy", "config": config}]}
    document["services"].append({"name": "own", "host": "models", "routes": [route]})
    document["upstreams"] = [{"name": "models", "targets": [{"target": "192.0.2.1:443"}]}]
    return document


def a_source(document: dict[str, Any] | None = None) -> Source:
    """What exports are made of, without a gateway."""
    text = rendered() if document is None else yaml.safe_dump(document, sort_keys=False)
    return source(text, SECRETS)
