"""Anthropic's SDK against the gateway: both API versions, its own provider and everybody else's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = Any
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("sdks")]
ANSWER = "You said: What is 1+1?"
PLACES = [("/anthropic", "claude-haiku-5-5"), ("", "claude-haiku-5-5"), ("", "anthropic"), ("/openai", "gpt-6-luna"),
          ("", "openai"), ("", "cohere"), ("", "mistral-cloud"), ("", "gemini"), ("", "llama2")]  # fmt: skip
USAGE = {"claude-haiku-5-5": [12, 6], "anthropic": [12, 6], "gpt-6-luna": [11, 7], "openai": [11, 7], "cohere": [5, 4],
         "mistral-cloud": [11, 7], "gemini": [9, 7], "llama2": [13, 5]}  # fmt: skip
WITH_TOOLS = [("/anthropic", "claude-haiku-5-5"), ("", "anthropic"), ("/openai", "gpt-6-luna"), ("", "openai")]


def _call(do: str, base: str, *model: str) -> Json:
    named = {"model": model[0]} if model else {}
    return {"id": " ".join([do, base, *model]), "do": do, "arguments": {"base": base, **named}}


CALLS = [
    *(_call(do, base, model) for do in ("message", "stream", "raw_stream") for base, model in PLACES),
    *(_call("tools", base, model) for base, model in WITH_TOOLS),
    *(_call("models", base) for base in ("", "/anthropic")),
    *(_call("message", base, "claude-1") for base in ("", "/anthropic", "/openai")),
]


@pytest.fixture(scope="module", params=["new", "old"])
def results(request: pytest.FixtureRequest, stage: Any, sdk: Callable[[str], Path]) -> Json:
    before = len(stage.mocks["anthropic"].asked)
    found = stage.calls(sdk(request.param), "anthropic_calls", CALLS)
    versions = {asked.headers["anthropic-version"] for asked in stage.mocks["anthropic"].asked[before:]}
    return {**found, "versions": versions, "set": request.param}


def value(results: Json, call: Json) -> Json:
    found = results[call["id"]]
    assert "value" in found, found
    return found["value"]


def test_the_clients_version_goes_up(results: Json) -> None:
    assert results["versions"] == {"2026-10-21" if results["set"] == "new" else "2023-06-01"}


@pytest.mark.parametrize(("base", "model"), PLACES)
def test_messages(results: Json, base: str, model: str) -> None:
    told = value(results, _call("message", base, model))
    assert (told["text"].strip(), told["stop"], told["usage"]) == (ANSWER, "end_turn", USAGE[model])
    assert told["request_id"].startswith("req_")
    told = value(results, _call("stream", base, model))
    assert told["text"].strip() == told["streamed"].strip() == ANSWER
    assert (told["stop"], told["usage"]) == ("end_turn", USAGE[model])


@pytest.mark.parametrize(("base", "model"), PLACES)
def test_events(results: Json, base: str, model: str) -> None:
    kinds = [kind for kind in value(results, _call("raw_stream", base, model)) if kind != "ping"]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


@pytest.mark.parametrize(("base", "model"), WITH_TOOLS)
def test_tools(results: Json, base: str, model: str) -> None:
    told = value(results, _call("tools", base, model))
    calls = [["weather", {"city": "Paris"}]]
    assert (told["calls"], told["stop"]) == (calls, "tool_use")
    assert (told["streamed"]["calls"], told["streamed"]["stop"]) == (calls, "tool_use")
    assert told["last"].startswith("You said: ")


def test_models(results: Json) -> None:
    assert value(results, _call("models", "/anthropic")) == ["claude-haiku-5-5", "anthropic"]
    assert "openai" in value(results, _call("models", ""))


@pytest.mark.parametrize("base", ["", "/anthropic", "/openai"])
def test_an_unknown_model_is_a_bad_request_that_lists_the_known(results: Json, base: str) -> None:
    error = results[_call("message", base, "claude-1")["id"]]["error"]
    assert (error["kind"], error["status"]) == ("BadRequestError", 400)
    assert "invalid_request_error" in error["text"] and "must be one of: " in error["text"]
