"""OpenAI's SDK against the gateway: the newest major, the one that frameworks hold back, and the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = Any
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("sdks")]
ANSWER = "You said: What is 1+1?"
EVERYBODY = ("openai", "gpt-6-luna", "anthropic", "claude-haiku-5-5", "cohere/command-a-03-2025", "mistral-cloud",
             "gemini", "llama2")  # fmt: skip
USAGE = {"openai": [11, 7], "gpt-6-luna": [11, 7], "anthropic": [12, 6], "claude-haiku-5-5": [12, 6],
         "cohere/command-a-03-2025": [5, 4], "mistral-cloud": [11, 7], "gemini": [9, 7], "llama2": [13, 5]}  # fmt: skip


def _call(do: str, base: str, *model: str, **more: Json) -> Json:
    named = {"model": model[0]} if model else {}
    words = [do, base, *model, *more]
    return {"id": " ".join(words), "do": do, "arguments": {"base": base, **named, **more}}


DOORS = ("/openai/v1", "/v1")
OPERATIONS = ("chat", "stream", "tools", "stream_tools", "completion", "responses", "responses_stream",
              "responses_tools")  # fmt: skip
CALLS = [
    *(_call(do, base, "gpt-6-luna") for do in OPERATIONS for base in DOORS),
    *(_call(do, "/v1", model) for do in ("chat", "stream", "responses", "responses_stream") for model in EVERYBODY),
    *(_call(do, "/native/v1", "gpt-6-luna") for do in ("responses", "responses_stream")),
    *(_call(do, "/v1", "anthropic") for do in ("tools", "stream_tools", "responses_tools")),
    _call("chat", "/openai/v1", "openai"),
    _call("embeddings", "/openai/v1", "text-embedding-3-small"),
    _call("embeddings", "/v1", "openai/text-embedding-3-small"),
    *(_call("models", base) for base in DOORS),
    *(_call(do, base, "gpt-2") for do in ("chat", "responses") for base in DOORS),
    _call("responses", "/openai/v1", "openai", previous_response_id="resp_1"),
]
BY_ID = {call["id"]: call for call in CALLS}


@pytest.fixture(scope="module", params=["new", "frameworks", "old"])
def results(request: pytest.FixtureRequest, stage: Any, sdk: Callable[[str], Path]) -> Json:
    return stage.calls(sdk(request.param), "openai_calls", list(BY_ID.values()))


def value(results: Json, call: Json) -> Json:
    found = results[call["id"]]
    assert "value" in found, found
    return found["value"]


@pytest.mark.parametrize("base", ["/openai/v1", "/v1"])
def test_chat(results: Json, base: str) -> None:
    expected = {"text": ANSWER, "finish": "stop", "usage": [11, 7]}
    assert value(results, _call("chat", base, "gpt-6-luna")) == expected
    assert value(results, _call("stream", base, "gpt-6-luna")) == {**expected, "ids": 1}


def test_the_public_name_is_a_model_too(results: Json) -> None:
    assert value(results, _call("chat", "/openai/v1", "openai"))["text"] == ANSWER


@pytest.mark.parametrize("model", EVERYBODY)
def test_everybody_through_one_door(results: Json, model: str) -> None:
    expected = {"text": ANSWER, "finish": "stop", "usage": USAGE[model]}
    told = value(results, _call("chat", "/v1", model))
    assert {**told, "text": told["text"].strip()} in (expected, {**expected, "finish": "end_turn"})
    told = value(results, _call("stream", "/v1", model))
    assert {**told, "text": told["text"].strip()} == {**expected, "ids": 1}


@pytest.mark.parametrize(("base", "model"), [("/openai/v1", "gpt-6-luna"), ("/v1", "gpt-6-luna"), ("/v1", "anthropic")])
def test_tools(results: Json, base: str, model: str) -> None:
    called = value(results, _call("tools", base, model))
    assert called.pop("text").startswith("You said: ")
    assert called == {"name": "weather", "arguments": {"city": "Paris"}, "finish": "tool_calls"}
    (call,) = value(results, _call("stream_tools", base, model))
    assert call["id"] and {name: call[name] for name in ("name", "arguments")} == {
        "name": "weather",
        "arguments": {"city": "Paris"},
    }


@pytest.mark.parametrize("base", ["/openai/v1", "/v1"])
def test_completions(results: Json, base: str) -> None:
    assert value(results, _call("completion", base, "gpt-6-luna")) == {"text": "You said: Once", "usage": [11, 7]}


@pytest.mark.parametrize(("base", "model"), [("/openai/v1", "gpt-6-luna"), *(("/v1", model) for model in EVERYBODY)])
def test_responses(results: Json, base: str, model: str) -> None:
    told = value(results, _call("responses", base, model))
    usage = USAGE[model]
    assert (told["text"].strip(), told["status"], told["usage"]) == (ANSWER, "completed", usage)
    told = value(results, _call("responses_stream", base, model))
    assert told["text"].strip() == told["final"].strip() == ANSWER
    assert told["usage"] == usage[1]
    assert told["kinds"][:2] == ["response.created", "response.in_progress"]
    assert told["kinds"][-1] == "response.completed"


def test_native_responses(results: Json) -> None:
    told = value(results, _call("responses", "/native/v1", "gpt-6-luna"))
    assert told == {"text": "Native answer.", "status": "completed", "usage": [21, 6], "id": "resp_native"}
    told = value(results, _call("responses_stream", "/native/v1", "gpt-6-luna"))
    assert (told["text"], told["final"], told["usage"]) == ("Native answer.", "Native answer.", 6)


@pytest.mark.parametrize(("base", "model"), [("/openai/v1", "gpt-6-luna"), ("/v1", "gpt-6-luna"), ("/v1", "anthropic")])
def test_responses_with_tools(results: Json, base: str, model: str) -> None:
    told = value(results, _call("responses_tools", base, model))
    assert told.pop("text").startswith("You said: ")
    assert told == {"name": "weather", "arguments": {"city": "Paris"}, "streamed": {"city": "Paris"}}


@pytest.mark.parametrize(
    ("base", "model"), [("/openai/v1", "text-embedding-3-small"), ("/v1", "openai/text-embedding-3-small")]
)
def test_embeddings(results: Json, base: str, model: str) -> None:
    numbers = [0.25, -1.5, 3.0]
    told = value(results, _call("embeddings", base, model))
    assert told == {"packed": numbers, "plain": [numbers, numbers], "tokens": 4}


def test_models(results: Json) -> None:
    assert value(results, _call("models", "/openai/v1")) == ["gpt-6-luna", "openai"]
    assert value(results, _call("models", "/v1")) == [
        "openai", "anthropic", "cohere", "mistral-cloud", "gemini", "llama2",
    ]  # fmt: skip


@pytest.mark.parametrize("do", ["chat", "responses"])
@pytest.mark.parametrize("base", ["/openai/v1", "/v1"])
def test_an_unknown_model_is_a_bad_request_that_lists_the_known(results: Json, base: str, do: str) -> None:
    error = results[_call(do, base, "gpt-2")["id"]]["error"]
    assert (error["kind"], error["status"]) == ("BadRequestError", 400)
    assert "must be one of: openai, " in error["text"] and "gpt-6-luna" in error["text"]


def test_what_a_translated_response_cannot_do_is_said(results: Json) -> None:
    error = results[_call("responses", "/openai/v1", "openai", previous_response_id="")["id"]]["error"]
    assert error["kind"] == "BadRequestError"
    assert "send the whole conversation in 'input'" in error["text"]
