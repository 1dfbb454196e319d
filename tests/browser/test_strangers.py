"""A page of somebody else, open in the same browser: it can neither read nor drive the Manager. With a real browser,
whose rules are what protects the user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support import chromium
from support.articles import Articles
from support.mock_server import Answer, Asked, MockServer

TRIES = """async ([manager, admin]) => {
  const json = { 'Content-Type': 'application/json' };
  const evil = { name: 'evil', url: 'http://evil.test' };
  const service = JSON.stringify(evil);
  const form = { method: 'POST', mode: 'no-cors', body: new URLSearchParams(evil) };
  const chat = JSON.stringify({ method: 'POST', path: '/openai/chat', body: '{}' });
  const asked = [
    [`${manager}/api/services`, {}], [`${admin}/services`, {}], [`${manager}/manager/routes`, {}],
    [`${manager}/api/services`, { method: 'POST', headers: json, body: service }],
    [`${manager}/api/services`, form], [`${admin}/services`, form],
    [`${manager}/manager/relay`, { method: 'POST', mode: 'no-cors', body: chat }],
    [`${manager}/manager/requests`, { method: 'POST', headers: json, body: '{"watch": true, "bodies": true}' }],
  ];
  const found = [];
  for (const [url, options] of asked) {
    const read = async (answer) => (answer.type === 'opaque' ? '' : answer.text());
    found.push(await fetch(url, options).then(read, () => ''));
  }
  return found;
}"""


class Stranger(MockServer):
    def answer(self, asked: Asked) -> Answer:
        return Answer(200, b"<!doctype html><title>a stranger</title><body>", "text/html")


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as server:
        yield server


def test_a_foreign_page_reads_and_changes_nothing(browser: Any, articles: Articles, stranger: Stranger) -> None:
    page = browser.new_page()
    page.goto(stranger.url)
    before = len(articles.openai.asked)
    read = page.evaluate(TRIES, [articles.manager, articles.address("ADMIN")])
    assert read == [""] * 8
    names = [row["name"] for row in articles.admin("GET", "/services").json["data"]]
    assert "evil" not in names and len(articles.openai.asked) == before
    page.close()


def test_a_foreign_page_cannot_frame_the_manager(browser: Any, articles: Articles, stranger: Stranger) -> None:
    page = browser.new_page()
    page.goto(stranger.url)
    page.set_content(f"<iframe src='{articles.manager}/'></iframe>")
    frame = page.frames[-1]
    frame.wait_for_load_state()
    assert "AI Gateway" not in frame.content()
    page.close()


def test_a_form_of_a_foreign_page_is_refused(browser: Any, articles: Articles, stranger: Stranger) -> None:
    page = browser.new_page()
    page.goto(stranger.url)
    page.set_content(
        f"<form method=post action='{articles.manager}/api/services'><input name=name value=evil>"
        "<input name=url value='http://evil.test'><button>go</button></form>"
    )
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 403
    assert articles.admin("GET", "/services/evil").status == 404
    page.close()


def test_an_answer_of_an_upstream_never_runs_as_a_page(browser: Any, articles: Articles, stranger: Stranger) -> None:
    """What comes through the relay is data, whatever it says that it is."""
    articles.admin("POST", "/services", {"name": "pages", "url": stranger.url})
    articles.admin("POST", "/services/pages/routes", {"name": "pages", "paths": ["/pages"]})
    with chromium.opened(browser, articles.manager) as (page, _):
        kind = page.evaluate(
            """async () => { const answer = await fetch('manager/relay', { method: 'POST',
            headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ method: 'GET', path: '/pages' }) });
            return [answer.headers.get('Content-Type'), await answer.text()]; }"""
        )
    assert kind[0].startswith("application/x-ndjson") and "a stranger" in kind[1]
