"""DeepSeek: its own facts."""

from __future__ import annotations

from support.provider_checks import call

from gateway.chat import Usage
from gateway.providers import get


def test_where_it_is() -> None:
    provider = get("deepseek")
    assert provider.title == "DeepSeek"
    assert provider.url(call()) == "https://api.deepseek.com/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ()


def test_no_credit() -> None:
    body = b'{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}'
    found = get("deepseek").diagnose(402, body)
    assert found.kind == "no_credit" and get("deepseek").billing_url in found.hint


def test_tokens_from_its_cache_are_seen() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 4}
    assert get("deepseek").usage({"usage": usage}) == Usage(9, 1, 10, cached_tokens=5)


def test_the_old_names_are_never_proposed() -> None:
    assert {"deepseek-chat", "deepseek-reasoner"} <= set(get("deepseek").retired)
