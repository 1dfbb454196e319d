"""Faults on the way to a provider: names, certificates, proxies, the clock, silence. On loopback, except where a proxy
is asked for an address that nobody has."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.certificates import Pair, make_authority
from support.fault_bed import KEY, Bed
from support.faults import fault
from support.providers_mock import OpenAI

NOBODY = "https://192.0.2.1"
"""An address for documentation: no machine has it, and a proxy that refuses never goes there."""


# -- names ---------------------------------------------------------------------------------------------------------


@fault("dns")
def dns(bed: Bed) -> Iterator[None]:
    bed.hosted("openai", "https://no-such-name.invalid")
    yield


# -- certificates --------------------------------------------------------------------------------------------------


def _signed(folder: Path, authority: Pair, names: str, start: str, end: str) -> Pair:
    """A certificate with dates of one's own (YYYYMMDDHHMMSSZ)."""
    pair = Pair(folder / "server.pem", folder / "server.key")
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    config = folder / "ca.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        f"default_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n[names]\nsubjectAltName={names}\n"
    )
    request = folder / "server.csr"
    _openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server",
        "-keyout", str(pair.key), "-out", str(request),
    )  # fmt: skip
    _openssl(
        "ca", "-batch", "-notext", "-config", str(config), "-extensions", "names", "-startdate", start, "-enddate", end,
        "-cert", str(authority.certificate), "-keyfile", str(authority.key), "-in", str(request),
        "-out", str(pair.certificate),
    )  # fmt: skip
    return pair


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30)


@contextmanager
def _tls(bed: Bed, names: str = "IP:127.0.0.1", start: str = "20200101000000Z", end: str = "20990101000000Z",
         trusted: bool = True) -> Iterator[None]:  # fmt: skip
    authority = make_authority(bed.folder)
    pair = _signed(bed.folder, authority, names, start, end)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = OpenAI(KEY)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    if trusted:
        bed.environment["SSL_CERT_FILE"] = str(authority.certificate)
    with server:
        bed.hosted("openai", f"https://127.0.0.1:{server.port}")
        yield


@fault("tls_expired")
def tls_expired(bed: Bed) -> Iterator[None]:
    with _tls(bed, end="20210101000000Z"):
        yield


@fault("tls_early")
def tls_early(bed: Bed) -> Iterator[None]:
    with _tls(bed, start="20980101000000Z"):
        yield


@fault("tls_name")
def tls_name(bed: Bed) -> Iterator[None]:
    with _tls(bed, names="DNS:other.test"):
        yield


@fault("tls_untrusted")
def tls_untrusted(bed: Bed) -> Iterator[None]:
    with _tls(bed, trusted=False):
        yield


@fault("tls_broken")
def tls_broken(bed: Bed) -> Iterator[None]:
    with OpenAI(KEY) as server:
        bed.hosted("openai", f"https://127.0.0.1:{server.port}")
        yield


@fault("ca_missing")
def ca_missing(bed: Bed) -> Iterator[None]:
    bed.environment["SSL_CERT_FILE"] = str(bed.folder / "company-ca.pem")
    bed.hosted("openai", "https://127.0.0.1:9")
    yield


@fault("ca_broken")
def ca_broken(bed: Bed) -> Iterator[None]:
    (bed.folder / "company-ca.der").write_bytes(b"\x30\x82\x01\x0a")
    bed.environment["SSL_CERT_FILE"] = str(bed.folder / "company-ca.der")
    bed.hosted("openai", "https://127.0.0.1:9")
    yield


# -- proxies -------------------------------------------------------------------------------------------------------


@contextmanager
def _listener(answer: bytes | None) -> Iterator[int]:
    """Accepts, reads a request's head and answers with these bytes; None: says nothing and keeps the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                kept.append(connection)
                if answer is not None:
                    head = b""
                    while b"\r\n\r\n" not in head and (piece := connection.recv(4096)):
                        head += piece
                    connection.sendall(answer)
                    connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves it listening while somebody accepts
        listener.close()
        for connection in kept:
            connection.close()


@contextmanager
def _proxy(bed: Bed, value: str) -> Iterator[None]:
    bed.environment["HTTPS_PROXY"] = value
    bed.environment["NO_PROXY"] = "localhost,127.0.0.1"
    bed.hosted("openai", NOBODY)
    yield


@fault("proxy_refused")
def proxy_refused(bed: Bed) -> Iterator[None]:
    with _unused() as port, _proxy(bed, f"http://127.0.0.1:{port}"):
        yield


@fault("proxy_auth")
def proxy_auth(bed: Bed) -> Iterator[None]:
    answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
    with _listener(answer) as port, _proxy(bed, f"http://127.0.0.1:{port}"):
        yield


@fault("proxy_denied")
def proxy_denied(bed: Bed) -> Iterator[None]:
    answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    with _listener(answer) as port, _proxy(bed, f"http://user:hunter2@127.0.0.1:{port}"):
        yield


@fault("proxy_broken")
def proxy_broken(bed: Bed) -> Iterator[None]:
    answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
    with _listener(answer) as port, _proxy(bed, f"http://127.0.0.1:{port}"):
        yield


@fault("proxy_name")
def proxy_name(bed: Bed) -> Iterator[None]:
    with _proxy(bed, "http://no-such-proxy.invalid:3128"):
        yield


@fault("proxy_malformed")
def proxy_malformed(bed: Bed) -> Iterator[None]:
    with _proxy(bed, "socks5://127.0.0.1:1080"):
        yield


# -- connections ---------------------------------------------------------------------------------------------------


@contextmanager
def _unused() -> Iterator[int]:
    """A port that is taken and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@fault("refused")
def refused(bed: Bed) -> Iterator[None]:
    with _unused() as port:
        bed.hosted("openai", f"http://127.0.0.1:{port}")
        yield


@fault("timeout")
def timeout(bed: Bed) -> Iterator[None]:
    with _listener(None) as port:
        bed.hosted("openai", f"http://127.0.0.1:{port}")
        yield


@fault("closed")
def closed(bed: Bed) -> Iterator[None]:
    with _listener(b"") as port:
        bed.hosted("openai", f"http://127.0.0.1:{port}")
        yield


@fault("clock")
def clock(bed: Bed) -> Iterator[None]:
    body = b'{"object":"list","data":[{"id":"gpt-6-luna","object":"model"}]}'
    head = b"HTTP/1.1 200 OK\r\nDate: Tue, 22 Nov 2022 08:00:00 GMT\r\nContent-Type: application/json\r\n"
    with _listener(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)) as port:
        bed.hosted("openai", f"http://127.0.0.1:{port}")
        yield
