from __future__ import annotations

from typing import Any

import pytest
from support.lax_plugins import LaxRegistry

from gateway.entities import EMPTY_HASH, KINDS, Config, load
from gateway.errors import ConfigError

FILE = """
_format_version: "3.0"
services:
- name: llm
  url: https://n.test/v1
  routes:
  - name: chat
    paths: ["~/chat$"]
    methods: [POST]
    plugins:
    - name: ai-proxy
      config: {model: {provider: openai}, auth: {header_value: "{vault://env/key}"}}
consumers:
- username: alice
  keyauth_credentials: [{key: secret}]
upstreams:
- name: u.test
  targets: [{target: "127.0.0.1:9", weight: 5}]
vaults:
- {name: env, prefix: my-env, config: {prefix: kv-}}
"""


@pytest.fixture
def config() -> Config:
    return Config.load(FILE, registry=LaxRegistry(), now=1000)


def test_every_kind_is_there(config: Config) -> None:
    assert list(config.collections) == list(KINDS)
    assert list(Config().collections) == list(KINDS)
    assert Config({"services": {"1": {"id": "1"}}}).collections["services"] == {"1": {"id": "1"}}


def test_references_to_secrets_are_kept_as_given(config: Config) -> None:
    row = next(iter(config.collections["plugins"].values()))
    assert row["config"]["auth"]["header_value"] == "{vault://env/key}"


def test_rendering_loads_to_the_same(config: Config) -> None:
    again = Config.from_declarative(config.render(), registry=LaxRegistry(), now=9)
    assert again.collections == config.collections
    assert again.render() == config.render()
    assert config.render()["routes"][0]["service"] == next(iter(config.collections["services"]))
    assert Config().render() == {"_format_version": "3.0", "_transform": False}


def test_the_hash_follows_the_content_only(config: Config) -> None:
    assert config.hash == Config.load(FILE, registry=LaxRegistry(), now=2).hash
    assert config.hash != Config.load(FILE.replace("weight: 5", "weight: 6"), registry=LaxRegistry()).hash
    assert len(config.hash) == 32
    assert Config().hash == EMPTY_HASH == "0" * 32


def test_rows_are_found_by_id_or_name(config: Config) -> None:
    service = config.get("services", "llm")
    assert service is not None
    assert config.get("services", service["id"]) is service
    assert config.get("consumers", "alice") is not None
    assert config.get("vaults", "my-env") is not None
    assert config.get("services", "nope") is None
    assert config.get("acls", "nope") is None
    assert [row["name"] for row in config.children("routes", "service", service["id"])] == ["chat"]
    assert config.children("routes", "service", "nope") == []


def test_a_change_leaves_the_old_configuration_alone(config: Config) -> None:
    _ = config.hash
    other = config.replaced("vaults", {})
    assert other.collections["vaults"] == {}
    assert config.collections["vaults"]
    assert other.hash != config.hash
    assert other.collections["services"] is config.collections["services"]


def test_the_door_loads_text() -> None:
    assert load("_format_version: '3.0'\n").collections == Config().collections
    with pytest.raises(ConfigError, match="line 2"):
        load("{")


def test_the_installed_plugins_are_the_registry_unless_another_is_given() -> None:
    document: dict[str, Any] = {"_format_version": "3.0", "plugins": [{"name": "no-such-plugin"}]}
    with pytest.raises(ConfigError, match="plugin 'no-such-plugin' not enabled"):
        Config.from_declarative(document)


def test_ten_thousand_routes_are_checked_once_each() -> None:
    services = [
        {
            "name": f"s{n}",
            "host": "n.test",
            "routes": [{"name": f"r{n}-{m}", "paths": [f"/{n}/{m}"]} for m in range(10)],
        }
        for n in range(1000)
    ]
    config = Config.from_declarative({"_format_version": "3.0", "services": services}, registry={})
    assert (len(config.collections["services"]), len(config.collections["routes"])) == (1000, 10_000)
