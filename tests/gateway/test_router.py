"""Which route takes a request, and that remembering decisions never changes one."""

from __future__ import annotations

import time
import uuid
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.router import LONGEST_KEPT, REMEMBERED, BadTarget, RouteMatch, Router

SERVICE = {"id": "s", "path": None, "enabled": True}


def route(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.UUID(int=number)), "name": f"r{number}", "service": {"id": "s"}, **fields}


def ask(
    table: Router,
    target: str,
    method: str = "GET",
    host: str = "h.test",
    headers: dict[str, str] | None = None,
    **rest: Any,
) -> RouteMatch | None:
    lines = [(b"Host", host.encode())] + [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
    return table.match(method, host, target.encode(), lines, **rest)


def router(*routes: dict[str, Any]) -> Router:
    return Router.compile(routes, {"s": SERVICE})


def chosen(table: Router, target: str, method: str = "GET", **rest: Any) -> str | None:
    match = ask(table, target, method, **rest)
    return match.route["name"] if match else None


def test_the_quickstart_table() -> None:
    table = router(
        *(route(n, paths=[f"~/{name}/chat$"], methods=["POST"]) for n, name in enumerate(("openai", "cohere")))
    )
    match = ask(table, "/cohere/chat?x=1", "POST")
    assert match is not None and match.route["name"] == "r1" and match.service is SERVICE
    assert (match.path, match.prefix, match.captures) == (b"/cohere/chat", b"/cohere/chat", {})
    assert match.upstream_path("/v1/chat") == b"/v1/chat" and match.upstream_path(None) == b"/"
    assert chosen(table, "/cohere/chat", "GET") is None
    assert chosen(table, "/cohere/chat/", "POST") is None
    assert chosen(table, "/x/cohere/chat", "POST") is None


def test_nothing_matches_an_empty_table() -> None:
    assert chosen(router(), "/") is None


def test_a_bad_target_is_refused_every_time() -> None:
    table = router(route(1, paths=["/"]))
    for _ in range(2):
        with pytest.raises(BadTarget):
            ask(table, "/../x")


def test_routes_of_a_disabled_service_take_no_part() -> None:
    table = Router.compile([route(1, paths=["/"])], {"s": {**SERVICE, "enabled": False}})
    assert not table.criteria() and chosen(table, "/") is None


def test_a_route_may_lack_a_service() -> None:
    match = ask(router(route(1, paths=["/"], service=None)), "/")
    assert match is not None and match.service is None


def test_headers_are_asked_again_for_every_request() -> None:
    table = router(route(1, paths=["/"]), route(2, paths=["/"], headers={"x": ["1"]}))
    for _ in range(3):
        assert chosen(table, "/") == "r1"
        assert chosen(table, "/", headers={"X": "1"}) == "r2"
        assert chosen(table, "/", headers={"X": "2"}) == "r1"


def test_methods_hosts_and_the_listeners_port_are_told_apart() -> None:
    table = router(route(1, paths=["/"], methods=["POST"]), route(2, paths=["/"], hosts=["h.test:81"]))
    for _ in range(3):
        assert chosen(table, "/", "POST") == "r1"
        assert chosen(table, "/", "PUT") is None
        assert chosen(table, "/", "POST", port=81) == "r2"
        assert chosen(table, "/", host="h.test:81") == "r2"
        assert chosen(table, "/", host="h.test:82", port=81) is None


def test_server_names_are_told_apart() -> None:
    table = router(route(1, paths=["/"], snis=["a.test"]))
    for _ in range(2):
        assert ask(table, "/", scheme="https", server_name="a.test") is not None
        assert ask(table, "/", scheme="https", server_name="b.test") is None


def test_a_control_character_never_reaches_a_header() -> None:
    match = ask(router(route(1, paths=["~/a[^/]+"])), "/a%0D%0AX-Evil:%201/b")
    assert match is not None and match.stripped_prefix == b"/a%0D%0AX-Evil: 1"
    assert match.upstream_path(None) == b"/b"


def test_the_prefix_is_told_only_when_it_is_taken_off() -> None:
    table = router(route(1, paths=["/a"]), route(2, paths=["/b"], strip_path=False), route(3, paths=["/"]))
    prefixes = [match.stripped_prefix for target in ("/a/x", "/b/x", "/c") if (match := ask(table, target))]
    assert prefixes == [b"/a", None, None]


@pytest.mark.parametrize("target", ["/api../x", "/api..", "/api./x", "/api.", "/api%2e%2e/x", "/api.%2E/x"])
def test_no_path_climbs_out_of_its_service(target: str) -> None:
    with pytest.raises(BadTarget):
        ask(router(route(1, paths=["/api"])), target)
    match = ask(router(route(1, paths=["/api"], strip_path=False)), target)
    assert match is not None and match.upstream_path("/base").startswith(b"/base/api.")
    whole = ask(router(route(1, paths=["/api"])), "/api.../x")
    assert whole is not None and whole.upstream_path("/base") == b"/base/.../x"


def test_memory_is_bounded_and_forgets_without_harm() -> None:
    table = router(route(1, paths=["/a"]))
    assert chosen(table, "/a") == "r1"
    for number in range(3 * REMEMBERED):
        assert chosen(table, f"/a{number}") == "r1"
    assert len(table._recent) <= REMEMBERED and len(table._older) <= REMEMBERED
    assert chosen(table, "/a" + "x" * LONGEST_KEPT) == "r1"
    assert all(len(key[2]) <= LONGEST_KEPT for key in (*table._recent, *table._older))
    assert chosen(table, "/a") == "r1"


def identities(table: Router) -> set[int]:
    return {id(criteria) for several in table.criteria().values() for criteria in several}


def test_what_did_not_change_is_not_compiled_again() -> None:
    first = [route(n, paths=[f"~/p{n}(/|$)", "/q"]) for n in range(3)]
    before = Router.compile(first, {"s": SERVICE})
    after = Router.compile([*map(dict, first[:2]), route(2, paths=["/new"])], {"s": dict(SERVICE)}, before)
    kept = identities(before) & identities(after)
    assert len(kept) == 4 and len(identities(after)) == 5
    assert chosen(after, "/new") == "r2" and chosen(after, "/p2") is None
    moved = Router.compile(first, {"s": {**SERVICE, "path": "/elsewhere"}}, before)
    match = ask(moved, "/p1")
    assert match is not None and match.service is not None and match.service["path"] == "/elsewhere"


CHOICES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([["/"], ["/a"], ["/a/b", "/a"], ["~/a.*", "/ab"], None]),
        st.sampled_from([[], ["h.test"], ["h.test:80"]]),
    ),
    max_size=8,
)


@given(st.lists(CHOICES, min_size=1, max_size=6), st.integers(0, 8))
def test_a_chain_of_changes_decides_as_a_router_made_at_once(changes: list[Any], most: int) -> None:
    """Routes are put, changed and (None) taken out, now and then their service too; every step is compared, with tables
    joined early or late."""
    rows: dict[int, dict[str, Any]] = {}
    services = {"s": SERVICE}
    chained: Router | None = None
    with mock.patch("gateway.router.LATE_MOST", most):
        for place, step in enumerate(changes):
            if place % 3 == 2:
                services = {"s": {**SERVICE, "enabled": place % 2 == 0}}
            for number, paths, hosts in step:
                rows.pop(number, None)
                if paths is not None:
                    rows[number] = route(number, paths=paths, hosts=hosts)
            chained = Router.compile(rows.values(), services, chained)
            whole = Router.compile(rows.values(), services)
            assert {key: len(found) for key, found in chained.criteria().items()} == {
                key: len(found) for key, found in whole.criteria().items()
            }
            for target in ("/", "/a", "/a/b/c", "/abc", "/x"):
                for host in ("h.test", "other.test", "h.test:81"):
                    assert chosen(chained, target, host=host) == chosen(whole, target, host=host)


def test_one_change_among_many_is_small_work() -> None:
    routes = [route(n, paths=[f"/svc{n}/"]) for n in range(5_000)]
    before = Router.compile(routes, {"s": SERVICE})
    after = Router.compile([*routes[:-1], route(4_999, paths=["/new"])], {"s": SERVICE}, before)
    assert after._base is before._base and after._late is not None and len(after._late.matchers) == 1
    assert chosen(after, "/new") == "r4999" and chosen(after, "/svc4999/") is None
    again = Router.compile(routes, {"s": SERVICE}, after)
    assert chosen(again, "/svc4999/") == "r4999" and chosen(again, "/new") is None


def test_ten_thousand_routes() -> None:
    """Generous bounds for slow machines: measured on one, 0.7 s to compile and 7 us to match."""
    routes = [route(n, paths=[rf"~/svc{n}/(?<x>\d+)$"], hosts=["*.test"], methods=["POST"]) for n in range(10_000)]
    started = time.process_time()
    table = Router.compile(routes, {"s": SERVICE})
    assert time.process_time() - started < 15
    started = time.process_time()
    for number in range(2_000):
        match = ask(table, f"/svc{number}/1", "POST")
        assert match is not None and match.route is routes[number]
    assert time.process_time() - started < 3
