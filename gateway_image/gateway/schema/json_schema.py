"""Fields as JSON Schema (2020-12), for OpenAPI documents: what a request body may hold. Kong's own form: describe.py.

Rules over several fields and Lua patterns have no words there and are left out: what it allows may still be refused.
"""

from __future__ import annotations

from typing import Any

from gateway.schema.collections import Array, Map, Set
from gateway.schema.fields import UNSET, Any_, Boolean, Field, Foreign, Integer, Numeric, String
from gateway.schema.records import Record


def json_schema(field: Field) -> dict[str, Any]:
    """{"type": "string", ...}. A field that may be left out may also be null."""
    out = _plain(field)
    if field.one_of is not None and not isinstance(field, (Array, Map)):
        out["enum"] = list(field.one_of)
    if field.eq is not UNSET:
        return {"const": field.eq}
    if not field.required and "type" in out:
        out["type"] = [out["type"], "null"]
        if "enum" in out:
            out["enum"].append(None)
    if field.default is not UNSET:
        out["default"] = field.default
    if field.help:
        out["description"] = field.help
    return out


def _plain(field: Field) -> dict[str, Any]:
    if isinstance(field, String):
        return _string(field)
    if isinstance(field, Boolean):
        return {"type": "boolean"}
    if isinstance(field, Numeric):
        return _number(field)
    if isinstance(field, Foreign):
        return _foreign()
    if isinstance(field, Array):
        limits = {"minItems": field.len_min, "maxItems": field.len_max}
        out = {"type": "array", "items": _inside(field.elements), **_given(limits)}
        return {**out, "uniqueItems": True} if isinstance(field, Set) else out
    if isinstance(field, Map):
        return {"type": "object", "additionalProperties": _inside(field.values)}
    if isinstance(field, Record):
        return _record(field)
    return {"type": "object"} if isinstance(field, Any_) and field.schema.get("type") == "record" else {}


def _inside(field: Field) -> dict[str, Any]:
    """What stands in a list or a map is never null."""
    out = json_schema(field)
    if isinstance(out.get("type"), list):
        out["type"] = out["type"][0]
        if "enum" in out:
            out["enum"] = [value for value in out["enum"] if value is not None]
    return out


def _string(field: String) -> dict[str, Any]:
    out: dict[str, Any] = {"type": "string"}
    if field.uuid:
        return {**out, "format": "uuid"}
    if field.least:
        out["minLength"] = field.least
    return out | _given({"maxLength": field.len_max})


def _number(field: Numeric) -> dict[str, Any]:
    out: dict[str, Any] = {"type": "integer" if isinstance(field, Integer) else "number"}
    if field.between is not None:
        out |= {"minimum": field.between[0], "maximum": field.between[1]}
    if field.timestamp:
        out["minimum"] = 1
    return out | _given({"exclusiveMinimum": field.gt})


def _foreign() -> dict[str, Any]:
    names = {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string", "minLength": 1}}
    return {"type": "object", "properties": names, "additionalProperties": False, "minProperties": 1}


def _record(field: Record) -> dict[str, Any]:
    properties = {name: json_schema(inner) for name, inner in field.fields.items()}
    for name, shorthand in field.shorthands.items():
        properties[name] = {**json_schema(shorthand.field), "deprecated": True}
    out: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = [name for name, inner in field.fields.items() if _needed(inner)]
    return {**out, "required": needed} if needed else out


def _needed(field: Field) -> bool:
    if not field.required or field.default is not UNSET or field.auto:
        return False
    return any(map(_needed, field.fields.values())) if isinstance(field, Record) else True


def _given(limits: dict[str, Any]) -> dict[str, Any]:
    return {name: limit for name, limit in limits.items() if limit is not None}
