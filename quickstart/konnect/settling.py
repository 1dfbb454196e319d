"""Konnect's answers where nothing is asked: the token from the environment, a file or the last time, the region found.
Not for: the wizard's screen (screens.py), what would change (outlook.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from quickstart.answers import Answers
from quickstart.konnect.account import TOKEN, Asked, Seen, no_token
from quickstart.sources import Sources


def settle(sources: Sources, base: Answers, see: Callable[[str, Asked], Seen]) -> Answers:
    """`base` with the region and the token among its secrets. Raises KonnectError, UsageError."""
    known = sources.named_key("konnect", (TOKEN,), TOKEN)
    if known is None:
        raise no_token()
    asked = Asked(base.konnect_control_plane, base.konnect_region, base.konnect_product)
    seen = see(str(known.value), asked)
    return replace(base, konnect_region=seen.account.region, secrets={**base.secrets, TOKEN: str(known.value)})
