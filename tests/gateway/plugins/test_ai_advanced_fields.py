"""What a configuration of ai-proxy-advanced may say."""

from typing import Any

import pytest

from gateway.entities.plugins import clean_plugin
from gateway.plugins import registry

OPENAI = {"route_type": "llm/v1/chat", "model": {"provider": "openai", "name": "m"}}
KEY = {"header_name": "x-goog-api-key", "header_value": "k"}
GEMINI = {"route_type": "llm/v1/chat", "model": {"provider": "gemini", "name": "m"}, "auth": KEY}


def clean(**config: Any) -> tuple[Any, Any]:
    return clean_plugin({"name": "ai-proxy-advanced", "config": {"targets": [OPENAI], **config}}, registry())


def test_defaults() -> None:
    row, error = clean()
    assert error is None
    config = row["config"]
    assert config["targets"][0]["weight"] == 100
    assert config["balancer"] is None or config["balancer"]["algorithm"] == "round-robin"
    assert (config["response_streaming"], config["llm_format"]) == ("allow", "openai")
    assert (config["model_name_header"], config["max_request_body_size"]) == (True, 8192)


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"targets": []}, {"targets": "length must be at least 1"}),
        ({"targets": None}, {"targets": "required field missing"}),
        ({"targets": [{**OPENAI, "weight": 0}]}, {"targets": [{"weight": "value should be between 1 and 65535"}]}),
        (
            {"targets": [OPENAI, {**OPENAI, "route_type": "llm/v1/completions"}]},
            {"@entity": ["targets must have one route_type, not several: llm/v1/chat, llm/v1/completions"]},
        ),
        (
            {"targets": [{**OPENAI, "route_type": "llm/v1/completions"}], "llm_format": "anthropic"},
            {"@entity": ["llm_format 'anthropic' can only be used with the 'llm/v1/chat' route_type"]},
        ),
        (
            {"targets": [OPENAI, GEMINI], "llm_format": "gemini"},
            {"@entity": ["native llm_format 'gemini' can only be used with the 'gemini' model.provider"]},
        ),
        (
            {"targets": [{**OPENAI, "auth": {"header_name": "x"}}]},
            {
                "targets": [
                    {"@entity": ["all or none of these fields must be set: 'auth.header_name', 'auth.header_value'"]}
                ]
            },
        ),
    ],
)
def test_what_is_refused(config: dict[str, Any], error: Any) -> None:
    assert clean(**config)[1] == {"config": error}


def test_targets_of_several_providers_may_speak_one_dialect() -> None:
    assert clean(targets=[OPENAI, GEMINI], llm_format="anthropic")[1] is None
