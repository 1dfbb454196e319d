"""Values as HCL, Terraform's language. Pure. Not for: what resources there are (terraform.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Expression:
    """Code, not a text: Expression("var.control_plane_id")."""

    code: str


def value(item: Any, depth: int = 0) -> str:
    """A value as it stands behind `=`, its inner lines indented for `depth`."""
    if isinstance(item, Expression):
        return item.code
    if item is None:
        return "null"
    if isinstance(item, Mapping):
        if not item:
            return "{}"
        return "{\n" + attributes(item, depth + 1) + "  " * depth + "}"
    if isinstance(item, list | tuple):
        if not any(isinstance(one, Mapping | list | tuple) for one in item):
            return "[" + ", ".join(value(one) for one in item) + "]"
        inner = "".join(f"{'  ' * (depth + 1)}{value(one, depth + 1)},\n" for one in item)
        return "[\n" + inner + "  " * depth + "]"
    if isinstance(item, str):
        return text(item)
    return json.dumps(item)


def text(item: str) -> str:
    """A quoted text that stands for itself: HCL would put values in at `${` and `%{`."""
    quoted = json.dumps(item, ensure_ascii=False)
    quoted = re.sub(r"\\u([0-9a-f]{4})", r"\\u\1", quoted)
    return quoted.replace("${", "$${").replace("%{", "%%{")


def attributes(items: Mapping[str, Any], depth: int = 0) -> str:
    """`name = value` lines."""
    lines = []
    for name, item in items.items():
        shown = name if _NAME.fullmatch(name) else text(name)
        lines.append(f"{'  ' * depth}{shown} = {value(item, depth)}\n")
    return "".join(lines)


def block(kind: str, *labels: str, body: Mapping[str, Any] | str) -> str:
    """`resource "type" "name" { ... }` with a line after it."""
    inner = body if isinstance(body, str) else attributes(body, 1)
    head = " ".join([kind, *(text(label) for label in labels)])
    return f"{head} {{\n{inner}}}\n\n"
