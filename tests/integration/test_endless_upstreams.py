"""Upstreams that never come to an end, at every place of an answer, or that blow up: the client hears so within bounds,
and the worker holds no more memory for it than it says.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import kong_file
from support.certificates import make_authority, make_certificate
from support.gateway_process import GatewayProcess, ask
from support.process_tree import of_tree

pytestmark = pytest.mark.timeout(120)
OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
EVENTS = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n' * 1000
MB = 1 << 20
Say = Callable[[socket.socket], None]


def without_end(first: bytes, again: bytes) -> Say:
    def say(client: socket.socket) -> None:
        client.sendall(first)
        while True:
            client.sendall(again)

    return say


def bomb(size: int) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([deflater.compress(bytes(MB)) for _ in range(size // MB)]) + deflater.flush()


def answer_gzipped(client: socket.socket) -> None:
    body = bomb(128 * MB)
    client.sendall(JSON + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


SAYS: dict[str, Say] = {
    "interim": without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "head": without_end(OK, b"X-Filler: " + b"x" * 1000 + b"\r\n"),
    "body": without_end(JSON + CHUNKED, CHUNK),
    "until-close": without_end(JSON + b"\r\n", b"x" * 65536),
    "trailers": without_end(JSON + CHUNKED + b"0\r\n", b"X-Filler: x\r\n"),
    "chunk-size": without_end(JSON + CHUNKED, b"0"),
    "refusal": without_end(b"HTTP/1.1 500 Broken\r\nContent-Type: application/json\r\n" + CHUNKED, CHUNK),
    "gzip": answer_gzipped,
    "event": without_end(OK + b"Content-Type: text/event-stream\r\n" + CHUNKED, CHUNK),
    "events": without_end(
        OK + b"Content-Type: text/event-stream\r\n" + CHUNKED, b"%x\r\n%b\r\n" % (len(EVENTS), EVENTS)
    ),
}


class Upstream:
    """Says one thing to everybody, whatever is asked; `left` is set when its last client went away."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.left = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self.left.clear()
                threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.recv(65536)
            self._say(client)
        self.left.set()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # closing alone leaves it listening while somebody accepts
        self._socket.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, dict[str, Upstream]]]:
    upstreams = {name: Upstream(say) for name, say in SAYS.items()}
    services = [
        {**kong_file.service("openai", f"http://127.0.0.1:{one.port}/v1/chat", "m", name=name), "retries": 0}
        for name, one in upstreams.items()
    ]
    file = kong_file.write(tmp_path_factory.mktemp("endless") / "kong.yml", *services)
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "1"}) as gateway:
        yield gateway, upstreams
    for one in upstreams.values():
        one.close()


def chat(gateway: GatewayProcess, name: str, **more: Any) -> Any:
    asked = {"messages": [{"role": "user", "content": "Hello."}], **more}
    return ask(gateway.ports["PROXY"], "POST", f"/{name}/chat", asked, seconds=40)


def worker_memory(gateway: GatewayProcess) -> int:
    assert gateway.process is not None
    return of_tree(gateway.process.pid)[1].memory


@pytest.mark.parametrize("name", [name for name in SAYS if "event" not in name])
def test_the_client_hears_that_there_is_no_answer(
    name: str, served: tuple[GatewayProcess, dict[str, Upstream]]
) -> None:
    gateway, upstreams = served
    got = chat(gateway, name)
    assert got.status >= 500, (got.status, got.body[:300])
    assert json.loads(got.body)
    assert upstreams[name].left.wait(10), "nobody reads on what nobody wants"
    assert worker_memory(gateway) < 300 * MB
    assert ask(gateway.ports["PROXY"], "GET", "/nothing").status == 404


def asking(gateway: GatewayProcess, name: str) -> socket.socket:
    """A client that has asked for a stream."""
    asked = b'{"stream":true,"messages":[{"role":"user","content":"x"}]}'
    head = b"POST /%b/chat HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    client = socket.create_connection(("127.0.0.1", gateway.ports["PROXY"]), 20)
    client.sendall(head % (name.encode(), len(asked)) + asked)
    return client


@pytest.mark.parametrize("name", ["event", "events"])
def test_a_stream_without_end_passes_through_bounded_memory(
    name: str, served: tuple[GatewayProcess, dict[str, Upstream]]
) -> None:
    """Also one whose first event never ends: it is not looked at any more beyond what an event may have."""
    gateway, upstreams = served
    before = worker_memory(gateway)
    with asking(gateway, name) as client:
        received = 0
        while received < 48 * MB:
            received += len(client.recv(MB))
        assert worker_memory(gateway) < before + 30 * MB
    assert upstreams[name].left.wait(10)


def test_a_client_that_stops_reading_holds_little(served: tuple[GatewayProcess, dict[str, Upstream]]) -> None:
    """What the upstream goes on to say waits at the upstream."""
    gateway, _ = served
    before = worker_memory(gateway)
    with contextlib.ExitStack() as held:
        for _ in range(20):
            held.enter_context(asking(gateway, "events")).recv(1)
        for _ in range(20):  # each looks at the worker once more
            assert ask(gateway.ports["PROXY"], "GET", "/nothing").status == 404
        assert worker_memory(gateway) < before + 20 * MB


@pytest.fixture
def old_tls(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A server that speaks nothing newer than TLS 1.1, and who signed its certificate."""
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1

    def shake(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(JSON + b"Content-Length: 2\r\n\r\n{}")

    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                with contextlib.suppress(OSError):
                    shake(client)

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1], authority.certificate
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_a_server_that_speaks_tls_1_1_only_is_refused_in_words(old_tls: tuple[int, Path], tmp_path: Path) -> None:
    port, authority = old_tls
    old = ssl.create_default_context(cafile=str(authority))
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        try:
            with old.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.version() == "TLSv1.1"
        except ssl.SSLError as error:
            pytest.skip(f"this machine's OpenSSL has no TLS 1.1 to try it with: {error.reason}")
    checked, unchecked = (
        {**kong_file.service("openai", f"https://localhost:{port}/v1/x", "m", name=name), "protocol": "https"}
        for name in ("old", "unchecked")
    )
    file = kong_file.write(tmp_path / "kong.yml", checked, {**unchecked, "tls_verify": False})
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "1", "SSL_CERT_FILE": str(authority)}) as gateway:
        for name in ("old", "unchecked"):
            got = chat(gateway, name)
            assert got.status == 502 and "TLS" in got.json["error"]["message"], got.body
            assert "PROTOCOL" in got.json["error"]["message"].upper()
