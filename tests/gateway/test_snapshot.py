"""Compiling a configuration: which plugin instance runs where, what is taken over, what is refused."""

from pathlib import Path
from typing import Any

import pytest
from support.exchange import Gateway, proxied

from gateway.entities import Config
from gateway.errors import ConfigError
from gateway.plugins._base import Setting
from gateway.plugins.ai_proxy import AiProxy
from gateway.snapshot import Snapshot
from gateway.vault import Vault


def ai(key: str = "Bearer k", name: str = "m") -> dict[str, Any]:
    return {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "Authorization", "header_value": key},
            "model": {"provider": "openai", "name": name},
        },
    }


def service(*plugins: Any, **more: Any) -> dict[str, Any]:
    routes = [{"name": f"r{n}", "paths": [f"/r{n}"], "plugins": [plugin]} for n, plugin in enumerate(plugins)]
    return {"services": [{"name": "s", "url": "http://up.test", "routes": routes}], **more}


def test_the_most_specific_instance_runs_alone() -> None:
    made = Gateway(service(ai(name="routes"), plugins=[ai(name="global")]))
    (route,) = made.snapshot.config.collections["routes"].values()
    (plugin,) = made.snapshot.chain(route, None).plugins
    assert isinstance(plugin, AiProxy)
    assert plugin.model == "routes"


def test_a_disabled_instance_falls_through_to_the_next() -> None:
    made = Gateway(service({**ai(name="routes"), "enabled": False}, plugins=[ai(name="global")]))
    (route,) = made.snapshot.config.collections["routes"].values()
    assert [plugin.model for plugin in made.snapshot.chain(route, None).plugins] == ["global"]  # type: ignore[attr-defined]


def test_references_are_resolved_and_an_unknown_one_is_named() -> None:
    config = service(ai("{vault://env/openai-auth-header}"))
    made = Gateway(config, environment={"OPENAI_AUTH_HEADER": "Bearer secret"})
    (plugin,) = made.snapshot.plugins.values()
    assert plugin.config["auth"]["header_value"] == "Bearer secret"
    with pytest.raises(ConfigError, match=r"ai-proxy \(route r0\).*vault://env/openai-auth-header") as caught:
        Gateway(config)
    assert "secret" not in str(caught.value)


def test_every_unresolved_reference_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Gateway(service(ai("{vault://env/one}"), ai("{vault://env/two}")))
    assert "vault://env/one" in str(caught.value)
    assert "vault://env/two" in str(caught.value)


def test_unchanged_plugins_are_taken_over_and_changed_ones_made_anew() -> None:
    made = Gateway(service(ai(name="a"), ai(name="b")))
    before = dict(made.snapshot.plugins)
    made.change(service(ai(name="a"), ai(name="c")))
    after = made.snapshot.plugins
    kept = [id for id in after if before.get(id) is after[id]]
    assert [after[id].model for id in kept] == ["a"]  # type: ignore[attr-defined]


def test_a_rotated_key_makes_a_plugin_anew(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.env"
    secrets.write_text("OPENAI_AUTH_HEADER='Bearer old'\n")
    config = service(ai("{vault://env/openai-auth-header}"))
    made = Gateway(config, secrets_file=secrets)
    secrets.write_text("OPENAI_AUTH_HEADER='Bearer new'\n")
    made.change(config)
    (plugin,) = made.snapshot.plugins.values()
    assert plugin.config["auth"]["header_value"] == "Bearer new"


def test_an_index_finds_entities_by_a_unique_field() -> None:
    made = Gateway(proxied(consumers=[{"username": "alice", "keyauth_credentials": [{"key": "k-1"}]}]))
    assert made.snapshot.index("keyauth_credentials", "key")["k-1"]["key"] == "k-1"
    assert made.snapshot.index("consumers", "username").keys() == {"alice"}


def test_indexes_of_kinds_that_did_not_change_are_taken_over_and_no_others() -> None:
    made = Gateway(proxied(consumers=[{"username": "alice", "keyauth_credentials": [{"key": "k-1"}]}]))
    before = made.snapshot
    keys, consumers = before.index("keyauth_credentials", "key"), before.index("consumers", "username")
    owned = before.members("keyauth_credentials", "consumer")
    (alice,) = before.config.collections["consumers"].values()
    changed = Config(before.config.collections).replaced("consumers", {alice["id"]: {**alice, "username": "bob"}})
    after = Snapshot.compile(changed, Vault({}), {}, previous=before)
    assert after.index("keyauth_credentials", "key") is keys
    assert after.members("keyauth_credentials", "consumer") is owned
    assert consumers.keys() == {"alice"} and after.index("consumers", "username").keys() == {"bob"}


def test_a_setting_knows_its_id() -> None:
    assert Setting({"id": "x"}, {}).id == "x"


def test_a_text_that_no_head_can_carry_is_refused_in_words() -> None:
    plugin = {"name": "cors", "config": {"headers": ["X-\u2028"]}}
    with pytest.raises(ConfigError, match=r"plugin cors \(global\): '\\u2028' cannot stand in a header"):
        Gateway({"plugins": [plugin]})
