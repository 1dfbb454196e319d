"""From a configuration to a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.counters import Counters
from gateway.entities import Config
from gateway.errors import ConfigError, VaultError
from gateway.settings import Settings
from gateway.transport.compiling import compile_snapshot

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
