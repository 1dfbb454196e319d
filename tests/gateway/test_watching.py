"""Watched requests: the answer is the same, and what happened on the way is known, without any key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway
from support.recorded import RecordedGateway, chat_route

from gateway.values import UpstreamError

CANARY = "canary-17"
CHAT = {"messages": [{"role": "user", "content": "hello"}]}
SAID = {
    "model": "gpt-6-luna",
    "choices": [{"message": {"role": "assistant", "content": "a secret answer"}}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
}
ANSWER = Answer(200, {"Content-Type": "application/json", "Set-Cookie": CANARY}, json.dumps(SAID).encode())
DECORATOR = {
    "name": "ai-prompt-decorator",
    "config": {"prompts": {"prepend": [{"role": "system", "content": "be kind"}]}},
}
EVENTS = [
    b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
    b'data: {"choices":[{"delta":{"content":"b"}}]}\n\n',
    b"data: [DONE]\n\n",
]


def watched(*plugins: dict[str, Any], bodies: bool = False, **more: Any) -> RecordedGateway:
    gateway = RecordedGateway(chat_route(*plugins, **more))
    gateway.watch(bodies)
    return gateway


def steps(gateway: RecordedGateway) -> dict[str, list[dict[str, Any]]]:
    return {step["plugin"]: step["changes"] for step in gateway.last()["watched"]["steps"] if step["phase"] == "access"}


@pytest.mark.parametrize("answer", [ANSWER, Answer(500, {}, b"no"), Answer(error=UpstreamError("refused", "x", False))])
@pytest.mark.parametrize("body", [CHAT, {"messages": []}, b"no json"])
def test_watching_changes_nothing_for_anybody(answer: Answer, body: Any) -> None:
    plain = Gateway(chat_route(DECORATOR)).ask("POST", "/chat", {}, body, answer=answer)
    seen = watched(DECORATOR).ask("POST", "/chat", {}, body, answer=answer)
    assert (seen.status, seen.body) == (plain.status, plain.body)
    assert [(one.path, one.body) for one in seen.attempts] == [(one.path, one.body) for one in plain.attempts]


def test_what_each_plugin_changed() -> None:
    gateway = watched(DECORATOR, {"name": "correlation-id", "config": {"header_name": "X-Trace", "generator": "uuid"}})
    gateway.ask("POST", "/chat", {}, CHAT, answer=ANSWER)
    found = steps(gateway)
    assert list(found) == ["correlation-id", "ai-prompt-decorator", "ai-proxy"], "in the order they ran"
    assert found["correlation-id"][0]["what"] == "request header" and found["correlation-id"][0]["path"] == "x-trace"
    paths = [change["path"] for change in found["ai-prompt-decorator"]]
    assert "messages[1]" in paths
    assert {"what": "body", "path": "model", "after": "gpt-6-luna"} in found["ai-proxy"]
    assert {"what": "upstream", "after": "http://upstream.test:80"} in found["ai-proxy"]


def test_what_the_provider_got_without_the_key() -> None:
    gateway = watched()
    gateway.ask("POST", "/chat", {"X-Team": "red"}, CHAT, answer=ANSWER)
    (sent,) = gateway.last()["watched"]["sent"]
    assert sent["method"] == "POST" and sent["url"] == "http://upstream.test:80/v1/chat/completions"
    headers = {name.lower(): value for name, value in sent["headers"]}
    assert headers["authorization"] == "REDACTED" and headers["x-team"] == "red"
    assert CANARY not in json.dumps(gateway.last())


@pytest.mark.parametrize(
    "auth",
    [
        {"header_name": "X-My-Own", "header_value": f"sk-{CANARY}"},
        {"param_name": "k", "param_value": f"sk-{CANARY}", "param_location": "query"},
        {"param_name": "k", "param_value": f"sk-{CANARY}", "param_location": "body"},
    ],
)
@pytest.mark.parametrize("bodies", [False, True])
def test_a_key_is_covered_wherever_it_goes(auth: dict[str, Any], bodies: bool) -> None:
    if "param_name" in auth:
        auth = {"header_name": None, "header_value": None, **auth}
    gateway = watched(bodies=bodies, **auth)
    told = gateway.ask("POST", "/chat", {}, CHAT, answer=ANSWER)
    assert CANARY in str(told.sent.headers) + told.sent.path + told.sent.body.decode(), "it did go upstream"
    assert CANARY not in json.dumps(gateway.last())


def test_bodies_only_when_they_are_asked_for() -> None:
    without, with_bodies = watched(DECORATOR), watched(DECORATOR, bodies=True)
    for gateway in (without, with_bodies):
        gateway.ask("POST", "/chat", {}, CHAT, answer=ANSWER)
    text = json.dumps(without.last())
    assert "hello" not in text and "be kind" not in text and "a secret answer" not in text
    bodies = with_bodies.last()["watched"]["bodies"]
    assert json.loads(bodies["client"]) == CHAT
    assert json.loads(bodies["upstream"])["messages"][0]["content"] == "be kind"
    assert json.loads(bodies["came"]) == SAID and json.loads(bodies["answer"]) == SAID


def test_the_timeline_of_a_stream() -> None:
    gateway = watched()
    exchange = gateway.exchange("POST", "/chat", {}, {**CHAT, "stream": True})
    exchange.start()
    gateway.runtime.pass_time(0.1)
    exchange.head(200, b"", [(b"Content-Type", b"text/event-stream")])
    for event in EVENTS:
        gateway.runtime.pass_time(0.05)
        exchange.data(event)
    exchange.end()
    exchange.finish(200, 10, False)
    seen = gateway.last()["watched"]
    assert seen["came"]["ms"] == 100.0
    assert [piece[0] for piece in seen["pieces"][:3]] == [150.0, 200.0, 250.0]
    assert [piece[1] for piece in seen["pieces"][:3]] == [len(event) for event in EVENTS]


def test_a_plugin_that_answers_itself() -> None:
    gateway = watched({"name": "request-termination", "config": {"status_code": 403, "message": "no"}})
    assert gateway.ask("POST", "/chat", {}, CHAT).status == 403
    last = gateway.last()["watched"]["steps"][-1]
    assert (last["plugin"], last["answered"]) == ("request-termination", 403)


def test_an_upstream_that_fails_is_in_the_story() -> None:
    gateway = watched()
    gateway.ask("POST", "/chat", {}, CHAT, answer=Answer(error=UpstreamError("refused", "upstream.test:80", False)))
    sent = gateway.last()["watched"]["sent"]
    assert sent[-1]["failed"] == "refused"


def test_consumers_found_on_the_way_still_choose_their_plugins() -> None:
    declarative = chat_route({"name": "key-auth"})
    declarative["consumers"] = [
        {
            "username": "al",
            "keyauth_credentials": [{"key": CANARY}],
            "plugins": [{"name": "request-termination", "config": {"status_code": 418, "message": "al"}}],
        }
    ]
    gateway = RecordedGateway(declarative)
    gateway.watch()
    assert gateway.ask("POST", "/chat", {"apikey": CANARY}, CHAT).status == 418
    found = gateway.last()
    assert found["consumer"] == "al" and CANARY not in json.dumps(found)
    assert {"what": "consumer", "after": "al"} in steps(gateway)["key-auth"]
