from __future__ import annotations

import os
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SettingsError
from gateway.settings import VARIABLES, Settings


def refused(**environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environment)
    return str(caught.value)


def test_defaults_are_on_this_machine_only() -> None:
    settings = Settings.from_env({})
    ports = [listener.port for listeners in settings.listeners().values() for listener in listeners]
    hosts = {listener.host for listeners in settings.listeners().values() for listener in listeners}
    assert ports == [8000, 8001, 8002, 8003, 8004, 8100]
    assert hosts == {"127.0.0.1"}
    assert (settings.prefix, settings.declarative_config, settings.vault_env_file) == (None, None, None)
    assert (settings.log_level, settings.allow_debug_header, settings.hidden) == ("notice", False, frozenset())
    assert settings.access_log == "/dev/stdout"
    assert settings.worker_processes == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("variable", "text", "part"),
    [
        ("KONG_DATABASE", "postgres", "needs no database"),
        ("KONG_DATABASE", "x", "write off"),
        ("KONG_NGINX_WORKER_PROCESSES", "0", "a number from 1 to 512, or auto"),
        ("KONG_NGINX_WORKER_PROCESSES", "many", "a number from 1 to 512, or auto"),
        ("KONG_NGINX_WORKER_PROCESSES", "\u0663", "a number from 1 to 512, or auto"),
        ("KONG_LOG_LEVEL", "loud", "write one of debug, info, notice, warn, error, crit, alert, emerg"),
        ("KONG_ALLOW_DEBUG_HEADER", "maybe", "write on or off"),
        ("KONG_HEADERS", "x-nope", "'x-nope' is unknown"),
        ("KONG_PREFIX", "~nobody-of-that-name/x", "write the path in full"),
        ("KONG_HEADERS_UPSTREAM", "x", "write one of x-kong-request-id, off"),
        ("KONG_NGINX_EVENTS_WORKER_CONNECTIONS", "0", "write a number from 1"),
        ("KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE", "10x", "write a number of bytes"),
        ("KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT", "soon", "30s, 5m, 500ms"),
    ],
)
def test_wrong_values_name_the_variable_the_value_and_what_is_allowed(variable: str, text: str, part: str) -> None:
    told = refused(**{variable: text})
    assert told.startswith(f"{variable}='{text}' cannot be used: ")
    assert part in told


def test_all_wrong_ones_are_told_at_once() -> None:
    told = refused(KONG_LOG_LEVEL="x", KONG_PROXY_LISTEN="y", KONG_SSL_CERT="a,b", KONG_SSL_CERT_KEY="a")
    assert len(told.splitlines()) == 3


def test_two_listeners_cannot_share_a_port() -> None:
    assert refused(KONG_PROXY_LISTEN="127.0.0.1:8001") == (
        "KONG_ADMIN_LISTEN and KONG_PROXY_LISTEN both listen on 127.0.0.1:8001: give one another port"
    )
    Settings.from_env({"KONG_PROXY_LISTEN": "127.0.0.1:0", "KONG_ADMIN_LISTEN": "127.0.0.1:0"})
    Settings.from_env({"KONG_PROXY_LISTEN": "127.0.0.2:8001"})


def test_secrets_are_not_shown() -> None:
    settings = Settings.from_env({"KONG_ADMIN_TOKEN": "canary", "KONG_DECLARATIVE_CONFIG_STRING": "canary"})
    assert "canary" not in repr(settings)


def test_every_variable_is_documented() -> None:
    assert [variable.field for variable in VARIABLES] == [field.name for field in fields(Settings)]
    for variable in VARIABLES:
        assert variable.name.startswith("KONG_")
        assert variable.help.endswith(".")
        assert getattr(Settings.from_env({variable.name: variable.default}), variable.field) == getattr(
            Settings(), variable.field
        )


@given(st.dictionaries(st.sampled_from([variable.name for variable in VARIABLES]), st.text(max_size=20), max_size=5))
def test_no_environment_fails_otherwise(environment: dict[str, str]) -> None:
    try:
        Settings.from_env(environment)
    except SettingsError as error:
        assert any(name in str(error) for name in environment)
