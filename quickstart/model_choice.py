"""Which model to propose: the live list decides, the provider's catalogue orders, nothing retired, never a placeholder.

Not for: fetching the list (keycheck.py). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.providers._base import Provider
from quickstart.errors import UsageError

PLACEHOLDERS = frozenset(("model", "model-name", "model_name", "your-model", "placeholder", "string", "none", "null"))
"""What specifications put where a model's name belongs. Sent upstream, it is answered with "model not found"."""


def propose(provider: Provider, live: Sequence[str]) -> str:
    """The best model known; "" when nothing is known at all."""
    usable = [name for name in provider.catalogue if name not in provider.retired]
    if live:
        offered = set(live)
        found = next((name for name in usable if name in offered), "")
        if found:
            return found
        return next((name for name in live if name not in provider.retired and not is_placeholder(name)), "")
    return next(iter(usable), "")


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
