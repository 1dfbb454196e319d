"""Dev Portal and Files API."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import pytest
import yaml
from support.admin_api import Admin, Answer, read, request

from gateway.admin.pages import Pages
from gateway.admin.relay import Relay
from gateway.settings import Listener
from gateway.values import Reply

CANARIES = ("sk-canary", "key-canary", "api.openai.com", "openai-api")
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
                    "headers": {"x-team": ["red"]},
                    "plugins": [
                        {
                            "name": "ai-proxy",
                            "config": {
                                "route_type": "llm/v1/chat",
                                "auth": {"header_name": "Authorization", "header_value": "Bearer sk-canary"},
                                "model": {"provider": "openai", "name": "gpt-4o"},
                            },
                        },
                        {"name": "key-auth"},
                    ],
                },
                {"name": "pattern", "paths": ["~/(a|b)$"]},
                {
                    "name": "inside",
                    "paths": ["/inside"],
                    "plugins": [{"name": "ip-restriction", "config": {"allow": ["10.0.0.0/8"]}}],
                },
            ],
        }
    ],
    "consumers": [{"username": "al", "keyauth_credentials": [{"key": "key-canary"}]}],
}


class Bench:
    def __init__(self, document: dict[str, Any] | None = None, **settings: Any) -> None:
        self.admin = Admin(DOCUMENT if document is None else document, **settings)
        self.pages = Pages(self.admin.store, self.admin.settings, self.admin.guard, lambda: 1.0)

    def raw(self, which: str, target: str, method: str = "GET", body: Any = None, **headers: str) -> Reply | Relay:
        asked = request(method, target, body, {name.replace("_", "-"): text for name, text in headers.items()})
        asked.fields[b"host"] = headers.get("host", "localhost:8003").encode()
        asked.client = self.client
        outcome = getattr(self.pages, which)(asked)
        if isinstance(outcome, Reply | Relay):
            return outcome

        async def wait() -> Reply | Relay:
            found: Reply | Relay = await outcome
            return found

        return asyncio.run(wait())

    client = "127.0.0.1"

    def ask(self, which: str, target: str = "/", method: str = "GET", body: Any = None, **headers: str) -> Answer:
        reply = self.raw(which, target, method, body, **headers)
        assert isinstance(reply, Reply)
        return read(reply)

    def route(self, name: str) -> str:
        rows = self.admin.store.config.collections["routes"].values()
        return next(str(row["id"]) for row in rows if row["name"] == name)

    def attempt(self, name: str, **asked: Any) -> Answer | Relay:
        reply = self.raw("portal", "/try", "POST", {"route": self.route(name), **asked})
        return reply if isinstance(reply, Relay) else read(reply)


def test_the_portal_and_the_modules_that_it_shares() -> None:
    bench = Bench()
    assert '<script type="module" src="app.js">' in bench.ask("portal").body
    for target in ("/app.js", "/kit/html.js", "/vendor/preact.mjs", "/style/base.css", "/portal.css", "/mark.svg"):
        answer = bench.ask("portal", target)
        assert answer.status == 200 and "default-src 'none'" in answer.headers["Content-Security-Policy"], target
    for target in ("/pages/plugins.js", "/form/entity.js", "/api/services", "/manager/routes", "/nowhere"):
        assert bench.ask("portal", target).status == 404, "only the Manager has these"


def test_routes_are_told_as_their_callers_may_know_them() -> None:
    told = Bench(proxy_listen=(Listener("0.0.0.0", 8010),)).ask("portal", "/routes.json").body
    assert told["base"] == "http://localhost:8010"
    route = next(route for route in told["routes"] if route["name"] == "openai-chat")
    assert (route["title"], route["models"][0]["name"], route["key_header"]) == ("OpenAI", "gpt-4o", "apikey")
    assert "http://localhost:8010/openai/chat" in route["snippets"]["curl"] and "decK" not in route["snippets"]
    assert not [word for word in CANARIES if word in json.dumps(told)]


def test_a_change_is_seen_at_once() -> None:
    bench = Bench()
    bench.admin.ask("PATCH", "/routes/openai-chat", {"name": "renamed"})
    assert "renamed" in json.dumps(bench.ask("portal", "/routes.json").body)


def test_trying_a_route_sends_what_is_listed_and_nothing_else() -> None:
    relay = Bench().attempt(
        "openai-chat", body='{"messages":[]}', key="mine", path="/elsewhere", headers={"X-Evil": "1"}
    )
    assert isinstance(relay, Relay)
    forward = relay.start()
    head = forward.head.decode()
    assert head.startswith("POST /openai/chat HTTP/1.1\r\n")
    assert "apikey: mine" in head and "x-team: red" in head and "X-Evil" not in head
    assert (forward.origin.host, forward.origin.port, forward.body) == ("127.0.0.1", 8000, b'{"messages":[]}')


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("pattern", {}, 404),
        ("inside", {}, 403),
        ("openai-chat", {"route": "nobody"}, 404),
        ("openai-chat", {"body": 1}, 400),
    ],
)
def test_what_cannot_be_tried(name: str, asked: dict[str, Any], status: int) -> None:
    answer = Bench().attempt(name, **asked)
    assert isinstance(answer, Answer) and answer.status == status and answer.body["message"]


def test_a_proxy_for_this_machine_alone_is_not_opened_to_others_by_the_portal() -> None:
    bench = Bench()
    bench.client = "10.0.0.9"
    answer = bench.attempt("openai-chat")
    assert isinstance(answer, Answer) and answer.status == 403
    opened = Bench(proxy_listen=(Listener("0.0.0.0", 8000),))
    opened.client = "10.0.0.9"
    assert isinstance(opened.attempt("openai-chat"), Relay)


def test_only_json_is_tried() -> None:
    bench = Bench()
    assert bench.ask("portal", "/try", "POST", "route=x", Content_Type="text/plain").status == 415
    assert bench.ask("portal", "/try").status == 405


def test_the_files_are_listed_and_served() -> None:
    bench = Bench()
    rows = bench.ask("files", "/files").body["data"]
    assert [row["path"] for row in rows] == ["openapi.json", "openapi.yaml", "routes.md"]
    for row in rows:
        reply = bench.raw("files", f"/files/{row['path']}")
        assert isinstance(reply, Reply)
        assert len(reply.body) == row["size"] and hashlib.sha256(reply.body).hexdigest() == row["checksum"]
        assert f"Content-Type: {row['content_type']}\r\n".encode() in reply.block
        assert not [word for word in CANARIES if word.encode() in reply.body]
    described = bench.ask("files", "/files/openapi.json").body
    assert described["openapi"] == "3.1.0" and "/openai/chat" in described["paths"]
    assert yaml.safe_load(bench.ask("files", "/files/openapi.yaml").body) == described
    assert "curl -sS -X POST" in bench.ask("files", "/files/routes.md").body


@pytest.mark.parametrize("which", ["portal", "files"])
def test_what_is_refused(which: str) -> None:
    bench = Bench()
    assert bench.ask(which, "/nowhere").status == 404
    assert bench.ask(which, "/", "POST").status == 405
    assert bench.ask(which, "/", Origin="https://evil.test").status == 403
    assert bench.ask(which, "/", host="evil.test").status == 403


def test_readers_need_no_token() -> None:
    assert Bench(admin_token="s3cret").ask("portal").status == 200


def test_an_empty_gateway_says_so() -> None:
    bench = Bench(document={})
    assert bench.ask("portal", "/routes.json").body["routes"] == []
    assert bench.ask("files", "/files/openapi.json").body["paths"] == {}
