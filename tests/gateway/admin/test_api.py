"""The Admin API as a whole: who answers, and the headers of every answer."""

from __future__ import annotations

import pytest
from support.admin_api import Admin, request

from gateway.admin.api import find
from gateway.errors import GatewayError


def test_every_answer_has_kongs_headers() -> None:
    for target, status in (("/services", 200), ("/nowhere", 404)):
        answer = Admin().get(target)
        assert answer.status == status
        assert answer.headers["Server"] == "kong/3.9.1" and answer.headers["X-Kong-Admin-Latency"] == "0"
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("target", ["/nowhere", "//", "/services/../x", "/SERVICES", "/config/x", "/status/nope"])
def test_unknown_paths(target: str) -> None:
    answer = Admin().get(target)
    assert (answer.status, answer.body) == (404, {"message": "Not found"})


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("PUT", "/services", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/services/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("DELETE", "/routes/x/service", "GET, HEAD, OPTIONS, PATCH, PUT"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("TRACE", "/services", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_wrong_methods_are_told_which_are_right(method: str, target: str, allow: str) -> None:
    answer = Admin().ask(method, target)
    assert (answer.status, answer.body) == (405, {"message": "Method not allowed"})
    assert answer.headers["Allow"] == allow


def test_the_manager_may_call_from_its_own_origin() -> None:
    headers = {"Origin": "http://127.0.0.1:8002", "Access-Control-Request-Headers": "content-type"}
    preflight = Admin().ask("OPTIONS", "/services/x", headers=headers)
    assert preflight.status == 204 and preflight.body == ""
    assert preflight.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:8002"
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"
    assert preflight.headers["Access-Control-Allow-Methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert preflight.headers["Vary"] == "Origin"


def test_a_foreign_page_changes_nothing_and_reads_nothing() -> None:
    admin = Admin()
    headers = {"Origin": "https://evil.test", "Content-Type": "application/x-www-form-urlencoded"}
    answer = admin.ask("POST", "/services", "host=evil.test", headers)
    assert answer.status == 403 and "evil.test" in answer.body["message"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert admin.get("/services").body["data"] == []
    assert admin.handle(request("DELETE", "/services/x", host="rebound.test")).status == 403


def test_a_fault_inside_is_a_500_and_a_log_line_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Admin()

    def fail(*given: object) -> object:
        raise RuntimeError("sk-secret")

    monkeypatch.setattr("gateway.admin.entity_endpoints.page", fail)
    answer = admin.get("/services")
    assert (answer.status, answer.body) == (500, {"message": "An unexpected error occurred"})
    assert len(admin.log) == 1 and "RuntimeError" in admin.log[0] and "sk-secret" not in admin.log[0]


def test_a_store_that_cannot_save_says_why() -> None:
    admin = Admin()

    async def refuse(config: object) -> None:
        raise GatewayError("worker 1 did not answer")

    admin.store.publish = refuse
    answer = admin.ask("POST", "/services", {"host": "h.test"})
    assert answer.status == 500 and answer.body == {"message": "worker 1 did not answer"}
    assert admin.get("/services").body["data"] == []


def test_every_fixed_path_of_the_list_has_somebody_who_answers() -> None:
    for path in Admin().get("/endpoints").body["data"]:
        assert find(tuple(part for part in path.split("/") if part)) is not None, path
