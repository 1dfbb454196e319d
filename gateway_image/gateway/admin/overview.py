"""The live configuration as people see it: which routes there are, what answers them, how to call them. Pure; the pages
and the OpenAPI document are made of it. Not for: HTML, secrets (credentials are never looked at).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.entities import Config, Entity
from gateway.patterns import literal_start
from gateway.providers import providers
from gateway.providers._base import COMPLETIONS, PRESERVE, Call, ProviderError

_SCOPES = ("route", "service", "consumer")


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
    upstream: str  # where requests go
    plugins: tuple[str, ...]  # names of those that run, without ai-proxy
    provider: str  # "" = no ai-proxy
    title: str  # the provider's name for people
    model: str
    route_type: str
    key_header: str  # the header that key-auth wants, "" = none

    @property
    def method(self) -> str:
        """One that matches."""
        if "POST" in self.methods or not self.methods:
            return "POST" if self.provider else "GET"
        return self.methods[0]

    @property
    def body(self) -> dict[str, Any] | None:
        """A small request that the route understands."""
        if not self.provider or self.route_type == PRESERVE:
            return None
        if self.route_type == COMPLETIONS:
            return {"prompt": "Say hello."}
        return {"messages": [{"role": "user", "content": "Say hello."}]}


def routes(config: Config) -> list[RouteView]:
    """All routes that can be reached, by name."""
    collections = config.collections
    found = []
    for route in collections["routes"].values():
        service = collections["services"].get((route["service"] or {}).get("id", ""))
        if service is not None and service["enabled"]:
            found.append(_view(route, service, _running(route, service, collections["plugins"].values())))
    return sorted(found, key=lambda view: (view.name, view.id))


def _view(route: Entity, service: Entity, plugins: Mapping[str, Entity]) -> RouteView:
    ai = plugins["ai-proxy"]["config"] if "ai-proxy" in plugins else None
    model = ai["model"] if ai is not None else {}
    provider = str(model.get("provider") or "")
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
        upstream=_ai_upstream(ai, provider) if ai is not None else _service_url(service),
        plugins=tuple(sorted(name for name in plugins if name != "ai-proxy")),
        provider=provider,
        title=providers()[provider].title if provider in providers() else provider,
        model=str(model.get("name") or ""),
        route_type=str(ai["route_type"]) if ai is not None else "",
        key_header=keys[0] if keys else "",
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
