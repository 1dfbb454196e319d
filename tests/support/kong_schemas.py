"""The schemas of a real Kong, and two schemas made comparable. Not for: judging."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ADDED = ("required", "len_min")
FOLDER = Path(__file__).resolve().parent.parent / "conformance" / "kong-schemas"


def kong_schema(name: str) -> dict[str, Any]:
    """name: "entity-services" or "plugin-ai-proxy"."""
    schema: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return schema


def flat(schema: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Dotted path -> the field's own attributes, descriptions and what only spells a default out left out."""
    found: dict[str, dict[str, Any]] = {}
    for entry in schema.get("fields", ()):
        for name, field in entry.items():
            found |= _flat_field(field, f"{path}.{name}" if path else name)
    return found


def _flat_field(field: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    own = {key: value for key, value in field.items() if key not in ("fields", "elements", "keys", "values")}
    own.pop("description", None)
    own.pop("shorthand_fields", None)
    if own.get("required") is False:
        del own["required"]
    if own.get("len_min") == 1 and own["type"] == "string":
        del own["len_min"]  # every string's
    if own.get("entity_checks") == []:
        del own["entity_checks"]
    found = {path: own} | flat(field, path)
    for inner in ("elements", "keys", "values"):
        if isinstance(field.get(inner), dict):
            found |= _flat_field(field[inner], f"{path}[{inner}]")
            found[f"{path}[{inner}]"].pop("required", None)  # which Kong adds when it has used the field first
    return found


def checks(schema: dict[str, Any]) -> list[str]:
    """The rules as sorted text."""
    return sorted(json.dumps(_unused(check), sort_keys=True) for check in schema.get("entity_checks", ()))


def _unused(rule: Any) -> Any:
    """A rule without what Kong adds to its elements when it has used it first."""
    if isinstance(rule, list):
        return [_unused(inner) for inner in rule]
    if not isinstance(rule, dict):
        return rule
    out = {name: _unused(inner) for name, inner in rule.items()}
    if isinstance(out.get("elements"), dict):
        out["elements"] = {name: out["elements"][name] for name in out["elements"] if name not in _ADDED}
    return out
