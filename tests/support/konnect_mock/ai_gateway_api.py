"""The AI Gateway API's handlers. Not for: finding a request's handler (server.py), checking bodies (entities.py)."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from support.konnect_mock import entities
from support.konnect_mock.problems import problem
from support.konnect_mock.state import Conflict, Konnect, Plane, check_ai_gateway, check_certificate
from support.mock_server import Answer, Asked, as_json

Json = Any
_KIND = "ai-gateway"


class AiGatewayApi:
    state: Konnect
    page = 0

    def _paged(self, items: list[Json], asked: Asked) -> Answer:
        """A page with a cursor, which this API tells as the next page's URL."""
        size = int(asked.query.get("page[size]", 10))
        size = min(size, self.page) if self.page else size
        start = int(asked.query.get("page[after]", 0))
        after = start + size
        following = f"{asked.path}?page[size]={size}&page[after]={quote(str(after))}" if after < len(items) else None
        meta = {"page": {"first": None, "last": None, "next": following, "previous": None, "size": size}}
        return as_json({"data": items[start:after], "meta": meta})

    def _found(self, region: str, plane: str) -> Plane | None:
        return self.state.plane(_KIND, region, plane)

    def _list_gateways(self, asked: Asked, region: str) -> Answer:
        return self._paged([self._gateway(plane) for plane in self.state.of_region(_KIND, region)], asked)

    def _create_gateway(self, asked: Asked, region: str) -> Answer:
        check_ai_gateway(asked.json)
        return as_json(self._gateway(self.state.create(_KIND, region, asked.json)), 201)

    def _gateway(self, plane: Plane) -> Json:
        host = f"https://{self.state.cluster_host}"
        return {
            "id": plane.id, "name": plane.name, "display_name": plane.settings["display_name"], "labels": plane.labels,
            "endpoints": {"configuration": host, "telemetry": host}, "created_at": plane.created,
            "updated_at": plane.created,
        }  # fmt: skip

    def _ai_certificates(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self._found(region, plane)
        if found is None:
            return problem(404, "no such AI gateway")
        return self._paged([{"id": one, "cert": pem, "title": ""} for one, pem in found.certificates.items()], asked)

    def _ai_pin(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self._found(region, plane)
        if found is None:
            return problem(404, "no such AI gateway")
        names = set(asked.json) if isinstance(asked.json, dict) else set()
        if not {"cert", "title"} <= names <= {"cert", "title", "description"}:
            return problem(400, "Invalid Parameters")
        check_certificate(asked.json["cert"])
        try:
            identity = self.state.pin(found, asked.json["cert"])
        except Conflict as conflict:
            return problem(400, str(conflict))
        return as_json({"id": identity, **asked.json, "metadata": {}, "created_at": found.created}, 201)

    def _ai_expected(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self._found(region, plane)
        if found is None:
            return problem(404, "no such AI gateway")
        return as_json({"expected_config_version": found.expected, "created_at": found.created})

    def _ai_nodes(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self._found(region, plane)
        if found is None:
            return problem(404, "no such AI gateway")
        nodes = [{**node, "config_version": node["config_hash"]} for node in found.nodes.values()]
        return self._paged([{key: node[key] for key in node if key != "config_hash"} for node in nodes], asked)

    def _ai_list(self, asked: Asked, region: str, plane: str, collection: str) -> Answer:
        found = self._found(region, plane)
        return self._paged(list(found.of(collection).values()), asked) if found else problem(404, "no such AI gateway")

    def _ai_create(self, asked: Asked, region: str, plane: str, collection: str) -> Answer:
        found = self._found(region, plane)
        if found is None:
            return problem(404, "no such AI gateway")
        entities.check_ai(found, collection, asked.json)
        if asked.json["name"] in found.of(collection):
            raise Conflict(f"{asked.json['name']} exists")
        made = {"id": str(uuid.uuid4()), **asked.json, "created_at": found.created, "updated_at": found.created}
        found.of(collection)[asked.json["name"]] = made
        return as_json(made, 201)

    def _ai_update(self, asked: Asked, region: str, plane: str, collection: str, identity: str) -> Answer:
        found = self._found(region, plane)
        if found is None or identity not in found.of(collection):
            return problem(404, "not found")
        entities.check_ai(found, collection, asked.json)
        if asked.json["name"] != identity:
            return problem(400, "the name is immutable")
        found.of(collection)[identity] = {**found.of(collection)[identity], **asked.json}
        return as_json(found.of(collection)[identity])

    def _ai_delete(self, asked: Asked, region: str, plane: str, collection: str, identity: str) -> Answer:
        found = self._found(region, plane)
        if found is None or found.of(collection).pop(identity, None) is None:
            return problem(404, "not found")
        return Answer(204)
