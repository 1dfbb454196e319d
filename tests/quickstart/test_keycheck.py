"""One free request per key against strict stand-ins on loopback, and every way in which it can fail told apart."""

from __future__ import annotations

import socket
from pathlib import Path
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


def run(name: str, value: str, base: str) -> KeyCheck:
    return check(PROVIDERS[name], value, base, {}, 2)


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
        (error(403, "unsupported_country_region_territory"), "bad", "region"),
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
        outcome = check(PROVIDERS["openai"], "Bearer x", server.url, {}, wall=lambda: 0.0)
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
        outcome = check(PROVIDERS["openai"], "Bearer x", url, {}, 0.05)
    assert outcome.kind == "timeout"
    assert "HTTPS_PROXY is not set" in outcome.hint and "0.05 s" in outcome.message


def test_plain_text_where_tls_was_expected() -> None:
    with Fixed(Answer(200, b"x")) as server:
        outcome = run("openai", "Bearer x", f"https://127.0.0.1:{server.port}")
    assert outcome.kind == "tls_broken"


@pytest.mark.parametrize("value", ["socks5://user:hunter2@proxy:1080", "http://x:none"])
def test_a_proxy_that_is_none_is_named_by_its_variable(value: str) -> None:
    outcome = check(PROVIDERS["openai"], "Bearer x", "https://api.example.invalid", {"HTTPS_PROXY": value}, 0.5)
    assert (outcome.verdict, outcome.kind) == ("unknown", "proxy_malformed")
    assert "HTTPS_PROXY" in outcome.message and "hunter2" not in outcome.message + outcome.hint


def test_this_machine_is_never_asked_through_a_proxy() -> None:
    proxies = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }
    with OpenAI(key="right") as server:
        assert check(PROVIDERS["openai"], "Bearer right", server.url, proxies, 2).verdict == "ok"


def test_a_proxy_is_named_without_its_password() -> None:
    environment = {"HTTPS_PROXY": "http://user:secret@proxy.example:3128"}
    told = explain(httpx.ConnectTimeout("x"), "https://api.openai.com/v1", environment)
    assert told.code == "proxy_silent" and "proxy.example:3128" in told.message
    assert "secret" not in told.message + told.hint


def test_an_authority_file_that_is_gone(tmp_path: Path) -> None:
    environment = {"SSL_CERT_FILE": str(tmp_path / "none.pem")}
    outcome = check(PROVIDERS["openai"], "Bearer x", "https://127.0.0.1:9", environment, 1)
    assert outcome.kind == "ca_missing" and str(tmp_path) in outcome.message


def test_a_wrong_clock_is_mentioned_where_a_key_is_accepted() -> None:
    with OpenAI(key="right") as server:
        outcome = check(PROVIDERS["openai"], "Bearer right", server.url, {}, wall=lambda: 0.0)
    assert (outcome.verdict, outcome.kind) == ("warn", "clock") and outcome.models
    assert outcome.message.startswith("key accepted, but the clock")


def test_a_key_of_another_provider_is_recognised_when_it_is_refused() -> None:
    with OpenAI(key="right") as server:
        outcome = run("openai", "Bearer sk-ant-canary-0123456789", server.url)
    assert (outcome.verdict, outcome.kind) == ("bad", "other_key")
    assert "Anthropic" in outcome.message


def test_a_provider_without_an_address_cannot_be_asked() -> None:
    assert check(PROVIDERS["azure"], "x").kind == "unknown"


@pytest.mark.parametrize("date", ["", "nonsense", "Wed, 99 Foo 2026"])
def test_a_strange_date_says_nothing(date: Any) -> None:
    assert keycheck._skew(date, 0.0) == 0.0
