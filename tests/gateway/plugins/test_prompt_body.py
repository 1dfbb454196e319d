"""The words of a request by who said them, in every dialect, and what no one can read."""

from typing import Any

import pytest
from support.exchange import Gateway, proxied

from gateway.plugins._prompt_body import UnreadablePrompt, document_of, turns


def told(document: dict[str, Any]) -> list[tuple[bool, list[str]]]:
    return [(turn.by_user, turn.parts) for turn in turns(document)]


def test_messages_in_order_with_their_parts() -> None:
    document = {
        "system": "S",
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None},
            {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "image_url"}, {"text": "c"}]},
        ],
    }
    assert told(document) == [(False, ["S"]), (True, ["a"]), (False, []), (True, ["b", "c"])]


def test_prompts_and_inputs() -> None:
    assert told({"prompt": ["a", "b"]}) == [(True, ["a"]), (True, ["b"])]
    assert told({"input": "a", "instructions": "I"}) == [(False, ["I"]), (True, ["a"])]
    assert told({"contents": [{"role": "model", "parts": [{"text": "m"}]}]}) == [(False, ["m"])]


@pytest.mark.parametrize(
    "document",
    [{}, {"prompt": 1}, {"prompt": []}, {"messages": {}}, {"messages": [1]}, {"input": {}}, {"input": [[]]}],
)
def test_what_holds_no_words(document: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePrompt):
        turns(document)


def test_deep_nesting_is_no_recursion() -> None:
    content: Any = "deep"
    for _ in range(5000):
        content = [content]
    assert told({"messages": [{"role": "user", "content": content}]}) == [(True, ["deep"])]


def test_a_document_that_a_plugin_changed_is_json_whatever_the_client_called_it() -> None:
    exchange = Gateway(proxied()).exchange("POST", "/", {"Content-Type": "text/plain"}, b'{"a":1}')
    assert document_of(exchange) is None
    exchange.replace({"a": 2})
    assert document_of(exchange) == {"a": 2}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("ai-prompt-guard", {"deny_patterns": ["secret"]}),
        ("ai-prompt-decorator", {"prompts": {"prepend": [{"content": "Briefly."}]}}),
        ("ai-prompt-template", {"templates": [{"name": "a", "template": "{}"}]}),
    ],
)
def test_who_asks_for_a_list_has_no_prompt_to_judge(name: str, config: dict[str, Any]) -> None:
    models = {"name": "request-termination", "config": {"status_code": 200, "message": "the models"}}
    route = {"name": "models", "paths": ["/v1/models"], "plugins": [models]}
    gateway = Gateway({"routes": [route], "plugins": [{"name": name, "config": config}]})
    assert gateway.ask("GET", "/v1/models").status == 200
    assert gateway.ask("GET", "/v1/models", (), b'{"a":1').status == 400
    assert gateway.ask("POST", "/v1/models").status == 400
