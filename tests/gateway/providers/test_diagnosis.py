"""What refusals mean, and that no text made of them holds a key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import get, providers
from gateway.providers._diagnosis import quoted

KEYS = [
    "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "sk-ant-api03-ABCDEFGHIJ",
    "gsk_abcdefghijklmno1234",
    "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "xai-abcdefgh12345678",
    "hf_abcdefghijkl",
    "0123456789abcdef0123456789abcdef",
]


def body(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", sorted(providers()))
def test_no_text_holds_a_key(name: str, key: str) -> None:
    for status in (200, 400, 401, 402, 403, 404, 418, 422, 429, 500, 503):
        for text in (f"Incorrect API key provided: {key}.", f"bad request with '{key}'", f"{key[:-1]}*** is wrong"):
            for given_ in (
                body(text, code=key),
                json.dumps({"message": text}).encode(),
                json.dumps({"error": text}).encode(),
            ):
                found = get(name).diagnose(status, given_)
                assert key[:-1] not in found.message + found.hint


@given(st.text(max_size=400))
def test_quotes_are_short_and_on_one_line(text: str) -> None:
    made = quoted(text)
    assert len(made) <= 200
    assert made.isprintable()


def test_quotes_keep_what_helps() -> None:
    assert quoted("Unsupported parameter: 'max_tokens' for gpt-4o-mini\nUse more") == (
        "Unsupported parameter: 'max_tokens' for gpt-4o-mini Use more"
    )


@pytest.mark.parametrize(
    ("status", "given_", "kind"),
    [
        (401, body("x", code="invalid_api_key"), "invalid_key"),
        (429, body("You exceeded your current quota", code="insufficient_quota"), "no_credit"),
        (429, body("x", code="credit_balance_exhausted"), "no_credit"),
        (429, body("Rate limit reached", type="requests", code="rate_limit_exceeded"), "rate_limited"),
        (404, body("The model `X` does not exist", code="model_not_found"), "model_not_found"),
        (400, body("x", code="context_length_exceeded"), "context_too_long"),
        (400, body("x", code="unsupported_parameter"), "bad_request"),
        (403, body("Country, region, or territory not supported"), "region"),
        (400, body("User location is not supported for the API use."), "region"),
        (403, body("Missing scopes"), "forbidden"),
        (500, body("The server had an error"), "unavailable"),
        (503, b"", "unavailable"),
        (404, b"<html>nginx</html>", "not_llm"),
        (404, b'{"error":{"message":"no such path"}}', "bad_request"),
        (302, b"", "not_llm"),
        (405, b"{}", "not_llm"),
        (200, b"<html>log in</html>", "not_llm"),
        (200, b'{"data":[]}', "ok"),
        (418, b"{}", "unknown"),
        (100, b"", "unknown"),
    ],
)
def test_the_usual_reading(status: int, given_: bytes, kind: str) -> None:
    assert get("openai").diagnose(status, given_).kind == kind


def test_hints_say_where_to_go() -> None:
    openai = get("openai")
    rejected = openai.diagnose(401, body("x"))
    assert rejected.message == "OpenAI rejected the key (401)"
    assert "https://platform.openai.com/api-keys" in rejected.hint and "OPENAI_API_KEY" in rejected.hint
    credit = openai.diagnose(429, body("x", code="insufficient_quota"))
    assert credit.message == "the key works, but the OpenAI account has no credit (429)"
    assert "ChatGPT Plus does not include API credit" in credit.hint
    assert openai.billing_url in credit.hint


def test_a_gate_that_lists_details() -> None:
    detail = {"detail": [{"loc": ["body", "x"], "msg": "field required", "type": "missing"}]}
    assert "field required" in get("openai").diagnose(422, json.dumps(detail).encode()).message


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        (body("x", code="insufficient_quota"), "insufficient_quota"),
        (body("x", code=None, type="rate_limit_error"), "rate_limit_error"),
        (body("x", code="sk-canary-0123456789abcdef"), ""),
        (body("x", code="two words"), ""),
        (b"<html>", ""),
    ],
)
def test_the_providers_own_word_is_kept_when_it_is_one(given_: bytes, code: str) -> None:
    assert get("openai").diagnose(429, given_).code == code
