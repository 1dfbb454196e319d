"""The container can do nothing but serve: every option that says so, and no secret in any of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from support.setups import KEY, a_plan, places_in

from quickstart.container_spec import CONFIGURATION, PREFIX, SECRETS, Engine, container_name, instance, options, user
from quickstart.deployment import Deployment


def made(folder: Path, engine: Engine = Engine("1"), uid: int = 1000, **more: Any) -> dict[str, Any]:
    ports = {"proxy": 8000, "admin": 8001, "manager": 8002, "portal": 8003, "files": 8004, "status": 8100}
    plan = a_plan(folder, **{"runtime": "docker", "ports": ports, "secrets": {"X_AUTH_HEADER": KEY}} | more)
    return options(Deployment(plan, "ai-gateway:1"), places_in(folder), engine, uid, uid)


def test_it_is_locked_down(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert found["user"] == "1000:1000"
    assert found["read_only"] is True and found["tmpfs"].keys() == {"/tmp"}
    assert found["cap_drop"] == ["ALL"] and found["security_opt"] == ["no-new-privileges:true"]
    assert found["restart_policy"] == {"Name": "unless-stopped"}
    assert found["log_config"]["config"] == {"max-size": "10m", "max-file": "3"}
    assert not {"privileged", "cap_add", "pid_mode", "devices"} & found.keys()


def test_no_secret_is_in_any_option(tmp_path: Path) -> None:
    assert "canary" not in repr(made(tmp_path))


def test_on_a_bridge_its_ports_are_published_where_the_person_said(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert found["ports"]["8001/tcp"] == ("127.0.0.1", 8001) and len(found["ports"]) == 6
    assert found["environment"]["KONG_ADMIN_LISTEN"] == "0.0.0.0:8001"
    assert found["extra_hosts"] == {"host.docker.internal": "host-gateway"}
    assert "network_mode" not in found
    assert made(tmp_path, bind="10.0.0.5")["ports"]["8000/tcp"] == ("10.0.0.5", 8000)


def test_in_the_hosts_network_it_listens_on_loopback_itself(tmp_path: Path) -> None:
    found = made(tmp_path, host_network=True)
    assert found["network_mode"] == "host" and "ports" not in found
    assert found["environment"]["KONG_ADMIN_LISTEN"] == "127.0.0.1:8001"


def test_it_reads_directories_and_writes_its_prefix_alone(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    found = made(tmp_path)
    assert found["volumes"] == {
        str(places.configuration.parent): {"bind": CONFIGURATION, "mode": "ro"},
        str(places.config): {"bind": SECRETS, "mode": "ro"},
        str(places.prefix): {"bind": PREFIX, "mode": "rw"},
    }
    assert found["environment"]["KONG_VAULT_ENV_FILE"] == f"{SECRETS}/secrets.env"
    assert found["environment"]["KONG_DECLARATIVE_CONFIG"] == f"{CONFIGURATION}/kong.yml"


def test_run_by_root_it_is_somebody_without_power_and_reads_a_copy_of_the_secrets(tmp_path: Path) -> None:
    found = made(tmp_path, uid=0)
    assert found["user"] == "10001:10001"
    assert str(places_in(tmp_path).container_secrets) in found["volumes"]
    assert str(places_in(tmp_path).config) not in found["volumes"]


@pytest.mark.parametrize("uid", [0, 1000])
def test_under_a_rootless_engine_its_root_is_the_person(uid: int) -> None:
    assert user(uid, uid, Engine("1", rootless=True)) == "0:0"


def test_selinux_is_told_to_let_it_read(tmp_path: Path) -> None:
    found = made(tmp_path, Engine("1", selinux=True))
    assert {volume["mode"] for volume in found["volumes"].values()} == {"ro,z", "rw,z"}


def test_two_users_of_one_engine_have_two_containers(tmp_path: Path) -> None:
    mine, theirs = places_in(tmp_path / "me"), places_in(tmp_path / "you")
    assert container_name(mine) != container_name(theirs)
    moved = dataclasses.replace(mine, state=tmp_path / "elsewhere")
    assert instance(moved) == instance(mine)
    assert made(tmp_path / "me")["labels"] == {"ai-gateway.instance": instance(mine)}


def test_the_way_out_is_told_but_for_the_proxy_whose_url_may_hold_a_password(tmp_path: Path) -> None:
    usual = made(tmp_path)["environment"]
    assert not {"HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"} & usual.keys()
    way = {"forward_proxy": "proxy.corp:3128", "no_proxy": "intern.test", "ca_file": "/home/me/ca.pem"}
    found = made(tmp_path, secrets={"HTTPS_PROXY": f"http://me:{KEY}@proxy.corp:3128"}, **way)
    more = {"NO_PROXY": "intern.test", "SSL_CERT_FILE": f"{CONFIGURATION}/ca.pem"}
    assert found["environment"] == usual | more and KEY not in repr(found)
