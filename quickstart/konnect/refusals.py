"""What Konnect's refusals mean to the person: one kind per cause, told with what happened, why and what to do.

Not for: sending anything (client.py), deciding to go on. No text made here holds a token.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from quickstart import messages
from quickstart.errors import KonnectError
from quickstart.konnect.addresses import GLOBAL, TOKENS_PAGE

Kind = Literal[
    "token", "expired", "permission", "region", "missing", "conflict", "certificates", "limit", "down", "unreachable",
    "refused",
]  # fmt: skip
"""token: not one of Konnect's. expired: it was. permission: it may not do this. region: the token works elsewhere.
missing: what was asked for is not there. conflict: its name is taken. certificates: no more may be pinned. limit: too
many requests. down: Konnect failed. unreachable: no answer at all. refused: anything else, in Konnect's own words."""

_EXPIRED = re.compile(r"\bexpired?\b", re.IGNORECASE)
_LIMIT = re.compile(r"\b(limit|maximum|quota|too many|exceed\w*)\b", re.IGNORECASE)
_MOST_WORDS = 300


class Refused(KonnectError):
    """Konnect said no, or nothing. `status` is 0 where there was no answer."""

    def __init__(self, kind: Kind, message: str, hint: str = "", status: int = 0, words: str = "") -> None:
        super().__init__(message, hint)
        self.kind: Kind = kind
        self.status = status
        self.words = words  # Konnect's own

    @property
    def passing(self) -> bool:
        """Whether the same may work in a moment."""
        return self.kind in ("limit", "down", "unreachable")


def refusal(status: int, body: bytes, what: str, where: str) -> Refused:
    """An error answer as an exception. `what` is what was tried, for people; `where` the region or host."""
    words = own_words(body)
    kind = kind_of(status, words)
    where = messages.text("konnect.everywhere") if where == GLOBAL else where
    named = {"what": what, "where": where, "status": status, "words": words, "url": TOKENS_PAGE}
    message = messages.text(f"konnect.refusal.{kind}", **named).strip()
    return Refused(kind, message, messages.text(f"konnect.refusal.{kind}_hint", **named), status, words)


def unreachable(what: str, reason: str, hint: str) -> Refused:
    """No answer at all; `reason` and `hint` say why, as far as this machine can tell."""
    return Refused("unreachable", messages.text("konnect.unreachable", what=what, reason=reason), hint)


def kind_of(status: int, words: str) -> Kind:
    if status == 401:
        return "expired" if _EXPIRED.search(words) else "token"
    if status == 403:
        return "permission"
    if status == 404:
        return "missing"
    if status == 409:
        return "conflict"
    if status == 429:
        return "limit"
    return "down" if status >= 500 else "refused"


def is_certificate_limit(refused: Refused) -> bool:
    """Whether a certificate was not pinned because no more may be; Konnect has no status of its own for that."""
    return refused.status in (400, 403, 409, 422) and bool(_LIMIT.search(refused.words))


def own_words(body: bytes) -> str:
    """What an error answer says: problem+json, `{"message"}` or plain text, with every wrong field named."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else _short(text)
    if not isinstance(document, dict):
        return ""
    said = [str(document[name]) for name in ("detail", "message", "title") if document.get(name)][:1]
    for wrong in document.get("invalid_parameters") or ():
        if isinstance(wrong, dict):
            said.append(f"{wrong.get('field', '?')}: {wrong.get('reason', '?')}")
    fields = document.get("fields")
    if isinstance(fields, dict) and fields:
        said.append(json.dumps(fields, ensure_ascii=False))
    return _short("; ".join(said))


def _short(text: str) -> str:
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _MOST_WORDS else line[: _MOST_WORDS - 3] + "..."
