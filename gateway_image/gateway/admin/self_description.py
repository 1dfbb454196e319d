"""The Admin API as an OpenAPI 3.1 document, GET /openapi.json: made from the kinds, the plugins and their fields, so a
new one is in it without a word here. Not for: the routes that clients call (openapi.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.admin import answers
from gateway.admin.call import Call
from gateway.admin.resources import COLLECTIONS, nested, place
from gateway.entities import expiry
from gateway.entities.catalogue import KINDS
from gateway.entities.kinds import Kind
from gateway.entities.plugins import plugin_record
from gateway.plugins import registry
from gateway.schema import json_schema
from gateway.settings import LOG_LEVELS
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

Operation = dict[str, Any]
_FORMS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
_JSON = _FORMS[:1]
_TEXT = {"type": "string", "minLength": 1}
_TAGS = {"name": "tags", "in": "query", "schema": {"type": "string"}, "description": "a,b: both; a/b: any of them."}
_PAGE = (
    {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000}},
    {"name": "offset", "in": "query", "schema": {"type": "string"}, "description": "What the page before told."},
)
_ERROR = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {"type": "string"},
        "code": {"type": "integer"},
        "name": {"type": "string"},
        "fields": {"type": "object", "description": "Every wrong field, nested like the input."},
    },
}


def answer(api: AdminApi, call: Call) -> Reply:
    return call.gate("GET, HEAD, OPTIONS") or answers.json(200, document())


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Admin API", "version": __version__, "description": "Made from the code's declarations."},
        "paths": {**_node(), **dict(_entities())},
        "components": {
            "schemas": {"Error": _ERROR, **_bodies()},
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Kong-Admin-Token"}},
        },
        "security": [{}, {"token": []}],
    }


def _bodies() -> dict[str, Any]:
    rows = {name: json_schema(kind.record) for name, kind in KINDS.items() if name != "plugins"}
    plugins = {f"plugin-{name}": _plugin(name) for name in registry()}
    rows["plugins"] = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in plugins]}
    life = {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": expiry.LONGEST,
        "description": "Seconds that it lives.",
    }
    rows[expiry.EXPIRING]["properties"][expiry.FIELD] = life
    # a change may leave everything out
    changes = {f"{name}-change": {**json_schema(kind.record), "required": []} for name, kind in KINDS.items()}
    return {**rows, **plugins, **changes}


def _plugin(name: str) -> dict[str, Any]:
    row = json_schema(plugin_record(registry()[name]))
    row["properties"]["name"] = {"const": name}
    return row


# -- entities --------------------------------------------------------------------------------------------------------


def _entities() -> Iterator[tuple[str, dict[str, Operation]]]:
    for segment, kind in COLLECTIONS.items():
        if place((segment,)) is None:
            continue
        yield f"/{segment}", _collection(kind, [], f"{segment}-item")
        item = f"/{segment}/{{key}}"
        yield item, _item(kind, [_key("key", kind)], f"{segment}-item")
        for inner, (child, _) in nested(kind).items():
            yield f"{item}/{inner}", _collection(child, [_key("key", kind)], "")
            yield f"{item}/{inner}/{{inner}}", _item(child, [_key("key", kind), _key("inner", child)], "")
        for field, target in kind.foreign.items():
            whole = _item(KINDS[target], [_key("key", kind)], "")
            yield f"{item}/{field}", {name: one for name, one in whole.items() if name != "delete"}


def _collection(kind: Kind, path: list[Any], item: str) -> dict[str, Operation]:
    made = _answer("The new row.")
    if item:
        links = {"key": "$response.body#/id"}
        made["links"] = {
            method: {"operationId": f"{item}-{method}", "parameters": links}
            for method in ("get", "patch", "put", "delete")
        }
    return {
        "get": _operation(f"A page of {kind.name}.", [*path, *_PAGE, _TAGS], {"200": _answer("Rows.")}),
        "post": {**_operation(f"Makes one of {kind.name}.", path, {"201": made}), "requestBody": _body(kind)},
    }


def _item(kind: Kind, path: list[Any], id: str) -> dict[str, Operation]:
    row = {"200": _answer("The row.")}
    found = {
        "get": _operation(f"One of {kind.name}.", path, row),
        "patch": {**_operation("Changes what is sent.", path, row), "requestBody": _body(kind, whole=False)},
        "put": {**_operation("Replaces it, or makes it.", path, row), "requestBody": _body(kind)},
        "delete": _operation("Removes it.", path, {"204": {"description": "It is gone."}}),
    }
    return {name: {"operationId": f"{id}-{name}", **one} if id else one for name, one in found.items()}


def _body(kind: Kind, whole: bool = True) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{kind.name}{'' if whole else '-change'}"}
    return {"required": True, "content": {form: {"schema": schema} for form in _FORMS}}


def _key(name: str, kind: Kind) -> dict[str, Any]:
    told = f"The id{f' or the {kind.key}' if kind.key else ''} of one of {kind.name}."
    return {"name": name, "in": "path", "required": True, "schema": _TEXT, "description": told}


# -- everything else -------------------------------------------------------------------------------------------------


def _node() -> dict[str, dict[str, Operation]]:
    told = {"200": _answer("What was asked for.")}
    reads: dict[str, Any] = {
        "/": "Who this node is.",
        "/status": "How it is.",
        "/endpoints": "Every path.",
        "/openapi.json": "This document.",
        "/plugins/enabled": "The plugins that there are.",
        "/tags": "Every tag, with what has it.",
        "/config": "The whole configuration, as a file.",
        "/debug/node/log-level": "The least important messages that are logged.",
    }
    found = {path: {"get": _operation(text, [], told)} for path, text in reads.items()}
    found["/metrics"] = {"get": _operation("Numbers for Prometheus.", [], {"200": {"description": "Text."}})}
    for path, name in (("/schemas/{name}", "kind"), ("/schemas/plugins/{name}", "plugin"), ("/tags/{name}", "tag")):
        found[path] = {"get": _operation(f"What is known of a {name}.", [_word("name")], told)}
    level = {"name": "level", "in": "path", "required": True, "schema": {"enum": list(LOG_LEVELS)}}
    found["/debug/node/log-level/{level}"] = {"put": _operation("Logs more, or less.", [level], told)}
    for name in KINDS:
        body = {"required": True, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
        checked = {**_operation(f"Checks one of {name} and keeps nothing.", [], told), "requestBody": body}
        found[f"/schemas/{name}/validate"] = {"post": checked}
    found["/config"]["post"] = {**_operation("Replaces everything.", [], {"201": _answer("")}), "requestBody": _file()}
    for path in ("/upstreams/{key}/health", "/upstreams/{key}/targets/all"):
        found[path] = {"get": _operation("How its targets are.", [_key("key", KINDS["upstreams"])], told)}
    return found


def _file() -> dict[str, Any]:
    rows: Mapping[str, Any] = {
        name: {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}} for name in ("services", "consumers")
    }
    version = {"_format_version": {"enum": ["2.1", "3.0"]}}
    schema = {"type": "object", "required": ["_format_version"], "properties": {**version, **rows}}
    return {"required": True, "content": {form: {"schema": schema} for form in _JSON}}


def _word(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _operation(text: str, parameters: list[Any], responses: Mapping[str, Any]) -> Operation:
    error = {
        "description": "An error.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return {"summary": text, "parameters": parameters, "responses": {**responses, "default": error}}


def _answer(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"type": "object"}}}}
