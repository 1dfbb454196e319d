"""One part of a router: who comes first, and who is left out."""

from __future__ import annotations

import uuid
from typing import Any

from gateway.criteria import HeaderLines, matchers
from gateway.route_table import Asked, RouteTable


def table(*routes: dict[str, Any]) -> RouteTable:
    return RouteTable(
        criteria
        for number, fields in enumerate(routes)
        for criteria in matchers({"id": str(uuid.UUID(int=number)), "name": f"r{number}", **fields}, None)
    )


def first(
    found: RouteTable, path: bytes, gone: frozenset[str] = frozenset(), headers: HeaderLines = ()
) -> tuple[str | None, bool]:
    criteria, _, repeatable = found.first(Asked("GET", "h.test", path, headers, "http", 80, ""), gone)
    return (criteria.route["name"] if criteria is not None else None), repeatable


def test_the_best_comes_first_and_the_next_where_it_is_gone() -> None:
    made = table({"paths": ["/"]}, {"paths": ["/a"]})
    assert first(made, b"/a/b") == ("r1", True)
    assert first(made, b"/a/b", frozenset((str(uuid.UUID(int=1)),))) == ("r0", True)
    assert first(made, b"x") == (None, True)


def test_what_hangs_on_headers_is_not_repeatable() -> None:
    made = table({"paths": ["/"]}, {"paths": ["/"], "headers": {"x-version": ["2"]}})
    assert first(made, b"/") == ("r0", False)
    assert first(made, b"/", headers=[(b"X-Version", b"2")]) == ("r1", False)


def test_ports_are_known() -> None:
    assert table({"hosts": ["h.test:81"]}).ports
    assert not table({"hosts": ["h.test"]}).ports
