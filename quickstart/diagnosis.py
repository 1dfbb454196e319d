"""What went wrong as a stable code and two texts: what happened and why, and what to do. The codes are those of the
fault table (docs/troubleshooting.md); setup, check and doctor all say it through here, so a cause has one wording.

Not for: finding out (keycheck.py, health.py, doctor/). No text made here holds a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from quickstart import messages

if TYPE_CHECKING:  # `ai-gateway start` must not wait for the providers
    from gateway.providers._base import Diagnosis, Provider

_ADDRESS = {"invalid_key": "key_url", "other_key": "key_url", "forbidden": "key_url", "no_credit": "billing_url"}


class Told(NamedTuple):
    code: str
    message: str  # what happened and why, one sentence or two
    hint: str = ""  # what to type, a line each


def told(code: str, **values: Any) -> Told:
    """The texts of a code. KeyError for a code without texts: that is a bug."""
    known = messages.catalogue()
    remedy = f"diagnosis.{code}.do"
    hint = messages.text(remedy, **values) if remedy in known else ""
    return Told(code, messages.text(f"diagnosis.{code}", **values), hint)


def of_refusal(provider: Provider, found: Diagnosis, status: int, ending: str = "", other: str = "") -> Told:
    """A provider's refusal. `ending`: the key's last characters, "" to show none; `other`: whose key it looks like."""
    said = f"{status} {found.code}".strip()
    values: dict[str, Any] = {
        "title": provider.title, "said": said, "status": status, "other": other,
        "quote": f": {found.quote}" if found.quote else "",
    }  # fmt: skip
    code = found.kind
    if code == "invalid_key" and other:
        code = "other_key"
    result = told(code, **values)
    url = getattr(provider, _ADDRESS.get(code, ""), "")
    before = ""
    if code in ("invalid_key", "other_key") and ending:
        before = messages.text("diagnosis.ending", ending=ending)
    elif code == "no_credit":
        before = provider.credit_note
    lines = [f"{before} {result.hint}".strip(), url]
    if code == "no_credit":
        lines.append(messages.text("diagnosis.no_credit_later"))
    return Told(code, result.message, "\n".join(line for line in lines if line))
