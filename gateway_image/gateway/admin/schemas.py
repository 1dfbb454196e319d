"""/schemas: what every entity and plugin may hold, as Kong's schema JSON, and checking without writing.

decK reads defaults from it and forms are drawn from it. Not for: the descriptions themselves (schema, entities).
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.admin import answers
from gateway.admin.answers import not_found, schema_violation
from gateway.admin.bodies import read_body
from gateway.admin.call import Call
from gateway.entities import KINDS, plugin_schema
from gateway.entities.catalogue import clean
from gateway.entities.vaults import CONFIG, INSTALLED
from gateway.plugins import registry
from gateway.schema import Record, String, describe
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_READ = "GET, HEAD, OPTIONS"
_CHECK = "OPTIONS, POST"
_TAGS = Record(
    fields={
        "tag": String("A tag that a row carries.", required=True),
        "entity_name": String("The kind of the row.", required=True),
        "entity_id": String("The row's id.", uuid=True, auto=True, required=True),
    }
)


def answer(api: AdminApi, call: Call) -> Reply | Awaitable[Reply]:
    segments = call.segments[1:]
    if len(segments) == 2 and segments[1] == "validate":
        return call.gate(_CHECK) or _validate(segments[0], read_body(call.request))
    reply = call.gate(_READ)
    if reply is not None:
        return reply
    if len(segments) == 1:
        return answers.json(200, _entity(segments[0]))
    if len(segments) == 2 and segments[0] in _NESTED:
        return answers.json(200, _NESTED[segments[0]](segments[1]))
    raise not_found()


def deprecated(api: AdminApi, call: Call) -> Reply:
    """/plugins/schema/{name}: only the configuration's fields."""
    reply = call.gate(_READ)
    if reply is not None:
        return reply
    if len(call.segments) != 3:
        raise not_found()
    plugin = registry().get(call.segments[2])
    if plugin is None:
        raise not_found(f"No plugin named '{call.segments[2]}'")
    return answers.json(200, describe(plugin.fields))


def _entity(name: str) -> dict[str, Any]:
    if name == "tags":
        return describe(_TAGS)
    kind = KINDS.get(name)
    if kind is None:
        raise not_found(f"No entity named '{name}'")
    return describe(kind.record)


def _plugin(name: str) -> dict[str, Any]:
    plugin = registry().get(name)
    if plugin is None:
        raise not_found(f"No plugin named '{name}'")
    return plugin_schema(plugin)


def _vault(name: str) -> dict[str, Any]:
    if name not in INSTALLED:
        raise not_found(f"No vault named '{name}'")
    return {"entity_checks": [], "fields": describe(Record(fields={"config": CONFIG}))["fields"]}


def _filter(name: str) -> dict[str, Any]:
    raise not_found(f"Filter '{name}' not found")


_NESTED: Mapping[str, Any] = {"plugins": _plugin, "vaults": _vault, "filters": _filter}


def _validate(name: str, body: Mapping[str, Any]) -> Reply:
    kind = KINDS.get(name)
    if kind is None:
        raise not_found(f"No entity named '{name}'")
    error = clean(kind, dict(body), registry())[1]
    if error is not None:
        raise schema_violation(error if isinstance(error, dict) else {"@entity": [error]})
    return answers.json(200, {"message": "schema validation successful"})
