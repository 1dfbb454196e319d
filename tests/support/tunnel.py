"""Another port that leads to the same place, as an SSH tunnel or a remapped container port does. Not for: faults."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Self


class Tunnel:
    """`port` leads to 127.0.0.1:`target` while the block runs."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves it listening while somebody accepts
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            carry(client, server)


def carry(client: socket.socket, server: socket.socket) -> None:
    """Bytes both ways until one side has no more."""
    pairs = {client: server, server: client}
    with selectors.DefaultSelector() as waiting, contextlib.suppress(OSError):
        for one in pairs:
            waiting.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                here = key.fileobj
                assert isinstance(here, socket.socket)
                data = here.recv(65536)
                if not data:
                    return
                pairs[here].sendall(data)
