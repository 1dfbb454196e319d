"""Every form in which people type a server's URL becomes one full URL, or a sentence that says what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickstart import endpoints
from quickstart.errors import UsageError

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("localhost:7999", f"http://localhost:7999{CHAT}"),
        ("http://localhost:7999/", f"http://localhost:7999{CHAT}"),
        ("http://localhost:7999/v1", f"http://localhost:7999{CHAT}"),
        ("http://localhost:7999/v1/", f"http://localhost:7999{CHAT}"),
        (f"http://localhost:7999{CHAT}", f"http://localhost:7999{CHAT}"),
        ("http://localhost:7999/v1/models", f"http://localhost:7999{CHAT}"),
        ("localhost", f"http://localhost:80{CHAT}"),
        ("https://llm.example.com/v1", f"https://llm.example.com:443{CHAT}"),
        ("https://example.com/v1beta/openai", "https://example.com:443/v1beta/openai/chat/completions"),
        ("https://example.com/api/v3", "https://example.com:443/api/v3/chat/completions"),
        ("http://[::1]:8080", f"http://[::1]:8080{CHAT}"),
        ("\u3000localhost:7999 ", f"http://localhost:7999{CHAT}"),
        ("HTTP://LocalHost:7999", f"http://localhost:7999{CHAT}"),
    ],
)
def test_every_form_becomes_the_chat_url(typed: str, url: str) -> None:
    address = endpoints.parse(typed)
    assert address.url(endpoints.chat_path(address.path)) == url


@pytest.mark.parametrize("typed", ["localhost:11434", "http://localhost:11434/api/chat", "localhost:11434/api"])
def test_ollamas_dialect_has_its_own_path(typed: str) -> None:
    address = endpoints.parse(typed)
    assert address.url(endpoints.chat_path(address.path, "ollama")) == "http://localhost:11434/api/chat"
    assert endpoints.root(address) == "http://localhost:11434"


def test_what_a_path_says_about_the_dialect() -> None:
    assert endpoints.dialect_of("/api/chat") == "ollama"
    assert endpoints.dialect_of("/v1") == "openai"
    assert endpoints.dialect_of("") is None


@pytest.mark.parametrize(
    "typed",
    [
        "", "   ", "ftp://x", "http://", "http://user:secret@host", "http://host:0", "http://host:99999", "http://a b",
        "http://host/?key=1", "http://host#frag", "http://[::zz]", "http://-x", "http://host/a\"b", "http://ho\x00st",
        "http://日本", "http:///v1",
    ],
)  # fmt: skip
def test_what_is_no_url_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError) as refused:
        endpoints.parse(typed, "--local x")
    assert "--local x" in refused.value.message
    assert refused.value.hint
    assert "secret" not in refused.value.message


@given(st.text(max_size=60))
def test_parsing_never_crashes_and_is_stable(text: str) -> None:
    try:
        address = endpoints.parse(text)
    except UsageError:
        return
    again = endpoints.parse(address.url())
    assert again == address
    path = endpoints.chat_path(address.path)
    assert endpoints.chat_path(path) == path  # completing what is complete changes nothing


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "host.docker.internal", "x.localhost", "LOCALHOST"],
)
def test_names_of_this_machine(host: str) -> None:
    assert endpoints.is_this_machine(host)


@pytest.mark.parametrize("host", ["192.168.1.5", "example.com", "localhost.example.com", "2001:db8::1"])
def test_names_of_other_machines(host: str) -> None:
    assert not endpoints.is_this_machine(host)


@pytest.mark.parametrize(
    ("typed", "bridged", "host"),
    [
        ("localhost:7999", True, "host.docker.internal"),
        ("127.0.0.1:7999", True, "host.docker.internal"),
        ("[::1]:7999", True, "host.docker.internal"),
        ("host.docker.internal:7999", True, "host.docker.internal"),
        ("example.com", True, "example.com"),
        ("localhost:7999", False, "localhost"),
        ("127.0.0.1:7999", False, "127.0.0.1"),
        ("0.0.0.0:7999", False, "127.0.0.1"),
        ("host.docker.internal:11434", False, "127.0.0.1"),
    ],
)
def test_a_server_is_named_as_the_gateway_sees_it(typed: str, bridged: bool, host: str) -> None:
    assert endpoints.as_seen_by_gateway(endpoints.parse(typed), bridged).host == host


@pytest.mark.parametrize(
    ("endpoint", "url", "moved"),
    [
        ("https://eu.example.com", "https://a.com/v1/messages", "https://eu.example.com:443/v1/messages"),
        ("https://eu.example.com/v1", "https://a.com/v1/messages", "https://eu.example.com:443/v1/messages"),
        ("http://127.0.0.1:9/x", "/v1/models?limit=3", "http://127.0.0.1:9/x/v1/models?limit=3"),
    ],
)
def test_moving_never_doubles_a_path(endpoint: str, url: str, moved: str) -> None:
    assert endpoints.moved(url, endpoints.parse(endpoint)) == moved
