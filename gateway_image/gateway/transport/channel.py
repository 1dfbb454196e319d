"""Messages between the control process and a worker: msgpack, each with its length before it, over a socket pair.

Not for: what messages mean (workers.py, worker.py).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, cast

import msgspec

_LENGTH = struct.Struct(">I")
_LIMIT = 256 << 20
Message = dict[str, Any]


class Channel(asyncio.Protocol):
    """One end. `heard(message)` is called for each message, `lost()` once when the other end is gone."""

    def __init__(self, heard: Callable[[Message], None], lost: Callable[[], None]) -> None:
        self._heard = heard
        self._lost = lost
        self._buffer = bytearray()
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(buffer)
            if size > _LIMIT:
                self._transport.abort()
                return
            end = _LENGTH.size + size
            if len(buffer) < end:
                return
            message = msgspec.msgpack.decode(buffer[_LENGTH.size : end])
            del buffer[:end]
            self._heard(message)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost()

    def send(self, message: Message) -> None:
        if not self._transport.is_closing():
            data = msgspec.msgpack.encode(message)
            self._transport.write(_LENGTH.pack(len(data)) + data)

    def close(self) -> None:
        self._transport.close()
