"""The Manager's listener: its files, the Admin API below it, what only its pages ask for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from support.admin_api import Admin, Answer, read, request

from gateway.admin.manager import Manager
from gateway.admin.relay import Relay
from gateway.settings import Listener
from gateway.values import Fetch, Fetched, Reply

CANARY = "sk-canary-5f2c"
DOCUMENT: dict[str, Any] = {
    "services": [
        {
            "name": "openai-api",
            "url": "https://api.openai.com/",
            "routes": [
                {
                    "name": "openai-chat",
                    "paths": ["~/openai/chat$"],
                    "methods": ["POST"],
                    "plugins": [
                        {
                            "name": "ai-proxy",
                            "config": {
                                "route_type": "llm/v1/chat",
                                "auth": {"header_name": "Authorization", "header_value": f"Bearer {CANARY}"},
                                "model": {"provider": "openai", "name": "gpt-4o"},
                            },
                        }
                    ],
                }
            ],
        }
    ],
}
HOST = "localhost:8002"


class Bench:
    def __init__(self, document: dict[str, Any] | None = None, **settings: Any) -> None:
        self.admin = Admin(DOCUMENT if document is None else document, **settings)
        self.asked: list[Fetch] = []
        self.told: list[Any] = []  # what the workers answer
        self.questions: list[dict[str, Any]] = []
        self.watched: list[bool] = []
        self.manager = Manager(
            self.admin.api,
            ask=self._ask,
            resolve=lambda text: "resolved",
            recall=self._recall,
            watch=self.watched.append,
            clock=lambda: 1.0,
        )

    async def _recall(self, question: dict[str, Any]) -> list[Any]:
        self.questions.append(question)
        return self.told

    async def _ask(self, fetch: Fetch) -> Fetched:
        self.asked.append(fetch)
        return Fetched(200, [], b'{"data": [{"id": "gpt-6-luna"}, {"id": "text-embedding-3"}]}')

    def handle(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        outcome = self.manager.handle(request(method, target, body, headers, host=HOST))
        if isinstance(outcome, (Reply, Relay)):
            return outcome

        async def wait() -> Reply:
            return await outcome

        return asyncio.run(wait())

    def ask(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        reply = self.handle(method, target, body, headers)
        assert isinstance(reply, Reply)
        return read(reply)


def test_the_page_and_its_modules_are_served() -> None:
    bench = Bench()
    page = bench.ask("GET", "/")
    assert page.status == 200 and '<script type="module" src="app.js">' in page.body
    assert bench.ask("GET", "/app.js").headers["Content-Type"].startswith("text/javascript")
    assert bench.ask("GET", "/vendor/preact.mjs").status == 200
    assert bench.ask("GET", "/nowhere").status == 404
    assert bench.ask("POST", "/").status == 405


def test_the_admin_api_is_below_the_same_origin() -> None:
    bench = Bench()
    assert bench.ask("GET", "/api").body["version"]
    assert bench.ask("GET", "/api/services/openai-api").body["host"] == "api.openai.com"
    assert bench.ask("GET", "/api/services?size=1").body["data"]
    changed = bench.ask("PATCH", "/api/services/openai-api", {"host": "other.test"})
    assert changed.body["host"] == "other.test"
    assert bench.admin.get("/services/openai-api").body["host"] == "other.test"
    assert bench.ask("GET", "/api/nowhere").body == {"message": "Not found"}


FOREIGN = [
    {"Origin": "https://evil.test"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Host": "evil.test"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/api/services"),
        ("POST", "/api/services"),
        ("GET", "/manager/routes"),
        ("POST", "/manager/models"),
        ("POST", "/manager/relay"),
        ("POST", "/manager/requests"),
        ("GET", "/manager/requests/x"),
        ("GET", "/manager/activity"),
    ],
)
def test_a_foreign_page_gets_nothing(headers: dict[str, str], method: str, target: str) -> None:
    bench = Bench()
    body = {"path": "/", "method": "GET", "config": {}} if method == "POST" else None
    assert bench.ask(method, target, body, headers).status == 403
    assert not bench.asked and not bench.questions and not bench.watched


def test_our_own_pages_are_let_in() -> None:
    bench = Bench()
    assert bench.ask("GET", "/manager/routes", headers={"Origin": f"http://{HOST}"}).status == 200


@pytest.mark.parametrize("target", ["/", "/api/services", "/manager/routes"])
def test_the_token_is_asked_for_when_there_is_one(target: str) -> None:
    bench = Bench(admin_token="s3cret")
    refused = bench.ask("GET", target)
    assert refused.status == 401 and refused.headers["WWW-Authenticate"].startswith("Basic")
    assert bench.ask("GET", target, headers={"Authorization": "Bearer s3cret"}).status == 200


def test_the_routes_are_told_and_no_secret() -> None:
    bench = Bench(proxy_listen=(Listener("0.0.0.0", 8010),))
    listed = bench.ask("GET", "/manager/routes")
    (route,) = listed.body["routes"]
    assert (route["name"], route["title"], route["model"], route["method"]) == (
        "openai-chat",
        "OpenAI",
        "gpt-4o",
        "POST",
    )
    assert route["body"]["messages"] and route["limit"] == "max_tokens"
    one = bench.ask("GET", f"/manager/routes/{route['id']}")
    assert one.body == {**route, "snippets": one.body["snippets"]}
    assert "http://localhost:8010/openai/chat" in one.body["snippets"]["curl"]
    assert one.body["snippets"]["decK"].startswith("_format_version")
    assert CANARY not in json.dumps([listed.body, one.body])
    assert listed.headers["Cache-Control"] == "no-store"
    assert bench.ask("GET", "/manager/routes/nobody").status == 404


def test_what_the_node_is() -> None:
    told = Bench(proxy_listen=(Listener("0.0.0.0", 8010),)).ask("GET", "/manager/about").body
    assert told["proxy"] == "http://localhost:8010" and told["counts"]["services"] == 1
    assert Bench(proxy_listen=()).ask("GET", "/manager/about").body["proxy"] == ""


def test_the_live_models_are_asked_for_by_the_gateway() -> None:
    bench = Bench()
    config = DOCUMENT["services"][0]["routes"][0]["plugins"][0]["config"]
    answer = bench.ask("POST", "/manager/models", {"config": config})
    assert answer.body == {"models": ["gpt-6-luna"], "url": "https://api.openai.com/v1/models", "problem": ""}
    assert f"Bearer {CANARY}".encode() in bench.asked[0].head
    assert bench.ask("POST", "/manager/models", {}).status == 400


def test_a_request_is_relayed_to_the_proxy_and_nowhere_else() -> None:
    relay = Bench(proxy_listen=(Listener("0.0.0.0", 8010),)).handle("POST", "/manager/relay", {"path": "/openai/chat"})
    assert isinstance(relay, Relay)
    origin = relay.start().origin
    assert (origin.host, origin.port) == ("127.0.0.1", 8010)


@pytest.mark.parametrize("target", ["/manager/relay", "/manager/models", "/manager/requests"])
def test_only_json_is_read(target: str) -> None:
    bench = Bench()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert bench.ask("POST", target, '{"path": "/"}', {"Content-Type": kind}).status == 415
    assert bench.ask("POST", target, "{", {"Content-Type": "application/json"}).status == 400
    assert bench.ask("GET", target).status == 405


def test_without_a_proxy_there_is_nothing_to_relay_to() -> None:
    answer = Bench(proxy_listen=()).ask("POST", "/manager/relay", {"path": "/"})
    assert answer.status == 409 and "KONG_PROXY_LISTEN" in answer.body["message"]


@pytest.mark.parametrize("target", ["/manager", "/manager/x", "/manager/about/x"])
def test_other_names_are_not_found(target: str) -> None:
    assert Bench().ask("GET", target).status == 404


def test_requests_are_watched_only_while_somebody_asks_for_it() -> None:
    bench = Bench()
    bench.told = [[{"id": "a", "started": 1.0}], [{"id": "b", "started": 2.0}]]
    answer = bench.ask("POST", "/manager/requests", {"since": 5.5})
    assert [row["id"] for row in answer.body["requests"]] == ["b", "a"]
    assert bench.questions == [{"what": "recent", "since": 5.5}] and not bench.watched
    bench.ask("POST", "/manager/requests", {"watch": True})
    bench.ask("POST", "/manager/requests", {"watch": True, "bodies": True})
    assert bench.watched == [False, True]


def test_one_request() -> None:
    bench = Bench()
    bench.told = [None, {"id": "a"}]
    assert bench.ask("GET", "/manager/requests/a").body == {"id": "a"}
    bench.told = [None]
    assert bench.ask("GET", "/manager/requests/a").status == 404


def test_activity() -> None:
    bench = Bench()
    bench.told = [{"cells": [], "last": {"r": [1.0, 200, ""]}}]
    answer = bench.ask("GET", "/manager/activity?since=7")
    assert answer.body["routes"]["r"]["state"] == "ok" and bench.questions[0]["since"] == 7
    assert bench.ask("GET", "/manager/activity?since=x").status == 200
