"""What a provider's refusal means, in words for people. Not for: transport failures (nobody answered), and not for what
clients of the gateway get: they get the provider's own status and body.

Providers disagree about statuses (a bad key is 400 at Gemini and xAI, no credit is 400 at Anthropic and 429 at OpenAI),
so words are looked at before the status. Texts made here quote the provider only with anything like a key taken out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from gateway.chat import items, mapping, string
from gateway.codec import CodecError, decode

Json = Any
_MOST_QUOTED = 200
_KEYLIKE = re.compile(
    r"(?:sk|gsk|xai|hf|key|csk|tgp|dapi|pplx|r8|AIza|AQ)[-_.]?[\w*.\-]{6,}|[\w+/=*\-]{24,}", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{2,59}")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A provider's refusal in our words. `kind` is stable; texts are for people."""

    kind: str
    # "ok" | "invalid_key" | "no_credit" | "rate_limited" | "forbidden" | "region" | "model_not_found" |
    # "context_too_long" | "bad_request" | "unavailable" | "not_llm" | "unknown"
    message: str  # what happened, one line, never with a key in it
    hint: str = ""  # what to type or where to go
    code: str = ""  # the provider's own word for it: "insufficient_quota"
    quote: str = ""  # the provider's own sentence, without anything that looks like a key


class Tell(NamedTuple):
    """A sign in a refusal: `word` (lower case) anywhere in its code, type, reason or message."""

    word: str
    kind: str
    statuses: tuple[int, ...] = ()  # () = any status but 2xx


class Facts(Protocol):
    """What is needed to know about a provider."""

    @property
    def title(self) -> str: ...
    @property
    def key_url(self) -> str: ...
    @property
    def billing_url(self) -> str: ...
    @property
    def credit_note(self) -> str: ...
    @property
    def environment(self) -> tuple[str, ...]: ...
    @property
    def hosted(self) -> bool: ...
    @property
    def tells(self) -> tuple[Tell, ...]: ...


USUAL = (
    Tell("insufficient_quota", "no_credit"),
    Tell("credit_balance_exhausted", "no_credit"),
    Tell("credit balance is too low", "no_credit"),
    Tell("billing_error", "no_credit"),
    Tell("spend_limit_reached", "no_credit"),
    Tell("insufficient balance", "no_credit"),
    Tell("insufficient credits", "no_credit"),
    Tell("context_length_exceeded", "context_too_long"),
    Tell("exceed_context_size", "context_too_long"),
    Tell("prompt is too long", "context_too_long"),
    Tell("input is too long", "context_too_long"),
    Tell("too many tokens", "context_too_long", (400, 413, 422)),
    Tell("maximum context length", "context_too_long", (400, 413, 422)),
    Tell("maximum number of tokens", "context_too_long", (400, 413, 422)),
    Tell("context length", "context_too_long", (400, 413, 422)),
    Tell("api_key_invalid", "invalid_key"),
    Tell("api key not valid", "invalid_key"),
    Tell("invalid_api_key", "invalid_key"),
    Tell("incorrect api key", "invalid_key"),
    Tell("invalid api key", "invalid_key"),
    Tell("authentication_error", "invalid_key"),
    Tell("unsupported_country_region_territory", "region"),
    Tell("region, or territory not supported", "region"),
    Tell("location is not supported", "region"),
    Tell("not available in your region", "region"),
    Tell("model_not_found", "model_not_found"),
    Tell("invalid_model", "model_not_found"),
    Tell("deploymentnotfound", "model_not_found"),
    Tell("rate_limit", "rate_limited"),
)
_BY_STATUS = {
    400: "bad_request", 401: "invalid_key", 402: "no_credit", 403: "forbidden", 408: "unavailable",
    413: "context_too_long", 422: "bad_request", 425: "unavailable", 429: "rate_limited",
}  # fmt: skip


def classify(facts: Facts, status: int, body: bytes) -> Diagnosis:
    """The provider's own tells first, then the usual ones, then the status."""
    decoded, is_json = _decoded(body)
    said = _said(decoded)
    if 200 <= status < 300:
        kind = "ok" if is_json else "not_llm"
    else:
        kind = _kind(facts, status, " ".join(said).lower(), is_json)
    quote = quoted(said[0] if said else "")
    return replace(_told(facts, kind, status, quote), code=_word(said[1:]), quote=quote)


def _word(said: list[str]) -> str:
    """The first code, type or reason that is a plain word: statuses and sentences say nothing beside them."""
    words = (word for word in said if _WORD.fullmatch(word) and not _KEYLIKE.fullmatch(word))
    return next(words, "")


def _kind(facts: Facts, status: int, words: str, is_json: bool) -> str:
    for tell in (*facts.tells, *USUAL):
        if tell.word in words and (not tell.statuses or status in tell.statuses):
            return tell.kind
    if status == 404:
        return "model_not_found" if "model" in words else "not_llm" if not is_json else "bad_request"
    if 300 <= status < 400 or status == 405:
        return "not_llm"
    if status >= 500:
        return "unavailable"
    return _BY_STATUS.get(status, "unknown")


def _told(facts: Facts, kind: str, status: int, quote: str) -> Diagnosis:
    title = facts.title
    said = f": {quote}" if quote else ""
    variable = facts.environment[0] if facts.environment else ""
    if kind == "ok":
        return Diagnosis(kind, f"{title} accepted the request")
    if kind == "invalid_key":
        hint = f"Copy the whole key, or make a new one: {facts.key_url}" if facts.key_url else "Check the key"
        return Diagnosis(kind, f"{title} rejected the key ({status})", hint + (f" ({variable})" if variable else ""))
    if kind == "no_credit":
        where = f"Add credit: {facts.billing_url}" if facts.billing_url else "Add credit at the provider"
        return Diagnosis(
            kind,
            f"the key works, but the {title} account has no credit ({status})",
            f"{facts.credit_note} {where}".strip(),
        )
    if kind == "rate_limited":
        return Diagnosis(kind, f"{title} limits how often this key may ask ({status})", "Wait a minute and try again")
    if kind == "forbidden":
        hint = "Check the key's permissions, its project and whether your region is served"
        return Diagnosis(kind, f"{title} does not permit this ({status})", f"{hint}: {facts.key_url}".rstrip(": "))
    if kind == "region":
        return Diagnosis(
            kind, f"{title} does not serve the region that this request came from ({status})",
            "Ask from a supported region, or through an endpoint of one",
        )  # fmt: skip
    if kind == "model_not_found":
        hint = (
            "Choose one of the models this account lists" if facts.hosted else "Choose a model this server has loaded"
        )
        return Diagnosis(kind, f"{title} does not know the model, or this key may not use it ({status})", hint)
    if kind == "context_too_long":
        return Diagnosis(
            kind, f"the request is longer than the model takes ({status})", "Send less, or choose another model"
        )
    if kind == "unavailable":
        hint = "Try again in a minute" if facts.hosted else "Look into the model server's log; it may still be loading"
        return Diagnosis(kind, f"{title} is not available now ({status}){said}", hint)
    if kind == "not_llm":
        hint = "Check the URL: its host, port and path, and whether a proxy or login page answers instead"
        return Diagnosis(kind, f"what answered is not {title} ({status})", hint)
    if kind == "bad_request":
        return Diagnosis(kind, f"{title} refused the request ({status}){said}", "Check the model and its options")
    return Diagnosis("unknown", f"{title} answered {status}{said}")


def quoted(text: str) -> str:
    """A provider's text on one line, cut, without anything that looks like a key."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())
    text = _KEYLIKE.sub("***", text)
    return text if len(text) <= _MOST_QUOTED else text[: _MOST_QUOTED - 1] + "…"


def _decoded(body: bytes) -> tuple[Json, bool]:
    try:
        return decode(body), True
    except CodecError:
        return None, False


def _said(body: Json) -> list[str]:
    """The message of an error body in any of the providers' shapes, then its codes and reasons."""
    body = (
        mapping(body[0]) if isinstance(body, list) and body else mapping(body)
    )  # Gemini wraps it in an array at times
    given = body.get("error")
    error = mapping(given)
    details = [mapping(detail) for detail in items(body.get("detail"))]
    message = (
        string(error.get("message"))
        or string(given)
        or string(body.get("message"))
        or string(body.get("Message"))
        or string(body.get("detail"))
        or " ".join(string(detail.get("msg")) for detail in details)
    )
    found = [message]
    for place in (error, body, mapping(error.get("details")), mapping(error.get("metadata"))):
        for name in ("code", "type", "status", "reason", "error_type", "error_code", "__type", "raw", "param"):
            found.append(string(place.get(name)))
    found += [string(mapping(detail).get("reason")) for detail in items(error.get("details"))]
    return found
