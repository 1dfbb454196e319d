"""Limits that one node counts alone, made ones that several nodes share. Pure. Not for: what limits are."""

from __future__ import annotations

from typing import Any

from quickstart.exports._source import plugins

_HOW = {"ai-rate-limiting-advanced": "strategy", "rate-limiting": "policy"}
"""Plugin -> the field that says where it counts."""


def counting_alone(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Plugin rows whose counts are one node's only."""
    return [
        row
        for row, _ in plugins(document)
        if row["name"] in _HOW and row.get("config", {}).get(_HOW[row["name"]], "local") != "redis"
    ]


def shared_through(document: dict[str, Any], host: str) -> tuple[dict[str, Any], list[str]]:
    """Changes the document so that every limit counts in the Redis at `host`; and the names of changed plugins."""
    changed = []
    for row in counting_alone(document):
        config = row.setdefault("config", {})
        config[_HOW[row["name"]]] = "redis"
        config["redis"] = {"host": host, "port": 6379}
        changed.append(row["name"])
    return document, sorted(set(changed))
