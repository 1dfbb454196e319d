"""From a configuration to a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.counters import Counters
from gateway.entities import Config
from gateway.errors import ConfigError, VaultError
from gateway.settings import Settings
from gateway.settings.proxies import ProxyError
from gateway.transport.compiling import compile_snapshot, open_proxies
from gateway.transport.proxies import Proxy
from gateway.values import Origin

FILE = """
_format_version: "3.0"
services:
- name: s
  url: http://127.0.0.1:1
  routes:
  - name: r
    paths: [/a]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/test-key}"}
        model: {provider: openai, name: m}
"""


def compiled(settings: Settings, previous: Any = None, **environment: str) -> Any:
    resources = {"counters": Counters.create(shared=False)}
    return compile_snapshot(Config.load(FILE), settings, resources, previous, environment)


def test_secrets_come_from_the_file_and_are_read_anew(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    settings = Settings.from_env({"KONG_VAULT_ENV_FILE": str(secrets)})
    values = []
    for value in ("one", "two"):
        secrets.write_text(f"TEST_KEY='{value}'\n")
        (plugin,) = compiled(settings).plugins.values()
        values.append(plugin.config["auth"]["header_value"])
    assert values == ["one", "two"]


def test_secrets_come_from_the_environment_with_its_prefix() -> None:
    (plugin,) = compiled(Settings.from_env({"KONG_VAULT_ENV_PREFIX": "KV_"}), KV_TEST_KEY="value").plugins.values()
    assert plugin.config["auth"]["header_value"] == "value"


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(ConfigError, match="test-key"):
        compiled(Settings.from_env({}))


def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="gone"):
        compiled(Settings.from_env({"KONG_VAULT_ENV_FILE": str(tmp_path / "gone")}))


def test_plugins_that_did_not_change_are_kept() -> None:
    settings = Settings.from_env({})
    first = compiled(settings, TEST_KEY="a")
    same, other = compiled(settings, first, TEST_KEY="a"), compiled(settings, first, TEST_KEY="b")
    assert list(same.plugins.values()) == list(first.plugins.values())
    assert list(other.plugins.values()) != list(first.plugins.values())


def test_the_proxy_comes_from_the_file_and_is_read_anew(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    settings = Settings.from_env({"KONG_VAULT_ENV_FILE": str(secrets)})
    provider = Origin("https", "api.example.test", 443)
    for port in (3128, 3129):
        secrets.write_text(f"HTTPS_PROXY='http://proxy.test:{port}'\n")
        assert open_proxies(settings, {}).choose(provider) == Proxy("proxy.test", port, b"")
    secrets.write_text("HTTPS_PROXY='socks5://me:hunter2@proxy.test'\n")
    with pytest.raises(ProxyError, match="HTTPS_PROXY") as caught:
        open_proxies(settings, {})
    assert "hunter2" not in str(caught.value)
    assert open_proxies(Settings.from_env({}), {}).choose(provider) is None
