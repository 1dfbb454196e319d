"""The index never hides a matcher that fits."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.criteria import Criteria, matchers, split_host
from gateway.route_index import RouteIndex

PATHS = st.lists(
    st.sampled_from(["/", "/a", "/ab", "/a/b", "~/a$", "~/(a|b)", "~/a/(?<x>.*)", "~/a$|/b$", "~/.*", "~/(?i)A"]),
    max_size=3,
)
HOSTS = st.lists(st.sampled_from(["h.test", "h.test:81", "*.test", "*.h.test", "h.*", "a.h.*"]), max_size=2)
HEADERS = st.dictionaries(
    st.sampled_from(["x", "y_z"]), st.lists(st.sampled_from(["1", "A", "~*^b"]), min_size=1, max_size=2), max_size=2
)
ROUTES = st.lists(
    st.fixed_dictionaries(
        {"paths": PATHS, "hosts": HOSTS, "headers": HEADERS, "methods": st.sampled_from([[], ["GET"]])}
    ),
    max_size=8,
)


def compiled(routes: list[dict[str, Any]]) -> list[Criteria]:
    found = [
        criteria
        for number, fields in enumerate(routes)
        for criteria in matchers({"id": str(uuid.UUID(int=number)), **fields}, None)
    ]
    return sorted(found, key=lambda criteria: criteria.order)


@given(
    ROUTES,
    st.sampled_from([b"/", b"/a", b"/ab", b"/a/b/c", b"/b", b"/x/b", b"/A"]),
    st.sampled_from(["", "h.test", "a.h.test", "h.test:81", ".test", "x"]),
    st.lists(st.tuples(st.sampled_from([b"X", b"y-z", b"Y_Z"]), st.sampled_from([b"1", b"a", b"B2"])), max_size=3),
)
def test_asking_the_candidates_is_asking_everybody(
    routes: list[dict[str, Any]], path: bytes, header: str, lines: list[tuple[bytes, bytes]]
) -> None:
    found = compiled(routes)
    host, port = split_host(header)

    def fits(criteria: Criteria) -> bool:
        return (
            criteria.takes("GET", host, port or 80)
            and criteria.find_path(path) is not None
            and criteria.headers_fit(lines)
        )

    ranks = list(RouteIndex(found).candidates(host, path, lines)[0])
    assert ranks == sorted(set(ranks))
    assert [rank for rank in ranks if fits(found[rank])] == [rank for rank, each in enumerate(found) if fits(each)]


def test_few_of_many_are_candidates() -> None:
    by_path = RouteIndex(compiled([{"paths": [f"/svc{n}/"]} for n in range(1000)]))
    assert len(list(by_path.candidates("h", b"/svc7/x", ())[0])) == 1
    by_host = RouteIndex(compiled([{"paths": ["/"], "hosts": [f"h{n}.test"]} for n in range(1000)]))
    assert len(list(by_host.candidates("h7.test", b"/", ())[0])) == 1
    by_header = RouteIndex(compiled([{"paths": ["/"], "headers": {"x": [f"t{n}"]}} for n in range(1000)]))
    ranks, looked_at_headers = by_header.candidates("h", b"/", [(b"X", b"T7")])
    assert len(list(ranks)) == 1 and looked_at_headers
