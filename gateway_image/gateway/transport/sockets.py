"""Opens the listening sockets, all or none. Not for: what is served on them.

Each worker has its own socket on each proxy port (SO_REUSEPORT: the kernel spreads connections). The control process
opens them all and keeps them open, so that connections which wait in a worker's queue outlive that worker.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path
from typing import NamedTuple

from gateway.errors import GatewayError
from gateway.settings import Listener

BACKLOG = 16384


class ListenError(GatewayError):
    """An address that cannot be listened on; str() names it, its setting and what to do."""


class Opened(NamedTuple):
    setting: str
    listener: Listener
    port: int  # the real one, where the setting says 0
    sockets: list[socket.socket]  # one per worker, or a single one


def open_all(wanted: list[tuple[str, Listener, int]]) -> list[Opened]:
    """Opens every (setting, listener, number of sockets). Raises ListenError with nothing left open."""
    opened: list[Opened] = []
    try:
        for setting, listener, count in wanted:
            opened.append(_open(setting, listener, count))
    except BaseException:
        close_all(opened)
        raise
    return opened


def close_all(opened: list[Opened]) -> None:
    for one in opened:
        for each in one.sockets:
            each.close()


def _open(setting: str, listener: Listener, count: int) -> Opened:
    if listener.proxy_protocol:
        raise ListenError(
            f"{setting}: {listener} asks for proxy_protocol, which this gateway does not speak: remove it"
        )
    try:
        found = socket.getaddrinfo(listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise ListenError(f"{setting}: {listener.host} is no address of this machine") from None
    family, address = found[0][0], found[0][4]
    if listener.port and count > 1:
        # sockets that share a port are let in beside another program's that does, so ask once without sharing
        _bind(setting, listener, family, address, share=False).close()
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            one = _bind(setting, listener, family, address, share=count > 1)
            sockets.append(one)
            address = (address[0], one.getsockname()[1], *address[2:])
        for one in sockets:
            one.listen(BACKLOG)  # the kernel cuts this to what it allows
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return Opened(setting, listener, int(address[1]), sockets)


def _bind(setting: str, listener: Listener, family: int, address: tuple[object, ...], share: bool) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        if not share:
            one.listen(BACKLOG)
    except OSError as problem:
        one.close()
        raise ListenError(_explain(setting, listener, problem)) from None
    return one


def _explain(setting: str, listener: Listener, problem: OSError) -> str:
    where = f"{listener.host}:{listener.port}"
    if problem.errno == errno.EADDRINUSE:
        holder = port_owner(listener.port)
        who = f" by {holder}" if holder else ""
        return f"{setting}: port {listener.port} ({where}) is already taken{who}: stop that, or choose another port"
    if problem.errno == errno.EACCES:
        return f"{setting}: this user may not listen on {where}: choose a port from 1024 up"
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"{setting}: {listener.host} is no address of this machine"
    return f"{setting}: {where} cannot be listened on: {problem.strerror}"


def port_owner(port: int, proc: Path = Path("/proc")) -> str:
    """Which process listens on a port, as far as this user can see: "nginx (pid 12)", or ""."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{columns[9]}]")
    if not inodes:
        return ""
    for process in proc.iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                for descriptor in (process / "fd").iterdir():
                    if str(descriptor.readlink()) in inodes:
                        return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return ""
