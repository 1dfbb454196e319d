"""Which route takes a request. Not for: what a route asks (criteria.py), finding candidates among many
(route_index.py), how paths are written (paths.py), or acting on the decision.

`Router` is immutable but for a bounded memory of recent decisions, which are shared: treat a RouteMatch as read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.criteria import Criteria, Entity, Found, HeaderLines, matchers, split_host
from gateway.paths import BadTarget, header_text, normalise, split_target, upstream_path
from gateway.route_index import RouteIndex

__all__ = ["BadTarget", "RouteMatch", "Router"]

REMEMBERED: Final = 2048
"""Decisions kept, at most twice as many. A path longer than LONGEST_KEPT bytes is decided anew each time, so that what
is kept stays small."""
LONGEST_KEPT: Final = 512


class RouteMatch:
    """The route for a request and what the match found out."""

    __slots__ = ("_rest", "_stripped", "_upstream", "captures", "path", "prefix", "route", "service", "stripped_prefix")

    def __init__(self, criteria: Criteria, path: bytes, found: Found) -> None:
        self.route: Entity = criteria.route
        self.service: Entity | None = criteria.service  # None: the route has none, which is a 503
        self.captures: Mapping[str, str] = found.captures  # named groups of a regex path that took part
        self.path = path  # normalised, not escaped, without the query
        self.prefix = found.prefix  # the part of `path` that was matched, b"" for a route without paths
        self.stripped_prefix: bytes | None = None  # the value of X-Forwarded-Prefix, None where it is not sent
        self._stripped: bytes | None = None
        self._rest = b""
        if criteria.route.get("strip_path", True):
            self._stripped = found.prefix
            self._rest = path[len(found.prefix) :] if found.prefix else path[1:]
            if found.prefix not in (b"", b"/"):
                self.stripped_prefix = header_text(found.prefix)
        self._upstream: tuple[str | None, bytes] | None = None

    def upstream_path(self, service_path: str | None) -> bytes:
        """The escaped path to ask the upstream for, without a query. `service_path`: the service's, None as "/"."""
        if self._upstream is None or self._upstream[0] != service_path:
            base = (service_path or "/").encode()
            self._upstream = (service_path, upstream_path(base, self.path, self._stripped, self._rest))
        return self._upstream[1]


_Key = tuple[str, str, bytes, int]


class Router:
    """All routes of one configuration, ready to be asked."""

    __slots__ = ("_index", "_matchers", "_older", "_ports", "_recent")

    def __init__(self, found: Iterable[Criteria]) -> None:
        self._matchers = sorted(found, key=lambda criteria: criteria.order)
        self._index = RouteIndex(self._matchers)
        self._ports = any(rule.port for criteria in self._matchers for rule in criteria.hosts)
        self._recent: dict[_Key, RouteMatch | None] = {}
        self._older: dict[_Key, RouteMatch | None] = {}

    @classmethod
    def compile(
        cls, routes: Iterable[Entity], services: Mapping[str, Entity], previous: Router | None = None
    ) -> Router:
        """A router for `routes` (entities, all fields set) and `services` (by id).

        Routes of a disabled service take no part. With `previous`, routes and services that did not change are not
        compiled again. Raises PatternError for an expression that the engine cannot run.
        """
        known: dict[str, list[Criteria]] = {}
        for criteria in previous._matchers if previous is not None else ():
            known.setdefault(criteria.route["id"], []).append(criteria)
        compiled: list[Criteria] = []
        for route in routes:
            reference = route.get("service")
            service = services[reference["id"]] if reference else None
            if service is not None and service.get("enabled") is False:
                continue
            old = known.get(route["id"])
            if old and _same(old[0].route, route) and _same(old[0].service, service):
                compiled += old
            else:
                compiled += matchers(route, service)
        return cls(compiled)

    def __len__(self) -> int:
        """The number of matchers; a route with paths of several kinds has several."""
        return len(self._matchers)

    def match(
        self,
        method: str,
        host: str,
        target: bytes,
        headers: HeaderLines = (),
        scheme: str = "http",
        port: int = 80,
        server_name: str = "",
    ) -> RouteMatch | None:
        """The route that takes the request, None when none does (404).

        `host`: the Host header as it came, "" when there is none. `target`: the raw request target; its query takes no
        part. `headers`: all lines; only looked at when a route asks for headers. `port`: the listener's, which counts
        for a Host without one. `server_name`: SNI. Raises BadTarget (400).
        """
        question = target.find(b"?")
        if question >= 0:
            target = target[:question]
        # Where no route host has a port the listener's does not matter, and 0 makes one entry of all.
        key = (method, host, target, port if self._ports else 0)
        try:
            return self._recent[key]
        except KeyError:
            pass
        if key in self._older:
            decision = self._older[key]
            self._remember(key, decision)
            return decision
        path = normalise(split_target(target)[0])
        decision, repeatable = self._decide(method, host, path, headers, scheme, port, server_name)
        if repeatable and len(target) <= LONGEST_KEPT:
            self._remember(key, decision)
        return decision

    def _remember(self, key: _Key, decision: RouteMatch | None) -> None:
        if len(self._recent) >= REMEMBERED:
            self._older, self._recent = self._recent, {}
        self._recent[key] = decision

    def _decide(
        self, method: str, host: str, path: bytes, headers: HeaderLines, scheme: str, port: int, server_name: str
    ) -> tuple[RouteMatch | None, bool]:
        """The decision, and whether the next request with the same method, host and path gets the same one."""
        name, named_port = split_host(host)
        ranks, by_header = self._index.candidates(name, path, headers)
        repeatable = not by_header
        for rank in ranks:
            criteria = self._matchers[rank]
            if not criteria.takes(method, name, named_port or port):
                continue
            found = criteria.find_path(path)
            if found is None:
                continue
            if criteria.headers or criteria.snis:
                repeatable = False
                if not criteria.headers_fit(headers) or not criteria.server_name_fits(scheme, server_name):
                    continue
            return RouteMatch(criteria, path, found), repeatable
        return None, repeatable


def _same(old: Entity | None, new: Entity | None) -> bool:
    return old is new or old == new  # a mapping compares by value even with itself, which ten thousand times is slow
