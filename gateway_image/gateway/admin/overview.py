"""The live configuration as people see it: which routes there are, what answers them, how to call them. Pure; the pages
and the OpenAPI document are made of it. Not for: HTML, secrets (credentials are never looked at).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.entities import Config, Entity
from gateway.patterns import literal_start
from gateway.providers import providers
from gateway.providers._base import CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, Call, ProviderError

if TYPE_CHECKING:
    from gateway.store import Store

_SCOPES = ("route", "service", "consumer")
_AI = ("ai-proxy", "ai-proxy-advanced")
HELLO = "Say hello."
_MESSAGES = [{"role": "user", "content": HELLO}]
_OPERATIONS = {CHAT: "chat", COMPLETIONS: "completions", EMBEDDINGS: "embeddings", RESPONSES: "responses"}
_BODIES: Mapping[str, Mapping[str, Any]] = {
    "chat": {"messages": _MESSAGES},
    "completions": {"prompt": HELLO},
    "embeddings": {"input": HELLO},
    "responses": {"input": HELLO},
    "messages": {"max_tokens": 64, "messages": _MESSAGES},
}
LIMITS: Mapping[str, str] = {
    "chat": "max_tokens",
    "completions": "max_tokens",
    "responses": "max_output_tokens",
    "messages": "max_tokens",
}
"""Operation -> the member of a request that bounds its answer."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model behind a route. `name` "" = the one that the request names; `alias`: what it may say instead."""

    provider: str
    title: str  # the provider's name for people
    name: str
    alias: str
    upstream: str

    @property
    def asked(self) -> str:
        """What a request may say for it."""
        known = providers().get(self.provider)
        return self.alias or self.name or (known.catalogue[0] if known is not None and known.catalogue else "MODEL")


@dataclass(frozen=True, slots=True)
class RouteView:
    """One route. `path` is one that matches, "" when that cannot be told from its regexes."""

    id: str
    name: str
    methods: tuple[str, ...]  # () = any
    paths: tuple[str, ...]  # as configured
    path: str
    hosts: tuple[str, ...]
    headers: Mapping[str, str]  # one value each that matches
    service: str
    upstream: str  # where requests go; of several models the first one's
    plugins: tuple[str, ...]  # names of those that run, without ai-proxy
    ai: str  # the plugin that makes it an AI route, "" = none
    models: tuple[ModelView, ...]
    operation: str  # chat, completions, embeddings, responses, messages; "" = another one, or none
    key_header: str  # the header that key-auth wants, "" = none

    @property
    def provider(self) -> str:
        """The first model's, "" = not an AI route."""
        return self.models[0].provider if self.models else ""

    @property
    def title(self) -> str:
        """The providers' names for people."""
        return ", ".join(dict.fromkeys(model.title for model in self.models))

    @property
    def model(self) -> str:
        """The models' names; "" = the request says which."""
        return ", ".join(dict.fromkeys(model.alias or model.name for model in self.models if model.name))

    @property
    def method(self) -> str:
        """One that matches."""
        if "POST" in self.methods or not self.methods:
            return "POST" if self.ai else "GET"
        return self.methods[0]

    @property
    def body(self) -> dict[str, Any] | None:
        """A small request that the route understands."""
        body = _BODIES.get(self.operation)
        if body is None:
            return None
        named = len(self.models) == 1 and self.models[0].name and self.operation in ("chat", "completions")
        return dict(body) if named else {"model": self.models[0].asked, **body}


def routes(config: Config) -> list[RouteView]:
    """All routes that can be reached, by name."""
    collections = config.collections
    by_route: dict[str, list[Entity]] = {}
    for row in collections["plugins"].values():
        by_route.setdefault((row["route"] or {}).get("id", ""), []).append(row)
    found = []
    for route in collections["routes"].values():
        service = collections["services"].get((route["service"] or {}).get("id", ""))
        if service is not None and service["enabled"]:
            rows = (*by_route.get("", ()), *by_route.get(route["id"], ()))
            found.append(_view(route, service, _running(route, service, rows)))
    return sorted(found, key=lambda view: (view.name, view.id))


class Overview:
    """The routes of the configuration in force, made anew only when it changed. Ten thousand take half a second, so
    they are made beside the event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._config: Config | None = None
        self._views: dict[str, RouteView] = {}

    async def views(self) -> dict[str, RouteView]:
        """By id, in the order of their names."""
        config = self._store.config
        if self._config is not config:
            views = await asyncio.to_thread(routes, config)
            self._config, self._views = config, {view.id: view for view in views}
        return self._views


def _view(route: Entity, service: Entity, plugins: Mapping[str, Entity]) -> RouteView:
    ai = next((name for name in _AI if name in plugins), "")
    config: Mapping[str, Any] = plugins[ai]["config"] if ai else {}
    targets = config.get("targets") or ([config] if ai else [])
    models = tuple(_model(target) for target in targets)
    keys = plugins["key-auth"]["config"]["key_names"] if "key-auth" in plugins else ()
    paths = tuple(route["paths"] or ())
    return RouteView(
        id=route["id"],
        name=route["name"] or route["id"],
        methods=tuple(route["methods"] or ()),
        paths=paths,
        path=next((path for path in map(example_path, paths) if path), "" if paths else "/"),
        hosts=tuple(route["hosts"] or ()),
        headers={name: values[0] for name, values in (route["headers"] or {}).items() if values},
        service=service["name"] or service["id"],
        upstream=models[0].upstream if models else _service_url(service),
        plugins=tuple(sorted(name for name in plugins if name != ai)),
        ai=ai,
        models=models,
        operation=_operation(targets[0]["route_type"], config.get("llm_format") or "openai") if targets else "",
        key_header=keys[0] if keys else "",
    )


def _operation(route_type: str, spoken: str) -> str:
    if spoken == "anthropic":
        return "messages" if route_type == CHAT else ""
    return _OPERATIONS.get(route_type, "") if spoken == "openai" else ""


def _model(target: Mapping[str, Any]) -> ModelView:
    model = target["model"]
    provider = str(model["provider"] or "")
    return ModelView(
        provider=provider,
        title=providers()[provider].title if provider in providers() else provider,
        name=str(model["name"] or ""),
        alias=str(model.get("model_alias") or ""),
        upstream=_ai_upstream(target, provider),
    )


def _running(route: Entity, service: Entity, rows: Iterable[Entity]) -> dict[str, Entity]:
    """Plugin name -> the row that runs for anybody on the route; the most specific one does."""
    best: dict[str, tuple[int, Entity]] = {}
    ids = {"route": route["id"], "service": service["id"]}
    for row in rows:
        if not row["enabled"] or row["consumer"] is not None:
            continue
        scopes = {scope: row[scope]["id"] for scope in _SCOPES if row[scope] is not None}
        if any(ids.get(scope) != wanted for scope, wanted in scopes.items()):
            continue
        rank = 2 * ("route" in scopes) + ("service" in scopes)
        if rank >= best.get(row["name"], (-1, row))[0]:
            best[row["name"]] = (rank, row)
    return {name: row for name, (_, row) in best.items()}


def example_path(path: str) -> str:
    """A path that a route's `paths` entry matches: the prefix itself, or a regex that is plain text; else ""."""
    if not path.startswith("~"):
        return path
    text, exact, whole = literal_start(path[1:])
    return text if exact or whole else ""


def _service_url(service: Entity) -> str:
    return f"{service['protocol']}://{service['host']}:{service['port']}{service['path'] or ''}"


def _ai_upstream(ai: Mapping[str, Any], provider: str) -> str:
    options = {name: value for name, value in (ai["model"]["options"] or {}).items() if value is not None}
    known = providers().get(provider)
    if known is None:
        return ""
    try:
        url = known.url(Call(ai["route_type"], ai["model"]["name"] or "MODEL", options))
    except (ProviderError, ValueError, KeyError):
        url = known.origin
    return _without_secrets(url)


def _without_secrets(url: str) -> str:
    """A URL without its query and user information, where people put keys."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def curl(view: RouteView, base: str) -> str:
    """A command that calls the route; `base` is where clients reach the gateway, "http://127.0.0.1:8000"."""
    method = [] if view.method == "GET" else ["-X", view.method]
    lines = [" ".join(("curl", "-sS", *method, _quoted(base + (view.path or "/..."))))]
    for host in view.hosts[:1]:
        lines.append("-H " + _quoted("Host: " + host.replace("*", "example")))
    lines += ["-H " + _quoted(f"{name}: {value}") for name, value in view.headers.items()]
    if view.key_header:
        lines.append("-H " + _quoted(f"{view.key_header}: YOUR_KEY"))
    if view.body is not None:
        lines += ["-H " + _quoted("Content-Type: application/json"), "-d " + _quoted(json.dumps(view.body))]
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    """For a POSIX shell: nothing inside is special."""
    return "'" + text.replace("'", "'\\''") + "'"
