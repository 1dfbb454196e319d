"""What is told of the health of targets, and set by hand."""

from __future__ import annotations

import pytest
from support.admin_api import Admin

from gateway.admin.target_health import METRIC, metrics

UPSTREAM = {"name": "u.test"}
WATCHED = {"name": "w.test", "healthchecks": {"active": {"healthy": {"interval": 5}}, "threshold": 50}}


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


@pytest.fixture
def watched(admin: Admin) -> Admin:
    admin.made("/upstreams", WATCHED)
    for number, weight in ((1, 60), (2, 40)):
        admin.now += 1
        admin.made("/upstreams/w.test/targets", {"target": f"10.0.0.{number}:81", "weight": weight})
    return admin


def health(admin: Admin) -> dict[str, str]:
    return {row["target"]: row["health"] for row in admin.get("/upstreams/w.test/health").body["data"]}


def test_marks_are_told(watched: Admin) -> None:
    assert health(watched) == {"10.0.0.1:81": "HEALTHY", "10.0.0.2:81": "HEALTHY"}
    watched.api.marks.mark("w.test", "10.0.0.2:81").failed("tcp", 1)
    assert health(watched) == {"10.0.0.1:81": "HEALTHY", "10.0.0.2:81": "UNHEALTHY"}
    (ill, _) = watched.get("/upstreams/w.test/health").body["data"]
    assert ill["data"]["weight"] == {"total": 40, "available": 0, "unavailable": 40}
    assert ill["data"]["addresses"][0]["health"] == "UNHEALTHY"
    told = watched.get("/upstreams/w.test/health?balancer_health=1").body["data"]
    assert (told["health"], told["balancer_health"]) == ("HEALTHY", "HEALTHY")
    assert told["details"]["weight"] == {"total": 100, "available": 60, "unavailable": 40}
    assert [host["addresses"][0]["healthy"] for host in told["details"]["hosts"]] == [True, False]


def test_too_little_weight_makes_the_balancer_unhealthy(watched: Admin) -> None:
    watched.api.marks.mark("w.test", "10.0.0.1:81").failed("tcp", 1)
    told = watched.get("/upstreams/w.test/health?balancer_health=1").body["data"]
    assert (told["health"], told["balancer_health"], told["details"]["healthy"]) == ("UNHEALTHY", "UNHEALTHY", False)


def test_health_is_set_by_hand(watched: Admin) -> None:
    for tail, word in (
        ("10.0.0.1:81/unhealthy", "UNHEALTHY"),
        ("10.0.0.1:81/healthy", "HEALTHY"),
        ("10.0.0.1:81/10.0.0.1:81/unhealthy", "UNHEALTHY"),
    ):
        assert watched.ask("PUT", f"/upstreams/w.test/targets/{tail}").status == 204
        assert health(watched)["10.0.0.1:81"] == word


def test_the_metric_is_told_where_prometheus_is_asked_for_it(watched: Admin) -> None:
    def told() -> dict[tuple[str, ...], float]:
        dump = metrics(watched.store.config, watched.api.marks)
        return {tuple(labels): value for labels, value in dump[METRIC.name]["series"]} if dump else {}

    assert told() == {}
    plugin = watched.made("/plugins", {"name": "prometheus", "config": {"upstream_health_metrics": True}})
    watched.api.marks.mark("w.test", "10.0.0.2:81").set(True)
    found = told()
    assert len(found) == 8
    ill = ("w.test", "10.0.0.2:81", "10.0.0.2:81", "unhealthy", "http")
    assert {labels for labels, value in found.items() if value} == {
        ("w.test", "10.0.0.1:81", "10.0.0.1:81", "healthy", "http"),
        ill,
    }
    watched.ask("PATCH", f"/plugins/{plugin['id']}", {"enabled": False})
    assert told() == {}
