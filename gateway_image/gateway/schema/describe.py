"""Fields as Kong's schema JSON, which decK reads defaults from and forms are drawn from. Not for: checking values."""

from __future__ import annotations

from typing import Any

from gateway.schema.collections import Array, Map, Set
from gateway.schema.fields import UNSET, Field, Foreign, Numeric, String
from gateway.schema.records import Record


def describe(record: Record) -> dict[str, Any]:
    """{"fields": [{name: {...}}], "entity_checks": [...]} of a record; [] where there are no rules."""
    return {
        "fields": [{name: describe_field(field)} for name, field in record.fields.items()],
        "entity_checks": [check.describe() for check in record.checks],
    }


def describe_field(field: Field) -> dict[str, Any]:
    """One field: {"type": "string", "required": true, ...}. Our help text is its `description`."""
    out: dict[str, Any] = {"type": field.kind}
    if field.help:
        out["description"] = field.help
    out["required"] = field.required
    if field.default is not UNSET:
        out["default"] = field.default
    if field.one_of is not None:
        out["one_of"] = list(field.one_of)
    if field.not_one_of is not None:
        out["not_one_of"] = list(field.not_one_of)
    if field.eq is not UNSET:
        out["eq"] = field.eq
    for name in ("referenceable", "encrypted", "unique", "auto"):
        if getattr(field, name):
            out[name] = True
    out |= _details(field)
    out |= field.schema
    return out


def _details(field: Field) -> dict[str, Any]:
    if isinstance(field, String):
        return _string(field)
    if isinstance(field, Numeric):
        out: dict[str, Any] = {}
        if field.between is not None:
            out["between"] = list(field.between)
        if field.gt is not None:
            out["gt"] = field.gt
        if field.timestamp:
            out["timestamp"] = True
        return out
    if isinstance(field, Foreign):
        return {"reference": field.reference} | ({"on_delete": field.on_delete} if field.on_delete else {})
    if isinstance(field, Array):
        out = {"elements": _always(field.elements)} | _given(field, "len_eq", "len_min", "len_max")
        if isinstance(field, Set) and field.mutually_exclusive_subsets is not None:
            out["mutually_exclusive_subsets"] = [list(group) for group in field.mutually_exclusive_subsets]
        return out
    if isinstance(field, Map):
        return {"keys": _always(field.keys), "values": _always(field.values)} | _given(field, "len_min")
    if isinstance(field, Record):
        described = describe(field)
        if not described["entity_checks"]:
            del described["entity_checks"]
        if field.shorthands:
            described["shorthand_fields"] = [{name: _shorthand(field, name)} for name in field.shorthands]
        return described
    return {}


def _always(field: Field) -> dict[str, Any]:
    """What stands in a list or a map: never null, so Kong's schemas call it required."""
    return describe_field(field) | {"required": True}


def _shorthand(record: Record, name: str) -> dict[str, Any]:
    shorthand = record.shorthands[name]
    out = describe_field(shorthand.field)
    replaced = {"replaced_with": [{"path": list(shorthand.path)}]}
    return out | {"deprecation": replaced | out.get("deprecation", {})}


def _string(field: String) -> dict[str, Any]:
    out = _given(field, "len_eq", "len_max", "starts_with", "match", "not_match") | {"len_min": field.least}
    for name in ("match_none", "match_all"):
        rules = getattr(field, name)
        if rules:
            out[name] = [{"pattern": pattern, "err": text} if text else {"pattern": pattern} for pattern, text in rules]
    if field.match_any is not None:
        patterns, text = field.match_any
        out["match_any"] = {"patterns": list(patterns)} | ({"err": text} if text else {})
    if field.uuid:
        out["uuid"] = True
    if field.is_regex:
        out["is_regex"] = True
    return out


def _given(field: Field, *names: str) -> dict[str, Any]:
    return {name: getattr(field, name) for name in names if getattr(field, name) is not None}
