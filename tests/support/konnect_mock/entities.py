"""Core entities of an API gateway and entities of an AI gateway: what may be put there, as the API checks it.

Not for: listing, HTTP (server.py).
"""

from __future__ import annotations

from typing import Any

from support.konnect_mock.state import COLLECTIONS, Conflict, Invalid, Plane, check_labels

Json = Any
_FIELDS = {
    "services": {
        "name", "protocol", "host", "port", "path", "retries", "connect_timeout", "read_timeout", "write_timeout",
        "enabled", "tags", "tls_verify", "client_certificate", "ca_certificates",
    },
    "routes": {
        "name", "protocols", "methods", "hosts", "paths", "headers", "snis", "strip_path", "preserve_host",
        "regex_priority", "path_handling", "https_redirect_status_code", "request_buffering", "response_buffering",
        "service", "tags",
    },
    "plugins": {
        "name", "instance_name", "config", "enabled", "protocols", "service", "route", "consumer", "consumer_group",
        "tags", "ordering",
    },
}  # fmt: skip
_DEFAULTS: dict[str, dict[str, Json]] = {
    "services": {"retries": 5, "connect_timeout": 60000, "enabled": True, "protocol": "http", "port": 80},
    "routes": {"protocols": ["http", "https"], "preserve_host": False, "https_redirect_status_code": 426},
    "plugins": {"enabled": True, "protocols": ["grpc", "grpcs", "http", "https"]},
}
AI_COLLECTIONS = ("model-providers", "models")
PROVIDER_TYPES = (
    *("anthropic", "azure", "bedrock", "cerebras", "cohere", "dashscope", "databricks", "deepseek", "gemini"),
    *("huggingface", "kimi", "llama2", "mistral", "ollama", "openai", "vercel", "vllm", "xai", "sagemaker"),
)


def put(plane: Plane, collection: str, identity: str, body: Json, stamp: int) -> Json:
    """The upsert of a core entity. Raises Invalid, Conflict."""
    if collection not in COLLECTIONS or not isinstance(body, dict):
        raise Invalid(body="must be an object")
    for name in body:
        if name not in _FIELDS.get(collection, body) | {"id", "created_at", "updated_at"}:
            raise Invalid(**{name: "unknown field"})
    if collection in ("services", "plugins") and not body.get("host" if collection == "services" else "name"):
        raise Invalid(**{"host" if collection == "services" else "name": "required field missing"})
    for tag in body.get("tags") or ():
        if not isinstance(tag, str) or "," in tag or "/" in tag:
            raise Invalid(tags="invalid tag")
    for parent in ("service", "route"):
        if body.get(parent) is not None and body[parent].get("id") not in plane.of(f"{parent}s"):
            raise Conflict(f"the foreign key '{body[parent]}' does not reference an existing '{parent}s' entity")
    name = body.get("name")
    for other in plane.of(collection).values():
        if collection != "plugins" and name and other["id"] != identity and other.get("name") == name:
            raise Conflict(f"UNIQUE violation detected on '{{name=\"{name}\"}}'")
    made = {**_DEFAULTS.get(collection, {}), **body, "id": identity, "updated_at": stamp}
    made.setdefault("created_at", plane.of(collection).get(identity, {}).get("created_at", stamp))
    plane.of(collection)[identity] = made
    return made


def delete(plane: Plane, collection: str, identity: str) -> None:
    """Raises Conflict while others refer to it."""
    parent = collection.removesuffix("s")
    for other in ("routes", "plugins"):
        for entity in plane.of(other).values():
            if (entity.get(parent) or {}).get("id") == identity:
                raise Conflict(f"an existing '{other}' entity references this '{collection}' entity")
    plane.of(collection).pop(identity, None)


def check_ai(plane: Plane, collection: str, body: Json) -> None:
    """A model provider or a model of the AI Gateway API. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid(body="must be an object")
    required = {"name", "display_name", "type", "config"}
    if collection == "models":
        required |= {"formats", "targets", "policies", "capabilities"}
    for name in sorted(required - set(body)):
        raise Invalid(**{name: "is required"})
    for name in sorted(set(body) - required - {"labels", "enabled", "managed_by", "access"}):
        raise Invalid(**{name: "additional properties are not allowed"})
    check_labels(body.get("labels") or {})
    if collection == "model-providers":
        if body["type"] not in PROVIDER_TYPES:
            raise Invalid(type="is not one of the allowed values")
        auth = body["config"].get("auth") or {}
        if auth.get("type") not in ("basic", "azure", "aws", "gcp") or not isinstance(auth.get("headers", []), list):
            raise Invalid(**{"config.auth": "is not valid"})
        if body["type"] == "azure" and not body["config"].get("instance"):
            raise Invalid(**{"config.instance": "is required"})
        return
    if body["type"] not in ("model", "api") or not body["capabilities"]:
        raise Invalid(type="is not one of the allowed values")
    known = {provider["name"] for provider in plane.of("model-providers").values()}
    for target in body["targets"]:
        if set(target) - {"name", "weight", "provider", "config", "semantic_description", "allow_auth_override"}:
            raise Invalid(targets="additional properties are not allowed")
        if target["provider"] not in known:
            raise Invalid(**{"targets.provider": f"no model provider is called {target['provider']}"})
