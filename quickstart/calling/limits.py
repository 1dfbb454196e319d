"""What an answer's headers say about limits: the gateway's own and, told apart from them, the provider's. Pure.

The gateway's token limits are `X-AI-RateLimit-Remaining-WINDOW-PROVIDER` (Kong's names: 100 is the window, not the
limit) and its request limits `X-RateLimit-Remaining-Minute`; OpenAI's family says `x-ratelimit-remaining-requests`,
Anthropic `anthropic-ratelimit-requests-remaining`. Not for: enforcing anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_TOKENS = re.compile(r"x-ai-ratelimit-remaining-([^-]+)-(.+)")
_REQUESTS = re.compile(r"x-ratelimit-remaining-(second|minute|hour|day|month|year)")
_PROVIDERS = (
    re.compile(r"x-ratelimit-(?P<field>remaining|limit)-(?P<unit>requests|tokens)"),
    re.compile(r"anthropic-ratelimit-(?P<unit>(?:input-|output-)?tokens|requests)-(?P<field>remaining|limit)"),
)
_COUNTED = {
    "total_tokens": lambda prompt, completion: prompt + completion,
    "prompt_tokens": lambda prompt, completion: prompt,
    "completion_tokens": lambda prompt, completion: completion,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """`whose` is "gateway" or "provider", `unit` "tokens" or "requests"; `window` "60 s", "minute" or "" unknown."""

    whose: str
    unit: str
    left: float
    of: float | None
    window: str = ""

    @property
    def share(self) -> float:
        return self.left / self.of if self.of else 1.0

    def as_document(self) -> dict[str, Any]:
        return {"whose": self.whose, "unit": self.unit, "left": self.left, "of": self.of, "window": self.window}


def limits(headers: Mapping[str, str]) -> list[Limit]:
    """Everything the headers (names in lower case) say, the gateway's first, then the tightest first."""
    found: list[Limit] = []
    theirs: dict[str, dict[str, float]] = {}
    for name, value in headers.items():
        number = _number(value)
        if number is None:
            continue
        if match := _TOKENS.fullmatch(name):
            limit = _number(headers.get(name.replace("-remaining-", "-limit-", 1), ""))
            found.append(Limit("gateway", "tokens", number, limit, _window(match[1])))
        elif match := _REQUESTS.fullmatch(name):
            limit = _number(headers.get(name.replace("-remaining-", "-limit-", 1), ""))
            found.append(Limit("gateway", "requests", number, limit, match[1]))
        else:
            for pattern in _PROVIDERS:
                if match := pattern.fullmatch(name):
                    theirs.setdefault(match["unit"], {})[match["field"]] = number
    for unit, told in theirs.items():
        if "remaining" in told:
            found.append(Limit("provider", unit.replace("-", " "), told["remaining"], told.get("limit")))
    return sorted(found, key=lambda limit: (limit.whose != "gateway", limit.share))


def after(found: list[Limit], strategy: str, prompt: int, completion: int) -> list[Limit]:
    """The limits once a stream is counted: its headers left before anything was. `strategy`: how the gateway counts."""
    used = _COUNTED[strategy](prompt, completion) if strategy in _COUNTED else 0
    return [
        replace(limit, left=max(0, limit.left - used)) if (limit.whose, limit.unit) == ("gateway", "tokens") else limit
        for limit in found
    ]


def in_money(found: list[Limit]) -> list[Limit]:
    """The same where the gateway counts what answers cost: its headers do not say of what they tell."""
    return [
        replace(limit, unit="USD") if (limit.whose, limit.unit) == ("gateway", "tokens") else limit for limit in found
    ]


def wait_of(headers: Mapping[str, str]) -> int | None:
    """Seconds to wait, where the gateway itself refused for a limit of its own; None where it did not."""
    if "x-ai-ratelimit-retry-after" in headers or "ratelimit-reset" in headers:
        number = _number(headers.get("retry-after", "") or headers.get("ratelimit-reset", ""))
        return None if number is None else round(number)
    return None


def _window(name: str) -> str:
    return f"{name} s" if _number(name) is not None else name


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number == int(number) else number
