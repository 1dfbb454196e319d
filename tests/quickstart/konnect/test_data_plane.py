from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from support.konnect_parts import KEY, konnect_plan
from support.setups import places_in

from quickstart.container_spec import Engine, instance
from quickstart.konnect import data_plane
from quickstart.konnect.certificate import Pair
from quickstart.konnect.journal import Entry

ENTRY = Entry("gateway", "eu", "ai-gateway", "1", True, "ab.eu.cp.konghq.com", "ab.eu.tp0.konghq.com")
PAIR = Pair("CERTIFICATE", "PRIVATE")
PLACES = places_in(Path("/srv"))
PLAN = konnect_plan(Path("/srv"))


def options(**more: Any) -> dict[str, Any]:
    plan = dataclasses.replace(PLAN, **more)
    keys = data_plane.secrets_of(plan, {**plan.secrets, "UNUSED_AUTH_HEADER": "x"})
    return data_plane.options(plan, PLACES, "kong/kong-gateway:3.15", ENTRY, PAIR, keys, Engine("28"))


def test_the_documented_variables_and_the_keys() -> None:
    assert options()["environment"] == {
        "KONG_ROLE": "data_plane",
        "KONG_DATABASE": "off",
        "KONG_VITALS": "off",
        "KONG_KONNECT_MODE": "on",
        "KONG_CLUSTER_MTLS": "pki",
        "KONG_CLUSTER_CONTROL_PLANE": "ab.eu.cp.konghq.com:443",
        "KONG_CLUSTER_SERVER_NAME": "ab.eu.cp.konghq.com",
        "KONG_CLUSTER_TELEMETRY_ENDPOINT": "ab.eu.tp0.konghq.com:443",
        "KONG_CLUSTER_TELEMETRY_SERVER_NAME": "ab.eu.tp0.konghq.com",
        "KONG_CLUSTER_CERT": "CERTIFICATE",
        "KONG_CLUSTER_CERT_KEY": "PRIVATE",
        "KONG_LUA_SSL_TRUSTED_CERTIFICATE": "system",
        "KONG_PROXY_LISTEN": "0.0.0.0:8000",
        "KONG_STATUS_LISTEN": "0.0.0.0:8100",
        "OPENAI_AUTH_HEADER": KEY,
    }


def test_the_token_is_not_the_data_planes_business() -> None:
    assert PLAN.secrets["KONNECT_TOKEN"] not in str(options())


def test_what_it_may_and_where_it_is_reached() -> None:
    made = options()
    assert (
        made["cap_drop"] == ["ALL"]
        and made["cap_add"] == ["NET_BIND_SERVICE"]
        and made["security_opt"] == ["no-new-privileges:true"]
    )
    assert "privileged" not in made and "volumes" not in made
    assert made["ports"] == {
        "8000/tcp": ("127.0.0.1", PLAN.ports["proxy"]),
        "8100/tcp": ("127.0.0.1", PLAN.ports["status"]),
    }
    assert made["labels"] == {data_plane.LABEL: instance(PLACES)}
    assert made["hostname"] == made["name"] == data_plane.container_name(PLACES)


@pytest.mark.parametrize(("bind", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_on_the_machines_own_network_only_what_was_asked_for_is_open(bind: str, shown: str) -> None:
    made = options(host_network=True, bind=bind)
    environment = made["environment"]
    assert made["network_mode"] == "host" and "ports" not in made
    assert environment["KONG_PROXY_LISTEN"] == f"{shown}:{PLAN.ports['proxy']}"
    assert environment["KONG_STATUS_LISTEN"] == f"{shown}:{PLAN.ports['status']}"
    assert environment["KONG_ADMIN_LISTEN"] == environment["KONG_ADMIN_GUI_LISTEN"] == "off"
