"""Faults of keys and of what providers answer, by strict stand-ins where there is one for the provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from support.fault_bed import KEY, Bed
from support.faults import fault
from support.mock_server import Answer, Asked, MockServer
from support.providers_mock import Mistral, OpenAI
from support.providers_mock_own import Anthropic, Cohere

RIGHT = "sk-right-9f8e7d6c5b4a"


class Says(MockServer):
    """Answers every request in one way."""

    def __init__(self, status: int, body: object, content_type: str = "application/json", **headers: str) -> None:
        super().__init__()
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.says = Answer(status, raw, content_type, headers)

    def answer(self, asked: Asked) -> Answer:
        return self.says


@contextmanager
def _asked(bed: Bed, provider: str, server: MockServer, key: str = KEY, variable: str = "") -> Iterator[None]:
    with server:
        bed.hosted(provider, server.url, key, variable)
        yield


def _error(message: str, code: str, type_: str = "invalid_request_error") -> dict[str, object]:
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


@fault("wrong_key_openai")
def wrong_key_openai(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", OpenAI(RIGHT)):
        yield


@fault("wrong_key_anthropic")
def wrong_key_anthropic(bed: Bed) -> Iterator[None]:
    with _asked(bed, "anthropic", Anthropic(RIGHT), "sk-ant-canary-0a1b2c3d4e5f"):
        yield


@fault("wrong_key_cohere")
def wrong_key_cohere(bed: Bed) -> Iterator[None]:
    with _asked(bed, "cohere", Cohere(RIGHT), "canary0a1b2c3d4e5f60718293a4b5c6d7"):
        yield


@fault("wrong_key_mistral")
def wrong_key_mistral(bed: Bed) -> Iterator[None]:
    with _asked(bed, "mistral", Mistral(RIGHT), "canary0a1b2c3d4e5f60718293a4b5c6"):
        yield


@fault("wrong_key_gemini")
def wrong_key_gemini(bed: Bed) -> Iterator[None]:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    said = {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [detail]}
    with _asked(bed, "gemini", Says(400, {"error": said}), "AIzaCanary0a1b2c3d4e5f60718293a4b5c6d7"):
        yield


@fault("wrong_key_xai")
def wrong_key_xai(bed: Bed) -> Iterator[None]:
    said = {"code": "invalid-argument", "error": "Incorrect API key provided."}
    with _asked(bed, "xai", Says(400, said), "xai-canary0a1b2c3d4e5f60718293a4b5c6d7"):
        yield


@fault("other_key")
def other_key(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", OpenAI(RIGHT), "sk-ant-api03-canary0a1b2c3d4e5f"):
        yield


@fault("no_credit_openai")
def no_credit_openai(bed: Bed) -> Iterator[None]:
    said = _error("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota")
    with _asked(bed, "openai", Says(429, said)):
        yield


@fault("no_credit_prepaid")
def no_credit_prepaid(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", Says(429, _error("Your credit balance is used up.", "credit_balance_exhausted"))):
        yield


@fault("no_credit_anthropic")
def no_credit_anthropic(bed: Bed) -> Iterator[None]:
    said = {"type": "invalid_request_error", "message": "Your credit balance is too low to access the Anthropic API."}
    with _asked(bed, "anthropic", Says(400, {"type": "error", "error": said}), "sk-ant-canary-0a1b2c3d4e5f"):
        yield


@fault("no_credit_deepseek")
def no_credit_deepseek(bed: Bed) -> Iterator[None]:
    with _asked(bed, "deepseek", Says(402, _error("Insufficient Balance", "invalid_request_error", "unknown_error"))):
        yield


@fault("no_credit_chat")
def no_credit_chat(bed: Bed) -> Iterator[None]:
    """The list of models is free; only a chat shows that there is no credit."""
    server = OpenAI(KEY)
    server.trouble = "no_credit"
    bed.really = True
    with _asked(bed, "openai", server):
        yield


@fault("no_permission")
def no_permission(bed: Bed) -> Iterator[None]:
    said = _error("You have insufficient permissions. Missing scopes: api.model.read.", "missing_scope")
    with _asked(bed, "openai", Says(403, said)):
        yield


@fault("wrong_region")
def wrong_region(bed: Bed) -> Iterator[None]:
    said = _error("Country, region, or territory not supported", "unsupported_country_region_territory")
    with _asked(bed, "openai", Says(403, said)):
        yield


@fault("rate_limit")
def rate_limit(bed: Bed) -> Iterator[None]:
    said = _error("Rate limit reached for requests.", "rate_limit_exceeded", "requests")
    with _asked(bed, "openai", Says(429, said)):
        yield


@fault("provider_down")
def provider_down(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", Says(503, _error("The server is currently overloaded.", "", "server_error"))):
        yield


@fault("provider_overloaded")
def provider_overloaded(bed: Bed) -> Iterator[None]:
    said = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with _asked(bed, "anthropic", Says(529, said), "sk-ant-canary-0a1b2c3d4e5f"):
        yield


@fault("login_page")
def login_page(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", Says(200, b"<html><form>Sign in to the network</form></html>", "text/html")):
        yield


@fault("redirect")
def redirect(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", Says(302, b"", "text/html", Location="http://127.0.0.1:1/portal")):
        yield


@fault("wrong_path")
def wrong_path(bed: Bed) -> Iterator[None]:
    with _asked(bed, "openai", Says(404, b"<html>404 Not Found</html>", "text/html")):
        yield


@fault("retired_model")
def retired_model(bed: Bed) -> Iterator[None]:
    """The route's model has left the provider's list since it was chosen."""
    server = OpenAI(KEY)
    with _asked(bed, "openai", server):
        bed.prepare()
        server.models = ("gpt-7-luna",)  # type: ignore[misc]
        yield
