"""LiteLLM's model_list becomes what a person would have said to setup; every loss has its reason."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from quickstart.errors import UsageError
from quickstart.imports.imported import Imported
from quickstart.imports.litellm import read

ENVIRONMENT = {"MY_OPENAI": "sk-canary-env", "ANTHROPIC_API_KEY": "sk-ant-1", "AZ": "azure-key"}


def entry(name: str, model: str, **parameters: Any) -> dict[str, Any]:
    return {"model_name": name, "litellm_params": {"model": model, **parameters}}


def taken(*entries: Any, environment: dict[str, str] | None = None, **sections: Any) -> Imported:
    return read({"model_list": list(entries), **sections}, ENVIRONMENT if environment is None else environment)


def told(found: Imported) -> str:
    return "\n".join(note.message for note in found.notes)


def test_hosted_providers_with_keys_by_any_name() -> None:
    found = taken(
        entry("gpt", "openai/gpt-6-luna", api_key="os.environ/MY_OPENAI"),
        entry("claude", "claude-haiku-5-5"),
        entry("g", "gemini/gemini-3.5-flash-lite", api_key="literal-key-1"),
    )
    assert found.flags == {"model": ("openai=gpt-6-luna", "anthropic=claude-haiku-5-5", "gemini=gemini-3.5-flash-lite")}
    assert found.environment == {
        "OPENAI_API_KEY": "sk-canary-env", "ANTHROPIC_API_KEY": "sk-ant-1", "GEMINI_API_KEY": "literal-key-1",
    }  # fmt: skip
    assert "gpt is called openai here" in told(found)
    assert not [note for note in found.notes if "canary" in str(note) or "literal" in str(note)]


def test_azure_needs_its_address() -> None:
    found = taken(entry("a", "azure/dep", api_key="os.environ/AZ", api_base="https://r.openai.azure.com/"))
    assert found.flags == {
        "endpoint": ("azure=https://r.openai.azure.com",), "deployment": ("azure=dep",), "model": ("azure=dep",),
    }  # fmt: skip
    assert "api_base" in told(taken(entry("a", "azure/dep", api_key="os.environ/AZ")))


def test_own_servers_and_other_services() -> None:
    found = taken(
        entry("Llama 3", "ollama/llama3"),
        entry("vllm", "hosted_vllm/org/model", api_base="http://gpu.test:8000/v1"),
        entry("own", "openai/m", api_base="https://llm.test/v1", api_key="k-12345678"),
    )
    assert found.flags["local"] == ("llama-3=http://localhost:11434#llama3", "vllm-2=http://gpu.test:8000/v1#org/model")
    assert found.flags["compatible"] == ("own=https://llm.test/v1#m",)
    assert found.environment == {"OWN_API_KEY": "k-12345678"}
    assert "Llama 3 is called llama-3" in told(found) and "vllm is called vllm-2" in told(found)


def test_a_second_model_of_a_provider() -> None:
    found = taken(
        entry("a", "openai/gpt-6-luna", api_key="os.environ/MY_OPENAI"),
        entry("b", "openai/gpt-6-sol", api_key="os.environ/MY_OPENAI"),
        entry("c", "anthropic/claude-1"), entry("d", "anthropic/claude-2"),
    )  # fmt: skip
    assert found.flags["compatible"] == ("b=https://api.openai.com/v1#gpt-6-sol",)
    assert found.environment["B_API_KEY"] == "sk-canary-env"
    assert "d. Setup has one model of Anthropic" in told(found)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (entry("x", "bedrock/anthropic.claude"), "bedrock"),
        (entry("x", "openai/gpt", api_key="os.environ/GONE"), "GONE"),
        (entry("x", "openai/*"), "one model"),
        ({**entry("x", "openai/e"), "model_info": {"mode": "embedding"}}, "embedding"),
        ({"model_name": "x"}, "entry 1"),
        ("words", "entry 1"),
        (entry("x", "mystery-model"), "mystery-model"),
    ],
)
def test_what_is_not_taken_has_its_reason(broken: Any, why: str) -> None:
    found = taken(broken)
    assert found.empty and why in told(found)


def test_settings_of_litellm_itself_are_told() -> None:
    found = taken(
        entry("gpt", "openai/gpt-6-luna", api_key="os.environ/MY_OPENAI", rpm=5, timeout=3),
        router_settings={"routing_strategy": "x"}, general_settings={"master_key": "sk-canary"}, litellm_settings={},
    )  # fmt: skip
    text = told(found)
    for word in ("rpm of gpt", "timeout of gpt", "router_settings", "master key"):
        assert word in text
    assert "litellm_settings" not in text and "canary" not in text + str([note.hint for note in found.notes])


def test_its_own_variables_count_and_those_set_here_win() -> None:
    document = yaml.safe_load(
        "environment_variables: {MY_OPENAI: from-file, OTHER: also}\nmodel_list:\n"
        "- {model_name: a, litellm_params: {model: openai/x, api_key: os.environ/MY_OPENAI}}\n"
        "- {model_name: b, litellm_params: {model: groq/y, api_key: os.environ/OTHER}}\n"
    )
    assert read(document, ENVIRONMENT).environment == {"OPENAI_API_KEY": "sk-canary-env", "GROQ_API_KEY": "also"}


def test_a_list_that_is_none() -> None:
    with pytest.raises(UsageError, match="model_list"):
        read({"model_list": {"a": 1}}, {})
