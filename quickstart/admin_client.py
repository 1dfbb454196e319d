"""A running gateway's whole configuration through its Admin API: read, and put in its place without a restart.

Not for: finding out what changed (reconcile/), files.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from quickstart.errors import QuickstartError
from quickstart.local_http import Answer, NoAnswer, request
from quickstart.plan import Plan

APPLY_SECONDS = 30.0


class ChangedMeanwhile(QuickstartError):
    """The running configuration is not the one that the new one was made of."""


class Running(NamedTuple):
    """What is in force. `tag` stands for exactly this, "" where the gateway gives none."""

    text: str
    tag: str


def fetch(plan: Plan) -> Running:
    """GET /config: everything, edits included. Raises QuickstartError."""
    try:
        answer = request(plan.bind, plan.ports["admin"], "GET", "/config", timeout=APPLY_SECONDS)
    except NoAnswer as error:
        raise QuickstartError(
            f"The running gateway did not tell its configuration: {error}.", "See: ai-gateway logs"
        ) from error
    document = _decoded(answer.body)
    if answer.status != 200 or not isinstance(document, dict) or not isinstance(document.get("config"), str):
        raise QuickstartError(
            f"The running gateway did not tell its configuration ({answer.status}): {_words(answer.body)}",
            "See: ai-gateway logs",
        )
    return Running(document["config"], answer.headers.get("etag", ""))


def push(plan: Plan, configuration: str, tag: str = "") -> None:
    """POST /config: all of it takes effect or nothing does; the gateway reads its secrets again too.

    With `tag` only in the place of that configuration: ChangedMeanwhile where another one is in force by now. Raises
    QuickstartError with the gateway's own words when it refuses.
    """
    body = json.dumps({"config": configuration}).encode()
    more = {"If-Match": tag} if tag else {}
    try:
        answer = request(plan.bind, plan.ports["admin"], "POST", "/config", body, timeout=APPLY_SECONDS, more=more)
    except NoAnswer as error:
        raise QuickstartError(
            f"The running gateway did not take the new configuration: {error}.", "See: ai-gateway logs"
        ) from error
    if answer.status == 412:
        raise ChangedMeanwhile("Somebody changed the running configuration at the same moment.", "Try it again.")
    _require_taken(answer)


def tag_of(configuration: str) -> str:
    """The tag that a configuration has once it was pushed: Kong's hash of a declarative text."""
    return f'"{hashlib.md5(configuration.encode(), usedforsecurity=False).hexdigest()}"'


def _require_taken(answer: Answer) -> None:
    if not 200 <= answer.status < 400:
        raise QuickstartError(
            f"The running gateway refused the new configuration ({answer.status}): {_words(answer.body)}",
            "It keeps serving the old one. See: ai-gateway logs",
        )


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _words(body: bytes) -> str:
    document = _decoded(body)
    if document is None:
        return body.decode("utf-8", "replace")[:500]
    return str(document.get("message", document)) if isinstance(document, dict) else str(document)
