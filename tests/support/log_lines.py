"""Lines of the access log, made up. Not for: what the gateway really writes (tests/gateway/test_snapshot.py)."""

from __future__ import annotations

import json
from typing import Any

ID = "205527a57ad4ebeaab7400818027b728"
NOON = 1_795_348_991.0
"""2026-11-22 12:03:11 UTC."""


def a_line(**more: Any) -> str:
    told = {
        "time": NOON, "client": "127.0.0.1", "method": "POST", "path": "/mistral/chat", "status": 200, "bytes": 300,
        "ms": 1900.4, "request_id": ID, "route": "mistral-api_mistral-chat",
    }  # fmt: skip
    return json.dumps({**told, **more}, separators=(",", ":"))


LINE = a_line(provider="openai", model="mistral-7b", prompt_tokens=17, completion_tokens=205)
