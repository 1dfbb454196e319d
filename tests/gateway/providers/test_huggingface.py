"""Hugging Face's router."""

from __future__ import annotations

import pytest
from support.kong_cases import asked
from support.provider_checks import call

from gateway.providers import get


def test_an_upstream_url_is_meant_as_it_stands() -> None:
    made = call("meta-llama/Llama-3", upstream_url="http://127.0.0.1:8911/v1/chat/completions")
    assert get("huggingface").url(made) == "http://127.0.0.1:8911/v1/chat/completions"
    body = get("huggingface").request(asked("hf chat"), made)
    assert (body["model"], body["stream"]) == ("meta-llama/Llama-3", False)
    assert get("huggingface").url(call()) == "https://router.huggingface.co/v1/chat/completions"


def test_kongs_options_are_headers() -> None:
    made = call(huggingface={"use_cache": False, "wait_for_model": True})
    assert get("huggingface").headers(made) == (("x-use-cache", "false"), ("x-wait-for-model", "true"))
    assert get("huggingface").headers(call()) == ()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":"Authorization header is correct, but the token seems invalid"}', "invalid_key"),
        (429, b'{"error":"Model is overloaded","error_type":"overloaded"}', "unavailable"),
        (422, b'{"error":"Input validation error","error_type":"validation"}', "bad_request"),
        (401, b"", "invalid_key"),
    ],
)
def test_refusals(status: int, body: bytes, kind: str) -> None:
    assert get("huggingface").diagnose(status, body).kind == kind
