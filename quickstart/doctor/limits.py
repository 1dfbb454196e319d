"""Limits in kong.yml that ordinary programs run into: the largest request body. Not for: limits of tokens or money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient

CHECK = "limits"
ENOUGH = 1 << 20
"""Bytes that a coding assistant's request easily has."""


def check(patient: Patient) -> Iterator[Finding]:
    if patient.plan is None:
        return
    try:
        document = yaml.safe_load(patient.places.configuration.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return  # configuration.py says it
    sizes = list(_sizes(document if isinstance(document, Mapping) else {}))
    for route, plugin, size in sizes:
        if size and size < ENOUGH:
            yield found(CHECK, "warn", "limit_small", route, route=route, plugin=plugin, size=size // 1024)
    least = min((size for _, _, size in sizes if size), default=0)
    if least >= ENOUGH:
        yield found(CHECK, "ok", "limits_ok", size=least >> 20)


def _sizes(document: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """(route, plugin, bytes) of every limit on bodies, 0 for none."""
    for service in document.get("services") or ():
        for route in service.get("routes") or ():
            for plugin in route.get("plugins") or ():
                config = plugin.get("config") or {}
                if "max_request_body_size" in config or str(plugin.get("name", "")).startswith("ai-proxy"):
                    size = config.get("max_request_body_size", 8192)
                    yield str(route.get("name")), str(plugin.get("name")), int(size or 0)
                elif plugin.get("name") == "request-size-limiting":
                    unit = {"bytes": 1, "kilobytes": 1000}.get(str(config.get("size_unit")), 1_000_000)
                    yield (
                        str(route.get("name")),
                        "request-size-limiting",
                        int(config.get("allowed_payload_size", 128)) * unit,
                    )
