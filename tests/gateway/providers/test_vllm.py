"""vLLM: a model server of one's own."""

from __future__ import annotations

import pytest
from support.provider_checks import USER, call

from gateway.providers import get
from gateway.providers._base import ProviderError


def test_where_it_is_and_what_it_takes() -> None:
    provider = get("vllm")
    assert (provider.title, provider.hosted, provider.kong_name) == ("vLLM", False, "openai")
    assert provider.url(call(upstream_url="localhost:7999")) == "http://localhost:7999/v1/chat/completions"
    made = provider.request({"messages": [USER], "top_k": 3, "min_p": 0.1}, call())
    assert made == {"messages": [USER], "top_k": 3, "min_p": 0.1, "model": "m", "stream": False}


def test_it_needs_an_address() -> None:
    assert "upstream_url" in get("vllm").required_options
    with pytest.raises(ProviderError, match="upstream_url"):
        get("vllm").url(call())
