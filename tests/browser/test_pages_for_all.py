"""Every page, in light and dark, wide and 360 px narrow: axe-core finds nothing, nothing is cut off, nobody else is
asked, and no rule of the policy is broken (the watch of every page checks the last two)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from support import chromium
from support.articles import Articles
from support.chromium import keep

ROUTE = "openai-api_openai-chat"
PAGES = {
    "overview": ("#/", "article"),
    "routes": ("#/routes", "table"),
    "route": (f"#/routes/{ROUTE}", "#ai"),
    "new-route": ("#/routes/new", "form"),
    "services": ("#/services", "table"),
    "service": ("#/services/openai-chat-api", "form"),
    "plugins": ("#/plugins", "table"),
    "new-plugin": ("#/plugins/new?name=ai-rate-limiting-advanced", "form"),
    "advanced-plugin": ("#/plugins/new?name=ai-proxy-advanced", "form"),
    "consumers": ("#/consumers", "table"),
    "consumer": ("#/consumers/alice", "form"),
    "upstreams": ("#/upstreams", "main .card"),
    "playground": ("#/playground", "#prompt"),
    "requests": ("#/requests", "table"),
    "limits": ("#/limits", "table"),
    "lost": ("#/nowhere", "h1"),
}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 740}},
    "narrow-dark": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDER = """[...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1
    && !one.closest('.scroll, pre, .hidden') && !one.matches('option, datalist'))
    .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def busy(articles: Articles) -> Articles:
    """A gateway that has something to show."""
    for _ in range(8):
        articles.chat("openai")
    articles.chat("mistral")
    articles.chat("cohere")
    return articles


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest, browser: Any, busy: Articles) -> Iterator[tuple[str, Any]]:
    with chromium.opened(browser, busy.manager, **LOOKS[request.param]) as (page, watch):
        page.watch = watch
        yield request.param, page


def judge(page: Any, name: str) -> None:
    found = Axe().run(page, options={"runOnly": RULES})
    told = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
    ]
    assert not told, f"{name}: {json.dumps(told, indent=1)}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
    assert not page.evaluate(WIDER), name


def test_every_page(look: tuple[str, Any], busy: Articles) -> None:
    which, page = look
    for name, (place, ready) in PAGES.items():
        page.goto(f"{busy.manager}/{place}")
        page.locator(ready).first.wait_for()
        page.wait_for_load_state("networkidle")
        for fold in page.locator("details.more > summary").all():
            fold.click()
        judge(page, f"{name} ({which})")
        keep(page, f"{name}-{which}")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(", "))) < 200) == ("dark" in which)


def test_forms_with_changes_and_errors(look: tuple[str, Any], busy: Articles) -> None:
    which, page = look
    page.watch.expected.append("400 (Bad Request)")
    page.goto(f"{busy.manager}/#/services/openai-chat-api")
    port = page.get_by_label("Port", exact=True)
    port.fill("99999")
    page.get_by_role("button", name="Save changes").click()
    page.locator("[aria-invalid=true]").wait_for()
    judge(page, f"an error ({which})")
    keep(page, f"error-{which}")
    page.get_by_role("button", name="Discard").click()


def test_one_request(look: tuple[str, Any], busy: Articles) -> None:
    which, page = look
    page.goto(f"{busy.manager}/#/requests")
    with page.expect_response(lambda answer: '"bodies":true' in (answer.request.post_data or "")):
        page.get_by_text("with prompts and answers").click()
    busy.chat("cohere")
    page.locator("tr", has_text="404").locator("a").first.click()
    page.get_by_role("heading", name="The client sent").wait_for()
    for fold in page.locator("main details > summary").all():
        fold.click()
    judge(page, f"a request ({which})")
    keep(page, f"request-{which}")


def test_the_portal(browser: Any, busy: Articles) -> None:
    for which, options in LOOKS.items():
        with chromium.opened(browser, busy.portal, **options) as (page, _):
            page.locator("details").first.wait_for()
            page.get_by_role("tab", name="Try it").first.click()
            judge(page, f"portal ({which})")
            keep(page, f"portal-{which}")


def test_the_theme_can_be_chosen_and_stays(browser: Any, busy: Articles) -> None:
    with chromium.opened(browser, busy.manager, color_scheme="light") as (page, _):
        page.get_by_label("Colours").select_option("dark")
        dark = "getComputedStyle(document.body).backgroundColor"
        chosen = page.evaluate(dark)
        page.reload()
        page.locator("article").first.wait_for()
        assert page.evaluate(dark) == chosen and page.evaluate("document.documentElement.dataset.theme") == "dark"
