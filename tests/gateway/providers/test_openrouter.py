"""OpenRouter: its own facts."""

from __future__ import annotations

import pytest
from support.provider_checks import call
from support.streams import drain, sse

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import ProviderError


def test_where_it_is() -> None:
    provider = get("openrouter")
    assert provider.title == "OpenRouter"
    assert provider.url(call()) == "https://openrouter.ai/api/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ("sk-or-",)


def test_a_key_is_checked_where_one_is_needed() -> None:
    assert get("openrouter").check_path == "/api/v1/key"


def test_an_error_that_came_with_200() -> None:
    with pytest.raises(ProviderError, match="Provider returned error"):
        get("openrouter").response({"error": {"code": 429, "message": "Provider returned error"}}, call())


def test_an_error_inside_a_stream_that_ends_as_if_all_were_well() -> None:
    error = {"choices": [], "error": {"code": 400, "message": "Token limit reached"}, "usage": {"prompt_tokens": 1}}
    scanner = get("openrouter").stream(call(stream=True))
    drain(scanner, [b": OPENROUTER PROCESSING\n\n" + sse(error, b"[DONE]")])
    assert (scanner.error, scanner.usage) == ("Token limit reached", Usage(1, 0, 1))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "invalid_key"), (402, "no_credit"), (429, "rate_limited"), (502, "unavailable")]
)
def test_refusals(status: int, kind: str) -> None:
    assert get("openrouter").diagnose(status, b'{"error":{"code":%d,"message":"x"}}' % status).kind == kind
