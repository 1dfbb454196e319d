"""What OpenAI-compatible providers share, and the URLs that people type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.provider_checks import USER, call
from support.streams import drain, sse

from gateway.chat import Usage
from gateway.providers import get, providers
from gateway.providers._base import CHAT, COMPLETIONS, EMBEDDINGS, PRESERVE, RESPONSES, Call, ProviderError
from gateway.providers._compatible import chat_models, complete_url, listed_models

GROQ = "/openai/v1/chat/completions"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("localhost:7999", "http://localhost:7999/v1/chat/completions"),
        ("127.0.0.1:8080/", "http://127.0.0.1:8080/v1/chat/completions"),
        ("[::1]:8080", "http://[::1]:8080/v1/chat/completions"),
        ("http://host/v1", "http://host/v1/chat/completions"),
        ("https://host:8443/base/v1/", "https://host:8443/base/v1/chat/completions"),
        ("http://host/v1/chat/completions", "http://host/v1/chat/completions"),
        ("http://host:11434/api/chat", "http://host:11434/api/chat"),
        ("http://host/s/slow?x=1", "http://host/s/slow?x=1"),
        ("https://host?api-version=1", "https://host/v1/chat/completions?api-version=1"),
        ("  http://host  ", "http://host/v1/chat/completions"),
        ("http://host/path/", "http://host/path/"),
    ],
)
def test_urls_as_people_type_them(typed: str, url: str) -> None:
    assert complete_url(typed) == url


def test_other_paths_and_schemes() -> None:
    assert complete_url("host", "/api/chat", "https") == "https://host/api/chat"
    assert complete_url("http://host/v1", GROQ) == "http://host/v1/chat/completions"
    assert complete_url("http://host/v1", "/api/chat") == "http://host/v1"


@pytest.mark.parametrize(
    "typed", ["", "http://", "ftp://host", "http://host:99999", "host:port", "http://host:0", "//"]
)
def test_what_is_no_url_is_told(typed: str) -> None:
    with pytest.raises(ValueError, match="type one like http://localhost:11434"):
        complete_url(typed)


@given(st.text(max_size=30))
def test_any_text_is_a_url_or_a_value_error(typed: str) -> None:
    try:
        made = complete_url(typed)
    except ValueError:
        return
    assert made.startswith(("http://", "https://"))
    assert complete_url(made) == made


def test_where_calls_go() -> None:
    openai = get("openai")
    assert openai.url(call()) == "https://api.openai.com/v1/chat/completions"
    assert openai.url(call(route_type=COMPLETIONS)) == "https://api.openai.com/v1/completions"
    assert openai.url(call(upstream_path="/x")) == "https://api.openai.com/x"
    assert openai.url(call(upstream_url="http://h:1/a?b=c", upstream_path="/x")) == "http://h:1/a?b=c"
    assert openai.url(call(upstream_url="http://h:1")) == "http://h:1/v1/chat/completions"
    assert openai.url(call(route_type=PRESERVE, upstream_url="http://h:1")) == "http://h:1/"
    assert openai.url(call(route_type=PRESERVE)) == "https://api.openai.com"
    with pytest.raises(ProviderError, match="no transformer for groq://llm/v1/completions"):
        get("groq").url(call(route_type=COMPLETIONS))
    with pytest.raises(ProviderError, match="vLLM has no address of its own"):
        get("vllm").url(call())


def test_the_configuration_wins_and_unknown_members_pass() -> None:
    body: dict[str, Any] = {
        "messages": [USER],
        "temperature": 0.9,
        "top_k": 3,
        "x": None,
        "stream": None,
        "model": "other",
    }
    made = get("openai").request(body, call("m", temperature=0.1, max_tokens=5, top_p=0.3, top_k=7, input_cost=1))
    assert made == {
        "messages": [USER], "temperature": 0.1, "x": None, "stream": False, "model": "m", "max_tokens": 5, "top_p": 0.3,
    }  # fmt: skip


def test_a_configured_limit_replaces_the_clients_under_its_name() -> None:
    made = get("openai").request({"messages": [USER], "max_completion_tokens": 9}, call("m", max_tokens=5))
    assert (made.get("max_tokens"), made["max_completion_tokens"]) == (None, 5)


def test_stream_options_only_go_with_a_stream() -> None:
    body = {"messages": [USER], "stream_options": {"include_usage": True}}
    assert "stream_options" not in get("openai").request(body, call())
    assert "stream_options" in get("openai").request(body, call(stream=True))


def test_servers_of_ones_own_take_top_k() -> None:
    body = {"messages": [USER], "top_k": 3}
    assert get("llamacpp").request(body, call(top_k=7))["top_k"] == 7
    assert get("llamacpp").splices(body) and not get("openai").splices(body)


def test_answers_pass_or_are_refused_in_kongs_words() -> None:
    whole: dict[str, Any] = {"choices": [], "x": 1}
    assert get("openai").response(whole, call()) is whole
    bad: list[Any] = [{"hello": "world"}, [], "text", None, {"choices": {}}]
    for body in bad:
        with pytest.raises(ProviderError, match="'choices' not in llm/v1/chat response") as caught:
            get("openai").response(body, call())
        assert caught.value.status == 500
    with pytest.raises(ProviderError, match="the upstream answered an error: no credit"):
        get("openrouter").response({"error": {"code": 402, "message": "no credit"}}, call())


def test_streams_pass_and_are_counted() -> None:
    stream = sse({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}, b"[DONE]")
    scanner = get("openai").stream(call(stream=True))
    assert drain(scanner, [stream]) == stream
    assert scanner.usage == Usage(1, 2, 3)
    assert get("openai").usage({"usage": {"prompt_tokens": 1}}) == Usage(1, 0, 1)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": [{"id": "a"}, {"id": 3}, "x", {}]}, ["a"]),
        ([{"id": "a"}], ["a"]),
        ({"data": []}, []),
    ],
)
def test_model_lists(body: Any, names: list[str]) -> None:
    assert listed_models(body) == names


def test_models_that_do_something_else_are_left_out() -> None:
    names = ["gpt-6-luna", "text-embedding-3-small", "whisper-1", "gpt-image-2", "tts-1", "omni-moderation-latest"]
    assert chat_models(names) == ["gpt-6-luna"]


@pytest.mark.parametrize(
    ("name", "route_type", "options", "offers"),
    [
        ("openai", RESPONSES, {}, True),
        ("openai", RESPONSES, {"upstream_url": "http://h/v1"}, True),
        ("openai", RESPONSES, {"upstream_url": "http://h"}, True),
        ("openai", RESPONSES, {"upstream_url": "http://h/v1/responses"}, True),
        ("openai", RESPONSES, {"upstream_url": "http://h/v1/chat/completions"}, False),
        ("openai", RESPONSES, {"upstream_path": "/v1/chat/completions"}, False),
        ("groq", RESPONSES, {}, False),
        ("vllm", RESPONSES, {"upstream_url": "http://h/v1/responses"}, True),
        ("anthropic", RESPONSES, {}, False),
        ("openai", EMBEDDINGS, {}, True),
        ("groq", EMBEDDINGS, {}, False),
        ("groq", EMBEDDINGS, {"upstream_url": "http://h/x/embeddings"}, True),
        ("cohere", EMBEDDINGS, {}, False),
        ("mistral", EMBEDDINGS, {"mistral_format": "openai"}, True),
        ("mistral", EMBEDDINGS, {"mistral_format": "ollama", "upstream_url": "http://h/api/chat"}, False),
        ("azure", EMBEDDINGS, {"azure_instance": "i", "azure_deployment_id": "d"}, True),
    ],
)
def test_operations_beyond_chats(name: str, route_type: str, options: dict[str, Any], offers: bool) -> None:
    assert providers()[name].offers(Call(route_type, "m", options)) is offers


def test_an_operation_without_a_path_is_named() -> None:
    with pytest.raises(ProviderError, match="no transformer for groq://llm/v1/embeddings"):
        providers()["groq"].url(Call(EMBEDDINGS, "m"))


@pytest.mark.parametrize(
    ("name", "model", "options", "limit"),
    [
        ("openai", "gpt-6-luna", {}, "max_completion_tokens"),
        ("openai", "gpt-4o", {}, "max_tokens"),
        ("groq", "gpt-6-luna", {}, "max_tokens"),
        ("azure", "mine", {"azure_api_version": "2024-10-21"}, "max_completion_tokens"),
        ("azure", "mine", {}, "max_tokens"),
    ],
)
def test_what_the_limit_is_called(name: str, model: str, options: dict[str, Any], limit: str) -> None:
    assert providers()[name].limit_name(Call(CHAT, model, options)) == limit
