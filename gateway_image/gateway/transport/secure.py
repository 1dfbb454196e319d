"""A connection to an upstream with TLS: two buffers in memory between the records on the wire and the bytes in clear.
uvloop can do the same; this costs half of it, because records are read and made in as few steps as there can be.

Not for: what is trusted (tls.py), opening connections (dial.py), what is said on them (client.py).
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from gateway.transport.client import Upstream
from gateway.transport.outbox import LateTransport, Outbox
from gateway.transport.tls import ClientContext
from gateway.values import Origin

if TYPE_CHECKING:
    import socket

    from gateway.transport.pool import Pool

_RECORD = 16384
"""Most bytes of one record: reading so many leaves nothing of it behind."""
_SLICE = 8 * _RECORD
"""Bytes that are made into records at once: a connection's buffer stays as large as it once was."""


class Session:
    """TLS on one connection. What comes from the wire goes into `arrived`, what is to go there is in `leaving`."""

    __slots__ = ("arrived", "leaving", "peer")

    def __init__(self, context: ClientContext, name: str) -> None:
        """Raises ValueError where `name` cannot be a server's."""
        self.arrived = ssl.MemoryBIO()
        self.leaving = ssl.MemoryBIO()
        self.peer = context.wrap_bio(self.arrived, self.leaving, server_hostname=name)

    async def shake_hands(self, loop: asyncio.AbstractEventLoop, connected: socket.socket) -> None:
        """Raises ssl.SSLError and OSError."""
        while True:
            over = True
            try:
                self.peer.do_handshake()
            except ssl.SSLWantReadError:
                over = False
            finally:
                if self.leaving.pending:  # also the reason why it failed
                    await loop.sock_sendall(connected, self.leaving.read())
            if over:
                return
            data = await loop.sock_recv(connected, 65536)
            if not data:
                raise ConnectionResetError(0, "the connection was closed in the handshake")
            self.arrived.write(data)


class SecureTransport(LateTransport):
    """What is written together leaves as one record, or as few as can be."""

    __slots__ = ("_session",)

    def __init__(self, transport: asyncio.Transport, outbox: Outbox, session: Session) -> None:
        super().__init__(transport, outbox)
        self._session = session

    def flush(self) -> None:
        data = self._pending
        if data:
            self._pending = b""
            self._seal(data)

    def writelines(self, pieces: Any) -> None:
        self.flush()
        for piece in pieces:
            self._seal(piece)

    def _seal(self, data: bytes) -> None:
        if self._transport.is_closing():  # the peer may be gone since
            return
        try:
            if len(data) <= _SLICE:
                self._session.peer.write(data)
                self._transport.write(self._session.leaving.read())
                return
            view = memoryview(data)
            for start in range(0, len(data), _SLICE):
                self._session.peer.write(view[start : start + _SLICE])
                self._transport.write(self._session.leaving.read())
        except ssl.SSLError:
            self._transport.abort()

    def answer(self) -> None:
        """Sends what TLS itself has to say."""
        if not self._transport.is_closing():
            self._transport.write(self._session.leaving.read())

    def close(self) -> None:
        self.flush()
        with suppress(ssl.SSLError):
            self._session.peer.unwrap()
        self.answer()
        self._transport.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._session.peer if name == "ssl_object" else super().get_extra_info(name, default)


class SecureUpstream(Upstream):
    """An Upstream after the handshake."""

    __slots__ = ("_arrived", "_leaving", "_read", "_session")

    def __init__(self, pool: Pool, origin: Origin, address: str, session: Session) -> None:
        super().__init__(pool, origin, address)
        self.context = session.peer.context
        self._session = session
        self._arrived = session.arrived
        self._leaving = session.leaving
        self._read = session.peer.read

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = SecureTransport(cast(asyncio.Transport, transport), self.pool.outbox, self._session)
        if self._arrived.pending:  # it came with the end of the handshake
            self.data_received(b"")

    def data_received(self, data: bytes) -> None:
        arrived = self._arrived
        arrived.write(data)
        try:
            clear = self._read(_RECORD)
            if arrived.pending or not clear:
                clear = self._read_on(clear)
        except ssl.SSLWantReadError:
            self.quiet = 0
            clear = b""
        except ssl.SSLError as error:
            self._broken(error)
            return
        if self._leaving.pending:
            cast(SecureTransport, self.transport).answer()
        if clear:
            Upstream.data_received(self, clear)

    def _read_on(self, clear: bytes) -> bytes:
        """All that came together with `clear`; an empty record tells that the peer sends nothing more."""
        pieces = [clear]
        with suppress(ssl.SSLWantReadError):
            while clear and self._arrived.pending:
                clear = self._read(_RECORD)
                pieces.append(clear)
        if not pieces[-1]:
            self.transport.close()
        return b"".join(pieces)

    def _broken(self, error: ssl.SSLError) -> None:
        if self._leaving.pending:
            cast(SecureTransport, self.transport).answer()
        if self._consumer is None:
            self.close()
        else:
            self._fail("closed", f"TLS cannot go on: {error.reason or 'it is broken'}")
