"""A TLS server without sockets at the other end of an upstream connection: records by hand. Not for: handshakes over
sockets (test_dial.py, test_secure_network.py).
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from support.certificates import Pair, make_authority, make_certificate
from support.wire_pipe import OnePool, Pipe

from gateway.transport.secure import SecureUpstream, Session
from gateway.transport.tls import ClientContext
from gateway.values import Origin


class Contexts:
    """Both sides' contexts for `localhost`, with an authority of their own."""

    def __init__(self, folder: Path) -> None:
        self.authority: Pair = make_authority(folder)
        pair = make_certificate(folder, self.authority)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(pair.certificate, pair.key)

    def client(self) -> ClientContext:
        context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
        context.sessions = {}
        context.load_verify_locations(self.authority.certificate)
        return context


class Far:
    """The server, after the handshake with an upstream connection that is idle."""

    def __init__(self, contexts: Contexts, *, unasked: bytes = b"", late: bool = False) -> None:
        """`unasked`: what it says at once, in the same packet as the end of the handshake. `late`: what it says at
        that end is still under way, in `late`."""
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.peer = contexts.server.wrap_bio(self._arrived, self._leaving, server_side=True)
        session = Session(contexts.client(), "localhost")
        for one, other in ((session.peer, self._arrived), (self.peer, session.arrived)) * 2:
            with suppress(ssl.SSLError):
                one.do_handshake()
            if other is self._arrived:
                other.write(session.leaving.read())
            elif not session.peer.cipher():
                other.write(self._leaving.read())
        if unasked:
            self.peer.write(unasked)
        self.late = self._leaving.read()
        if not late:
            session.arrived.write(self.late)
            with suppress(ssl.SSLWantReadError):
                session.peer.do_handshake()  # the last of TLS 1.2 is the server's
        self.pool = OnePool()
        self.pipe = Pipe()
        origin = Origin("https", "localhost", 443)
        self.upstream = SecureUpstream(cast(Any, self.pool), origin, "localhost:443", session)
        self.upstream.connection_made(self.pipe)

    def records(self, *pieces: bytes) -> bytes:
        """Each piece in records of its own."""
        for piece in pieces:
            self.peer.write(piece)
        return self._leaving.read()

    def farewell(self) -> bytes:
        """The record that says that nothing more follows."""
        with suppress(ssl.SSLWantReadError):
            self.peer.unwrap()
        return self._leaving.read()

    def got(self) -> bytes:
        """What the connection wrote so far, in clear. Raises ssl.SSLZeroReturnError for a farewell that answers ours,
        ssl.SSLError for an alert."""
        self.pool.outbox.flush()
        self._arrived.write(self.pipe.written)
        self.pipe.written = b""
        clear = b""
        with suppress(ssl.SSLWantReadError):
            while piece := self.peer.read(65536):
                clear += piece
        return clear
