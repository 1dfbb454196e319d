"""ai-request-transformer together with others that read the body; the recorded cases are in
test_ai_transformer_conformance.py."""

import json
from typing import Any

from support.exchange import Answer, Gateway, proxied
from support.transformers import said, transformer

CHAT = {"messages": [{"role": "user", "content": "hi"}]}


def ai_proxy() -> dict[str, Any]:
    config = {
        "route_type": "llm/v1/chat",
        "model": {"provider": "openai", "name": "gpt", "options": {"upstream_url": "http://main.test/chat"}},
    }
    return {"name": "ai-proxy", "config": config}


def test_what_the_model_wrote_is_what_ai_proxy_reads() -> None:
    rewritten = json.dumps({"messages": [{"role": "user", "content": "rewritten"}]})
    told = Gateway(proxied(transformer(), ai_proxy())).ask(
        "POST", "/x", {}, CHAT, answer=said({"content": "ok"}), fetched=lambda sent: said({"content": rewritten})
    )
    assert told.sent.origin.host == "main.test"
    assert told.sent.json["messages"] == [{"role": "user", "content": "rewritten"}]


def test_a_prompt_that_was_decorated_later_is_added_to_what_the_model_wrote() -> None:
    decorator = {
        "name": "ai-prompt-decorator",
        "config": {"prompts": {"prepend": [{"role": "system", "content": "be brief"}]}},
    }
    rewritten = json.dumps({"messages": [{"role": "user", "content": "rewritten"}]})
    told = Gateway(proxied(transformer(), decorator, ai_proxy())).ask(
        "POST", "/x", {}, CHAT, answer=said({"content": "ok"}), fetched=lambda sent: said({"content": rewritten})
    )
    assert [message["content"] for message in told.sent.json["messages"]] == ["be brief", "rewritten"]


def test_the_model_sees_what_earlier_plugins_made_of_the_body() -> None:
    adding = {"name": "request-transformer", "config": {"add": {"body": ["added:yes"]}}}
    told = Gateway(proxied(transformer(), adding)).ask(
        "POST", "/x", {}, {"a": "1"}, answer=Answer(), fetched=lambda sent: said({"content": "new"})
    )
    assert json.loads(told.fetches[0].json["messages"][1]["content"]) == {"a": "1", "added": "yes"}


def test_an_abandoned_question_ends() -> None:
    exchange = Gateway(proxied(transformer())).exchange("POST", "/x", {}, "in")
    exchange.start()
    exchange.finish(0, 0, True)
    assert exchange.upstream_status == 0
