"""The Manager through a tunnel, behind a token, with another address for clients, and over TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import chromium
from support.articles import Articles
from support.certificates import make_authority, make_certificate
from support.gateway_process import ask, free_ports
from support.tunnel import Tunnel

TOKEN = "s3cret-token-of-the-owner"


def test_a_remapped_port_changes_nothing(browser: Any, articles: Articles) -> None:
    with Tunnel(articles.gateway.ports["ADMIN_GUI"]) as tunnel:
        url = f"http://localhost:{tunnel.port}"
        with chromium.opened(browser, url) as (page, _):
            page.goto(f"{url}/#/services/openai-chat-api")
            page.get_by_label("Path", exact=True).fill("/through/the/tunnel")
            page.get_by_role("button", name="Save changes").click()
            page.locator("#voice", has_text="Saved").wait_for(state="attached")
            page.goto(f"{url}/#/routes/openai-api_openai-chat")
            page.get_by_role("button", name="Test", exact=False).first.click()
            page.locator("[data-outcome]").wait_for()
    assert articles.admin("GET", "/services/openai-chat-api").json["path"] == "/through/the/tunnel"


def test_the_address_of_clients_can_be_said(browser: Any, articles: Articles) -> None:
    with chromium.opened(browser, articles.manager) as (page, _):
        page.get_by_role("button", name="Another address").click()
        page.get_by_label("Clients call").fill("no address")
        page.get_by_role("button", name="Use it").click()
        page.get_by_role("alert").wait_for()
        page.get_by_label("Clients call").fill("https://ai.example.test:18443/")
        page.get_by_role("button", name="Use it").click()
        page.goto(f"{articles.manager}/#/routes/openai-api_openai-chat")
        told = page.get_by_role("tabpanel").locator("pre").inner_text()
        assert "https://ai.example.test:18443/openai/chat" in told and articles.address("PROXY") not in told


def test_with_a_token_the_browser_asks_for_it(browser: Any, tmp_path: Path) -> None:
    with Articles(tmp_path, KONG_ADMIN_TOKEN=TOKEN) as articles:
        assert ask(articles.gateway.ports["ADMIN_GUI"], "GET", "/").status == 401
        assert ask(articles.gateway.ports["ADMIN_GUI"], "GET", "/manager/routes").status == 401
        credentials = {"username": "owner", "password": TOKEN}
        with chromium.opened(browser, articles.manager, http_credentials=credentials) as (page, watch):
            watch.expected.append("401")
            page.goto(f"{articles.manager}/#/routes")
            page.get_by_role("link", name="openai-api_openai-chat").click()
            page.get_by_role("button", name="Test", exact=False).first.click()
            page.locator("[data-outcome=ok]").wait_for()
            assert TOKEN not in page.content()


def test_over_tls(browser: Any, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, make_authority(tmp_path))
    (port,) = free_ports(1)
    settings = {
        "KONG_ADMIN_GUI_LISTEN": f"127.0.0.1:{port} ssl",
        "KONG_SSL_CERT": str(certificate),
        "KONG_SSL_CERT_KEY": str(key),
    }
    with (
        Articles(tmp_path, **settings),
        chromium.opened(browser, f"https://127.0.0.1:{port}", ignore_https_errors=True) as (page, _),
    ):
        page.locator("article").first.wait_for()
        page.get_by_role("article", name="openai-api_openai-chat").get_by_role("button", name="Test").click()
        page.locator("[data-outcome=ok]").wait_for()
