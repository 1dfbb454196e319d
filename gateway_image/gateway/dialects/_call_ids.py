"""What a provider wants back with a tool call (Gemini's thought signatures) carried inside the call's id, because other
dialects than OpenAI's chat have no place for it and every client sends ids back as they are. Not for: what is carried.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from gateway.codec import CodecError, decode, encode

_MARK = "--x"


def packed(identity: str, extra: Any) -> str:
    """`identity` with `extra` in it, in the letters that every dialect allows in an id."""
    if not isinstance(extra, dict) or not extra:
        return identity
    return identity + _MARK + base64.urlsafe_b64encode(encode(extra)).decode().rstrip("=")


def unpacked(identity: str) -> tuple[str, dict[str, Any] | None]:
    """What packed() was given; an id that only looks like one is left as it is."""
    plain, mark, text = identity.rpartition(_MARK)
    if not mark:
        return identity, None
    try:
        extra = decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (CodecError, ValueError, binascii.Error):
        return identity, None
    return (plain, extra) if isinstance(extra, dict) and extra else (identity, None)
