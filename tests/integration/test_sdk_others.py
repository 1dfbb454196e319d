"""Other official SDKs and the frameworks above them, each where its dialect is spoken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = Any
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("sdks")]
ANSWER = "You said: What is 1+1?"


def _calls(*calls: tuple[str, str, str]) -> list[Json]:
    return [
        {"id": f"{do} {base} {model}", "do": do, "arguments": {"base": base, "model": model}}
        for do, base, model in calls
    ]


CALLS = {
    "cohere_calls": _calls(("chat", "", "command-a-03-2025"), ("stream", "", "command-a-03-2025")),
    "mistral_calls": _calls(
        *((do, "/mistral-cloud", "mistral-small-latest") for do in ("chat", "stream")),
        *((do, "", "mistral-cloud") for do in ("chat", "stream")),
        ("chat", "/openai", "gpt-6-luna"),
    ),
    "google_calls": _calls(*((do, "", "gemini-3.5-flash-lite") for do in ("chat", "stream"))),
    "langchain_calls": _calls(
        *((do, "/openai/v1", "gpt-6-luna") for do in ("chat", "stream", "tools")),
        *((do, "/v1", "anthropic") for do in ("chat", "stream", "tools")),
        ("embeddings", "/v1", "openai/text-embedding-3-small"),
    ),
    "litellm_calls": _calls(
        *((do, "/v1", "openai/gpt-6-luna") for do in ("chat", "stream")),
        *((do, "/v1", "openai/anthropic") for do in ("chat", "stream")),
        *((do, "", "anthropic/claude-haiku-5-5") for do in ("chat", "stream")),
        *((do, "/openai", "anthropic/gpt-6-luna") for do in ("chat", "stream")),
        ("embeddings", "/v1", "openai/openai/text-embedding-3-small"),
    ),
}
RUNS = [
    *((name, script) for name in ("new", "old") for script in ("cohere_calls", "mistral_calls", "google_calls")),
    *((name, script) for name in ("frameworks", "old") for script in ("langchain_calls", "litellm_calls")),
]


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: f"{run[1].removesuffix('_calls')}-{run[0]}")
def results(request: pytest.FixtureRequest, stage: Any, sdk: Callable[[str], Path]) -> Json:
    name, script = request.param
    return stage.calls(sdk(name), script, CALLS[script])


def test_every_call_gets_its_answer(results: Json) -> None:
    wrong = {name: found for name, found in results.items() if "value" not in found}
    assert not wrong
    for name, found in results.items():
        told = found["value"]
        if name.startswith("chat"):
            told = told["text"]
        if name.startswith(("chat", "stream")):
            assert told.strip() == ANSWER, name
        elif name.startswith("tools"):
            assert told == [["weather", {"city": "Paris"}]], name
        else:
            assert told == [0.25, -1.5, 3.0], name


def test_usage_arrives(results: Json) -> None:
    counted = [found["value"]["usage"] for name, found in results.items() if name.startswith("chat")
               and "usage" in found["value"]]  # fmt: skip
    assert all(usage and usage != [0, 0] for usage in counted)
