"""The gateway as a process, before strict stand-ins of every provider: chat and completions, whole and streamed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import kong_file
from support.gateway_process import GatewayProcess
from support.providers_mock import KEY, Azure, LlamaCpp, Mistral, OpenAI, ProviderMock
from support.providers_mock_own import Anthropic, Cohere, Gemini, Ollama, TextGeneration

Json = Any
pytestmark = [pytest.mark.timeout(120)]


@dataclass(frozen=True)
class Case:
    """A route, the stand-in behind it and what is expected of an answer."""

    name: str
    provider: str
    mock: type[ProviderMock]
    path: str  # of the upstream URL, its query included
    model: str
    usage: tuple[int, int] | None  # prompt and completion tokens; None: the provider reports none
    header: str = "Authorization"
    prefix: str = "Bearer "
    operation: str = "chat"
    options: tuple[tuple[str, Json], ...] = ()
    streamed_path: str = ""

    def service(self, url: str, value: str) -> dict[str, Json]:
        options = dict(self.options)
        upstream = url + self.path
        return kong_file.service(
            self.provider, upstream, self.model, self.operation, self.name, self.header, value, **options
        )

    @property
    def secret(self) -> str:
        return self.name.upper().replace("-", "_") + "_AUTH_HEADER"

    @property
    def reference(self) -> str:
        return "{vault://env/" + self.secret.lower().replace("_", "-") + "}"


CASES = [
    Case("openai", "openai", OpenAI, "/v1/chat/completions", "gpt-6-luna", (11, 7)),
    Case("openai", "openai", OpenAI, "/v1/completions", "gpt-6-luna", (11, 7), operation="completions"),
    Case("llamacpp", "openai", LlamaCpp, "/v1/chat/completions", "any.gguf", (11, 7)),
    Case("anthropic", "anthropic", Anthropic, "/v1/messages", "claude-haiku-5-5", (12, 6), "x-api-key", "",
         options=(("anthropic_version", "2023-06-01"), ("max_tokens", 100))),
    Case("cohere", "cohere", Cohere, "/v2/chat", "command-a-03-2025", (5, 4)),
    Case("azure", "azure", Azure, f"{Azure.chat_path}?api-version=2024-10-21", "gpt-6-luna", (11, 7), "api-key", "",
         options=(("azure_instance", "mine"), ("azure_deployment_id", "my-luna"), ("azure_api_version", "2024-10-21"))),
    Case("mistral", "mistral", Mistral, "/v1/chat/completions", "mistral-small-latest", (11, 7),
         options=(("mistral_format", "openai"),)),
    Case("mistral-ollama", "mistral", Ollama, "/api/chat", "mistral", (13, 5), options=(("mistral_format", "ollama"),)),
    Case("llama2", "llama2", LlamaCpp, "/v1/chat/completions", "llama2", (11, 7),
         options=(("llama2_format", "openai"),)),
    Case("llama2-ollama", "llama2", Ollama, "/api/chat", "llama2", (13, 5), options=(("llama2_format", "ollama"),)),
    Case("llama2-raw", "llama2", TextGeneration, "/generate", "llama2", (2, 4), options=(("llama2_format", "raw"),)),
    Case("gemini", "gemini", Gemini, "/v1beta/models/gemini-3.5-flash-lite:generateContent", "gemini-3.5-flash-lite",
         (9, 7), "x-goog-api-key", ""),
]  # fmt: skip


@dataclass
class Stage:
    gateway: GatewayProcess
    mocks: dict[str, ProviderMock]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        mocks: dict[str, ProviderMock] = {}
        services = []
        for case in CASES:
            mock = mocks[case.name] = mocks.get(case.name) or stack.enter_context(case.mock())
            services.append(case.service(mock.url, case.reference if mock.key else ""))
        file = kong_file.write(tmp_path_factory.mktemp("gateway") / "kong.yml", *services)
        secrets = {case.secret: case.prefix + KEY for case in CASES if mocks[case.name].key}
        yield Stage(stack.enter_context(GatewayProcess(file, secrets)), mocks)


@pytest.fixture(params=CASES, ids=lambda case: f"{case.name}-{case.operation}")
def case(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Case]:
    found: Case = request.param
    yield found
    stage.mocks[found.name].trouble = ""


def body(case: Case, **more: Json) -> Json:
    if case.operation == "completions":
        return {"prompt": "What is 1+1?", **more}
    return {
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "What is 1+1?"}],
        **more,
    }


def test_a_whole_answer(stage: Stage, case: Case) -> None:
    got = stage.gateway.post(f"/{case.name}/{case.operation}", body(case))
    assert got.status == 200, got.body
    choice = got.json["choices"][0]
    text = choice["text"] if case.operation == "completions" else choice["message"]["content"]
    assert text == "You said: What is 1+1?"
    assert choice["finish_reason"] in ("stop", "end_turn")
    if case.usage:
        prompt, completion = case.usage
        usage = got.json["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"]) == case.usage
        assert usage["total_tokens"] == prompt + completion
    assert got.headers["x-kong-llm-model"] == f"{case.provider}/{case.model}"


def test_a_streamed_answer(stage: Stage, case: Case) -> None:
    got = stage.gateway.post(f"/{case.name}/{case.operation}", body(case, stream=True))
    assert got.status == 200, got.body
    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.streamed_text.strip() == "You said: What is 1+1?"
    assert got.events[-1] == "[DONE]"


def test_usage_in_a_stream_when_it_is_asked_for(stage: Stage, case: Case) -> None:
    got = stage.gateway.post(
        f"/{case.name}/{case.operation}", body(case, stream=True, stream_options={"include_usage": True})
    )
    assert got.status == 200, got.body
    usages = [event["usage"] for event in got.events if event != "[DONE]" and event.get("usage")]
    assert usages, got.body
    assert (usages[-1]["prompt_tokens"], usages[-1]["completion_tokens"]) == case.usage


@pytest.mark.parametrize("stream", [False, True])
def test_the_credential_arrives_and_the_clients_own_does_not(stage: Stage, case: Case, stream: bool) -> None:
    mock = stage.mocks[case.name]
    stage.gateway.post(
        f"/{case.name}/{case.operation}", body(case, stream=stream), authorization="Bearer of-the-client"
    )
    sent = mock.last.headers
    if mock.key:
        assert sent[case.header.lower()] == case.prefix + KEY
        assert "of-the-client" not in str(sent)
    assert sent["host"].partition(":")[0] == "127.0.0.1"


@pytest.mark.parametrize(("trouble", "status"), [("rate_limited", 429), ("no_credit", None), ("overloaded", None)])
def test_a_refusal_of_the_provider_arrives_as_it_was(
    stage: Stage, case: Case, trouble: str, status: int | None
) -> None:
    mock = stage.mocks[case.name]
    mock.trouble = trouble
    got = stage.gateway.post(f"/{case.name}/{case.operation}", body(case))
    refused = mock.refuse(trouble).answer
    assert got.status == refused.status
    assert got.body == refused.body
    for name, value in refused.headers.items():
        assert got.headers[name.lower()] == value
    assert "x-kong-llm-model" not in got.headers


def test_a_wrong_key_is_the_providers_401_and_shows_no_key(stage: Stage, tmp_path: Path) -> None:
    with OpenAI(key="another-one") as mock:
        file = kong_file.write(
            tmp_path / "kong.yml",
            kong_file.service("openai", f"{mock.url}/v1/chat/completions", "gpt-6-luna", value=f"Bearer {KEY}"),
        )
        with GatewayProcess(file) as gateway:
            got = gateway.chat("/openai/chat")
            assert got.status == 401
            assert got.json["error"]["code"] == "invalid_api_key"
            assert KEY.encode() not in got.body
        assert KEY not in gateway.log.read_text()


def test_an_unknown_model_is_the_providers_404(tmp_path: Path) -> None:
    with OpenAI() as mock:
        upstream = f"{mock.url}/v1/chat/completions"
        file = kong_file.write(
            tmp_path / "kong.yml", kong_file.service("openai", upstream, "gpt-2", value=f"Bearer {KEY}")
        )
        with GatewayProcess(file) as gateway:
            got = gateway.chat("/openai/chat")
            assert (got.status, got.json["error"]["code"]) == (404, "model_not_found")
