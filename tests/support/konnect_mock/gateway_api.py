"""The classic API's handlers: control planes, pinned certificates, nodes, core entities. Not for: finding the handler
of a request (server.py), what a body must be (state.py, entities.py).
"""

from __future__ import annotations

import time
from typing import Any

from support.konnect_mock import entities
from support.konnect_mock.problems import problem
from support.konnect_mock.state import Conflict, Invalid, Konnect, Plane, check_certificate, check_plane
from support.mock_server import Answer, Asked, as_json

Json = Any


class GatewayApi:
    state: Konnect
    page = 0  # most items per page, 0 = as asked for

    # -- control planes --------------------------------------------------------------------------------------------

    def _list_planes(self, asked: Asked, region: str) -> Answer:
        name = asked.query.get("filter[name][eq]")
        found = [plane for plane in self.state.of_region("gateway", region) if name in (None, plane.name)]
        size, number = self._size(asked), int(asked.query.get("page[number]", 1))
        page = found[(number - 1) * size : number * size]
        meta = {"page": {"number": number, "size": size, "total": len(found)}}
        return as_json({"data": [self._shown(plane) for plane in page], "meta": meta})

    def _size(self, asked: Asked, name: str = "page[size]") -> int:
        size = int(asked.query.get(name, 100))
        if not 1 <= size <= 1000:
            raise Invalid(**{name: "out of range"})
        return min(size, self.page) if self.page else size

    def _create_plane(self, asked: Asked, region: str) -> Answer:
        check_plane(asked.json)
        return as_json(self._shown(self.state.create("gateway", region, asked.json)), 201)

    def _shown(self, plane: Plane) -> Json:
        config = {
            "control_plane_endpoint": f"https://{self.state.cluster_host}",
            "telemetry_endpoint": f"https://{self.state.cluster_host}",
            "cluster_type": plane.settings.get("cluster_type", "CLUSTER_TYPE_CONTROL_PLANE"),
            "auth_type": plane.settings.get("auth_type", "pinned_client_certs"),
            "cloud_gateway": plane.settings.get("cloud_gateway", False),
            "proxy_urls": plane.settings.get("proxy_urls", []),
        }
        return {
            "id": plane.id, "name": plane.name, "description": plane.settings.get("description", ""),
            "labels": plane.labels, "config": config, "created_at": plane.created, "updated_at": plane.created,
        }  # fmt: skip

    def _get_plane(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        return as_json(self._shown(found)) if found else problem(404, "no such control plane")

    def _delete_plane(self, asked: Asked, region: str, plane: str) -> Answer:
        if self.state.planes.pop(plane, None) is None:
            return problem(404, "no such control plane")
        return Answer(204)

    # -- certificates and nodes ------------------------------------------------------------------------------------

    def _list_certificates(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is None:
            return as_json({"message": "Not found"}, 404)
        items = [self._certificate(identity, pem) for identity, pem in found.certificates.items()]
        return as_json({"items": items, "page": {"total_count": len(items)}})

    def _certificate(self, identity: str, pem: str) -> Json:
        return {"id": identity, "cert": pem, "created_at": 1, "updated_at": 1}

    def _pin(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is None or not isinstance(asked.json, dict) or set(asked.json) != {"cert"}:
            return as_json({"message": "validation error"}, 400)
        check_certificate(asked.json["cert"])
        try:
            identity = self.state.pin(found, asked.json["cert"])
        except Conflict as conflict:
            return as_json({"message": str(conflict)}, 400)
        return as_json({"item": self._certificate(identity, asked.json["cert"])}, 201)

    def _unpin(self, asked: Asked, region: str, plane: str, identity: str) -> Answer:
        found = self.state.planes.get(plane)
        if found is None or found.certificates.pop(identity, None) is None:
            return as_json({"message": "Not found"}, 404)
        return Answer(204)

    def _expected(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is None:
            return problem(404, "no such control plane")
        return as_json({"expected_hash": found.expected, "created_at": 1, "updated_at": 1})

    def _list_nodes(self, asked: Asked, region: str, plane: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is None:
            return as_json({"message": "Not found"}, 404)
        page, after = self._cut(list(found.nodes.values()), asked)
        return as_json({"items": page, "page": {"total_count": len(found.nodes), **({"next": after} if after else {})}})

    def _cut(self, items: list[Json], asked: Asked) -> tuple[list[Json], str]:
        """A page of a list with a cursor, and the next cursor."""
        start, size = int(asked.query.get("page[after]", 0)), self._size(asked)
        return items[start : start + size], str(start + size) if start + size < len(items) else ""

    # -- core entities ---------------------------------------------------------------------------------------------

    def _list_entities(self, asked: Asked, region: str, plane: str, collection: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is None:
            return as_json({"message": "Not found", "status": 404}, 404)
        items, size = list(found.of(collection).values()), self._size(asked, "size")
        start = int(asked.query.get("offset", 0))
        offset = str(start + size) if start + size < len(items) else None
        after = f"/v2/control-planes/{plane}/core-entities/{collection}?offset={offset}" if offset else None
        return as_json({"data": items[start : start + size], "offset": offset, "next": after})

    def _put_entity(self, asked: Asked, region: str, plane: str, collection: str, identity: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is None:
            return as_json({"message": "Not found", "status": 404}, 404)
        try:
            return as_json(entities.put(found, collection, identity, asked.json, int(time.time())))
        except Invalid as invalid:
            said = {"code": 2, "name": "schema violation", "message": "schema violation", "fields": invalid.fields}
            return as_json(said, 400)

    def _delete_entity(self, asked: Asked, region: str, plane: str, collection: str, identity: str) -> Answer:
        found = self.state.plane("gateway", region, plane)
        if found is not None:
            entities.delete(found, collection, identity)
        return Answer(204)
