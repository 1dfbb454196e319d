"""xAI: its own facts."""

from __future__ import annotations

import json

import pytest
from support.provider_checks import call

from gateway.providers import get


def test_where_it_is() -> None:
    provider = get("xai")
    assert provider.title == "xAI"
    assert provider.url(call()) == "https://api.x.ai/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ("xai-",)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "Incorrect API key provided. You can obtain an API key from https://console.x.ai.", "invalid_key"),
        (403, "Your team has used all available credits", "no_credit"),
        (403, "Content violates usage guidelines.", "forbidden"),
        (400, "Argument not supported: stop", "bad_request"),
        (429, "Too many requests", "rate_limited"),
    ],
)
def test_refusals_are_plain_texts(status: int, text: str, kind: str) -> None:
    body = json.dumps({"code": "invalid-argument", "error": text}).encode()
    assert get("xai").diagnose(status, body).kind == kind
