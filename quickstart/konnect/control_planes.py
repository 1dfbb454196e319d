"""The classic Konnect API: control planes, pinned certificates, nodes and core entities of an API gateway.

Not for: what the entities are (entities.py), the newer AI Gateway API (ai_gateways.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quickstart import messages
from quickstart.konnect import entities
from quickstart.konnect.client import Client
from quickstart.konnect.product import DESCRIPTION, Entity, Home, Node, Pinned, field_of, host_of, node_of
from quickstart.konnect.refusals import Refused
from quickstart.plan import Plan

_ROOT = "/v2/control-planes"
_PAGE = 100
_ENTITIES_PAGE = 1000
_OURS = "CLUSTER_TYPE_CONTROL_PLANE"


class ControlPlanes:
    """product.Product"""

    title = "API Gateway"
    image = "kong/kong-gateway:3.15"

    def find(self, client: Client, name: str) -> Home | None:
        what = messages.text("konnect.what.find", name=name)
        number, seen = 1, 0
        while True:
            query: dict[str, str | int] = {"filter[name][eq]": name, "page[size]": _PAGE, "page[number]": number}
            answer = client.get(_ROOT, query, what)
            items = answer.get("data") or []
            for item in items:
                if item.get("name") == name:
                    return _home(item)
            seen += len(items)
            total = ((answer.get("meta") or {}).get("page") or {}).get("total", 0)
            if not items or seen >= int(total):
                return None
            number += 1

    def create(self, client: Client, name: str, labels: Mapping[str, str], proxy_port: int) -> Home:
        body = {
            "name": name, "description": DESCRIPTION, "cluster_type": _OURS, "auth_type": "pinned_client_certs",
            "cloud_gateway": False, "labels": dict(labels),
            "proxy_urls": [{"host": "localhost", "port": proxy_port, "protocol": "http"}],
        }  # fmt: skip
        return _home(client.request("POST", _ROOT, body, what=messages.text("konnect.what.create", name=name)))

    def delete(self, client: Client, home: str) -> None:
        _gone(client, f"{_ROOT}/{home}", messages.text("konnect.what.delete"))

    # -- certificates and nodes ------------------------------------------------------------------------------------

    def pinned(self, client: Client, home: str) -> list[Pinned]:
        answer = client.get(f"{_ROOT}/{home}/dp-client-certificates", what=messages.text("konnect.what.certificates"))
        return [Pinned(field_of(item, "id"), str(item.get("cert", ""))) for item in answer.get("items") or []]

    def pin(self, client: Client, home: str, pem: str) -> Pinned:
        what = messages.text("konnect.what.pin")
        answer = client.request("POST", f"{_ROOT}/{home}/dp-client-certificates", {"cert": pem}, what=what)
        item = answer.get("item") or {}
        return Pinned(field_of(item, "id"), str(item.get("cert", "")))

    def unpin(self, client: Client, home: str, certificate: str) -> None:
        what = messages.text("konnect.what.unpin")
        _gone(client, f"{_ROOT}/{home}/dp-client-certificates/{certificate}", what)

    def nodes(self, client: Client, home: str) -> list[Node]:
        what = messages.text("konnect.what.nodes")
        found: list[Node] = []
        query: dict[str, str | int] = {"page[size]": _PAGE}
        while True:
            answer = client.get(f"{_ROOT}/{home}/nodes", query, what)
            found += [node_of(item, "config_hash") for item in answer.get("items") or []]
            after = (answer.get("page") or {}).get("next")
            if not after:
                return found
            query["page[after]"] = str(after)

    def expected(self, client: Client, home: str) -> str:
        try:
            answer = client.get(f"{_ROOT}/{home}/expected-config-hash", what=messages.text("konnect.what.nodes"))
        except Refused as refused:
            if refused.kind == "missing":  # of a control plane without any configuration
                return ""
            raise
        return str(answer.get("expected_hash") or "")

    # -- configuration ---------------------------------------------------------------------------------------------

    def wanted(self, plan: Plan, configuration: str, home: str) -> list[Entity]:
        return entities.wanted(configuration, home)

    def existing(self, client: Client, home: str) -> list[Entity]:
        return [
            entities.existing(collection, item)
            for collection in entities.COLLECTIONS
            for item in _all(client, f"{_ROOT}/{home}/core-entities/{collection}")
        ]

    def put(self, client: Client, home: str, entity: Entity, earlier: Entity | None, owner: str) -> None:
        body = entities.marked(entity, earlier, owner)
        what = messages.text("konnect.what.put", name=entity.name)
        client.request("PUT", f"{_ROOT}/{home}/core-entities/{entity.collection}/{entity.id}", body, what=what)

    def remove(self, client: Client, home: str, entity: Entity) -> None:
        what = messages.text("konnect.what.remove", name=entity.name)
        _gone(client, f"{_ROOT}/{home}/core-entities/{entity.collection}/{entity.id}", what)


def _home(item: Mapping[str, Any]) -> Home:
    config = item.get("config") or {}
    unfit = ""
    kind = config.get("cluster_type", _OURS)
    if kind != _OURS or config.get("cloud_gateway"):
        unfit = messages.text("konnect.unfit.kind", kind="cloud gateway" if config.get("cloud_gateway") else kind)
    elif config.get("auth_type", "pinned_client_certs") != "pinned_client_certs":
        unfit = messages.text("konnect.unfit.pki")
    return Home(
        field_of(item, "id"), field_of(item, "name"), dict(item.get("labels") or {}),
        "" if unfit else host_of(config.get("control_plane_endpoint")),
        "" if unfit else host_of(config.get("telemetry_endpoint")), unfit,
    )  # fmt: skip


def _all(client: Client, path: str) -> Iterator[dict[str, Any]]:
    query: dict[str, str | int] = {"size": _ENTITIES_PAGE}
    while True:
        answer = client.get(path, query, messages.text("konnect.what.read"))
        yield from answer.get("data") or []
        offset = answer.get("offset")
        if not offset:
            return
        query["offset"] = str(offset)


def _gone(client: Client, path: str, what: str) -> None:
    """Deletes; what is gone already is gone."""
    try:
        client.request("DELETE", path, what=what)
    except Refused as refused:
        if refused.kind != "missing":
            raise
