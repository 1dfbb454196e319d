"""What the text of a variable means, asked as the gateway asks: through a variable that is read so."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings import Listener, Settings


@pytest.mark.parametrize(
    ("text", "listeners"),
    [
        ("off", ()),
        ("OFF", ()),
        ("0.0.0.0:8000", (Listener("0.0.0.0", 8000),)),
        (
            "0.0.0.0:8000 reuseport backlog=16384, 0.0.0.0:8443 http2 ssl reuseport backlog=16384",
            (
                Listener("0.0.0.0", 8000, reuseport=True, backlog=16384),
                Listener("0.0.0.0", 8443, ssl=True, http2=True, reuseport=True, backlog=16384),
            ),
        ),
        ("[::1]:8000,localhost:0", (Listener("::1", 8000), Listener("localhost", 0))),
        ("  127.0.0.1:1   deferred ", (Listener("127.0.0.1", 1),)),
        ("", (Listener("127.0.0.1", 8000),)),
    ],
)
def test_listeners(text: str, listeners: tuple[Listener, ...]) -> None:
    assert Settings.from_env({"KONG_PROXY_LISTEN": text}).proxy_listen == listeners


@pytest.mark.parametrize(
    "text", ["8000", "a", "a:b", "a:99999", "::1:8000", "a:1 sll", "a:1,", ",", "a:1 backlog=x", "[x]:1", "a:1 b:2"]
)
def test_listeners_that_cannot_be_understood(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"KONG_ADMIN_LISTEN": text})
    told = str(caught.value)
    assert told.startswith(f"KONG_ADMIN_LISTEN='{text}' cannot be used: ")
    assert "write address:port" in told


def test_listeners_are_told_as_they_were_written() -> None:
    assert [str(listener) for listener in (Listener("::1", 1, ssl=True), Listener("a", 2))] == ["[::1]:1 ssl", "a:2"]


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("KONG_DATABASE", "off", "database", "off"),
        ("KONG_DECLARATIVE_CONFIG", "/etc/kong.yml", "declarative_config", Path("/etc/kong.yml")),
        ("KONG_DECLARATIVE_CONFIG", "", "declarative_config", None),
        ("KONG_PREFIX", "~/x", "prefix", Path("~/x").expanduser()),
        ("KONG_NGINX_WORKER_PROCESSES", "3", "worker_processes", 3),
        ("KONG_LOG_LEVEL", "DEBUG", "log_level", "debug"),
        ("KONG_PROXY_ACCESS_LOG", "off", "access_log", ""),
        ("KONG_PROXY_ACCESS_LOG", "/var/log/x", "access_log", "/var/log/x"),
        ("KONG_VAULT_ENV_PREFIX", "KV_", "vault_env_prefix", "KV_"),
        ("KONG_ALLOW_DEBUG_HEADER", "on", "allow_debug_header", True),
        ("KONG_HEADERS", "off", "hidden", frozenset(("server", "via", "latency", "request_id"))),
        ("KONG_HEADERS", "server_tokens", "hidden", frozenset(("latency", "request_id"))),
        ("KONG_HEADERS", "Via, X-Kong-Proxy-Latency", "hidden", frozenset(("server", "request_id"))),
        ("KONG_HEADERS_UPSTREAM", "off", "headers_upstream", False),
        ("KONG_HEADERS_UPSTREAM", "X-Kong-Request-Id", "headers_upstream", True),
        ("KONG_NGINX_EVENTS_WORKER_CONNECTIONS", "auto", "worker_connections", 16384),
        ("KONG_NGINX_EVENTS_WORKER_CONNECTIONS", "9", "worker_connections", 9),
        ("KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE", "2k", "client_max_body_size", 2048),
        ("KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE", "0", "client_max_body_size", 0),
        ("KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT", "5m", "drain_seconds", 300.0),
        ("KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT", "250ms", "drain_seconds", 0.25),
        ("KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT", "7", "drain_seconds", 7.0),
        ("KONG_ADMIN_HOSTS", "a.test, b.test,", "admin_hosts", ("a.test", "b.test")),
        ("KONG_ADMIN_GUI_URL", "https://m.test", "admin_gui_url", ("https://m.test",)),
        ("KONG_ADMIN_TOKEN", "t", "admin_token", "t"),
    ],
)
def test_values(variable: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.from_env({variable: text}), field) == value
