"""The first article's story in the Manager: its author's two repairs, made by clicking, checked by curl."""

from __future__ import annotations

from typing import Any

from support.articles import Articles
from support.chromium import keep

COHERE = "cohere-api_cohere-chat"
MISTRAL = "mistral-api_mistral-chat"


def save(page: Any) -> None:
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("The change is live").wait_for(state="attached")
    page.get_by_role("region", name="Unsaved changes").wait_for(state="detached")


def press_test(page: Any, wanted: str) -> str:
    page.get_by_role("button", name="Test", exact=False).first.click()
    outcome = page.locator(f"[data-outcome={wanted}]")
    outcome.wait_for()
    return str(outcome.inner_text())


def test_the_model_is_changed(page: Any, articles: Articles) -> None:
    refused = articles.chat("cohere")
    assert refused.status != 200
    page.get_by_role("link", name="Routes").click()
    page.get_by_role("link", name=COHERE).click()
    assert "command-nobody-serves" in press_test(page, "failed")
    keep(page, "cohere-fails")

    model = page.get_by_label("Model name", exact=True)
    model.focus()
    page.get_by_text("models listed by").wait_for()
    offered = page.locator("datalist option").evaluate_all("found => found.map(one => one.value)")
    assert set(offered) <= set(articles.cohere.models) and offered
    model.fill(offered[0])
    diff = page.get_by_role("region", name="Unsaved changes").inner_text()
    assert "1 unsaved change" in diff and "command-nobody-serves" in diff and offered[0] in diff
    keep(page, "cohere-diff", full=False)
    assert articles.chat("cohere").status != 200, "nothing changes before it is saved"
    save(page)

    told = press_test(page, "ok")
    assert "status 200" in told and f"cohere/{offered[0]}" in told and "tokens" in told
    keep(page, "cohere-answers")
    answer = articles.chat("cohere")
    assert answer.status == 200 and articles.cohere.last.json["model"] == offered[0]


def test_the_host_and_the_upstream_url_are_changed(page: Any, articles: Articles) -> None:
    assert articles.chat("mistral").status == 502
    page.get_by_role("link", name="Services").click()
    page.get_by_role("link", name="mistral-chat-api").click()
    page.get_by_label("Host", exact=True).fill("localhost")
    page.get_by_label("Port", exact=True).fill(str(articles.llama.port))
    assert "2 unsaved changes" in page.get_by_role("region", name="Unsaved changes").inner_text()
    save(page)
    row = articles.admin("GET", "/services/mistral-chat-api").json
    assert (row["host"], row["port"]) == ("localhost", articles.llama.port)

    page.get_by_role("region", name="Routes").get_by_role("link", name=MISTRAL).click()
    assert "refused" in press_test(page, "failed")
    page.get_by_label("Upstream URL", exact=True).fill(f"{articles.llama.url}/v1/chat/completions")
    page.get_by_label("Model name", exact=True).fill(articles.llama.models[0])
    save(page)
    told = press_test(page, "ok")
    assert "status 200" in told
    keep(page, "mistral-answers")

    started = articles.gateway.process
    answer = articles.chat("mistral")
    assert answer.status == 200 and articles.llama.last.json["model"] == articles.llama.models[0]
    assert started is not None and started.poll() is None, "without a restart"
    stored = articles.admin("GET", f"/routes/{MISTRAL}/plugins").json["data"][0]["config"]
    assert stored["model"]["options"]["upstream_url"] == f"{articles.llama.url}/v1/chat/completions"


def test_a_secret_stays_a_reference(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/routes/{COHERE}")
    assert page.get_by_label("Header value", exact=True).input_value() == "{vault://env/cohere-auth-header}"
    assert "sk-test" not in page.content()
    stored = articles.admin("GET", f"/routes/{COHERE}/plugins").json["data"][0]["config"]
    assert stored["auth"]["header_value"] == "{vault://env/cohere-auth-header}", "saving wrote no value in its place"
