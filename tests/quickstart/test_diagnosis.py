"""One wording per cause: what, why and what to type; in every language, and never a key."""

from __future__ import annotations

import json

import pytest

from gateway.providers import get
from quickstart import diagnosis, messages

KEY = "sk-canary-DoNotShow-9fQA"


def test_a_rejected_key_says_which_and_where_to_get_another() -> None:
    told = diagnosis.of_refusal(
        get("openai"), get("openai").diagnose(401, b'{"error":{"code":"invalid_api_key"}}'), 401, "9fQB"
    )
    assert told == (
        "invalid_key",
        "key rejected (401 invalid_api_key)",
        "The key ends in 9fQB. Keys are shown only once, at creation:\nhttps://platform.openai.com/api-keys",
    )


def test_a_key_of_another_provider_is_named() -> None:
    told = diagnosis.of_refusal(get("openai"), get("openai").diagnose(401, b"{}"), 401, "7xAA", "Anthropic")
    assert told.code == "other_key"
    assert "a key of Anthropic, not of OpenAI" in told.message


def test_no_credit_is_explained() -> None:
    told = diagnosis.of_refusal(
        get("openai"), get("openai").diagnose(429, b'{"error":{"code":"insufficient_quota"}}'), 429
    )
    assert told.message == "key works, account has no API credit (429 insufficient_quota)"
    assert "ChatGPT Plus does not include API credit." in told.hint and get("openai").billing_url in told.hint


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "xai", "ollama", "azure"])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 402, 403, 404, 413, 418, 429, 500, 529])
def test_every_refusal_has_a_text_and_no_key(provider: str, status: int) -> None:
    body = json.dumps({"error": {"message": f"bad key {KEY}", "code": KEY, "type": KEY}}).encode()
    known = get(provider)
    told = diagnosis.of_refusal(known, known.diagnose(status, body), status)
    assert told.message and KEY not in told.message + told.hint


def test_every_remedy_belongs_to_a_fault() -> None:
    for key in messages.catalogue():
        if key.startswith("diagnosis.") and key.endswith(".do"):
            assert key.removesuffix(".do") in messages.catalogue()


def test_a_code_without_text_is_a_bug() -> None:
    with pytest.raises(KeyError):
        diagnosis.told("no_such_code")
