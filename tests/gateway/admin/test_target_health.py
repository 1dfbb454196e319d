"""What is told of the health of targets, while nothing watches it."""

from __future__ import annotations

import pytest
from support.admin_api import Admin

UPSTREAM = {"name": "u.test", "healthchecks": {"active": {"healthy": {"interval": 5}}}}


@pytest.fixture
def admin() -> Admin:
    made = Admin()
    made.made("/upstreams", UPSTREAM)
    return made


def test_each_target_is_listed_with_where_its_requests_go(admin: Admin) -> None:
    admin.made("/upstreams/u.test/targets", {"target": "10.0.0.1:81", "weight": 30})
    admin.now += 1
    admin.made("/upstreams/u.test/targets", {"target": "[::1]"})
    admin.now += 1
    admin.made("/upstreams/u.test/targets", {"target": "name.test:443", "weight": 0})
    answer = admin.get("/upstreams/u.test/health")
    assert answer.status == 200 and answer.body["node_id"] == admin.node.id
    named, v6, v4 = answer.body["data"]
    assert {row["health"] for row in answer.body["data"]} == {"HEALTHCHECKS_OFF"}
    assert v4["data"] == {
        "host": "10.0.0.1",
        "port": 81,
        "dns": "A",
        "nodeWeight": 30,
        "weight": {"total": 30, "available": 30, "unavailable": 0},
        "addresses": [{"ip": "10.0.0.1", "port": 81, "weight": 30, "health": "HEALTHCHECKS_OFF"}],
    }
    assert (v6["data"]["dns"], v6["data"]["port"], len(v6["data"]["addresses"])) == ("AAAA", 8000, 1)
    assert (named["data"]["host"], named["data"]["addresses"]) == ("name.test", [])


def test_the_pages_of_targets_are_those_of_their_list(admin: Admin) -> None:
    for number in range(3):
        admin.made("/upstreams/u.test/targets", {"target": f"10.0.0.{number}:81"})
    first = admin.get("/upstreams/u.test/health?size=2").body
    rest = admin.get(first["next"]).body
    assert [len(first["data"]), len(rest["data"]), rest["next"]] == [2, 1, None]
    assert first["next"].startswith("/upstreams/u.test/health?")


def test_the_balancer_is_well_when_some_target_gets_requests(admin: Admin) -> None:
    def told() -> tuple[str, bool, int]:
        data = admin.get("/upstreams/u.test/health?balancer_health=1").body["data"]
        return data["balancer_health"], data["details"]["healthy"], data["details"]["weight"]["total"]

    assert told() == ("UNHEALTHY", False, 0)
    admin.made("/upstreams/u.test/targets", {"target": "10.0.0.1:81", "weight": 0})
    assert told() == ("UNHEALTHY", False, 0)
    admin.made("/upstreams/u.test/targets", {"target": "10.0.0.2:81", "weight": 7})
    assert told() == ("HEALTHY", True, 7)
    target = admin.made("/upstreams/u.test/targets", {"target": "10.0.0.3:81"})
    assert admin.ask("PATCH", f"/upstreams/u.test/targets/{target['id']}", {"weight": None}).status == 200
    assert told() == ("HEALTHY", True, 107)


@pytest.mark.parametrize("tail", ["10.0.0.1:81/healthy", "10.0.0.1:81/unhealthy", "10.0.0.1:81/10.0.0.1:81/unhealthy"])
def test_health_cannot_be_set_where_nothing_checks_it(admin: Admin, tail: str) -> None:
    admin.made("/upstreams/u.test/targets", {"target": "10.0.0.1:81"})
    answer = admin.ask("PUT", f"/upstreams/u.test/targets/{tail}")
    assert (answer.status, answer.body) == (400, {"message": "no healthchecker found for u.test"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/upstreams/nobody.test/health", 404),
        ("PUT", "/upstreams/nobody.test/targets/10.0.0.1:81/healthy", 404),
        ("PUT", "/upstreams/u.test/targets/10.0.0.1:81/healthy", 404),
        ("POST", "/upstreams/u.test/health", 405),
        ("GET", "/upstreams/u.test/targets/10.0.0.1:81/healthy", 405),
        ("PUT", "/upstreams/u.test/targets/10.0.0.1:81/well", 404),
        ("OPTIONS", "/upstreams/u.test/health", 204),
    ],
)
def test_other_requests(admin: Admin, method: str, path: str, status: int) -> None:
    assert admin.ask(method, path).status == status
