"""Konnect's error answers: problem+json, as RFC 7807 and the API's documents have it. Not for: when to give one."""

from __future__ import annotations

import json
from typing import Any

from support.mock_server import Answer

PROBLEM = "application/problem+json"
_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}


def problem(status: int, detail: str, wrong: dict[str, str] | None = None, **headers: str) -> Answer:
    document: dict[str, Any] = {
        "status": status, "title": _TITLES.get(status, "Error"), "instance": "konnect:trace:1", "detail": detail,
    }  # fmt: skip
    if wrong:
        document["invalid_parameters"] = [
            {"field": name, "rule": None, "source": "body", "reason": reason} for name, reason in wrong.items()
        ]
    return Answer(status, json.dumps(document).encode(), PROBLEM, headers)
