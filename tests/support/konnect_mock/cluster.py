"""Where data planes of the mock come to: mutual TLS with the pinned certificates, the configuration, the list of nodes.

The stand-in data plane speaks plain HTTP over it instead of Konnect's own protocol. Not for: Konnect's API (server.py).
"""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from support.konnect_mock.state import Konnect, Plane

from quickstart.konnect import certificate

WAIT_SECONDS = 5.0
"""How long a data plane that is up to date waits for news before it asks again."""


class Cluster:
    """Use as a context manager. `host` must be an address that containers reach."""

    def __init__(self, state: Konnect, host: str) -> None:
        self.state = state
        self._server = _Server((host, 0), _handler(state), state)
        state.cluster_host = f"{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], state: Konnect) -> None:
        super().__init__(address, handler)
        self.state = state
        self.pair = certificate.make("cluster of the mock")

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread: a handshake that hangs is nobody else's trouble."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.write_text(self.pair.key + self.pair.certificate)
            context.load_cert_chain(file)
        context.verify_mode = ssl.CERT_REQUIRED
        with self.state.changed:
            pinned = [pem for plane in self.state.planes.values() for pem in plane.certificates.values()]
        try:
            if pinned:
                context.load_verify_locations(cadata="\n".join(pinned))
            wrapped = context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return  # of a data plane whose certificate nobody pinned
        super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A data plane that goes away is no error here."""


def _owner(state: Konnect, der: bytes) -> Plane | None:
    for plane in state.planes.values():
        for pem in plane.certificates.values():
            if x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) == der:
                return plane
    return None


def _handler(state: Konnect) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_GET(self) -> None:
            """A ping with the configuration in force; the answer is the one that should be, when they differ."""
            assert isinstance(self.connection, ssl.SSLSocket)
            der = self.connection.getpeercert(binary_form=True) or b""
            said = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            with state.changed:
                plane = _owner(state, der)
                if plane is None or not state.accepts:
                    self.send_error(403)
                    return
                plane.nodes[said["node_id"]] = {
                    "id": said["node_id"], "version": said["node_version"], "hostname": said["node_hostname"],
                    "last_ping": time.time(), "type": "kong-proxy", "config_hash": said.get("config_hash", "0" * 32),
                    "compatibility_status": {"state": "COMPATIBILITY_STATE_FULLY_COMPATIBLE"},
                }  # fmt: skip
                state.changed.notify_all()
                state.changed.wait_for(lambda: plane.expected != said.get("config_hash"), WAIT_SECONDS)
                body = json.dumps({"config_hash": plane.expected, "config_table": plane.configuration}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def reachable(host: str) -> bool:
    """Whether something could listen there."""
    with socket.socket() as one:
        try:
            one.bind((host, 0))
        except OSError:
            return False
    return True
