"""Writes frames of Amazon's binary event stream, for stand-ins and tests."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from typing import Any


def header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


def raw_frame(headers: bytes, payload: bytes) -> bytes:
    total = 16 + len(headers) + len(payload)
    prelude = struct.pack(">II", total, len(headers))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return body + struct.pack(">I", zlib.crc32(body))


def frame(name: str, value: Any, kind: str = "event") -> bytes:
    headers = (
        header(f":{kind}-type", name) + header(":content-type", "application/json") + header(":message-type", kind)
    )
    return raw_frame(headers, json.dumps(value).encode())


def frames(events: Iterable[tuple[str, Any]]) -> bytes:
    return b"".join(frame(name, value) for name, value in events)
