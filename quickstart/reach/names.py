"""A host's name to addresses, within a limit of time: the system's resolver has none of its own worth waiting for.

Not for: connecting.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

SECONDS = 5.0
Lookup = Callable[[str, int], list[str]]


class NameUnknown(OSError):
    """The resolver says that there is no such name, or that it cannot be asked."""


class NameSlow(TimeoutError):
    """The resolver did not answer in time."""


def system_lookup(host: str, port: int) -> list[str]:
    """Addresses by the system's resolver. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(host: str, port: int, seconds: float = SECONDS, lookup: Lookup = system_lookup) -> list[str]:
    """The addresses of a host; an address is its own. Raises NameUnknown, NameSlow.

    A lookup that hangs is left behind in a thread that does not keep the program from ending.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    found: list[str] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(lookup(host, port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise NameSlow(f"no answer within {seconds:g} s")
    if failed or not found:
        raise NameUnknown(str(failed[0]) if failed else "no address")
    return found
