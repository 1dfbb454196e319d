"""Dev Portal and Files API."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from support.admin_api import Admin, Answer, read, request

from gateway.admin.pages import Pages

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
                                "auth": {"header_name": "Authorization", "header_value": "Bearer sk-canary"},
                                "model": {"provider": "openai", "name": "gpt-4o"},
                            },
                        }
                    ],
                },
                {"name": "odd", "paths": ["/<script>alert(1)</script>"], "headers": {"x": ["\"'><b>"]}},
            ],
        }
    ],
    "consumers": [{"username": "al", "keyauth_credentials": [{"key": "key-canary"}]}],
}
PAGES = ("portal",)


def ask(
    which: str, target: str = "/", method: str = "GET", headers: dict[str, str] | None = None, **more: Any
) -> Answer:
    admin = Admin(more.pop("document", DOCUMENT), **more)
    pages = Pages(admin.store, admin.settings, admin.guard)
    return read(getattr(pages, which)(request(method, target, None, headers, host="localhost:8002")))


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src", "action")]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("which", PAGES)
def test_a_page_shows_how_to_call_every_route(which: str) -> None:
    text = ask(which).body
    assert "openai-chat" in text and "gpt-4o" in text
    assert "curl -sS -X POST &#x27;http://127.0.0.1:8000/openai/chat&#x27;" in text


def test_what_is_behind_a_route_is_not_shown() -> None:
    assert "api.openai.com" not in ask("portal").body


@pytest.mark.parametrize("which", PAGES)
def test_a_page_is_well_formed_without_scripts_and_asks_nobody_else(which: str) -> None:
    answer = ask(which)
    links = Links(answer.body)
    assert not links.open and "script" not in links.tags and "b" not in links.tags
    assert links.links[0] == "style.css"
    assert all(link == "style.css" or link.startswith("http://127.0.0.1:") for link in links.links)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'") and "unsafe" not in policy
    assert ask(which, "/style.css").headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize(("which", "target"), [("portal", "/"), ("files", "/files/openapi.json")])
def test_no_secret_is_shown(which: str, target: str) -> None:
    assert "canary" not in str(ask(which, target))


def test_the_files_api_lists_and_serves_one_document() -> None:
    (row,) = ask("files", "/files").body["data"]
    assert row["path"] == "openapi.json"
    admin = Admin(DOCUMENT)
    reply = Pages(admin.store, admin.settings, admin.guard).files(
        request("GET", "/files/openapi.json", host="localhost")
    )
    assert len(reply.body) == row["size"] and hashlib.sha256(reply.body).hexdigest() == row["checksum"]
    assert "/openai/chat" in json.loads(reply.body)["paths"]


def test_a_change_is_seen_at_once() -> None:
    admin = Admin(DOCUMENT)
    pages = Pages(admin.store, admin.settings, admin.guard)
    admin.ask("PATCH", "/routes/openai-chat", {"name": "renamed"})
    assert "renamed" in read(pages.portal(request("GET", "/", host="localhost:8002"))).body


@pytest.mark.parametrize("which", ["portal", "files"])
def test_what_is_refused(which: str) -> None:
    assert ask(which, "/nowhere").status == 404
    assert ask(which, "/", "POST").status == 405
    assert ask(which, "/", headers={"Origin": "https://evil.test"}).status == 403


def test_readers_need_no_token() -> None:
    assert ask("portal", admin_token="s3cret").status == 200


def test_an_empty_gateway_says_so() -> None:
    assert "There are no routes yet." in ask("portal", document={}).body
