"""What the text of a variable means: listeners, switches, sizes, times. Not for: which variables there are
(variables.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FLAGS = frozenset(("ssl", "http2", "reuseport", "proxy_protocol", "deferred", "bind", "so_keepalive=on"))
_LATENCIES = frozenset(("x-kong-proxy-latency", "x-kong-response-latency", "x-kong-upstream-latency"))
_HEADERS = (
    *("server_tokens", "latency_tokens", "Server", "Via", "X-Kong-Proxy-Latency", "X-Kong-Response-Latency"),
    *("X-Kong-Upstream-Latency", "X-Kong-Admin-Latency", "X-Kong-Upstream-Status", "X-Kong-Request-Id"),
)
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)")
_TIME = re.compile(r"([0-9]{1,7})(ms|s|m|h)?")
_TIMES = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen on; the host is an address or a name, an IPv6 address without brackets."""

    host: str
    port: int
    ssl: bool = False
    http2: bool = False
    reuseport: bool = False
    proxy_protocol: bool = False
    backlog: int = 2048

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" + (" ssl" if self.ssl else "")


class Wrong(ValueError):
    """A value that a variable cannot have; the text says what is allowed."""


def listeners(text: str) -> tuple[Listener, ...]:
    if text.lower() == "off":
        return ()
    return tuple(_listener(part.split()) for part in text.split(","))


def _listener(words: list[str]) -> Listener:
    allowed = "write address:port, then any of ssl, http2, reuseport, backlog=N; commas between listeners; or off"
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", words[0]) if words else None
    if match is None or int(match[3]) > 65535:
        raise Wrong(allowed)
    flags: dict[str, Any] = {}
    for word in words[1:]:
        backlog = re.fullmatch(r"backlog=([0-9]{1,6})", word)
        if backlog:
            flags["backlog"] = int(backlog[1])
        elif word not in _FLAGS and not word.startswith(("so_keepalive=", "ipv6only=")):
            raise Wrong(f"'{word}' is unknown: {allowed}")
        elif word in ("ssl", "http2", "reuseport", "proxy_protocol"):
            flags[word] = True
    return Listener(match[1] or match[2], int(match[3]), **flags)


def switch(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("on", "true", "yes", "1"):
        return True
    if lowered in ("off", "false", "no", "0"):
        return False
    raise Wrong("write on or off")


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise Wrong(f"write one of {', '.join(words)}")
        return text.lower()

    return parse


def path(text: str) -> Path | None:
    return _expanded(text) if text else None


def paths(text: str) -> tuple[Path, ...]:
    return tuple(_expanded(word) for word in words(text))


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise Wrong("nobody has that home directory: write the path in full") from None


def words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def workers(text: str) -> int:
    if text.lower() == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 512:
        raise Wrong("write a number from 1 to 512, or auto for one worker per core")
    return int(text)


def connections(text: str) -> int:
    if text.lower() == "auto":
        return 16384
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1 << 20:
        raise Wrong("write a number from 1 to 1048576, or auto for 16384")
    return int(text)


def size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise Wrong("write a number of bytes, or with k, m or g: 64m; 0 is no limit")
    return int(match[1]) * _UNITS[match[2].lower()]


def seconds(text: str) -> float:
    match = _TIME.fullmatch(text.lower())
    if match is None:
        raise Wrong("write a length of time: 30s, 5m, 500ms; seconds without a unit")
    return int(match[1]) * _TIMES[match[2] or "s"]


def version(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){1,3}", text):
        raise Wrong("write a version of Kong, like 3.7")
    return tuple(int(part) for part in text.split("."))


def database(text: str) -> str:
    if text.lower() == "off":
        return "off"
    if text.lower() in ("postgres", "cassandra"):
        raise Wrong("this gateway needs no database and keeps its state in KONG_PREFIX: write off, or leave it out")
    raise Wrong("write off")


def log(text: str) -> str:
    return "" if text.lower() == "off" else text


def hidden(text: str) -> frozenset[str]:
    """Which of server, via, latency, request_id are not to be sent, from Kong's list of what is to be sent."""
    if text.lower() == "off":
        return frozenset(("server", "via", "latency", "request_id"))
    sent = {word.lower() for word in words(text)}
    unknown = sent - {word.lower() for word in _HEADERS}
    if unknown:
        raise Wrong(f"'{sorted(unknown)[0]}' is unknown: write off, or any of {', '.join(_HEADERS)}")
    hidden = set()
    if not sent & {"server_tokens", "server"}:
        hidden.add("server")
    if not sent & {"server_tokens", "via"}:
        hidden.add("via")
    if not sent & ({"latency_tokens"} | _LATENCIES):
        hidden.add("latency")
    if "x-kong-request-id" not in sent:
        hidden.add("request_id")
    return frozenset(hidden)
