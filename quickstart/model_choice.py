"""Which model to propose: the live list decides, the provider's catalogue orders, then whatever is cheap, finished and
made for chats. Nothing retired, never a placeholder.

Not for: fetching the list (keycheck.py), whether the model really answers (the route's own proof, health.py). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.providers._base import Provider
from quickstart.errors import UsageError

PLACEHOLDERS = frozenset(("model", "model-name", "model_name", "your-model", "placeholder", "string", "none", "null"))
"""What specifications put where a model's name belongs. Sent upstream, it is answered with "model not found"."""

_OTHER_WORK = re.compile(
    r"embed|rerank|whisper|\btts\b|\bstt\b|audio|speech|voice|transcri|realtime|native-live|dall-?e|image|imagen|video|"
    r"\bveo\b|\bsora\b|moderation|guard|\bocr\b|\baqa\b|computer-use|robotics|deep-research|codex|babbage|davinci|"
    r"\bbge\b|\bclip\b|flux|diffusion|\blyria\b",
    re.IGNORECASE,
)
"""Words in names of models that do not chat. A name is all that many lists tell."""
_UNFINISHED = re.compile(r"preview|beta|alpha|\bexp\b|experimental|nightly|\brc\d*\b", re.IGNORECASE)
_CHEAP = re.compile(r"nano|micro|tiny|lite|\b[1-9]b\b|mini|small|haiku|flash|luna|instant|fast|20b", re.IGNORECASE)
_DEAR = re.compile(r"large|\bmax\b|opus|ultra|\bpro\b|astra|reason|think|\b\d{3}b\b", re.IGNORECASE)
_SNAPSHOT = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})$")
"""The date or number behind the name of one frozen state of a model."""


def propose(provider: Provider, live: Sequence[str]) -> str:
    """The best model known: of the live list, offline of the catalogue; "" when nothing is known at all."""
    if live:
        return next(iter(ranked(provider, live)), "")
    return next((name for name in provider.catalogue if name not in provider.retired), "")


def ranked(provider: Provider, live: Sequence[str]) -> list[str]:
    """The models of a live list that a chat may be sent to, best first."""
    able = [name for name in dict.fromkeys(live) if not (is_retired(provider, name) or is_placeholder(name))]
    known = {name: place for place, name in enumerate(provider.catalogue)}
    able = [name for name in able if name in known or not _OTHER_WORK.search(name)]
    return sorted(able, key=lambda name: (known.get(name, len(known)), *_cost(name)))


def _cost(name: str) -> tuple[bool, bool, int, list[int], int, str]:
    """The smaller the better: finished, not one frozen state, cheap, new, short."""
    scale = 2 if _DEAR.search(name) else 0 if _CHEAP.search(name) else 1
    version = [-int(digits) for digits in re.findall(r"\d+", _SNAPSHOT.sub("", name))[:3] if len(digits) < 4]
    return bool(_UNFINISHED.search(name)), bool(_SNAPSHOT.search(name)), scale, version or [0], len(name), name


def is_retired(provider: Provider, name: str) -> bool:
    """Whether the provider has switched the model off, or soon will; a frozen state goes with its model."""
    return name in provider.retired or _SNAPSHOT.sub("", name) in provider.retired


def is_placeholder(name: str) -> bool:
    stripped = name.strip().strip("<>{}[]$").lower()
    return stripped in PLACEHOLDERS or name.strip().startswith(("<", "{{", "${"))


def checked(name: str, origin: str) -> str:
    """A model's name as typed. Raises UsageError for an empty one, a placeholder, or one that no request can carry."""
    typed = name.strip()
    if not typed:
        raise UsageError(f"{origin}: the model's name is empty.")
    if is_placeholder(typed):
        raise UsageError(
            f"{origin}: {typed!r} is a placeholder, not a model.", "Give the name that the provider lists."
        )
    if any(not c.isprintable() for c in typed) or len(typed) > 300:
        raise UsageError(f"{origin}: the model's name has a control character or is too long.")
    if "$(" in typed:
        raise UsageError(f"{origin}: {typed!r} is a template; setup wants one model.")
    return typed
