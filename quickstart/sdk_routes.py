"""The routes that SDKs expect, derived from a plan: under every public name (/openai/v1/chat/completions) and once for
all of them (/v1/chat/completions), where the request's `model` says whom it means. Pure.

Not for: the routes of the original (planning.py), how they are written (render.py, templates).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quickstart.plan import FRONT_DOOR, Plan, RoutePlan

OPENAI = "openai"
ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True)
class TargetView:
    """One model behind a route. `model` "" is the client's own choice, `alias` what clients may say instead."""

    route_type: str
    alias: str
    provider: str
    model: str
    options: Mapping[str, str | int | float] = field(default_factory=dict)
    auth_header: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class SdkRoute:
    """One route and the plugin that serves it. The list of models is no model's to tell: `body` is the answer."""

    name: str
    path: str
    plugin: str = "ai-proxy"
    targets: tuple[TargetView, ...] = ()
    llm_format: str = OPENAI
    body: str = ""


def provider_routes(service: str, routes: tuple[RoutePlan, ...]) -> list[SdkRoute]:
    """Beside one service's original routes: the same models under SDK paths."""
    chat = next((route for route in routes if route.operation == "chat"), None)
    if chat is None:
        return []
    found = []
    for operation, path, made in _operations(routes):
        name = f"{service}_{chat.public}-sdk-{operation}"
        found.append(replace(made, name=name, path=f"/{chat.public}/v1/{path}"))
    models = model_list([(name, chat.title) for name in dict.fromkeys((chat.model, chat.public))])
    return [*found, _models(f"{service}_{chat.public}-sdk-models", f"/{chat.public}/v1/models", models)]


def front_door(plan: Plan) -> list[SdkRoute]:
    """One door for everything that is set up."""
    doors: dict[str, SdkRoute] = {}
    services: dict[str, list[RoutePlan]] = {}
    for route in plan.routes:
        services.setdefault(route.service, []).append(route)
    for routes in services.values():
        for operation, path, made in _operations(tuple(routes)):
            door = doors.get(operation)
            if door is None:
                name = f"{FRONT_DOOR}_{operation}"
                door = replace(made, name=name, path=f"/v1/{path}", plugin="ai-proxy-advanced", targets=())
            doors[operation] = replace(door, targets=door.targets + made.targets)
    if not plan.chats:
        return []
    models = model_list([(route.public, route.title) for route in plan.chats])
    return [*doors.values(), _models(f"{FRONT_DOOR}_models", "/v1/models", models)]


def _models(name: str, path: str, body: str) -> SdkRoute:
    return SdkRoute(name, path, "request-termination", body=body)


def model_list(entries: list[tuple[str, str]]) -> str:
    """The answer to GET /v1/models as both OpenAI's and Anthropic's clients read it. Entries: (id, owner)."""
    data = [
        {
            "id": name,
            "object": "model",
            "created": 0,
            "owned_by": owner,
            "type": "model",
            "display_name": f"{owner} ({name})" if owner != name else name,
            "created_at": "1970-01-01T00:00:00Z",
        }
        for name, owner in entries
    ]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    return json.dumps(
        {"object": "list", "data": data, "has_more": False, **ends}, ensure_ascii=False, separators=(",", ":")
    )


def _operations(routes: tuple[RoutePlan, ...]) -> list[tuple[str, str, SdkRoute]]:
    """(operation, path under /v1, the route without its name and path) for one service."""
    by_operation = {route.operation: route for route in routes}
    chat = by_operation.get("chat")
    if chat is None:
        return []

    def serving(route: RoutePlan, route_type: str, llm_format: str = OPENAI) -> SdkRoute:
        target = TargetView(
            f"llm/v1/{route_type}", route.public, route.provider, route.model, route.options, route.auth_header,
            route.secret,
        )  # fmt: skip
        return SdkRoute("", "", targets=(target,), llm_format=llm_format)

    found = [("chat", "chat/completions", serving(chat, "chat"))]
    if completions := by_operation.get("completions"):
        found.append(("completions", "completions", serving(completions, "completions")))
    if chat.embeddings_url:
        made = serving(chat, "embeddings")
        options = dict(chat.options)
        if "upstream_url" in options:
            options["upstream_url"] = chat.embeddings_url
        # a model for chats makes no embeddings: the client names one that does
        made = replace(made, targets=(replace(made.targets[0], model="", options=options),))
        found.append(("embeddings", "embeddings", made))
    found.append(("responses", "responses", serving(chat, "responses")))
    found.append(("messages", "messages", serving(chat, "chat", ANTHROPIC)))
    return found
