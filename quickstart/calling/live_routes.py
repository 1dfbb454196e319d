"""The routes that the running gateway serves now, with the ways to call them: asked of its Manager's listener, so that
what was changed through the Admin API, the Manager or deck is there too. The texts themselves have one home, in the
gateway. Not for: what setup planned (plan.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from quickstart.errors import EnvironmentProblem, QuickstartError, UsageError
from quickstart.konnect.elsewhere import require_here
from quickstart.local_http import NoAnswer, arriving
from quickstart.messages import text
from quickstart.plan import FRONT_DOOR, Plan, RoutePlan

TOKEN = "KONG_ADMIN_TOKEN"  # noqa: S105 - a name
_HEADER = "Kong-Admin-Token"


@dataclass(frozen=True, slots=True)
class LiveRoute:
    """One route that a model answers. `operation`: chat, completions, embeddings, responses or messages."""

    id: str
    name: str
    path: str
    operation: str
    provider: str
    title: str  # the provider's name for people
    model: str  # "" = the request says which
    upstream: str  # where requests go, as a URL
    key_header: str  # the header that key-auth wants, "" = none
    body: Mapping[str, Any]  # a small request that it understands

    @property
    def is_door(self) -> bool:
        """Whether it leads to any model, by what a request names."""
        return self.path.startswith("/v1/")

    @property
    def public(self) -> str:
        """The word that people know it by: the first of its path; the front door has a name of its own."""
        first = self.path.strip("/").partition("/")[0]
        return FRONT_DOOR if self.is_door else first

    def described(self) -> RoutePlan:
        """As health.judge() wants a route."""
        parts = urlsplit(self.upstream)
        return RoutePlan(
            self.name, "", self.public, self.operation, self.provider, self.title, self.model, self.upstream,
            parts.netloc or self.upstream,
        )  # fmt: skip


def live_routes(plan: Plan, environ: Mapping[str, str]) -> list[LiveRoute]:
    """Those that a model answers at a path that can be told. Raises QuickstartError."""
    found = []
    for told in _asked(plan, environ, "/manager/routes")["routes"]:
        if told["operation"] and told["path"]:
            fields = ("id", "name", "path", "operation", "provider", "title", "model", "upstream", "key_header")
            found.append(LiveRoute(**{name: told[name] for name in fields}, body=told["body"] or {}))
    return found


def ways(plan: Plan, environ: Mapping[str, str], route: LiveRoute) -> dict[str, str]:
    """Title -> text, ready to paste, of one route. Raises QuickstartError."""
    told = _asked(plan, environ, f"/manager/routes/{quote(route.id, safe='')}")
    return {str(name): str(snippet) for name, snippet in told["snippets"].items()}


def choose(routes: Iterable[LiveRoute], word: str, tail: str = "", first: Sequence[str] = ()) -> LiveRoute:
    """The route that `word` means: a public name ("openai"), a path or a route's name; "" = the best there is, where
    public names in `first` go before others. `tail` is how its path must end, "" = the shortest one. UsageError.
    """
    fitting = [route for route in routes if route.path.endswith(tail)]
    if not fitting:
        raise UsageError(text("calls.no_such_dialect", tail=tail), text("calls.setup_again"))
    named = [route for route in fitting if word in ("", route.public, route.path, route.path.lstrip("/"), route.name)]
    if not named:
        names = ", ".join(dict.fromkeys(route.public for route in fitting))
        raise UsageError(text("calls.no_such_route", word=word), text("calls.routes_are", names=names))

    def rank(route: LiveRoute) -> tuple[int, bool, int, str]:
        place = first.index(route.public) if route.public in first else len(first)
        return place, route.is_door, len(route.path), route.path

    return min(named, key=rank)


def ask(plan: Plan, environ: Mapping[str, str], listener: str, path: str) -> tuple[int, bytes]:
    """GET from the gateway's own listeners, with the admin token where the environment has one. Raises
    EnvironmentProblem when the gateway does not answer."""
    require_here(plan)
    headers = {_HEADER: environ[TOKEN]} if environ.get(TOKEN) else {}
    try:
        with arriving(plan.bind, plan.ports[listener], "GET", path, b"", headers) as answer:
            return answer.status, b"".join(answer.pieces)
    except NoAnswer as error:
        raise EnvironmentProblem(text("calls.not_running", reason=str(error)), text("calls.start")) from error


def _asked(plan: Plan, environ: Mapping[str, str], path: str) -> dict[str, Any]:
    status, body = ask(plan, environ, "manager", path)
    if status == 401:
        raise EnvironmentProblem(text("calls.token"), text("calls.token_do", variable=TOKEN))
    try:
        document: Any = json.loads(body)
        if status == 200 and isinstance(document, dict):
            return document
    except ValueError:
        pass
    raise QuickstartError(text("calls.odd_manager", status=status), text("calls.restart"))
