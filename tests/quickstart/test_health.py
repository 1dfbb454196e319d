"""One real request per route, judged: every way a route can be unwell has its word, its cause and its remedy."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import free_ports
from support.mock_server import Answer, Asked, MockServer, as_json
from support.setups import a_plan, a_route

from quickstart import health
from quickstart.errors import EnvironmentProblem
from quickstart.plan import Plan
from quickstart.runtime import RunStatus

ANSWERED = {"choices": [{"message": {"content": "ok"}}], "usage": {"total_tokens": 9}}


class Gateway(MockServer):
    """Plays the gateway's proxy and status listeners; `says` is what the next requests get."""

    says: Answer | None = None
    ready = 200
    refuses = ""  # a parameter that the upstream does not know
    sick = ""  # a path that does not answer well

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/status/ready":
            return as_json({"message": "ready"}, self.ready)
        if self.sick == asked.path:
            return as_json({"error": {"message": "overloaded"}}, 503)
        if self.refuses and self.refuses in asked.json:
            return as_json({"error": {"message": "Use 'max_completion_tokens' instead."}}, 400)
        return self.says or as_json(ANSWERED)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as made:
        yield made


@pytest.fixture
def plan(gateway: Gateway, tmp_path: Path) -> Plan:
    made = a_plan(tmp_path, a_route(free_ports(1)[0]))
    return a_plan(tmp_path, *made.routes, ports=made.ports | {"proxy": gateway.port, "status": gateway.port})


def ticking(*moments: float) -> Any:
    left = list(moments)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_a_route_that_answers_is_ok_with_time_and_tokens(gateway: Gateway, plan: Plan) -> None:
    found, _ = health.prove(plan, ticking(1.0, 1.25, 2.0, 2.5))
    assert (found.health, found.status, found.milliseconds, found.tokens) == ("ok", 200, 250, 9)
    assert found.ok and (found.path, found.model) == ("/mock/chat", "mock-model")
    asked = gateway.asked[-2]
    assert asked.path == "/mock/chat"
    assert asked.json == {"messages": [{"role": "user", "content": "Say ok."}], "max_tokens": 8}


def test_the_front_door_is_proved_by_a_model_that_answers(gateway: Gateway, plan: Plan) -> None:
    other = a_route(2, name="other-api_other-chat", public="other", model="other-model")
    two = dataclasses.replace(plan, routes=(*plan.routes, other))
    gateway.sick = "/mock/chat"
    first, second, door = health.prove(two)
    assert (first.ok, second.ok, door.ok) == (False, True, True)
    assert (door.name, door.path, door.model) == ("front-door_chat", "/v1/chat/completions", "other-model")
    assert (gateway.last.path, gateway.last.json["model"]) == ("/v1/chat/completions", "other")
    assert [found.health for found in health.glance(two, {door.name: door.as_document()}, True)][2] != "untested"


def test_the_front_door_is_left_alone_where_no_model_answers(gateway: Gateway, plan: Plan) -> None:
    gateway.sick = "/mock/chat"
    route, door = health.prove(plan)
    assert (route.ok, door.health) == (False, "untested")
    assert gateway.last.path == "/mock/chat"


def test_a_completions_route_is_asked_with_a_prompt(gateway: Gateway, plan: Plan) -> None:
    assert health.probe(plan, a_route(1, "completions")).ok
    assert gateway.last.path == "/mock/completions"
    assert gateway.last.json == {"prompt": "Say ok.", "max_tokens": 8}


def test_a_chat_model_behind_a_completions_route_breaks_nothing(gateway: Gateway, plan: Plan) -> None:
    told = "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat?"
    gateway.says = as_json({"error": {"message": told, "type": "invalid_request_error", "param": "model"}}, 404)
    route = dataclasses.replace(plan.routes[0], operation="completions")
    found = health.probe(plan, route, ticking(1.0))
    assert (found.health, found.ok, found.hint) == ("chat only", True, "Use /mock/chat.")
    assert not health.probe(plan, plan.routes[0], ticking(1.0)).ok


def test_the_newer_name_of_the_limit_is_tried_where_the_old_one_is_refused(gateway: Gateway, plan: Plan) -> None:
    gateway.refuses = "max_tokens"
    assert health.probe(plan, plan.routes[0]).ok
    assert gateway.last.json["max_completion_tokens"] == 8


REFUSALS = [
    (401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, "key refused"),
    (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, "no credit"),
    (429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}, "rate limited"),
    (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, "no such model"),
]


@pytest.mark.parametrize(("status", "body", "word"), REFUSALS)
def test_what_the_provider_says_is_told_in_its_own_words(
    status: int, body: Any, word: str, gateway: Gateway, plan: Plan
) -> None:
    gateway.says = as_json(body, status)
    found = health.probe(plan, plan.routes[0])
    assert (found.health, found.status) == (word, status)
    assert found.message and found.tokens is None


@pytest.mark.parametrize(
    "says", [Answer(200, b"<html>hello</html>"), as_json({"choices": []}), as_json([]), as_json({"ok": True})]
)
def test_a_success_that_is_no_completion_is_not_ok(says: Answer, gateway: Gateway, plan: Plan) -> None:
    gateway.says = says
    found = health.probe(plan, plan.routes[0])
    assert (found.health, found.status) == ("not a model", 200)
    assert "ai-gateway setup" in found.hint


def own(status: int, message: str = "m") -> Answer:
    """An error in the shape of the gateway's own."""
    return as_json({"message": message, "request_id": "0" * 32}, status)


def test_a_local_server_that_is_not_there_is_named(gateway: Gateway, plan: Plan) -> None:
    gateway.says = own(502)
    found = health.probe(plan, plan.routes[0])
    assert (found.health, found.message) == ("down", f"nothing listens at http://{plan.routes[0].shown_upstream}")


@pytest.mark.parametrize(("status", "cause"), [(502, "refuses"), (503, "name"), (504, "silent")])
def test_a_far_server_that_is_not_reached_is_told_with_the_cause(
    status: int, cause: str, gateway: Gateway, plan: Plan
) -> None:
    gateway.says = own(status)
    found = health.probe(plan, a_route(1, shown_upstream="api.example.com"))
    assert found.health == "down" and "api.example.com" in found.message and cause in found.message
    assert found.hint and found.code


def test_other_errors_of_the_gateway_are_not_blamed_on_the_provider(gateway: Gateway, plan: Plan) -> None:
    gateway.says = own(404, "no Route matched with those values")
    assert "does not know this route" in health.probe(plan, plan.routes[0]).message
    gateway.says = own(500, "An unexpected error occurred")
    assert "The gateway answered 500: An unexpected error" in health.probe(plan, plan.routes[0]).message


def test_a_gateway_that_is_gone_is_told(plan: Plan) -> None:
    gone = a_plan(plan.output_dir, *plan.routes)
    found = health.probe(gone, gone.routes[0])
    assert found.health == "down" and "gateway gave no answer" in found.message and found.status is None


def test_an_unknown_provider_does_not_stop_the_others(gateway: Gateway, plan: Plan) -> None:
    gateway.says = as_json({"error": {"message": "boom"}}, 500)
    assert health.probe(plan, a_route(1, provider="later")).status == 500


def test_waiting_ends_when_it_is_ready(gateway: Gateway, plan: Plan) -> None:
    gateway.ready = 503
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        gateway.ready = 200 if len(looks) == 3 else 503

    health.wait_ready(plan, lambda: RunStatus(True), 10, lambda: 0.0, sleep)
    assert len(looks) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RunStatus(False, crashed="it ended with exit code 1"), "it ended with exit code 1"),
        (RunStatus(True, restarts=1), "it crashed"),
    ],
)
def test_waiting_ends_at_once_when_it_crashed(status: RunStatus, words: str, gateway: Gateway, plan: Plan) -> None:
    gateway.ready = 503
    with pytest.raises(EnvironmentProblem, match=words):
        health.wait_ready(plan, lambda: status, 1e9, lambda: 0.0, pytest.fail)


def test_waiting_has_an_end(gateway: Gateway, plan: Plan) -> None:
    gateway.ready = 503
    with pytest.raises(EnvironmentProblem, match="not ready within 5 s"):
        health.wait_ready(plan, lambda: RunStatus(True), 5, ticking(0.0, 1.0, 6.0), lambda seconds: None)


def last(plan: Plan, **more: Any) -> dict[str, Any]:
    return {plan.routes[0].name: health.untested(plan.routes[0], "ok").as_document() | more}


def test_a_glance_shows_the_last_test_without_asking_again(gateway: Gateway, plan: Plan) -> None:
    far = a_plan(plan.output_dir, a_route(1, shown_upstream="api.example.com"))
    assert [found.health for found in health.glance(far, last(far), True)] == ["ok", "untested"]
    assert [found.health for found in health.glance(far, {}, True)] == ["untested", "untested"]
    assert [found.health for found in health.glance(far, last(far, model="another"), True)] == ["untested", "untested"]
    assert not gateway.asked


def test_a_glance_sees_that_a_local_server_went_or_came_back(gateway: Gateway, plan: Plan) -> None:
    assert health.glance(plan, last(plan), True)[0].health == "down"
    back = a_plan(plan.output_dir, a_route(gateway.port))
    assert health.glance(back, last(back, health="down"), True)[0].health == "untested"
    assert health.glance(back, last(back), True)[0].health == "ok"


def test_a_glance_at_a_stopped_gateway_says_so(plan: Plan) -> None:
    found, _ = health.glance(plan, last(plan), False)
    assert (found.health, found.hint) == ("down", "ai-gateway start")


def test_a_result_is_plain_json() -> None:
    document = health.untested(a_route(1)).as_document()
    assert json.loads(json.dumps(document)) == document
    assert set(document) >= {"name", "path", "model", "upstream", "health"}


def refused_by_upstream(code: str, detail: str = "") -> Answer:
    """The gateway's own error as it is for a chat."""
    error = {"message": detail, "type": "upstream_error", "code": code, "param": None}
    return as_json({"message": "x", "request_id": "1", "error": error}, 502)


@pytest.mark.parametrize(
    ("said", "detail", "code"),
    [
        ("upstream_refused", "", "refused"),
        ("upstream_dns", "", "dns"),
        ("upstream_unreachable", "", "offline"),
        ("upstream_connect_timeout", "", "silent"),
        ("upstream_timeout", "", "silent"),
        ("upstream_closed", "", "closed"),
        ("upstream_protocol", "", "server_wrong"),
        ("upstream_tls", "x: its certificate is not trusted: certificate has expired", "tls_expired"),
        ("upstream_tls", "x: its certificate is not trusted: Hostname mismatch, certificate is not", "tls_name"),
        ("upstream_tls", "x: its certificate is not trusted: self-signed certificate", "tls_untrusted"),
        ("upstream_tls", "x: no TLS connection: WRONG_VERSION_NUMBER", "tls_broken"),
    ],
)
def test_the_gateways_own_word_decides(said: str, detail: str, code: str, gateway: Gateway, plan: Plan) -> None:
    gateway.says = refused_by_upstream(said, detail)
    found = health.probe(plan, a_route(1, shown_upstream="api.example.com"))
    assert (found.health, found.code) == ("down", code)
    assert "api.example.com" in found.message and found.hint


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("upstream_refused", "reach_loopback", "--host"),
        ("upstream_dns", "reach_name", "docker version"),
        ("upstream_connect_timeout", "reach_firewall", "docker0"),
    ],
)
def test_what_this_machine_reaches_and_the_container_does_not(
    said: str, code: str, words: str, gateway: Gateway, plan: Plan
) -> None:
    gateway.says = refused_by_upstream(said)
    url = f"http://host.docker.internal:{gateway.port}/v1/chat/completions"
    found = health.probe(plan, a_route(gateway.port, upstream_url=url))
    assert (found.health, found.code) == ("down", code)
    assert words in found.hint and "--runtime process" in found.hint
