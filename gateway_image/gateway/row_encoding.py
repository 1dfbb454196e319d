"""The rows of a configuration as JSON and their hash, worked out again only for the few rows around a change: among ten
thousand routes and consumers that is most of what saving one change costs. Not for: files (store.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from operator import is_
from typing import Any, Final

from gateway.codec import encode

EMPTY_HASH = "0" * 32
BLOCK: Final = 256
"""Rows that are written and hashed together."""
Collections = Mapping[str, Mapping[str, Any]]
_Block = tuple[tuple[Any, ...], bytes, bytes]
"""Rows, their JSON without the braces around it, and the digest of that."""


class RowEncoder:
    """Remembers the last configuration that it saw, by the identity of its rows: they are never changed in place."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Mapping[str, Any], list[_Block]]] = {}

    def encode(self, collections: Collections) -> tuple[list[bytes], str]:
        """All rows as one JSON object, in pieces, and 32 hexadecimal digits that change with them; zeros where there
        are none."""
        self._known = {kind: self._kind(kind, rows) for kind, rows in collections.items()}
        pieces = [b"{"]
        whole = hashlib.md5(usedforsecurity=False)
        for kind, (_, blocks) in self._known.items():
            pieces += (b"," if len(pieces) > 1 else b"", encode(kind), b":{")
            for place, (_, data, _) in enumerate(blocks):
                pieces += (b",", data) if place else (data,)
            pieces.append(b"}")
            digests = b"".join(digest for _, _, digest in blocks)
            whole.update(kind.encode() + hashlib.md5(digests, usedforsecurity=False).digest())
        pieces.append(b"}")
        return pieces, whole.hexdigest() if any(collections.values()) else EMPTY_HASH

    def _kind(self, kind: str, rows: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[_Block]]:
        known = self._known.get(kind)
        if known is None:
            return rows, [_encoded(block) for block in _blocks(rows)]
        if known[0] is rows:
            return known
        older = iter(known[1])
        blocks = []
        for block in _blocks(rows):
            old = next(older, None)
            same = old is not None and len(old[0]) == len(block) and all(map(is_, old[0], block.values()))
            blocks.append(old if old is not None and same else _encoded(block))
        return rows, blocks


def _blocks(rows: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    left = iter(rows.items())
    while block := dict(islice(left, BLOCK)):
        yield block


def _encoded(rows: dict[str, Any]) -> _Block:
    data = encode(rows)[1:-1]
    return tuple(rows.values()), data, hashlib.md5(data, usedforsecurity=False).digest()
