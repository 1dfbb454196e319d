"""The Dev Portal in a browser: for those who call the gateway."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from support import chromium
from support.articles import ALICE, Articles
from support.gateway_process import ask


@pytest.fixture
def portal(browser: Any, articles: Articles) -> Iterator[Any]:
    with chromium.opened(browser, articles.portal) as (page, watch):
        page.watch = watch
        page.locator("details").first.wait_for()
        yield page


def entry(page: Any, name: str) -> Any:
    found = page.locator("details", has=page.get_by_role("heading", name=name, exact=True))
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    return found


def test_a_snippet_works_as_it_stands(portal: Any, articles: Articles) -> None:
    openai = entry(portal, "openai-api_openai-chat")
    assert "gpt-6-luna" in openai.inner_text()
    command = openai.locator("pre").first.inner_text()
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert json.loads(run.stdout)["choices"]


def test_trying_a_route(portal: Any, articles: Articles) -> None:
    openai = entry(portal, "openai-api_openai-chat")
    openai.get_by_role("tab", name="Try it").click()
    openai.get_by_label("Body").fill('{"messages": [{"role": "user", "content": "from the portal"}], "stream": true}')
    openai.get_by_role("button", name="Send").click()
    openai.get_by_text("status 200").wait_for()
    assert "from the portal" in openai.locator("pre").inner_text()
    assert articles.openai.last.json["stream"] is True


def test_a_route_that_wants_a_key(portal: Any, articles: Articles) -> None:
    private = entry(portal, "private")
    assert "ask whoever runs this gateway" in private.inner_text()
    private.get_by_role("tab", name="Try it").click()
    private.get_by_role("button", name="Send").click()
    private.get_by_text("status 401").wait_for()
    private.get_by_label("apikey").fill(ALICE)
    private.get_by_role("button", name="Send").click()
    private.get_by_text("status 200").wait_for()


def test_the_portal_tells_nothing_of_the_inside(portal: Any, articles: Articles) -> None:
    for name in ("openai-api_openai-chat", "private"):
        entry(portal, name)
    for word in (f"127.0.0.1:{articles.openai.port}", "vault://", "openai-chat-api", ALICE):
        assert word not in portal.content()


def test_the_documents_are_the_live_configuration(portal: Any, articles: Articles) -> None:
    assert (
        portal.get_by_role("link", name="openapi.json").get_attribute("href") == f"{articles.files}/files/openapi.json"
    )
    port = articles.gateway.ports["PORTAL_API"]
    described = ask(port, "GET", "/files/openapi.json").json
    assert described["servers"] == [{"url": articles.address("PROXY")}]
    assert set(described["paths"]) >= {"/openai/chat", "/cohere/chat", "/private"}
    assert ask(port, "GET", "/files").json["data"][0]["path"] == "openapi.json"
