"""The gateway's environment names where it listens and what it reads, and nothing secret."""

from __future__ import annotations

from pathlib import Path

from support.setups import KEY, a_plan

from quickstart import runtime


def test_every_listener_and_file_has_its_variable(tmp_path: Path) -> None:
    ports = {"proxy": 8000, "admin": 8001, "manager": 8002, "portal": 8003, "files": 8004, "status": 8100}
    plan = a_plan(tmp_path, ports=ports, workers=3, secrets={"OPENAI_AUTH_HEADER": KEY})
    assert runtime.settings(plan, "127.0.0.1", "/kong.yml", "/prefix", "/secrets.env") == {
        "KONG_PROXY_LISTEN": "127.0.0.1:8000",
        "KONG_ADMIN_LISTEN": "127.0.0.1:8001",
        "KONG_ADMIN_GUI_LISTEN": "127.0.0.1:8002",
        "KONG_PORTAL_GUI_LISTEN": "127.0.0.1:8003",
        "KONG_PORTAL_API_LISTEN": "127.0.0.1:8004",
        "KONG_STATUS_LISTEN": "127.0.0.1:8100",
        "KONG_DATABASE": "off",
        "KONG_DECLARATIVE_CONFIG": "/kong.yml",
        "KONG_PREFIX": "/prefix",
        "KONG_VAULT_ENV_FILE": "/secrets.env",
        "KONG_NGINX_WORKER_PROCESSES": "3",
        "KONG_COMPATIBLE_VERSION": "3.15",
    }


def test_an_ipv6_address_is_bracketed(tmp_path: Path) -> None:
    plan = a_plan(tmp_path, ports={"proxy": 8000})
    assert runtime.settings(plan, "::1", "", "", "")["KONG_PROXY_LISTEN"] == "[::1]:8000"
