"""llama.cpp: a model server of one's own."""

from __future__ import annotations

import pytest
from support.provider_checks import USER, call

from gateway.providers import get


def test_where_it_is_and_what_it_takes() -> None:
    provider = get("llamacpp")
    assert (provider.title, provider.hosted, provider.kong_name) == ("llama.cpp", False, "openai")
    assert provider.url(call()) == "http://127.0.0.1:8080/v1/chat/completions"
    assert provider.url(call(upstream_url="localhost:7999")) == "http://localhost:7999/v1/chat/completions"
    made = provider.request({"messages": [USER], "top_k": 3, "min_p": 0.1}, call())
    assert made == {"messages": [USER], "top_k": 3, "min_p": 0.1, "model": "m", "stream": False}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}', "unavailable"),
        (401, b'{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}', "invalid_key"),
        (401, b'{"detail":"Invalid API key"}', "invalid_key"),
        (400, b'{"error":{"message":"long","type":"exceed_context_size_error"}}', "context_too_long"),
    ],
)  # fmt: skip
def test_refusals(status: int, body: bytes, kind: str) -> None:
    assert get("llamacpp").diagnose(status, body).kind == kind


def test_models_by_path_or_alias() -> None:
    listed = {"object": "list", "data": [{"id": "/models/SmolLM2-135M.gguf", "owned_by": "llamacpp", "meta": {}}]}
    assert get("llamacpp").models(listed) == ["/models/SmolLM2-135M.gguf"]
