"""One free request per key against strict stand-ins on loopback, and every way in which it can fail told apart."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import httpx
import pytest
from support.mock_server import Answer, Asked, MockServer, as_json
from support.providers_mock import OpenAI
from support.providers_mock_own import Anthropic

from gateway.providers import providers
from quickstart import keycheck
from quickstart.keycheck import KeyCheck, check, explain

PROVIDERS = providers()
SECRET = "sk-canary-DoNotShow-9fQA"


def client() -> httpx.Client:
    return httpx.Client(timeout=2, trust_env=False)


def run(name: str, value: str, base: str) -> KeyCheck:
    return check(PROVIDERS[name], value, base, {}, client)


def test_an_accepted_key_brings_the_live_list() -> None:
    with OpenAI(key="right") as server:
        outcome = run("openai", "Bearer right", server.url)
        assert (outcome.verdict, outcome.models) == ("ok", ("gpt-6-luna", "gpt-6.1-terra"))
        assert outcome.message == "key accepted, 2 models visible"
        assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/v1/models")]


def test_a_base_with_the_version_in_it_is_not_doubled() -> None:
    with OpenAI(key="right") as server:
        assert run("openai", "Bearer right", f"{server.url}/v1").verdict == "ok"
        assert server.last.path == "/v1/models"


def test_a_refused_key_is_told_with_where_to_get_another() -> None:
    with OpenAI(key="right") as server:
        outcome = run("openai", f"Bearer {SECRET}", server.url)
    assert (outcome.verdict, outcome.kind) == ("bad", "invalid_key")
    assert PROVIDERS["openai"].key_url in outcome.hint
    assert SECRET not in outcome.message + outcome.hint


def test_the_providers_own_headers_are_sent() -> None:
    with Anthropic(key="right") as server:
        assert run("anthropic", "right", server.url).verdict == "ok"
        assert server.last.headers["anthropic-version"]
        assert server.last.headers["x-api-key"] == "right"


class Fixed(MockServer):
    def __init__(self, fixed: Answer) -> None:
        super().__init__()
        self.fixed = fixed

    def answer(self, asked: Asked) -> Answer:
        return self.fixed


def error(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    return as_json({"error": {"message": message, "type": code, "code": code}}, status, **headers)


@pytest.mark.parametrize(
    ("answer", "verdict", "kind"),
    [
        (error(429, "insufficient_quota"), "warn", "no_credit"),
        (error(429, "rate_limit_exceeded"), "warn", "rate_limited"),
        (error(403, "unsupported_country_region_territory"), "bad", "forbidden"),
        (error(503, "server_error"), "unknown", "unavailable"),
        (Answer(200, b"<html>sign in</html>", "text/html"), "unknown", "not_llm"),
        (Answer(200, b'{"data": 3}'), "unknown", "not_llm"),
    ],
)
def test_other_answers(answer: Answer, verdict: str, kind: str) -> None:
    with Fixed(answer) as server:
        outcome = run("openai", f"Bearer {SECRET}", server.url)
    assert (outcome.verdict, outcome.kind) == (verdict, kind)
    assert outcome.message
    assert SECRET not in outcome.message + outcome.hint


def test_a_wrong_clock_is_mentioned_where_a_key_is_refused() -> None:
    refused = error(401, "invalid_api_key")
    with Fixed(refused) as server:
        outcome = check(PROVIDERS["openai"], "Bearer x", server.url, {}, client, wall=lambda: 0.0)
    assert "clock" in outcome.hint


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = run("openai", "Bearer x", f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert (outcome.verdict, outcome.kind) == ("unknown", "refused")


def test_silence_ends_in_a_timeout() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        quick = httpx.Client(timeout=0.05, trust_env=False)
        outcome = check(PROVIDERS["openai"], "Bearer x", url, {}, lambda: quick)
    assert outcome.kind == "timeout"
    assert "HTTPS_PROXY is not set" in outcome.hint


def test_plain_text_where_tls_was_expected() -> None:
    with Fixed(Answer(200, b"x")) as server:
        outcome = run("openai", "Bearer x", f"https://127.0.0.1:{server.port}")
    assert outcome.kind == "tls"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("raised", "environment", "kind"),
    [
        (caused(httpx.ConnectError("x"), socket.gaierror(-2, "Name or service not known")), {}, "dns"),
        (caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError("unable to get local issuer")), {}, "tls"),
        (httpx.ConnectError("certificate has expired"), {}, "clock"),
        (httpx.ConnectError("certificate is not yet valid"), {}, "clock"),
        (httpx.ProxyError("407 Proxy Authentication Required"), {}, "proxy"),
        (httpx.ConnectError("refused"), {"HTTPS_PROXY": "http://user:secret@proxy:3128"}, "proxy"),
        (httpx.ConnectTimeout("x"), {}, "timeout"),
        (httpx.RemoteProtocolError("x"), {}, "network"),
    ],
)
def test_causes_are_told_apart(raised: Exception, environment: dict[str, str], kind: str) -> None:
    outcome = explain(raised, "api.openai.com", environment)
    assert (outcome.verdict, outcome.kind) == ("unknown", kind)
    assert "secret" not in outcome.message + outcome.hint
    assert outcome.hint


def test_a_proxy_is_named_without_its_password() -> None:
    environment = {"HTTPS_PROXY": "http://user:secret@proxy.example:3128"}
    outcome = explain(httpx.ConnectTimeout("x"), "api.openai.com", environment)
    assert "proxy.example:3128" in outcome.hint


def test_a_provider_without_an_address_cannot_be_asked() -> None:
    assert check(PROVIDERS["azure"], "x").kind == "unknown"


@pytest.mark.parametrize("date", ["", "nonsense", "Wed, 99 Foo 2026"])
def test_a_strange_date_says_nothing(date: Any) -> None:
    assert keycheck._skew(date, 0.0) == 0.0
