"""What setup can offer: which hosted providers a key alone (or a key and an endpoint) is enough for, in which order.

Not for: their facts (gateway.providers), asking.
"""

from __future__ import annotations

from gateway.providers import providers
from gateway.providers._base import CHAT, Provider
from quickstart.planning import needs_endpoint

FIRST = ("openai", "cohere", "azure", "anthropic")
"""The original's order; each has a question of its own."""
THEN = ("mistral", "gemini", "groq", "deepseek", "openrouter")


def offered() -> list[Provider]:
    """Hosted providers that one credential header is enough for: the original's, the well-known, then the rest."""
    able = {
        name: provider
        for name, provider in providers().items()
        if provider.hosted and provider.auth_header and (provider.origin or needs_endpoint(provider))
        and provider.environment and (CHAT in provider.paths or needs_endpoint(provider))
    }  # fmt: skip
    order = [name for name in (*FIRST, *THEN) if name in able]
    return [able[name] for name in [*order, *(name for name in able if name not in order)]]


def first() -> list[Provider]:
    return [provider for provider in offered() if provider.name in FIRST]


def further() -> list[Provider]:
    return [provider for provider in offered() if provider.name not in FIRST]
