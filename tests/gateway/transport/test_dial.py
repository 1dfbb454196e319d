"""Opening connections: both address families, TLS with and without trust, tunnels through a proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator

import pytest
from support.certificates import Pair, make_authority, make_certificate
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import RawUpstream, ok

from gateway.transport.client import Upstream
from gateway.transport.dial import Dialer, DialError
from gateway.transport.proxies import Proxies
from gateway.transport.tls import ClientContext, client_context, forget_contexts
from gateway.values import Fetch, Fetched, Origin

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, authority: Pair) -> Pair:
    return make_certificate(tmp_path_factory.mktemp("certificate"), authority)


@pytest.fixture
def trusted(authority: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    forget_contexts()
    yield
    forget_contexts()


def secure(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


class TlsUpstream:
    """Answers every request with its peer's session state."""

    def __init__(self, pair: Pair) -> None:
        self._context = secure(pair)
        self.resumed: list[bool] = []
        self.names: list[str] = []

    async def __aenter__(self) -> TlsUpstream:
        self._context.sni_callback = lambda _, name, __: self.names.append(name)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.resumed.append(writer.get_extra_info("ssl_object").session_reused)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ok(b"secret", b"Connection: close\r\n"))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()


async def fetch(bench: ProxyBench, origin: Origin) -> Fetched:
    answered: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
    bench.pool.fetch(Fetch(origin, GET, b"", timeout=5.0), answered.set_result)
    return await answered


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_localhost_is_found_on_either_address(host: str) -> None:
    async def scene() -> None:
        async with RawUpstream(host=host) as upstream, ProxyBench() as bench:
            fetched = await fetch(bench, Origin("http", "localhost", upstream.port))
            assert fetched.status == 200

    run(scene())


def test_an_ipv6_address() -> None:
    async def scene() -> None:
        async with RawUpstream(host="::1") as upstream, ProxyBench() as bench:
            assert (await fetch(bench, Origin("http", "::1", upstream.port))).status == 200

    run(scene())


def test_the_address_is_told() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            dialer = Dialer(asyncio.get_running_loop(), Proxies({}))
            opened = await dialer.open(bench.pool, upstream.origin)
            assert isinstance(opened, Upstream)
            assert opened.address == f"127.0.0.1:{upstream.port}"
            opened.close()

    run(scene())


@pytest.mark.usefixtures("trusted")
def test_tls_with_a_trusted_certificate_resumes_its_session(certificate: Pair) -> None:
    async def scene() -> None:
        async with TlsUpstream(certificate) as upstream, ProxyBench() as bench:
            for _ in range(3):
                fetched = await fetch(bench, Origin("https", "localhost", upstream.port))
                assert (fetched.status, fetched.body) == (200, b"secret")
            assert upstream.resumed == [False, True, True]
            assert upstream.names[0] == "localhost"

    run(scene())


@pytest.mark.usefixtures("trusted")
def test_the_name_is_checked_and_may_be_another(certificate: Pair) -> None:
    async def scene() -> None:
        async with TlsUpstream(certificate) as upstream, ProxyBench() as bench:
            right = Origin("https", "127.0.0.1", upstream.port, server_name="localhost")
            assert (await fetch(bench, right)).status == 200
            wrong = await fetch(bench, Origin("https", "127.0.0.1", upstream.port, server_name="other.test"))
            assert wrong.error is not None
            assert wrong.error.kind == "tls"
            assert "other.test" in wrong.error.detail
            unchecked = Origin("https", "127.0.0.1", upstream.port, False, "other.test")
            assert (await fetch(bench, unchecked)).status == 200

    run(scene())


def test_an_untrusted_certificate_and_no_tls_at_all(certificate: Pair) -> None:
    async def scene() -> None:
        forget_contexts()
        async with TlsUpstream(certificate) as upstream, RawUpstream() as plain, ProxyBench() as bench:
            untrusted = await fetch(bench, Origin("https", "localhost", upstream.port))
            assert untrusted.error is not None
            assert (untrusted.error.kind, untrusted.error.sent) == ("tls", False)
            assert "certificate is not trusted" in untrusted.error.detail
            assert (await fetch(bench, Origin("https", "localhost", upstream.port, False))).status == 200
            wrong = await fetch(bench, Origin("https", "127.0.0.1", plain.port))
            assert wrong.error is not None
            assert wrong.error.kind in ("tls", "timeout")

    run(scene())


class Tunnels:
    """A forward proxy that knows CONNECT."""

    def __init__(self, port: int, status: bytes = b"200 Connected") -> None:
        self.heads: list[bytes] = []
        self._port = port
        self._status = status

    async def __aenter__(self) -> Tunnels:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + self._status + b"\r\nX-A: 1\r\n\r\n")
        if not self._status.startswith(b"200"):
            writer.close()
            return
        there, other = await asyncio.open_connection("127.0.0.1", self._port)

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(copy(reader, other), copy(there, writer), return_exceptions=True)


def through(proxy: Tunnels, context: ClientContext | None = None) -> Dialer:
    proxies = Proxies({"HTTPS_PROXY": f"http://me:secret@127.0.0.1:{proxy.port}"})
    return Dialer(asyncio.get_running_loop(), proxies, lambda verify: context or client_context(verify))


@pytest.mark.usefixtures("trusted")
def test_https_through_a_proxy(certificate: Pair) -> None:
    async def scene() -> None:
        async with TlsUpstream(certificate) as upstream, Tunnels(upstream.port) as proxy, ProxyBench() as bench:
            bench.pool._dialer = through(proxy)
            fetched = await fetch(bench, Origin("https", "api.example.test", 443, server_name="localhost"))
            assert fetched.body == b"secret"
            assert proxy.heads[0].startswith(b"CONNECT api.example.test:443 HTTP/1.1\r\n")
            assert b"Proxy-Authorization: Basic " in proxy.heads[0]

    run(scene())


def test_a_proxy_that_refuses() -> None:
    async def scene() -> None:
        async with Tunnels(1, b"407 Proxy Authentication Required") as proxy, ProxyBench() as bench:
            with pytest.raises(DialError) as caught:
                await through(proxy).open(bench.pool, Origin("https", "api.example.test", 443))
            assert caught.value.kind == "refused"
            assert "407" in caught.value.detail
            assert "secret" not in caught.value.detail

    run(scene())
