"""Opens upstream connections: names to addresses, addresses to sockets, tunnels through a proxy, TLS.

Not for: keeping connections (pool.py). A slow path, so coroutines do.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.transport.client import Upstream
from gateway.transport.proxies import Proxies, Proxy, connect_request
from gateway.transport.secure import SecureUpstream, Session
from gateway.transport.tls import ClientContext, client_context
from gateway.values import Origin

if TYPE_CHECKING:
    from gateway.transport.pool import Pool

STAGGER = 0.25
"""Seconds after which the next address is tried beside one that has not answered yet."""
Address = tuple[int, tuple[str, int]]
_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_TUNNEL_LIMIT = 16 << 10


class DialError(Exception):
    """No connection. `kind` as in UpstreamError, `detail` one line without secrets."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class Dialer:
    """Opens connections for a pool."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        proxies: Proxies,
        context: Callable[[bool], ClientContext] = client_context,
    ) -> None:
        self._loop = loop
        self._proxies = proxies
        self._context = context

    def use(self, proxies: Proxies) -> None:
        """Connections that are opened from now on go as these say."""
        self._proxies = proxies

    async def open(self, pool: Pool, origin: Origin) -> Upstream:
        """A connected Upstream. Raises DialError."""
        connected, address = await self._plain(origin)
        try:
            return await self._speak(pool, origin, connected, address)
        except BaseException:
            connected.close()
            raise

    async def reach(self, origin: Origin) -> None:
        """Whether a connection can be made; it is closed at once. Raises DialError."""
        connected, _ = await self._plain(origin)
        connected.close()

    async def _plain(self, origin: Origin) -> tuple[socket.socket, str]:
        """A connection to the origin, through a proxy where one is to be used, and who is at its end."""
        proxy = self._proxies.choose(origin)
        if proxy is None:
            return await self._connect(origin.host, origin.port)
        connected, address = await self._connect(proxy.host, proxy.port)
        try:
            await self._tunnel(connected, origin, proxy)
        except BaseException:
            connected.close()
            raise
        return connected, address

    async def _speak(self, pool: Pool, origin: Origin, connected: socket.socket, address: str) -> Upstream:
        session = None
        if origin.scheme == "https":
            session = await self._shake_hands(origin, connected)

        def factory() -> Upstream:
            if session is None:
                return Upstream(pool, origin, address)
            return SecureUpstream(pool, origin, address, session)

        try:
            _, upstream = await self._loop.create_connection(factory, sock=connected)
        except OSError as error:
            raise DialError("closed", f"{address}: {error.strerror or 'the connection was lost'}") from None
        if upstream.transport.is_closing():  # and its end may have been told already, when nobody asked
            raise DialError("closed", f"{address}: it closed the connection at once")
        return upstream

    async def _shake_hands(self, origin: Origin, connected: socket.socket) -> Session:
        name = origin.server_name or origin.host
        try:
            session = Session(self._context(origin.verify), name)
            await session.shake_hands(self._loop, connected)
        except ssl.SSLCertVerificationError as error:
            raise DialError("tls", f"{name}: its certificate is not trusted: {error.verify_message}") from None
        except OSError as error:
            reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
            raise DialError("tls", f"{name}: no TLS connection: {reason}") from None
        return session

    async def _connect(self, host: str, port: int) -> tuple[socket.socket, str]:
        addresses = await self._resolve(host, port)
        errors: list[OSError] = []
        pending: set[asyncio.Task[socket.socket]] = set()
        winner: asyncio.Task[socket.socket] | None = None
        try:
            for family, address in addresses:
                pending.add(self._loop.create_task(self._attempt(family, address)))
                winner, pending = await _first(pending, errors, STAGGER)
                if winner is not None:
                    break
            while winner is None and pending:
                winner, pending = await _first(pending, errors, None)
        finally:
            for task in pending:
                task.cancel()
        if winner is None:
            raise _explain(host, port, errors)
        connected = winner.result()
        try:
            peer = connected.getpeername()
        except OSError:  # it was reset already
            connected.close()
            raise DialError("closed", f"{host}:{port}: it closed the connection at once") from None
        return connected, f"{peer[0]}:{peer[1]}"

    async def _attempt(self, family: int, address: tuple[str, int]) -> socket.socket:
        attempt = socket.socket(family, socket.SOCK_STREAM)
        try:
            attempt.setblocking(False)
            attempt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.sock_connect(attempt, address)
        except BaseException:
            attempt.close()
            raise
        return attempt

    async def _resolve(self, host: str, port: int) -> list[Address]:
        """Addresses of a host, families taking turns."""
        if host.lower() == "localhost":
            # both, whatever the machine's files say: model servers listen on either
            return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port))]
        try:
            version = ipaddress.ip_address(host).version
            return [(socket.AF_INET if version == 4 else socket.AF_INET6, (host, port))]
        except ValueError:
            pass
        try:
            found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise DialError("dns", f"no address found for the name {host}") from None
        first = [(family, address[:2]) for family, _, _, _, address in found if family == found[0][0]]
        other = [(family, address[:2]) for family, _, _, _, address in found if family != found[0][0]]
        mixed: list[Address] = []
        while first or other:
            for queue in (first, other):
                if queue:
                    family, (name, number) = queue.pop(0)
                    mixed.append((family, (str(name), int(number))))
        return mixed

    async def _tunnel(self, connected: socket.socket, origin: Origin, proxy: Proxy) -> None:
        """Asks a proxy for a tunnel to the origin."""
        where = f"the proxy {proxy.host}:{proxy.port}"
        answer = b""
        try:
            await self._loop.sock_sendall(connected, connect_request(origin, proxy))
            while b"\r\n\r\n" not in answer:
                # one byte at a time: what follows the head belongs to TLS
                byte = await self._loop.sock_recv(connected, 1)
                if not byte or len(answer) > _TUNNEL_LIMIT:
                    raise DialError("closed", f"{where} gave no answer to CONNECT")
                answer += byte
        except OSError as error:
            raise DialError("closed", f"{where}: {error.strerror or 'connection lost'}") from None
        status = answer.split(b"\r\n", 1)[0].split(b" ")
        if len(status) < 2 or not status[0].startswith(b"HTTP/1.") or not status[1].startswith(b"2"):
            said = status[1].decode("latin-1")[:3] if len(status) > 1 else "no status"
            raise DialError("refused", f"{where} refused the tunnel to {origin.host}:{origin.port}: {said}")


async def _first(
    pending: set[asyncio.Task[socket.socket]], errors: list[OSError], timeout: float | None
) -> tuple[asyncio.Task[socket.socket] | None, set[asyncio.Task[socket.socket]]]:
    """The first attempt that succeeded, if any did in time, and those that go on. Failures are added to `errors`."""
    done, pending = await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    winner = None
    for task in done:
        error = task.exception()
        if isinstance(error, OSError):
            errors.append(error)
        elif error is not None:
            raise error
        elif winner is None:
            winner = task
        else:
            task.result().close()
    return winner, pending


def _explain(host: str, port: int, errors: list[OSError]) -> DialError:
    """What the failures of all addresses amount to: a refusal says most."""
    where = f"{host}:{port}"
    if any(isinstance(error, ConnectionRefusedError) for error in errors):
        return DialError("refused", f"{where}: nothing listens there (connection refused)")
    reason = errors[-1].strerror if errors else "no address"
    kind = "unreachable" if not errors or errors[-1].errno in _UNREACHABLE else "closed"
    if errors and isinstance(errors[-1], TimeoutError):
        kind = "connect_timeout"
    return DialError(kind, f"{where}: {reason}")
