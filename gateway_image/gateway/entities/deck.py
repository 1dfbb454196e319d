"""What decK's files have beyond Kong's format: `_info`, which decK itself applies before it sends anything, and
`_workspace`. Not for: decK's `${{ env }}` substitution, which is decK's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.entities.catalogue import KINDS

_DEFAULTS = {"service": "services", "route": "routes", "upstream": "upstreams", "target": "targets"}


def without_deck(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as `deck` would have sent it: what stands in `_info` applied, `_info` and `_workspace` gone.

    `_info.select_tags` are tags of every entity, `_info.defaults` are values for what services, routes, upstreams and
    targets leave out.
    """
    out = {name: value for name, value in document.items() if name not in ("_info", "_workspace")}
    info = document.get("_info")
    if not isinstance(info, Mapping):
        return out
    tags = [tag for tag in info.get("select_tags") or () if isinstance(tag, str)]
    given = info.get("defaults")
    defaults = {
        kind: given[word]
        for word, kind in _DEFAULTS.items()
        if isinstance(given, Mapping) and isinstance(given.get(word), Mapping)
    }
    if tags or defaults:
        out = {name: _dressed(name, value, tags, defaults) for name, value in out.items()}
    return out


def _dressed(kind: str, rows: Any, tags: list[str], defaults: Mapping[str, Any]) -> Any:
    """A collection with tags and defaults, the collections nested in it too."""
    if kind not in KINDS or not isinstance(rows, list):
        return rows
    return [_dressed_row(kind, row, tags, defaults) if isinstance(row, dict) else row for row in rows]


def _dressed_row(kind: str, row: dict[str, Any], tags: list[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    out = {**defaults.get(kind, {}), **row}
    for child in KINDS[kind].children:
        if child in row:
            out[child] = _dressed(child, row[child], tags, defaults)
    own = row.get("tags") or []
    if tags and isinstance(own, list):
        out["tags"] = [*own, *(tag for tag in tags if tag not in own)]
    return out
