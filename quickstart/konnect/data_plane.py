"""How the container of Kong's own data plane is made, as one pure value: the variables Konnect documents, the keys of
the providers, ports. Not for: talking to an engine (data_plane_runner.py).

The official image reads keys through its env vault, from its own environment. So they are variables of this container,
handed over through the engine's API: in no file and no argument list, but to be seen by whoever may talk to the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quickstart.container_spec import Engine, instance
from quickstart.files import Places
from quickstart.konnect.certificate import Pair
from quickstart.konnect.journal import Entry
from quickstart.plan import Plan

LABEL = "ai-gateway.data-plane"
"""Label of the data plane's container; its value tells two users of one engine apart."""
LISTENERS = {"proxy": ("KONG_PROXY_LISTEN", 8000), "status": ("KONG_STATUS_LISTEN", 8100)}
"""What a data plane serves here: listener -> variable, and its port inside where the network is its own."""
_TLS_PORT = 443


def container_name(places: Places) -> str:
    return f"ai-gateway-data-plane-{instance(places)}"


def secrets_of(plan: Plan, stored: Mapping[str, str]) -> dict[str, str]:
    """The keys that the routes refer to, by the names the env vault looks for."""
    names = {route.secret for route in plan.routes} - {""}
    return {name: stored[name] for name in sorted(names) if name in stored}


def environment(plan: Plan, entry: Entry, pair: Pair, keys: Mapping[str, str]) -> dict[str, str]:
    """Variables of the container."""
    control, telemetry = _split(entry.configuration), _split(entry.telemetry)
    settings = {
        "KONG_ROLE": "data_plane",
        "KONG_DATABASE": "off",
        "KONG_VITALS": "off",
        "KONG_KONNECT_MODE": "on",
        "KONG_CLUSTER_MTLS": "pki",
        "KONG_CLUSTER_CONTROL_PLANE": ":".join(control),
        "KONG_CLUSTER_SERVER_NAME": control[0],
        "KONG_CLUSTER_TELEMETRY_ENDPOINT": ":".join(telemetry),
        "KONG_CLUSTER_TELEMETRY_SERVER_NAME": telemetry[0],
        # the PEM itself: a file would have to be readable by the image's own user
        "KONG_CLUSTER_CERT": pair.certificate,
        "KONG_CLUSTER_CERT_KEY": pair.key,
        "KONG_LUA_SSL_TRUSTED_CERTIFICATE": "system",
    }
    for name, (variable, inside) in LISTENERS.items():
        host = f"[{plan.bind}]" if ":" in plan.bind else plan.bind
        settings[variable] = f"{host}:{plan.ports[name]}" if plan.host_network else f"0.0.0.0:{inside}"
    if plan.host_network:
        # on the machine's own network the usual listeners would be open to everybody
        settings |= {"KONG_ADMIN_LISTEN": "off", "KONG_ADMIN_GUI_LISTEN": "off"}
    return settings | dict(keys)


def options(
    plan: Plan, places: Places, image: str, entry: Entry, pair: Pair, keys: Mapping[str, str], engine: Engine
) -> dict[str, Any]:
    """Keyword arguments of the Docker SDK's containers.create()."""
    made: dict[str, Any] = {
        "image": image,
        "name": container_name(places),
        "environment": environment(plan, entry, pair, keys),
        "labels": {LABEL: instance(places)},
        "cap_drop": ["ALL"],
        # the image's nginx may carry this one as a file capability, and would not start without it
        "cap_add": ["NET_BIND_SERVICE"],
        "security_opt": ["no-new-privileges:true"],
        "restart_policy": {"Name": "unless-stopped"},
        "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},
        "pids_limit": 1024,
        "detach": True,
    }
    if plan.host_network:
        made["network_mode"] = "host"
    else:
        made["hostname"] = container_name(places)  # the name of the node in Konnect
        made["ports"] = {f"{inside}/tcp": (plan.bind, plan.ports[name]) for name, (_, inside) in LISTENERS.items()}
        made["extra_hosts"] = {"host.docker.internal": "host-gateway"}
    return made


def _split(host: str) -> tuple[str, str]:
    """Name and port of a host as Konnect tells it; the usual one is 443."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon else (host, str(_TLS_PORT))
