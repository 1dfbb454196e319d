"""A company's forward proxy on loopback or Docker's bridge: CONNECT with a user name and password, to names that nobody
else knows. Not for: faults (faults_network.py).
"""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from typing import Self

from support.tunnel import carry

USER, PASSWORD = "worker", "hunter2-canary-7c1e"


class ForwardProxy:
    """`known`: "host:port" -> port on 127.0.0.1; everything else is refused. `asked` are the tunnels that were opened,
    `refused` how often somebody came without the right password or for another place."""

    def __init__(self, known: dict[str, int], host: str = "127.0.0.1") -> None:
        self.asked: list[str] = []
        self.refused = 0
        self.password = PASSWORD
        self._known = known
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{USER}:{self.password}@{host}:{self.port}"

    def change_password(self, password: str) -> None:
        """Whoever comes from now on needs the new one, and nobody is inside any more."""
        self.password = password
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

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
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and (piece := client.recv(1)):
                head += piece
            lines = head.decode("latin-1").split("\r\n")
            target = lines[0].split(" ")[1] if lines[0].startswith("CONNECT ") else ""
            word = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
            allowed = any(line.lower() == f"proxy-authorization: basic {word}".lower() for line in lines)
            if not allowed or target not in self._known:
                self.refused += bool(target)  # not who asks every port of this machine what it is
                client.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % (403 if allowed else 407))
                return
            self.asked.append(target)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self._known[target])) as server:
                carry(client, server)
