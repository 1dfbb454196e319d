"""The two listeners for those who call the gateway: the Dev Portal (portal/) and the Files API. Both tell how routes
are called, never what is behind them. Not for: changing anything (manager.py, the Admin API).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml

from gateway import __version__
from gateway.admin import answers
from gateway.admin.address import address
from gateway.admin.answers import Refusal, message, not_found
from gateway.admin.bodies import read_body
from gateway.admin.call import Call
from gateway.admin.guard import Guard
from gateway.admin.openapi import document
from gateway.admin.overview import LIMITS, Overview, RouteView
from gateway.admin.relay import Relay, proxy_origin
from gateway.admin.snippets import snippets
from gateway.admin.static import PAGE_LINES, Static
from gateway.codec import encode
from gateway.settings import Settings
from gateway.settings.loopback import is_loopback
from gateway.store import Store
from gateway.values import Reply, Request

_HERE = Path(__file__).parent
_SHARED = ("kit", "style", "vendor")
_NO_STORE = b"Cache-Control: no-store\r\n"
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Answer = Reply | Relay | Awaitable[Reply | Relay]
_JSON, _YAML, _TEXT = "application/json", "application/yaml", "text/markdown; charset=utf-8"


class Pages:
    """`portal` and `files` are what the two listeners call. `clock` is monotonic seconds."""

    def __init__(self, store: Store, settings: Settings, guard: Guard, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._guard = guard
        self._clock = clock
        self._overview = Overview(store)
        self._files = Static.of(_HERE / "portal", parts={name: _HERE / "ui" / name for name in _SHARED})
        self._origin = proxy_origin(settings)

    def portal(self, request: Request) -> Answer:
        """Never raises, nor does what is awaited."""
        return self._guarded(request, self._portal)

    def files(self, request: Request) -> Answer:
        """Never raises, nor does what is awaited."""
        return self._guarded(request, self._file)

    def _guarded(self, request: Request, answer: Callable[[Call], Answer]) -> Answer:
        try:
            refusal = self._guard.refusal(request)
            if refusal is not None:
                raise message(403, refusal)
            outcome = answer(Call(request))
        except Refusal as refused:
            return _refused(refused)
        return outcome if isinstance(outcome, Reply | Relay) else _later(outcome)

    # -- the portal --------------------------------------------------------------------------------------------------

    def _portal(self, call: Call) -> Answer:
        if call.segments == ("try",):
            return call.gate("OPTIONS, POST") or self._try(call.request)
        reply = call.gate("GET, HEAD, OPTIONS")
        if reply is not None:
            return reply
        if call.segments == ("routes.json",):
            return self._told(call.request)
        found = self._files.answer(call.request, call.segments)
        if found is None:
            raise not_found()
        return found

    async def _told(self, request: Request) -> Reply:
        base = self._base(request)
        views = (await self._overview.views()).values()
        value = {
            "version": __version__,
            "base": base,
            "files": address(self._settings.portal_api_listen, request),
            "routes": [{**told(view), "snippets": snippets(view, base)} for view in views],
        }
        return answers.json(200, value, _NO_STORE + PAGE_LINES)

    async def _try(self, request: Request) -> Relay:
        """A request to a route as it is listed, with the caller's body and key; nothing else can be asked for."""
        if not request.fields.get(b"content-type", b"").lower().startswith(b"application/json"):
            raise message(415, "send application/json")
        asked = read_body(request)
        view = (await self._overview.views()).get(str(asked.get("route")))
        if view is None or not view.path:
            raise message(404, "there is no such route, or its path is a pattern: reload the page")
        if self._origin is None:
            raise message(409, "this gateway has no proxy listener")
        if "ip-restriction" in view.plugins or (self._private() and not is_loopback(request.client)):
            raise message(403, "this route looks at where callers are: call it from there, with one of the snippets")
        key = asked.get("key")
        headers = {**view.headers, **({view.key_header: key} if view.key_header and isinstance(key, str) else {})}
        if view.hosts:
            headers["Host"] = view.hosts[0].replace("*", "example")
        body = asked.get("body")
        if body is not None:
            headers["Content-Type"] = "application/json"
        target = {"method": view.method, "path": view.path, "headers": headers, "body": body}
        return Relay(target, self._origin, self._clock)

    def _private(self) -> bool:
        """Whether the proxy is for this machine alone."""
        return all(is_loopback(listener.host) for listener in self._settings.proxy_listen)

    # -- the files ---------------------------------------------------------------------------------------------------

    def _file(self, call: Call) -> Answer:
        return call.gate("GET, HEAD, OPTIONS") or self._document(call)

    async def _document(self, call: Call) -> Reply:
        views = list((await self._overview.views()).values())
        files = await asyncio.to_thread(_documents, views, self._base(call.request))
        if call.segments in ((), ("files",)):
            rows = [
                {
                    "path": path,
                    "content_type": kind,
                    "size": len(content),
                    "checksum": hashlib.sha256(content).hexdigest(),
                }
                for path, (kind, content) in files.items()
            ]
            return answers.json(200, {"data": rows, "next": None}, _NO_STORE + PAGE_LINES)
        found = files.get("/".join(call.segments[1:])) if call.segments[0] == "files" else None
        if found is None:
            raise not_found()
        kind, content = found
        return Reply(200, f"Content-Type: {kind}\r\n".encode() + _NO_STORE + PAGE_LINES, content)

    def _base(self, request: Request) -> str:
        """Where this client reaches the proxy: the host it used for us, and the proxy's port."""
        return address(self._settings.proxy_listen, request) or "http://127.0.0.1:8000"


def _documents(views: list[RouteView], base: str) -> dict[str, tuple[str, bytes]]:
    """Path -> (content type, content)."""
    described = document(views, base)
    text = yaml.dump(described, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return {
        "openapi.json": (_JSON, encode(described)),
        "openapi.yaml": (_YAML, str(text).encode()),
        "routes.md": (_TEXT, _guide(views, base).encode()),
    }


async def _later(answer: Awaitable[Reply | Relay]) -> Reply | Relay:
    try:
        return await answer
    except Refusal as refused:
        return _refused(refused)


def _refused(refused: Refusal) -> Reply:
    reply = refused.reply()
    return Reply(reply.status, reply.block + PAGE_LINES, reply.body)


def told(view: RouteView) -> dict[str, Any]:
    """A route as its callers may know it: no upstream, no service, no plugins."""
    return {
        "id": view.id,
        "name": view.name,
        "method": view.method,
        "methods": view.methods,
        "paths": view.paths,
        "path": view.path,
        "hosts": view.hosts,
        "headers": dict(view.headers),
        "title": view.title,
        "model": view.model,
        "models": [{"title": model.title, "name": model.name, "asked": model.asked} for model in view.models],
        "ai": bool(view.ai),
        "operation": view.operation,
        "limit": LIMITS.get(view.operation, ""),
        "key_header": view.key_header,
        "body": view.body,
    }


def _guide(views: list[RouteView], base: str) -> str:
    lines = ["# How to call this gateway", "", f"It answers at {base}.", ""]
    for view in views:
        lines += [f"## {view.name}", ""]
        if view.ai:
            lines += [f"{view.title}: {view.model or 'the model that the request names'}.", ""]
        for name, text in snippets(view, base).items():
            lines += [f"{name}:", "", *(f"    {line}" for line in text.split("\n")), ""]
    return "\n".join(lines)
