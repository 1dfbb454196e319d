"""The Manager's listener: the files of its pages, the Admin API under the same origin (`/api/...`), and what only the
pages need (`/manager/...`): an overview of the routes, a provider's live models, requests through the proxy.

Everything is guarded like the Admin API. Not for: what the pages look like (ui/).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.admin import answers
from gateway.admin.activity import Recall, Watch, activity, one_request, requests
from gateway.admin.address import address
from gateway.admin.answers import Refusal, message, not_found
from gateway.admin.api import AdminApi
from gateway.admin.bodies import read_body
from gateway.admin.call import Call
from gateway.admin.models import Ask, Resolve, live_models
from gateway.admin.overview import LIMITS, Overview, RouteView
from gateway.admin.relay import Relay, proxy_origin
from gateway.admin.snippets import deck, snippets
from gateway.admin.static import PAGE_LINES, Static
from gateway.admin.token import token_fits, unauthorized
from gateway.values import Reply, Request

API = "api"
OWN = "manager"
_FOLDER = Path(__file__).parent / "ui"
_NO_STORE = b"Cache-Control: no-store\r\n"
Answer = Reply | Relay | Awaitable[Reply | Relay]


class Manager:
    """`ask` sends a question to a provider, `resolve` gives a vault reference's value, `recall` asks the workers what
    they remember and `watch` lets them watch, `clock` is monotonic seconds."""

    def __init__(
        self,
        api: AdminApi,
        *,
        ask: Ask,
        resolve: Resolve,
        recall: Recall,
        watch: Watch,
        clock: Callable[[], float],
    ) -> None:
        self._api = api
        self._settings = api.node.settings
        self._ask = ask
        self._resolve = resolve
        self._recall = recall
        self._watch = watch
        self._clock = clock
        self._files = Static.of(_FOLDER)
        self._overview = Overview(api.store)
        self._origin = proxy_origin(self._settings)

    def handle(self, request: Request) -> Answer:
        """Never raises."""
        refusal = self._api.guard.refusal(request)
        if refusal is not None:
            return _dressed(answers.message(403, refusal).reply())
        if not token_fits(request, self._settings.admin_token):
            return _dressed(unauthorized())
        call = Call(request)
        try:
            if call.segments[:1] == (API,):
                return self._api.handle(_below(request))
            if call.segments[:1] == (OWN,):
                return self._own(call)
            reply = call.gate("GET, HEAD, OPTIONS") or self._files.answer(request, call.segments)
            return reply if reply is not None else _dressed(not_found().reply())
        except Refusal as refused:
            return _dressed(refused.reply())

    def _own(self, call: Call) -> Answer:
        name = call.segments[1:]
        if name == ("about",):
            return call.gate("GET, HEAD, OPTIONS") or _json(self._about(call))
        if name == ("routes",):
            return call.gate("GET, HEAD, OPTIONS") or self._routes()
        if len(name) == 2 and name[0] == "routes":
            return call.gate("GET, HEAD, OPTIONS") or self._route(call, name[1])
        if name == ("models",):
            return call.gate("OPTIONS, POST") or self._models(_config(_body(call.request)))
        if name == ("activity",):
            return call.gate("GET, HEAD, OPTIONS") or self._activity(call)
        if name == ("requests",):
            return call.gate("OPTIONS, POST") or self._requests(_body(call.request))
        if len(name) == 2 and name[0] == "requests":
            return call.gate("GET, HEAD, OPTIONS") or self._request(name[1])
        if name == ("relay",):
            return call.gate("OPTIONS, POST") or self.relay(_body(call.request))
        raise not_found()

    def _about(self, call: Call) -> dict[str, Any]:
        settings, request = self._settings, call.request
        return {
            "version": __version__,
            "proxy": address(settings.proxy_listen, request),
            "admin": address(settings.admin_listen, request),
            "portal": address(settings.portal_gui_listen, request),
            "counts": {kind: len(rows) for kind, rows in self._api.store.config.collections.items()},
        }

    async def _routes(self) -> Reply:
        return _json({"routes": [told(view) for view in (await self._overview.views()).values()]})

    async def _route(self, call: Call, id: str) -> Reply:
        """One route by id, with the ways to call it."""
        view = (await self._overview.views()).get(id)
        if view is None:
            return _dressed(not_found("requests do not reach this route: its service is missing or off").reply())
        base = address(self._settings.proxy_listen, call.request) or "http://127.0.0.1:8000"
        ways = {**snippets(view, base), "decK": deck(view, self._api.store.config)}
        return _json({**told(view), "snippets": ways})

    async def _models(self, config: dict[str, Any]) -> Reply:
        return _json(await live_models(config, self._resolve, self._ask))

    async def _activity(self, call: Call) -> Reply:
        since = call.query.one("since") or "0"
        told = await activity(self._recall, int(since) if since.isascii() and since.isdigit() else 0)
        return _json({"now": self._api.wall(), **told})

    async def _requests(self, body: dict[str, Any]) -> Reply:
        """The last requests; with "watch" the next ones are watched for a while, which asking again prolongs. A POST,
        because it changes what is remembered."""
        if body.get("watch") is True:
            self._watch(body.get("bodies") is True)
        since = body.get("since")
        rows = await requests(self._recall, since if isinstance(since, int | float) else 0.0)
        return _json({"now": self._api.wall(), "requests": rows})

    async def _request(self, id: str) -> Reply:
        found = await one_request(self._recall, id)
        if found is None:
            return _dressed(not_found("this request is remembered no longer").reply())
        return _json(found)

    def relay(self, body: dict[str, Any]) -> Relay:
        if self._origin is None:
            raise message(409, "this node has no proxy listener to send requests to: KONG_PROXY_LISTEN is off")
        return Relay(body, self._origin, self._clock)


def told(view: RouteView) -> dict[str, Any]:
    """A route as the pages get it, with a request that it understands."""
    return {
        **asdict(view),
        "headers": dict(view.headers),
        "provider": view.provider,
        "title": view.title,
        "model": view.model,
        "method": view.method,
        "body": view.body,
        "limit": LIMITS.get(view.operation, ""),
    }


def _body(request: Request) -> dict[str, Any]:
    """JSON alone: what a form can hold could come from a foreign page."""
    if not request.fields.get(b"content-type", b"").lower().startswith(b"application/json"):
        raise message(415, "send application/json")
    return read_body(request)


def _config(body: dict[str, Any]) -> dict[str, Any]:
    config = body.get("config")
    if not isinstance(config, dict):
        raise message(400, 'send {"config": {...}}: the configuration of an ai-proxy plugin')
    return config


def _below(request: Request) -> Request:
    """The request as the Admin API's own listener would get it."""
    target = request.target[len(API) + 1 :] or b"/"
    return Request(
        request.method, target, request.headers, request.fields, request.body, request.version, request.client,
        request.port, request.scheme, request.keep_alive,
    )  # fmt: skip


def _json(value: Any) -> Reply:
    return answers.json(200, value, _NO_STORE + PAGE_LINES)


def _dressed(reply: Reply) -> Reply:
    return Reply(reply.status, reply.block + PAGE_LINES, reply.body)
