"""Together AI: its own facts."""

from __future__ import annotations

from support.provider_checks import call

from gateway.providers import get


def test_where_it_is() -> None:
    provider = get("together")
    assert provider.title == "Together AI"
    assert provider.url(call()) == "https://api.together.ai/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ("tgp_v1_",)


def test_its_list_is_a_bare_array() -> None:
    listed = [{"id": "openai/gpt-oss-120b", "type": "chat"}, {"id": "flux", "type": "image"}, {"id": "x"}]
    assert get("together").models(listed) == ["openai/gpt-oss-120b", "x"]
    assert get("together").models({"data": [{"id": "a"}]}) == ["a"]


def test_top_k_passes() -> None:
    assert get("together").splices({"top_k": 3})
