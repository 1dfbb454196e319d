"""Cerebras: its own facts."""

from __future__ import annotations

from support.provider_checks import USER, call

from gateway.providers import get


def test_where_it_is() -> None:
    provider = get("cerebras")
    assert provider.title == "Cerebras"
    assert provider.url(call()) == "https://api.cerebras.ai/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ("csk-",)


def test_what_it_does_not_take_is_left_out() -> None:
    body = {"messages": [USER], "frequency_penalty": 1, "logit_bias": {}, "seed": 3}
    made = get("cerebras").request(body, call())
    assert made == {"messages": [USER], "seed": 3, "model": "m", "stream": False}
    assert not get("cerebras").splices(body)
