"""Which ports are free, and who has the others. Not for: choosing the gateway's ports (answers.py)."""

from __future__ import annotations

import errno
import socket
import sys

from quickstart.errors import PortTaken
from quickstart.local_http import listens, reachable_host


def bind_error(port: int, host: str = "127.0.0.1") -> int:
    """0 when we could listen there now, else the errno. Ports that only wait for old connections to end are free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    if bind_error(port, host):
        return False
    # Elsewhere than on Linux a socket bound to all addresses does not stop one address from being bound.
    return sys.platform == "linux" or not listens(reachable_host(host), port)


def next_free(port: int, taken: frozenset[int] = frozenset(), host: str = "127.0.0.1") -> int:
    """`port` or the first higher one that is neither in use nor `taken`. Raises PortTaken when there is none near."""
    for candidate in range(port, min(port + 1000, 65536)):
        if candidate not in taken and is_free(candidate, host):
            return candidate
    raise PortTaken(f"No port from {port} on is free.", "Close some programs that listen.")


def owner(port: int) -> str:
    """Who listens on a port: `python3 (pid 4242): llama_cpp.server`; "" when that cannot be seen by this user."""
    import psutil  # slow to import, and only wanted when something is in the way

    try:
        found = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return ""
    for connection in found:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if not connection.pid:
                return ""
            try:
                process = psutil.Process(connection.pid)
                return f"{process.name()} (pid {connection.pid}){_module(process.cmdline())}"
            except psutil.Error:
                return f"pid {connection.pid}"
    return ""


def _module(command: list[str]) -> str:
    """What `python -m NAME` runs. The rest of a command line may hold secrets and is not repeated."""
    if "-m" in command[1:-1]:
        return f": {command[command.index('-m') + 1]}"
    return ""
