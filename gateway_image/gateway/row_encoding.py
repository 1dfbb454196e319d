"""The rows of a configuration as JSON and their hash, worked out again only for the kinds that changed: among ten
thousand routes and consumers that is most of what saving one change costs. Not for: files (store.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gateway.codec import encode

EMPTY_HASH = "0" * 32
Collections = Mapping[str, Mapping[str, Any]]


class RowEncoder:
    """Remembers the last configuration that it saw, by the identity of its collections: they are never changed in
    place."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Mapping[str, Any], bytes, bytes]] = {}

    def encode(self, collections: Collections) -> tuple[bytes, str]:
        """All rows as one JSON object, and 32 hexadecimal digits that change with them; zeros where there are none."""
        known: dict[str, tuple[Mapping[str, Any], bytes, bytes]] = {}
        for kind, rows in collections.items():
            old = self._known.get(kind)
            if old is None or old[0] is not rows:
                data = encode(rows)
                old = (rows, data, hashlib.md5(data, usedforsecurity=False).digest())
            known[kind] = old
        self._known = known
        content = b"{" + b",".join(encode(kind) + b":" + data for kind, (_, data, _) in known.items()) + b"}"
        if not any(collections.values()):
            return content, EMPTY_HASH
        digests = b"".join(kind.encode() + digest for kind, (_, _, digest) in known.items())
        return content, hashlib.md5(digests, usedforsecurity=False).hexdigest()
