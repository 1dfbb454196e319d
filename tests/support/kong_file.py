"""Makes declarative files for tests: one service, route and ai-proxy per provider. Not for: what the wizard renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

Json = Any


def service(
    provider: str,
    upstream: str,
    model: str,
    operation: str = "chat",
    name: str = "",
    header: str = "Authorization",
    value: str = "",
    **options: Json,
) -> dict[str, Json]:
    """POST /NAME/OPERATION goes to `upstream` (a whole URL) in `provider`'s dialect; `value` is the credential."""
    name = name or provider
    parts = urlsplit(upstream)
    proxy: dict[str, Json] = {
        "route_type": f"llm/v1/{operation}",
        "model": {"provider": provider, "name": model, "options": {"upstream_url": upstream, **options}},
        "logging": {"log_statistics": True},
    }
    if value:
        proxy["auth"] = {"header_name": header, "header_value": value}
    return {
        "name": f"{name}-{operation}-api",
        "host": parts.hostname,
        "port": parts.port or 80,
        "protocol": "http",
        "path": parts.path,
        "routes": [
            {
                "name": f"{name}-api_{name}-{operation}",
                "methods": ["POST"],
                "paths": [f"~/{name}/{operation}$"],
                "plugins": [{"name": "ai-proxy", "config": proxy}],
            }
        ],
    }


def write(path: Path, *services: dict[str, Json], **more: Json) -> Path:
    path.write_text(yaml.safe_dump({"_format_version": "3.0", "services": [*services], **more}, sort_keys=False))
    return path
