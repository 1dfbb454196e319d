"""Model servers on this machine, as the configuration names them: they have another name, or none, from where an export
runs. Pure. Not for: addresses as people type them (endpoints.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from quickstart import endpoints


def local_addresses(document: Mapping[str, Any]) -> list[str]:
    """`localhost:7999` for each server of this machine that a route or plugin names, in order."""
    found: dict[str, None] = {}

    def look(value: Any, name: str) -> Any:
        if name == "upstream_url" and isinstance(value, str):
            parts = urlsplit(value)
            if parts.hostname and endpoints.is_this_machine(parts.hostname):
                found[f"localhost:{parts.port or 80}"] = None
        return value

    _changed(document, look, "")
    return list(found)


def from_a_container(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document where this machine is `host.docker.internal`: what containers call the machine they run on."""

    def move(value: Any, name: str) -> Any:
        if name in ("upstream_url", "url") and isinstance(value, str):
            parts = urlsplit(value)
            if parts.hostname and endpoints.is_this_machine(parts.hostname):
                port = f":{parts.port}" if parts.port else ""
                return parts._replace(netloc=f"{endpoints.BRIDGE_HOST}{port}").geturl()
        if name == "host" and isinstance(value, str) and endpoints.is_this_machine(value):
            return endpoints.BRIDGE_HOST
        return value

    moved: dict[str, Any] = _changed(document, move, "")
    return moved


def _changed(value: Any, change: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _changed(item, change, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, change, name) for item in value]
    return change(value, name)
