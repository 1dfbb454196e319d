"""What every provider promises, asked of each one in the folder."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.provider_checks import CALLED, IMAGE, JSON_SCHEMA, NOISE, RESULTS, SYSTEM, TOOL, USER
from support.streams import PLACES, check_chunks, cut, drain

from gateway.chat import Usage
from gateway.providers import providers
from gateway.providers._base import CHAT, COMPLETIONS, Call, Provider, ProviderError

ALL = sorted(providers())
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "anthropic": [{"anthropic_version": "2023-06-01"}],
    "azure": [{"azure_instance": "i", "azure_deployment_id": "d", "azure_api_version": "2024-10-21"}],
    "bedrock": [{"bedrock": {"aws_region": "us-east-1"}}],
    "cohere": [{}, {"upstream_url": "http://127.0.0.1:1/v1/chat"}],
    "databricks": [{"databricks": {"workspace_instance_id": "dbc-1"}}],
    "llama2": [{"llama2_format": word, "upstream_url": "http://127.0.0.1:1/x"} for word in ("raw", "ollama", "openai")],
    "mistral": [{"mistral_format": "openai"}, {"mistral_format": "ollama", "upstream_url": "http://h/api/chat"}],
    "ollama": [{}, {"upstream_url": "http://127.0.0.1:11434/v1"}],
    "vllm": [{"upstream_url": "http://127.0.0.1:8000"}],
}
CASES = [
    (name, options, route)
    for name in ALL
    for options in OPTIONS.get(name, [{}])
    for route in (CHAT, COMPLETIONS)
    if route == CHAT or COMPLETIONS in providers()[name].paths or "upstream_url" in options
]
SETTINGS = st.sampled_from(
    ["tools", "tool_choice", "stop", "response_format", "reasoning_effort", "user", "max_tokens"]
)
cases = pytest.mark.parametrize(("name", "options", "route"), CASES, ids=lambda value: str(value)[:40])


def of(name: str) -> Provider:
    return providers()[name]


@pytest.mark.parametrize("name", ALL)
def test_facts_are_complete(name: str) -> None:
    provider = of(name)
    assert provider.name == name
    assert provider.title
    assert provider.origin == "" or urlsplit(provider.origin).path == ""
    assert provider.kong_name in ("", "openai")
    assert provider.verified_on == "2026-11-22"
    assert not set(provider.catalogue) & set(provider.retired)
    if provider.hosted:
        assert provider.environment and provider.key_url.startswith("https://")
        assert provider.catalogue or not provider.origin  # a workspace names its endpoints itself
    assert provider.models_path.startswith("/") or not provider.origin


def test_kong_knows_these_and_no_others() -> None:
    known = {"openai", "azure", "anthropic", "cohere", "mistral", "llama2", "gemini", "bedrock", "huggingface"}
    assert {name for name in ALL if not of(name).kong_name} == known


@cases
def test_urls_are_whole(name: str, options: dict[str, Any], route: str) -> None:
    for stream in (True, False):
        parts = urlsplit(of(name).url(Call(route, "m", options, stream)))
        assert parts.scheme in ("http", "https") and parts.hostname and parts.path.startswith("/")


@cases
def test_upstream_url_is_kept(name: str, options: dict[str, Any], route: str) -> None:
    given_ = {**options, "upstream_url": "http://127.0.0.1:9999/some/path"}
    url = of(name).url(Call(route, "m", given_))
    assert url.partition("?")[0] == "http://127.0.0.1:9999/some/path"


@cases
@pytest.mark.parametrize("stream", [True, False])
def test_requests_leave_the_clients_body_alone(name: str, options: dict[str, Any], route: str, stream: bool) -> None:
    body: dict[str, Any] = {"prompt": "Once"} if route == COMPLETIONS else {
        "messages": [SYSTEM, USER, IMAGE, CALLED, *RESULTS, USER],
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": JSON_SCHEMA,
    }  # fmt: skip
    body |= {"max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "stop": ["x"], "user": "u", "seed": 1}
    before = copy.deepcopy(body)
    call = Call(route, "m", {**options, "temperature": 0.25}, stream)
    made = of(name).request(body, call)
    assert body == before
    assert json.loads(json.dumps(made)) == made
    assert 0.5 not in made.values()


@cases
@settings(max_examples=30, deadline=None)
@given(
    messages=NOISE, more=st.dictionaries(st.sampled_from(["tools", "tool_choice", "stop", "response_format"]), NOISE)
)
def test_any_request_is_translated_or_refused(
    name: str, options: dict[str, Any], route: str, messages: Any, more: dict[str, Any]
) -> None:
    for body in ({"messages": messages}, {"messages": [messages]}, {"messages": [{"content": messages}]}):
        try:
            made = of(name).request({**body, **more}, Call(route, "m", options))
        except ProviderError as error:
            assert error.status == 400
        else:
            assert isinstance(made, dict)


@cases
@settings(max_examples=60, deadline=None)
@given(body=NOISE)
def test_any_answer_is_translated_or_refused(name: str, options: dict[str, Any], route: str, body: Any) -> None:
    provider = of(name)
    call = Call(route, "m", options)
    for given_ in (body, [body], {"choices": body}, {"content": body}, {"message": body}, {"candidates": [body]}):
        try:
            whole = provider.response(given_, call, 1)
        except ProviderError as error:
            assert error.status == 500
        else:
            assert isinstance(whole["choices"], list)
        usage = provider.usage(given_)
        assert usage is None or isinstance(usage, Usage)


@cases
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=120), values=st.lists(NOISE, max_size=4), places=PLACES)
def test_any_stream_ends_well(
    name: str, options: dict[str, Any], route: str, data: bytes, values: list[Any], places: list[int]
) -> None:
    provider = of(name)
    call = Call(route, "m", options, stream=True)
    events = b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)
    for body in (data, events, b"\n".join(json.dumps(value).encode() for value in values), events + data):
        whole = drain(provider.stream(call, 1), [body])
        stream = provider.stream(call, 1)
        assert drain(stream, cut(body, places)) == whole
        assert stream.text_length >= 0
        if not provider.passes(call):
            check_chunks(whole)


@cases
def test_an_empty_stream_is_an_error_and_not_an_answer(name: str, options: dict[str, Any], route: str) -> None:
    provider = of(name)
    call = Call(route, "m", options, stream=True)
    if not provider.passes(call):
        stream = provider.stream(call, 1)
        assert b'"error"' in stream.end()
        assert "before the answer was complete" in stream.error


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60, deadline=None)
@given(body=NOISE)
def test_any_model_list_is_read_or_refused(name: str, body: Any) -> None:
    for given_ in (body, [body], {"data": body}, {"data": [body]}, {"models": body}, {"models": [body]}):
        try:
            names = of(name).models(given_)
        except ValueError:
            continue
        assert all(isinstance(one, str) and one for one in names)


@pytest.mark.parametrize("name", ALL)
def test_something_that_is_no_list_is_no_model_list(name: str) -> None:
    for body in ({}, {"hello": "world"}, None, "text", 3):
        with pytest.raises(ValueError, match="not a list of models"):
            of(name).models(body)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60, deadline=None)
@given(status=st.integers(200, 599), body=st.binary(max_size=80), value=NOISE)
def test_any_refusal_is_diagnosed(name: str, status: int, body: bytes, value: Any) -> None:
    for given_ in (body, json.dumps(value).encode(), json.dumps({"error": value, "message": value}).encode()):
        found = of(name).diagnose(status, given_)
        assert found.kind and found.message
        assert "\n" not in found.message
