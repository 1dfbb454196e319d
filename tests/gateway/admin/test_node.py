"""What the node tells about itself."""

from __future__ import annotations

import pytest
from support.admin_api import Admin

from gateway.admin.node import Node
from gateway.plugins import registry
from gateway.settings import Listener, Settings


def test_what_deck_and_the_manager_read() -> None:
    """The checklist of fields that decK, go-kong and Kong Manager look at."""
    root = Admin({"plugins": [{"name": "key-auth"}]}).get("/").body
    assert root["version"] == "3.9.1" and root["edition"] == "community" and root["hostname"] == "node.test"
    assert root["plugins"]["enabled_in_cluster"] == ["key-auth"]
    available = root["plugins"]["available_on_server"]
    assert set(available) == set(registry())
    assert available["ai-proxy"]["priority"] == 770 and available["ai-proxy"]["version"]
    configuration = root["configuration"]
    assert configuration["database"] != "off"  # tools take that for read-only
    assert configuration["role"] == "traditional" and configuration["router_flavor"] == "traditional_compatible"
    assert configuration["admin_listen"] == ["127.0.0.1:8001"]
    assert [(one["port"], one["ssl"]) for one in configuration["proxy_listeners"]] == [(8000, False)]
    assert [one["port"] for one in configuration["admin_gui_listeners"]] == [8002]


def test_a_listener_that_is_off() -> None:
    configuration = Admin(status_listen=()).get("/").body["configuration"]
    assert configuration["status_listen"] == ["off"] and configuration["status_listeners"] == []


def test_secrets_of_the_settings_are_not_told() -> None:
    admin = Admin(admin_token="s3cret-token", declarative_config_string="sk-canary")
    text = str(admin.ask("GET", "/", headers={"Kong-Admin-Token": "s3cret-token"}))
    assert "tagline" in text and "s3cret-token" not in text and "sk-canary" not in text


def test_status_has_the_hash_of_the_configuration_and_the_numbers() -> None:
    admin = Admin()
    admin.node.statistics = lambda: {"server": {"total_requests": 5}, "workers": {12: 3 << 20, 11: 1 << 20}}
    status = admin.get("/status").body
    assert status["configuration_hash"] == "0" * 32 == admin.store.version
    assert status["server"]["total_requests"] == 5 and status["server"]["connections_active"] == 0
    assert status["memory"]["workers_lua_vms"] == [
        {"pid": 11, "http_allocated_gc": "1.00 MiB"},
        {"pid": 12, "http_allocated_gc": "3.00 MiB"},
    ]
    small = admin.get("/status?unit=K").body["memory"]["workers_lua_vms"][0]
    assert small["http_allocated_gc"] == "1024.00 KiB"
    assert admin.get("/status?unit=x").body == {"message": "invalid unit 'x' (expected 'k/K', 'm/M', or 'g/G')"}
    assert admin.get("/").body["pids"] == {"master": 7, "workers": [11, 12]}


def test_the_log_level_is_changed_while_running() -> None:
    admin = Admin()
    told: list[str] = []
    admin.node.set_log_level = told.append
    assert admin.get("/debug/node/log-level").body == {"message": "log level: notice"}
    assert admin.ask("PUT", "/debug/node/log-level/debug").body == {"message": "log level changed"}
    assert told == ["debug"] and admin.get("/debug/node/log-level").body == {"message": "log level: debug"}
    assert admin.ask("PUT", "/debug/node/log-level/loud").status == 400
    assert admin.ask("PUT", "/debug/node/log-level").status == 405
    assert admin.get("/debug/node/log-level/a/b").status == 404


@pytest.mark.parametrize("target", ["/oauth2_tokens", "/sessions"])
def test_what_plugins_that_are_not_here_keep_is_an_empty_list(target: str) -> None:
    assert Admin().get(target).body == {"data": [], "next": None}
    assert Admin().ask("POST", target, {}).status == 405


def test_other_small_answers() -> None:
    admin = Admin()
    assert admin.get("/plugins/enabled").body == {"enabled_plugins": list(registry())}
    assert admin.get("/clustering/status").status == 400 and admin.get("/status/dns").status == 501
    assert admin.get("/robots.txt").body.startswith("User-agent: *")
    assert admin.get("/metrics").status == 404
    admin.api.metrics = lambda: b"# HELP x\n"
    assert admin.get("/metrics").body == "# HELP x\n"


def test_two_nodes_have_two_ids() -> None:
    assert Node(Settings(), "a").id != Node(Settings(), "a").id
    assert Node(Settings(proxy_listen=(Listener("::1", 1),)), "a").log_level == "notice"


def test_nothing_old_is_ever_kept_that_would_have_to_be_dropped() -> None:
    admin = Admin()
    asked = [("DELETE", "/cache"), ("DELETE", "/cache/x"), ("GET", "/cache/x")]
    asked += [("GET", "/cache"), ("GET", "/cache/x/y")]
    assert [admin.ask(method, path).status for method, path in asked] == [204, 204, 404, 405, 404]
