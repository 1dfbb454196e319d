"""One HTTP request to a listener of ours on this machine. Never through a proxy, never anywhere else.

The standard library's client: `ai-gateway start` must not pay for importing a bigger one. Not for: asking providers
(keycheck.py).
"""

from __future__ import annotations

import http.client
import socket
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


def request(
    bind: str, port: int, method: str, path: str, body: bytes = b"", kind: str = "application/json", timeout: float = 10
) -> Answer:
    """Sends one request and reads the whole answer. `timeout` in seconds is for each wait. Raises NoAnswer."""
    connection = http.client.HTTPConnection(reachable_host(bind), port, timeout=timeout)
    try:
        headers = {"Content-Type": kind} if body else {}
        connection.request(method, path, body or None, headers | {"Connection": "close"})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except ConnectionRefusedError as error:
        raise NoAnswer("refused", "nothing listens there") from error
    except TimeoutError as error:
        raise NoAnswer("timeout", f"no answer within {timeout:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer("broken", str(error) or type(error).__name__) from error
    finally:
        connection.close()


def listens(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False
