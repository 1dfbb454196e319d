"""One HTTP request to a listener of ours on this machine. Never through a proxy, never anywhere else.

The standard library's client: `ai-gateway start` must not pay for importing a bigger one. Not for: asking providers
(keycheck.py).
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


class NoAnswer(Exception):
    """The listener gave no whole answer; `kind` is "refused", "timeout" or "broken"."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


def reachable_host(bind: str) -> str:
    """Where a listener bound to `bind` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(bind, bind)  # noqa: S104


def authority(bind: str, port: int) -> str:
    """`127.0.0.1:8000`, as it stands in a URL."""
    host = reachable_host(bind)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Arriving:
    """An answer whose body is on its way: `pieces` gives it as it comes and raises NoAnswer when it breaks off."""

    status: int
    headers: dict[str, str]  # names in lower case
    pieces: Iterator[bytes]


def request(
    bind: str,
    port: int,
    method: str,
    path: str,
    body: bytes = b"",
    kind: str = "application/json",
    timeout: float = 10,
    more: Mapping[str, str] | None = None,
) -> Answer:
    """Sends one request and reads the whole answer. `timeout` in seconds is for each wait, `more` are further headers.
    Raises NoAnswer."""
    headers = ({"Content-Type": kind} if body else {}) | dict(more or {})
    with arriving(bind, port, method, path, body, headers, timeout) as answer:
        return Answer(answer.status, answer.headers, b"".join(answer.pieces))


@contextmanager
def arriving(
    bind: str, port: int, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float = 10
) -> Iterator[Arriving]:
    """Sends one request and gives the answer as soon as it begins; leaving closes the connection. Raises NoAnswer."""
    connection = http.client.HTTPConnection(reachable_host(bind), port, timeout=timeout)
    try:
        with _told(timeout):
            connection.request(method, path, body or None, {**headers, "Connection": "close"})
            answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        yield Arriving(answer.status, named, _pieces(answer, timeout))
    finally:
        connection.close()


def _pieces(answer: http.client.HTTPResponse, timeout: float) -> Iterator[bytes]:
    while True:
        with _told(timeout):
            piece = answer.read1(1 << 16)
            missing = answer.length
        if not piece:
            if missing:
                raise NoAnswer("broken", "the answer was cut off")
            return
        yield piece


@contextmanager
def _told(timeout: float) -> Iterator[None]:
    try:
        yield
    except ConnectionRefusedError as error:
        raise NoAnswer("refused", "nothing listens there") from error
    except TimeoutError as error:
        raise NoAnswer("timeout", f"no answer within {timeout:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer("broken", str(error) or type(error).__name__) from error


def listens(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False
