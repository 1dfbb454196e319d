"""The article's first repair with the keys alone: no mouse, the focus always seen, what happens said aloud."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect
from support.articles import Articles

FOCUSED = """() => { const one = document.activeElement;
    const words = one.innerText || one.getAttribute('aria-label');
    return [one.tagName, words || document.querySelector(`label[for="${one.id}"]`)?.innerText || '', one.id]; }"""
RINGED = """() => { const seen = getComputedStyle(document.activeElement);
    return seen.outlineStyle !== 'none' && parseFloat(seen.outlineWidth) >= 2; }"""


def tab_to(page: Any, words: str, most: int = 80, back: bool = False) -> None:
    """Presses Tab until something with these words has the focus; every stop on the way shows that it has it."""
    for _ in range(most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        tag, text, _ = page.evaluate(FOCUSED)
        assert page.evaluate(RINGED), f"the focus is not seen on {tag} {text}"
        if words in text:
            return
    raise AssertionError(f"Tab does not lead to {words}")


def test_a_model_is_changed_with_the_keys_alone(page: Any, articles: Articles) -> None:
    page.locator("article").first.wait_for()
    tab_to(page, "Skip to the page")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED)[0] == "H1"
    tab_to(page, "Routes", back=True)
    page.keyboard.press("Enter")
    page.locator("table").wait_for()
    assert page.evaluate(FOCUSED)[:2] == ["H1", "Routes"], "a reader hears where they are"
    tab_to(page, "cohere-api_cohere-chat")
    page.keyboard.press("Enter")
    page.locator("#ai").wait_for()
    tab_to(page, "Model name")
    page.keyboard.press("Control+a")
    page.keyboard.type(articles.cohere.models[0])
    page.get_by_text("models listed by").wait_for()
    tab_to(page, "Save changes")
    page.keyboard.press("Enter")
    page.locator("#voice", has_text="Saved. The change is live.").wait_for(state="attached")
    tab_to(page, "Test", back=True)
    page.keyboard.press("Enter")
    page.locator("[data-outcome=ok]").wait_for()
    page.locator("#voice", has_text="cohere-api_cohere-chat answers").wait_for(state="attached")
    assert articles.chat("cohere").status == 200


def test_tabs_go_by_arrows_and_switches_by_space(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/routes/openai-api_openai-chat")
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED)[1] == "Python"
    page.keyboard.press("End")
    assert page.evaluate(FOCUSED)[1] == "decK"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED)[1] == "curl"
    switch = page.get_by_role("switch", name="ai-rate-limiting-advanced enabled")
    switch.focus()
    page.keyboard.press("Space")
    page.locator("#voice", has_text="ai-rate-limiting-advanced is off").wait_for(state="attached")
    page.get_by_role("switch", name="ai-rate-limiting-advanced enabled").focus()
    page.keyboard.press("Space")
    page.locator("#voice", has_text="ai-rate-limiting-advanced is on").wait_for(state="attached")


def test_an_error_takes_the_focus_to_its_field(page: Any, articles: Articles) -> None:
    page.watch.expected.append("400 (Bad Request)")
    page.goto(f"{articles.manager}/#/services/openai-chat-api")
    port = page.get_by_label("Port", exact=True)
    port.fill("99999")
    page.get_by_label("Host", exact=True).press("Enter")
    expect(port).to_be_focused()
    expect(port).to_have_attribute("aria-invalid", "true")
    expect(port).to_have_accessible_description(re.compile("between 0 and 65535"))


def test_removing_asks_first_and_escape_keeps(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/consumers/alice")
    page.get_by_role("button", name="Remove consumer").press("Enter")
    expect(page.get_by_role("button", name="No", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove consumer").wait_for()
    assert articles.admin("GET", "/consumers/alice").status == 200


def test_motion_is_reduced_for_those_who_ask(page: Any, articles: Articles) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{articles.manager}/#/plugins")
    page.get_by_role("switch").first.wait_for()
    duration = page.evaluate("getComputedStyle(document.querySelector('.switch input'), '::after').transitionDuration")
    assert float(duration.removesuffix("s")) < 0.01
