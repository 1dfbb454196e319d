"""Which route takes a request. Not for: what a route asks (criteria.py), finding candidates among many
(route_table.py, route_index.py), how paths are written (paths.py), or acting on the decision.

`Router` is immutable but for a bounded memory of recent decisions, which are shared: treat a RouteMatch as read-only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from gateway.criteria import Criteria, Entity, Found, HeaderLines, matchers, split_host
from gateway.paths import BadTarget, header_text, normalise, split_target, upstream_path
from gateway.route_table import Asked, RouteTable

__all__ = ["BadTarget", "RouteMatch", "Router"]

REMEMBERED: Final = 2048
"""Decisions kept, at most twice as many. A path longer than LONGEST_KEPT bytes is decided anew each time, so that what
is kept stays small."""
LONGEST_KEPT: Final = 512
LATE_MOST: Final = 256
"""So many routes may change before everything is put into one table again."""
NONE: Final[frozenset[str]] = frozenset()


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
            if self._rest[:1] == b"." and self._rest.partition(b"/")[0] in (b".", b".."):
                # /api../x with the prefix /api taken off would climb out of the service's own path
                raise BadTarget("a path may not climb above its service")
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
_Row = tuple[Entity, Entity | None]
_Rows = dict[str, _Row]
"""Route id -> the route and its service."""


class Router:
    """All routes of one configuration, ready to be asked.

    A change among many compiles only what changed: the big table stays as it is, without the routes that are `gone`
    from it, and a second, small one holds what was made since.
    """

    __slots__ = ("_base", "_gone", "_late", "_older", "_ports", "_recent", "_rows", "_services")

    def __init__(
        self,
        rows: _Rows,
        services: Mapping[str, Entity],
        base: RouteTable,
        late: RouteTable | None = None,
        gone: frozenset[str] = NONE,
    ) -> None:
        self._rows = rows
        self._services = services
        self._base = base
        self._late = late
        self._gone = gone
        self._ports = base.ports or (late is not None and late.ports)
        self._recent: dict[_Key, RouteMatch | None] = {}
        self._older: dict[_Key, RouteMatch | None] = {}

    @classmethod
    def compile(
        cls, routes: Collection[Entity], services: Mapping[str, Entity], previous: Router | None = None
    ) -> Router:
        """A router for `routes` (entities, all fields set) and `services` (by id).

        Routes of a disabled service take no part. With `previous`, routes and services that did not change are not
        compiled again. Raises PatternError for an expression that the engine cannot run.
        """
        if previous is None:
            rows = _with_services(routes, services)
            return cls(rows, services, RouteTable(_compiled(rows, {})))
        before = previous._rows
        changed = previous._news(routes, services)
        new = sum(id not in before for id in changed)
        gone = before.keys() - {route["id"] for route in routes} if len(before) + new > len(routes) else NONE
        touched = changed.keys() | gone
        if not touched:
            return cls(before, services, previous._base, previous._late, previous._gone)
        rows = {**before, **changed}
        for id in gone:
            del rows[id]
        if len(touched) + len(previous._gone) > LATE_MOST:
            return cls(rows, services, RouteTable(_compiled(rows, previous.criteria(rows.keys()))))
        late = previous._late.matchers if previous._late is not None else ()
        kept = [criteria for criteria in late if criteria.route["id"] not in touched]
        equal = [id for id, row in changed.items() if id in before and all(map(_same, before[id], row))]
        made = RouteTable((*kept, *_compiled(changed, previous.criteria(equal) if equal else {})))
        return cls(rows, services, previous._base, made, previous._gone | frozenset(touched))

    def _news(self, routes: Iterable[Entity], services: Mapping[str, Entity]) -> _Rows:
        """The rows that are not the very ones of this router. Among ten thousand routes this is most of what a change
        costs, so the services are looked at only where there are others."""
        before = self._rows
        if services is self._services:
            others = [route for route in routes if (old := before.get(route["id"])) is None or old[0] is not route]
            return _with_services(others, services)
        rows = _with_services(routes, services)
        return {id: row for id, row in rows.items() if (old := before.get(id)) is None or not _identical(old, row)}

    def criteria(self, routes: Collection[str] | None = None) -> dict[str, list[Criteria]]:
        """The matchers in force, by the id of their route, of these routes only or of all."""
        found: dict[str, list[Criteria]] = {}
        base = (criteria for criteria in self._base.matchers if criteria.route["id"] not in self._gone)
        for criteria in chain(base, self._late.matchers if self._late is not None else ()):
            id = criteria.route["id"]
            if routes is None or id in routes:
                found.setdefault(id, []).append(criteria)
        return found

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
        asked = Asked(method, name, path, headers, scheme, named_port or port, server_name)
        criteria, found, repeatable = self._base.first(asked, self._gone)
        if self._late is not None:
            later, later_found, later_repeatable = self._late.first(asked)
            repeatable = repeatable and later_repeatable
            if later is not None and (criteria is None or later.order < criteria.order):
                criteria, found = later, later_found
        if criteria is None or found is None:
            return None, repeatable
        return RouteMatch(criteria, path, found), repeatable


def _with_services(routes: Iterable[Entity], services: Mapping[str, Entity]) -> _Rows:
    return {
        route["id"]: (route, services[reference["id"]] if (reference := route.get("service")) else None)
        for route in routes
    }


def _compiled(rows: _Rows, known: Mapping[str, list[Criteria]]) -> Iterator[Criteria]:
    """The matchers of `rows`, those of `known` where nothing changed."""
    for id, (route, service) in rows.items():
        if service is not None and service.get("enabled") is False:
            continue
        old = known.get(id)
        if old and _same(old[0].route, route) and _same(old[0].service, service):
            yield from old
        else:
            yield from matchers(route, service)


def _identical(old: _Row, new: _Row) -> bool:
    return old[0] is new[0] and old[1] is new[1]


def _same(old: Entity | None, new: Entity | None) -> bool:
    return old is new or old == new  # a mapping compares by value even with itself, which ten thousand times is slow
