"""LM Studio: a model server of one's own."""

from __future__ import annotations

from support.provider_checks import USER, call

from gateway.providers import get


def test_where_it_is_and_what_it_takes() -> None:
    provider = get("lmstudio")
    assert (provider.title, provider.hosted, provider.kong_name) == ("LM Studio", False, "openai")
    assert provider.url(call()) == "http://127.0.0.1:1234/v1/chat/completions"
    assert provider.url(call(upstream_url="localhost:7999")) == "http://localhost:7999/v1/chat/completions"
    made = provider.request({"messages": [USER], "top_k": 3, "min_p": 0.1}, call())
    assert made == {"messages": [USER], "top_k": 3, "min_p": 0.1, "model": "m", "stream": False}
