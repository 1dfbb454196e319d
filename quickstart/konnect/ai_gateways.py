"""The newer AI Gateway API of Konnect: gateways, model providers and models instead of services, routes and plugins.

Not for: what a plan's routes become there (models.py), the classic API (control_planes.py). The API is a beta.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quickstart import messages
from quickstart.konnect import models
from quickstart.konnect.client import Client, ensure
from quickstart.konnect.product import DESCRIPTION, MARK, Entity, Home, Node, Pinned, field_of, host_of, node_of
from quickstart.konnect.refusals import Refused
from quickstart.plan import Plan

_ROOT = "/v1/ai-gateways"
_PAGE = 100


class AiGateways:
    """product.Product"""

    title = "AI Gateway"
    image = "kong/kong-ai-gateway:2.0.1"

    def find(self, client: Client, name: str) -> Home | None:
        for item in _all(client, _ROOT, messages.text("konnect.what.find", name=name)):
            if item.get("name") == name:
                return _home(item)
        return None

    def create(self, client: Client, name: str, labels: Mapping[str, str], proxy_port: int) -> Home:
        body = {
            "name": name, "display_name": name, "description": DESCRIPTION, "labels": dict(labels),
            "proxy_urls": [{"host": "localhost", "port": proxy_port, "protocol": "http"}],
        }  # fmt: skip
        return _home(client.request("POST", _ROOT, body, what=messages.text("konnect.what.create", name=name)))

    def delete(self, client: Client, home: str) -> None:
        _gone(client, f"{_ROOT}/{home}", messages.text("konnect.what.delete"))

    def pinned(self, client: Client, home: str) -> list[Pinned]:
        items = _all(client, f"{_ROOT}/{home}/data-plane-certificates", messages.text("konnect.what.certificates"))
        return [Pinned(field_of(item, "id"), str(item.get("cert", ""))) for item in items]

    def pin(self, client: Client, home: str, pem: str) -> Pinned:
        body = {"cert": pem, "title": MARK, "description": DESCRIPTION}
        what = messages.text("konnect.what.pin")
        item = client.request("POST", f"{_ROOT}/{home}/data-plane-certificates", body, what=what)
        return Pinned(field_of(item, "id"), str(item.get("cert", "")))

    def unpin(self, client: Client, home: str, certificate: str) -> None:
        _gone(client, f"{_ROOT}/{home}/data-plane-certificates/{certificate}", messages.text("konnect.what.unpin"))

    def nodes(self, client: Client, home: str) -> list[Node]:
        items = _all(client, f"{_ROOT}/{home}/nodes", messages.text("konnect.what.nodes"))
        return [node_of(item, "config_version") for item in items]

    def expected(self, client: Client, home: str) -> str:
        try:
            answer = client.get(f"{_ROOT}/{home}/expected-config-version", what=messages.text("konnect.what.nodes"))
        except Refused as refused:
            if refused.kind == "missing":
                return ""
            raise
        return str(answer.get("expected_config_version") or answer.get("config_version") or "")

    def wanted(self, plan: Plan, configuration: str, home: str) -> list[Entity]:
        return models.wanted(plan)

    def existing(self, client: Client, home: str) -> list[Entity]:
        return [
            models.existing(collection, item)
            for collection in models.COLLECTIONS
            for item in _all(client, f"{_ROOT}/{home}/{collection}", messages.text("konnect.what.read"))
        ]

    def put(self, client: Client, home: str, entity: Entity, earlier: Entity | None, owner: str) -> None:
        """This API has no upsert: what is not there is made, and looked for where that stays unknown."""
        path = f"{_ROOT}/{home}/{entity.collection}"
        what = messages.text("konnect.what.put", name=entity.name)
        body = models.marked(entity, earlier, owner)
        if earlier is not None:
            client.request("PUT", f"{path}/{entity.id}", body, what=what)
            return

        def find() -> dict[str, Any] | None:
            return next((item for item in _all(client, path, what) if item.get("name") == entity.name), None)

        ensure(client, find, lambda: client.request("POST", path, body, what=what))

    def remove(self, client: Client, home: str, entity: Entity) -> None:
        what = messages.text("konnect.what.remove", name=entity.name)
        _gone(client, f"{_ROOT}/{home}/{entity.collection}/{entity.id}", what)


def _home(item: Mapping[str, Any]) -> Home:
    endpoints = item.get("endpoints") or {}
    return Home(
        field_of(item, "id"), field_of(item, "name"), dict(item.get("labels") or {}),
        host_of(endpoints.get("configuration")), host_of(endpoints.get("telemetry")),
    )  # fmt: skip


def _all(client: Client, path: str, what: str) -> Iterator[dict[str, Any]]:
    """Every item of a list that is paged by a cursor."""
    query: dict[str, str | int] = {"page[size]": _PAGE}
    while True:
        answer = client.get(path, query, what)
        yield from answer.get("data") or []
        after = _cursor(((answer.get("meta") or {}).get("page") or {}).get("next"))
        if not after:
            return
        query["page[after]"] = after


def _cursor(following: object) -> str:
    """The cursor of the next page, which comes as a URL or by itself; "" at the end."""
    text = str(following or "")
    _, marked, rest = text.replace("%5B", "[").replace("%5D", "]").partition("page[after]=")
    return rest.partition("&")[0] if marked else text


def _gone(client: Client, path: str, what: str) -> None:
    try:
        client.request("DELETE", path, what=what)
    except Refused as refused:
        if refused.kind != "missing":
            raise
