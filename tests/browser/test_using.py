"""What people do with the Manager: make, change and remove rows, play, look at requests and limits."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from playwright.sync_api import expect
from support.articles import ALICE, LIMIT, Articles
from support.chromium import keep
from support.gateway_process import ask
from support.providers_mock import KEY


def pick(page: Any, name: str, wanted: bool) -> None:
    page.get_by_role("checkbox", name=name).set_checked(wanted)


def watching(page: Any, bodies: bool) -> Any:
    """Until the gateway was told to watch."""
    wanted = f'"bodies":{str(bodies).lower()}'
    return page.expect_response(lambda answer: wanted in (answer.request.post_data or "") and answer.ok)


def voice(page: Any, words: str) -> None:
    page.locator("#voice", has_text=words).wait_for(state="attached")


def create(page: Any) -> None:
    # the voice alone may still be that of what was made before
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.status == 201):
        page.get_by_role("button", name="Create").click()
    voice(page, "Created. It is live.")


def test_a_service_a_route_and_a_plugin_are_made_and_work_at_once(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/services/new")
    page.get_by_label("Name", exact=True).fill("fresh")
    page.get_by_label("Host", exact=True).fill("127.0.0.1")
    page.get_by_label("Port", exact=True).fill(str(articles.llama.port))
    create(page)
    page.get_by_role("region", name="Routes").get_by_role("link", name="Add").click()
    page.get_by_label("Name", exact=True).fill("fresh-chat")
    page.get_by_label("Paths", exact=True).fill("/fresh/v1/chat/completions")
    page.get_by_label("Methods", exact=True).fill("POST")
    create(page)
    page.get_by_role("link", name="Add a plugin").click()
    page.get_by_label("Which plugin").select_option("ai-proxy")
    page.get_by_label("Model provider").select_option("llamacpp")
    page.get_by_label("Upstream URL", exact=True).fill(articles.llama.url)
    page.get_by_text("All other settings").click()
    page.get_by_label("Route type").select_option("llm/v1/chat")
    model = page.get_by_label("Model name", exact=True)
    page.get_by_role("button", name="List models").click()
    page.get_by_text("listed by").wait_for()
    model.fill(articles.llama.models[0])
    create(page)
    body = {"messages": [{"role": "user", "content": "hi"}]}
    answer = ask(articles.gateway.ports["PROXY"], "POST", "/fresh/v1/chat/completions", body)
    assert answer.status == 200

    page.goto(f"{articles.manager}/#/routes/fresh-chat")
    page.get_by_role("tab", name="Python").click()
    assert "base_url=" in page.get_by_role("tabpanel").inner_text()
    page.get_by_role("tab", name="curl").click()
    command = page.get_by_role("tabpanel").locator("pre").inner_text()
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert json.loads(run.stdout)["choices"], "the copied command works as it stands"
    page.get_by_role("button", name="Remove route").click()
    page.get_by_role("button", name="Yes, remove route").click()
    voice(page, "Removed fresh-chat.")
    assert ask(articles.gateway.ports["PROXY"], "POST", "/fresh/v1/chat/completions", body).status == 404


def test_what_the_gateway_refuses_is_said_beside_the_field_and_changes_nothing(page: Any, articles: Articles) -> None:
    page.watch.expected.append("400 (Bad Request)")
    page.goto(f"{articles.manager}/#/routes/openai-api_openai-chat")
    page.get_by_text("All other settings").first.click()
    page.get_by_label("Temperature").fill("9")
    page.get_by_role("button", name="Save changes").click()
    field = page.locator("[data-path='config.model.options.temperature']")
    field.locator(".error").wait_for()
    assert "between 0 and 5" in field.locator(".error").inner_text()
    keep(page, "refused-beside-its-field")
    assert articles.chat("openai").status in (200, 429)
    page.get_by_role("button", name="Discard").click()
    assert page.get_by_label("Temperature").input_value() == ""


def test_somebody_else_changed_it_meanwhile(page: Any, articles: Articles) -> None:
    page.watch.expected.append("412 (Precondition Failed)")
    page.goto(f"{articles.manager}/#/services/cohere-chat-api")
    page.get_by_label("Path", exact=True).fill("/mine")
    articles.admin("PATCH", "/services/cohere-chat-api", {"path": "/theirs"})
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Somebody changed this meanwhile.").wait_for()
    assert articles.admin("GET", "/services/cohere-chat-api").json["path"] == "/theirs"
    page.get_by_role("button", name="Read it again").click()
    expect(page.get_by_label("Path", exact=True)).to_have_value("/theirs")


def test_a_key_for_a_consumer(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/consumers/alice")
    page.get_by_role("region", name="Keys").get_by_role("link", name="Add").click()
    page.get_by_label("Key", exact=True).fill("second-key-of-alice")
    create(page)
    got = ask(articles.gateway.ports["PROXY"], "GET", "/private", headers={"apikey": "second-key-of-alice"})
    assert got.status == 200, "the key is known at once"


def test_the_playground_streams_several_routes_side_by_side(page: Any, articles: Articles) -> None:
    articles.admin("PATCH", f"/plugins/{plugin_of(articles, 'cohere')}", model(articles.cohere.models[0]))
    page.goto(f"{articles.manager}/#/playground")
    pick(page, "mistral-api_mistral-chat", False)
    pick(page, "cohere-api_cohere-chat", True)
    pick(page, "openai-api_openai-chat", True)
    page.get_by_label("Prompt", exact=True).fill("What is 1+1?")
    page.get_by_role("button", name="Ask", exact=True).click()
    for name in ("cohere-api_cohere-chat", "openai-api_openai-chat"):
        answer = page.get_by_role("region", name=f"Answer of {name}")
        answer.get_by_text("done").wait_for()
        told = answer.inner_text()
        assert "What is 1+1?" in told and "first words" in told and " in, " in told
    assert articles.openai.last.json["stream"] is True
    keep(page, "playground-answers")
    pick(page, "cohere-api_cohere-chat", False)
    pick(page, "openai-api_openai-chat", False)
    pick(page, "mistral-api_mistral-chat", True)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("region", name="Answer of mistral-api_mistral-chat").get_by_text("failed").wait_for()


def plugin_of(articles: Articles, name: str) -> str:
    rows = articles.admin("GET", f"/routes/{name}-api_{name}-chat/plugins").json["data"]
    return str(next(row["id"] for row in rows if row["name"] == "ai-proxy"))


def model(name: str) -> dict[str, Any]:
    return {"config": {"model": {"name": name}}}


def test_requests_show_what_happened_and_no_key(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/requests")
    with watching(page, bodies=True):
        page.get_by_text("with prompts and answers").click()
    got = ask(
        articles.gateway.ports["PROXY"], "POST", "/cohere/chat",
        {"messages": [{"role": "user", "content": "a question of mine"}]},
        {"apikey": ALICE, "X-Team": "red", "Cookie": "session=canary-cookie"},
    )  # fmt: skip
    page.locator(f"a[href*='{got.headers['x-kong-request-id']}']").click()
    page.get_by_role("heading", name="The provider got").wait_for()
    for fold in page.locator("main details > summary").all():
        fold.click()
    text = page.locator("main").inner_text()
    assert "a question of mine" in text and "X-Team" in text and "ai-proxy" in text and "/v2/chat" in text
    for secret in (ALICE, KEY, "canary-cookie"):
        assert secret not in page.content()
    assert "REDACTED" in text
    keep(page, "one-request")
    before = len(articles.cohere.asked)
    page.get_by_role("button", name="Replay").click()
    page.locator("[data-outcome]").wait_for()
    assert len(articles.cohere.asked) == before + 1
    assert articles.cohere.last.json["messages"][-1]["content"] == "a question of mine"
    command = page.get_by_role("region", name="Again").locator("pre").inner_text()
    assert "X-Team: red" in command and "apikey: YOUR_KEY" in command
    page.get_by_role("link", name="Look at the new request").click()
    page.get_by_role("heading", name="The provider got").wait_for()


def test_bodies_stay_unknown_unless_they_are_asked_for(page: Any, articles: Articles) -> None:
    with watching(page, bodies=False):
        page.goto(f"{articles.manager}/#/requests")
    got = ask(
        articles.gateway.ports["PROXY"], "POST", "/cohere/chat",
        {"messages": [{"role": "user", "content": "nobody shall read this"}]},
    )  # fmt: skip
    page.goto(f"{articles.manager}/#/requests/{got.headers['x-kong-request-id']}")
    page.get_by_role("heading", name="Plugins", exact=True).wait_for()
    assert "nobody shall read this" not in page.content()


def test_limits_show_what_is_left(page: Any, articles: Articles) -> None:
    while articles.chat("openai").status != 429:
        pass
    page.goto(f"{articles.manager}/#/limits")
    page.get_by_role("link", name=f"{LIMIT} tokens per 100 s for openai").wait_for()
    card = page.get_by_role("region", name="openai, per 100 s, 127.0.0.1")
    card.wait_for()
    told = card.inner_text()
    assert f"0 tokens of {LIMIT} left" in told and "limited" in told
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("article", name="openai-api_openai-chat").get_by_text("limited").wait_for()


def test_the_overview_counts_what_went_through(page: Any, articles: Articles) -> None:
    page.locator("article").first.wait_for()
    figures = page.get_by_role("region", name="The last hour")
    expect(page.locator(".figure strong").first).not_to_have_text("0")
    assert "Requests" in figures.inner_text() and "Cost" in figures.inner_text()
    before = int(page.locator(".figure strong").first.inner_text().replace(",", ""))
    mistral = page.get_by_role("article", name="mistral-api_mistral-chat")
    mistral.get_by_role("button", name="Test").click()
    mistral.get_by_text("down").wait_for()
    expect(page.locator(".figure strong").first).not_to_have_text(str(before))


def test_unsaved_changes_are_not_lost_by_a_click(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/services/openai-chat-api")
    page.get_by_label("Path", exact=True).fill("/unsaved")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Routes").first.click()
    assert "unsaved changes" in asked[0]
    assert page.get_by_label("Path", exact=True).input_value() == "/unsaved"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Routes").first.click()
    page.get_by_role("heading", name="Routes").wait_for()
    assert articles.admin("GET", "/services/openai-chat-api").json["path"] == "/v1/chat/completions"


def test_a_target_of_several_models_is_described(page: Any, articles: Articles) -> None:
    page.goto(f"{articles.manager}/#/plugins/new?name=ai-proxy-advanced")
    page.get_by_label("Route type").select_option("llm/v1/chat")
    page.get_by_label("Model provider").select_option("llamacpp")
    page.get_by_label("Upstream URL").fill(f"{articles.llama.url}/v1/chat/completions")
    page.get_by_role("button", name="List models").click()
    page.get_by_text("listed by").wait_for()
    page.get_by_label("Model name", exact=True).fill(articles.llama.models[0])
    page.get_by_label("Route", exact=True).select_option(label="private")
    create(page)
    row = articles.admin("GET", "/routes/private/plugins").json["data"]
    (made,) = [one for one in row if one["name"] == "ai-proxy-advanced"]
    assert made["config"]["targets"][0]["model"]["name"] == articles.llama.models[0]
    articles.admin("DELETE", f"/plugins/{made['id']}")
