"""Handing a running gateway its new configuration through its Admin API, without a restart.

Not for: finding out what changed (reconcile.py), files.
"""

from __future__ import annotations

import json
from typing import Any

from quickstart.errors import QuickstartError
from quickstart.local_http import NoAnswer, request
from quickstart.plan import Plan

APPLY_SECONDS = 30.0


def push(plan: Plan, configuration: str) -> None:
    """POST /config: all of it takes effect or nothing does; the gateway reads its secrets again too.

    Raises QuickstartError with the gateway's own words when it refuses.
    """
    body = json.dumps({"config": configuration}).encode()
    try:
        answer = request(plan.bind, plan.ports["admin"], "POST", "/config", body, timeout=APPLY_SECONDS)
    except NoAnswer as error:
        raise QuickstartError(
            f"The running gateway did not take the new configuration: {error}.", "See: ai-gateway logs"
        ) from error
    if not 200 <= answer.status < 400:
        raise QuickstartError(
            f"The running gateway refused the new configuration ({answer.status}): {_words(answer.body)}",
            "It keeps serving the old one. See: ai-gateway logs",
        )


def _words(body: bytes) -> str:
    try:
        document: Any = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:500]
    return str(document.get("message", document)) if isinstance(document, dict) else str(document)
