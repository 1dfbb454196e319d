"""What a Konnect organization holds, and the checks its API makes of what it is sent. Written from the public OpenAPI
documents. Not for: HTTP (server.py), the channel to data planes (cluster.py).
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

Json = Any
ORGANIZATION = {
    "id": "0b1f8f3e-1d6d-4f0a-9a53-6b0f3cbe4f7a", "name": "Example Organization", "owner_id": str(uuid.uuid4()),
    "login_path": "example", "state": "active", "retention_period_days": 90,
}  # fmt: skip
COLLECTIONS = (
    "services", "routes", "plugins", "consumers", "consumer_groups", "vaults", "upstreams", "certificates", "keys",
)  # fmt: skip
LABEL_KEY = re.compile(r"^(?!kong|konnect|mesh|kic|_)[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$")
LABEL_VALUE = re.compile(r"^[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?$")
TYPES = (
    "CLUSTER_TYPE_CONTROL_PLANE", "CLUSTER_TYPE_K8S_INGRESS_CONTROLLER", "CLUSTER_TYPE_CONTROL_PLANE_GROUP",
    "CLUSTER_TYPE_SERVERLESS",
)  # fmt: skip


class Invalid(Exception):
    """A body that the API refuses: field -> reason."""

    def __init__(self, **fields: str) -> None:
        super().__init__(str(fields))
        self.fields = fields


class Conflict(Exception):
    """A name that is taken, or a reference that leads nowhere."""


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@dataclass
class Plane:
    """A control plane, or an AI gateway. `kind`: "gateway" or "ai-gateway"."""

    kind: str
    region: str
    name: str
    labels: dict[str, str]
    settings: dict[str, Json]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    certificates: dict[str, str] = field(default_factory=dict)  # id -> PEM
    entities: dict[str, dict[str, dict[str, Json]]] = field(default_factory=dict)  # collection -> id -> entity
    nodes: dict[str, dict[str, Json]] = field(default_factory=dict)
    created: str = field(default_factory=now)

    def of(self, collection: str) -> dict[str, dict[str, Json]]:
        return self.entities.setdefault(collection, {})

    @property
    def configuration(self) -> dict[str, Json]:
        return {name: list(items.values()) for name, items in sorted(self.entities.items()) if items}

    @property
    def expected(self) -> str:
        """The hash of the configuration: 32 hex digits. When something was written makes no difference."""
        raw = json.dumps(self.configuration, sort_keys=True)
        raw = re.sub(r'"(created|updated)_at": [^,}]+', "", raw)
        return hashlib.md5(raw.encode(), usedforsecurity=False).hexdigest()


class Konnect:
    """All of it. `changed` is notified whenever a configuration or a node changes."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.planes: dict[str, Plane] = {}
        self.most_certificates = 32
        self.cluster_host = "127.0.0.1:1"  # where data planes are sent
        self.accepts = True  # whether data planes are let in

    def plane(self, kind: str, region: str, plane_id: str) -> Plane | None:
        found = self.planes.get(plane_id)
        return found if found is not None and (found.kind, found.region) == (kind, region) else None

    def of_region(self, kind: str, region: str) -> list[Plane]:
        return [plane for plane in self.planes.values() if (plane.kind, plane.region) == (kind, region)]

    def create(self, kind: str, region: str, body: dict[str, Json]) -> Plane:
        name = body["name"]
        if any(plane.name == name for plane in self.of_region(kind, region)):
            raise Conflict(f'a control plane named "{name}" exists')
        settings = {key: value for key, value in body.items() if key not in ("name", "labels")}
        plane = Plane(kind, region, name, dict(body.get("labels") or {}), settings)
        self.planes[plane.id] = plane
        return plane

    def pin(self, plane: Plane, pem: str) -> str:
        if len(plane.certificates) >= self.most_certificates:
            raise Conflict("the maximum number of data plane client certificates has been reached")
        identity = str(uuid.uuid4())
        plane.certificates[identity] = pem
        return identity


def check_plane(body: Json) -> None:
    """`POST /v2/control-planes`"""
    known = (
        "name", "description", "cluster_type", "auth_type", "cloud_gateway", "proxy_urls", "labels",
    )  # fmt: skip
    _object(body, known, ("name",))
    _name(body["name"], 2, 256)
    if body.get("cluster_type", TYPES[0]) not in TYPES:
        raise Invalid(cluster_type="is not one of the allowed values")
    if body.get("auth_type", "pinned_client_certs") not in ("pinned_client_certs", "pki_client_certs"):
        raise Invalid(auth_type="is not one of the allowed values")
    _proxy_urls(body)
    check_labels(body.get("labels") or {})


def check_ai_gateway(body: Json) -> None:
    """`POST /v1/ai-gateways`"""
    _object(body, ("name", "display_name", "description", "proxy_urls", "labels"), ("name", "display_name"))
    _name(body["name"], 1, 256)
    _proxy_urls(body)
    check_labels(body.get("labels") or {})


def check_certificate(pem: Json) -> None:
    from cryptography import x509

    try:
        x509.load_pem_x509_certificate(pem.encode())
    except (AttributeError, ValueError):
        raise Invalid(cert="must be a PEM certificate") from None


def check_labels(labels: Json) -> None:
    if not isinstance(labels, dict) or len(labels) > 50:
        raise Invalid(labels="must be an object of at most 50 labels")
    for key, value in labels.items():
        if not LABEL_KEY.match(key) or not isinstance(value, str) or not LABEL_VALUE.match(value):
            raise Invalid(**{f"labels.{key}": "is not a valid label"})


def _object(body: Json, known: tuple[str, ...], required: tuple[str, ...]) -> None:
    if not isinstance(body, dict):
        raise Invalid(body="must be an object")
    for name in body:
        if name not in known:
            raise Invalid(**{name: "additional properties are not allowed"})
    for name in required:
        if name not in body:
            raise Invalid(**{name: "is required"})


def _name(name: Json, shortest: int, longest: int) -> None:
    if not isinstance(name, str) or not shortest <= len(name) <= longest:
        raise Invalid(name=f"must have {shortest} to {longest} characters")


def _proxy_urls(body: dict[str, Json]) -> None:
    urls = body.get("proxy_urls", [])
    if not isinstance(urls, list) or len(urls) > 5 or any(set(url) != {"host", "port", "protocol"} for url in urls):
        raise Invalid(proxy_urls="must be at most 5 objects of host, port and protocol")
