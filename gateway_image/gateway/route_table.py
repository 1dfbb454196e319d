"""Matchers in the order in which they are asked, with their index: one part of a router. Immutable.

Not for: remembering decisions, telling which routes changed (router.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gateway.criteria import Criteria, Found, HeaderLines
from gateway.route_index import RouteIndex


class Asked(NamedTuple):
    """What is asked of a table. `host` without its port, `port` the one it named or the listener's."""

    method: str
    host: str
    path: bytes  # normalised
    headers: HeaderLines
    scheme: str
    port: int
    server_name: str


class RouteTable:
    __slots__ = ("_index", "matchers", "ports")

    def __init__(self, found: Iterable[Criteria]) -> None:
        self.matchers: Sequence[Criteria] = sorted(found, key=lambda criteria: criteria.order)
        self.ports = any(rule.port for criteria in self.matchers for rule in criteria.hosts)
        """Whether some host is asked for with a port."""
        self._index = RouteIndex(self.matchers)

    def first(self, asked: Asked, gone: Collection[str] = ()) -> tuple[Criteria | None, Found | None, bool]:
        """The matcher that takes the request, what it found, and whether the next request with the same method, host
        and path meets the same one. Routes in `gone`, ids, take no part."""
        ranks, by_header = self._index.candidates(asked.host, asked.path, asked.headers)
        repeatable = not by_header
        for rank in ranks:
            criteria = self.matchers[rank]
            if not criteria.takes(asked.method, asked.host, asked.port) or (gone and criteria.route["id"] in gone):
                continue
            found = criteria.find_path(asked.path)
            if found is None:
                continue
            if criteria.headers or criteria.snis:
                repeatable = False
                if not criteria.headers_fit(asked.headers):
                    continue
                if not criteria.server_name_fits(asked.scheme, asked.server_name):
                    continue
            return criteria, found, repeatable
        return None, None, repeatable
