"""The node's settings, from environment variables with Kong's names. Not for: the configuration of routes and plugins,
variables that other programs read too (proxies.py).

`VARIABLES` lists every variable with its default and help; REFERENCE.md is made of it. A wrong value is an error that
names the variable, what it was given and what is allowed; all wrong ones are told at once.
"""

# ruff: noqa: RUF009 - _said() makes a dataclass field, which the rule cannot see

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gateway import KONG_VERSION
from gateway.errors import SettingsError

LOG_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
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


class _Wrong(ValueError):
    """A value that a variable cannot have; the text says what is allowed."""


def _listeners(text: str) -> tuple[Listener, ...]:
    if text.lower() == "off":
        return ()
    return tuple(_listener(part.split()) for part in text.split(","))


def _listener(words: list[str]) -> Listener:
    allowed = "write address:port, then any of ssl, http2, reuseport, backlog=N; commas between listeners; or off"
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", words[0]) if words else None
    if match is None or int(match[3]) > 65535:
        raise _Wrong(allowed)
    flags: dict[str, Any] = {}
    for word in words[1:]:
        backlog = re.fullmatch(r"backlog=([0-9]{1,6})", word)
        if backlog:
            flags["backlog"] = int(backlog[1])
        elif word not in _FLAGS and not word.startswith(("so_keepalive=", "ipv6only=")):
            raise _Wrong(f"'{word}' is unknown: {allowed}")
        elif word in ("ssl", "http2", "reuseport", "proxy_protocol"):
            flags[word] = True
    return Listener(match[1] or match[2], int(match[3]), **flags)


def _switch(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("on", "true", "yes", "1"):
        return True
    if lowered in ("off", "false", "no", "0"):
        return False
    raise _Wrong("write on or off")


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise _Wrong(f"write one of {', '.join(words)}")
        return text.lower()

    return parse


def _path(text: str) -> Path | None:
    return _expanded(text) if text else None


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(_expanded(word) for word in _words(text))


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise _Wrong("nobody has that home directory: write the path in full") from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _workers(text: str) -> int:
    if text.lower() == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 512:
        raise _Wrong("write a number from 1 to 512, or auto for one worker per core")
    return int(text)


def _connections(text: str) -> int:
    if text.lower() == "auto":
        return 16384
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1 << 20:
        raise _Wrong("write a number from 1 to 1048576, or auto for 16384")
    return int(text)


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise _Wrong("write a number of bytes, or with k, m or g: 64m; 0 is no limit")
    return int(match[1]) * _UNITS[match[2].lower()]


def _seconds(text: str) -> float:
    match = _TIME.fullmatch(text.lower())
    if match is None:
        raise _Wrong("write a length of time: 30s, 5m, 500ms; seconds without a unit")
    return int(match[1]) * _TIMES[match[2] or "s"]


def _version(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){1,3}", text):
        raise _Wrong("write a version of Kong, like 3.7")
    return tuple(int(part) for part in text.split("."))


def _database(text: str) -> str:
    if text.lower() == "off":
        return "off"
    if text.lower() in ("postgres", "cassandra"):
        raise _Wrong("this gateway needs no database and keeps its state in KONG_PREFIX: write off, or leave it out")
    raise _Wrong("write off")


def _log(text: str) -> str:
    return "" if text.lower() == "off" else text


def _hidden(text: str) -> frozenset[str]:
    """Which of server, via, latency, request_id are not to be sent, from Kong's list of what is to be sent."""
    if text.lower() == "off":
        return frozenset(("server", "via", "latency", "request_id"))
    words = {word.lower() for word in _words(text)}
    unknown = words - {word.lower() for word in _HEADERS}
    if unknown:
        raise _Wrong(f"'{sorted(unknown)[0]}' is unknown: write off, or any of {', '.join(_HEADERS)}")
    hidden = set()
    if not words & {"server_tokens", "server"}:
        hidden.add("server")
    if not words & {"server_tokens", "via"}:
        hidden.add("via")
    if not words & ({"latency_tokens"} | _LATENCIES):
        hidden.add("latency")
    if "x-kong-request-id" not in words:
        hidden.add("request_id")
    return frozenset(hidden)


def _said(variable: str, default: str, parse: Callable[[str], Any], help: str, secret: bool = False) -> Any:
    told = {"variable": variable, "default": default, "parse": parse, "help": help, "secret": secret}
    return field(default=parse(default), metadata=told, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """Each field's variable, default and help stand beside it."""

    proxy_listen: tuple[Listener, ...] = _said(
        "KONG_PROXY_LISTEN", "127.0.0.1:8000", _listeners, "Where clients of the gateway connect."
    )
    admin_listen: tuple[Listener, ...] = _said(
        "KONG_ADMIN_LISTEN", "127.0.0.1:8001", _listeners, "Where the Admin API answers."
    )
    admin_gui_listen: tuple[Listener, ...] = _said(
        "KONG_ADMIN_GUI_LISTEN", "127.0.0.1:8002", _listeners, "Where the Manager, the web page, answers."
    )
    portal_gui_listen: tuple[Listener, ...] = _said(
        "KONG_PORTAL_GUI_LISTEN", "127.0.0.1:8003", _listeners, "Where the Dev Portal answers."
    )
    portal_api_listen: tuple[Listener, ...] = _said(
        "KONG_PORTAL_API_LISTEN", "127.0.0.1:8004", _listeners, "Where the Files API of the Dev Portal answers."
    )
    status_listen: tuple[Listener, ...] = _said(
        "KONG_STATUS_LISTEN", "127.0.0.1:8100", _listeners, "Where health and metrics are read."
    )
    database: str = _said("KONG_DATABASE", "off", _database, "Only off: there is no database.")
    declarative_config: Path | None = _said(
        "KONG_DECLARATIVE_CONFIG", "", _path, "The file with routes and plugins: decK's format or Kong's."
    )
    declarative_config_string: str = _said(
        "KONG_DECLARATIVE_CONFIG_STRING", "", str, "The same as text; used when there is no file.", secret=True
    )
    prefix: Path | None = _said(
        "KONG_PREFIX", "", _path, "Where changes are kept; without it the file is the truth at each start."
    )
    worker_processes: int = _said(
        "KONG_NGINX_WORKER_PROCESSES", "auto", _workers, "How many worker processes; auto is one per core."
    )
    drain_seconds: float = _said(
        "KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT",
        "10s",
        _seconds,
        "How long requests under way may take to finish once the node is told to stop; then they are cut off.",
    )
    log_level: str = _said("KONG_LOG_LEVEL", "notice", _one_of(*LOG_LEVELS), "The least important messages to log.")
    access_log: str = _said(
        "KONG_PROXY_ACCESS_LOG", "/dev/stdout", _log, "Where each request gets a line of JSON; off for nowhere."
    )
    vault_env_prefix: str = _said(
        "KONG_VAULT_ENV_PREFIX", "", str, "What the names of variables in {vault://env/NAME} start with."
    )
    vault_env_file: Path | None = _said(
        "KONG_VAULT_ENV_FILE",
        "",
        _path,
        "A file of NAME='value' lines that is asked before the environment, also for HTTPS_PROXY and NO_PROXY.",
    )
    allow_debug_header: bool = _said(
        "KONG_ALLOW_DEBUG_HEADER", "off", _switch, "Whether Kong-Debug: 1 makes an answer name route and service."
    )
    hidden: frozenset[str] = _said(
        "KONG_HEADERS",
        "server_tokens, latency_tokens, X-Kong-Request-Id",
        _hidden,
        "Which headers of its own the gateway adds to answers; off for none.",
    )
    headers_upstream: bool = _said(
        "KONG_HEADERS_UPSTREAM",
        "X-Kong-Request-Id",
        lambda text: _one_of("x-kong-request-id", "off")(text) != "off",
        "Whether upstreams get X-Kong-Request-Id; off for no.",
    )
    compatible_version: tuple[int, ...] = _said(
        "KONG_COMPATIBLE_VERSION",
        ".".join(KONG_VERSION.split(".")[:2]),
        _version,
        "The version of Kong whose words are used where versions differ; with 3.7 a refusal by token limits says "
        "'API rate limit exceeded...', not 'AI token rate limit exceeded...'.",
    )
    worker_connections: int = _said(
        "KONG_NGINX_EVENTS_WORKER_CONNECTIONS",
        "auto",
        _connections,
        "How many clients may be connected to one worker; auto is 16384. Those beyond are turned away at once.",
    )
    client_max_body_size: int = _said(
        "KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE", "64m", _size, "The longest request body; 0 for no limit."
    )
    ssl_cert: tuple[Path, ...] = _said("KONG_SSL_CERT", "", _paths, "The certificate of listeners with ssl, PEM.")
    ssl_cert_key: tuple[Path, ...] = _said("KONG_SSL_CERT_KEY", "", _paths, "Its private key, PEM.")
    admin_gui_url: tuple[str, ...] = _said(
        "KONG_ADMIN_GUI_URL", "", _words, "Where browsers reach the Manager, when that is not this node."
    )
    admin_hosts: tuple[str, ...] = _said(
        "KONG_ADMIN_HOSTS", "", _words, "More host names by which the Admin API and the Manager may be called."
    )
    admin_token: str = _said(
        "KONG_ADMIN_TOKEN", "", str, "When set, the Admin API asks for it in Kong-Admin-Token.", secret=True
    )

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """The settings that an environment says. Raises SettingsError with every variable that cannot be followed."""
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for one in fields(cls):
            given = environment.get(one.metadata["variable"])
            if given is None:
                continue
            try:
                values[one.name] = one.metadata["parse"](given.strip() or one.metadata["default"])
            except _Wrong as problem:
                shown = "the given value" if one.metadata["secret"] else f"'{given}'"
                wrong.append(f"{one.metadata['variable']}={shown} cannot be used: {problem}")
        settings = cls(**values)
        wrong += settings._contradictions()
        if wrong:
            raise SettingsError("\n".join(wrong))
        return settings

    def _contradictions(self) -> list[str]:
        found = []
        if len(self.ssl_cert) != len(self.ssl_cert_key):
            found.append("KONG_SSL_CERT and KONG_SSL_CERT_KEY must name as many files each")
        taken: dict[tuple[str, int], str] = {}
        for variable, listeners in self.listeners().items():
            for listener in listeners:
                key = listener.host, listener.port
                if listener.port and key in taken:
                    found.append(f"{variable} and {taken[key]} both listen on {listener}: give one another port")
                taken.setdefault(key, variable)
        return found

    def listeners(self) -> dict[str, tuple[Listener, ...]]:
        """Variable -> listeners, for every listening setting."""
        return {
            one.metadata["variable"]: getattr(self, one.name)
            for one in fields(self)
            if one.metadata["variable"].endswith("_LISTEN")
        }


@dataclass(frozen=True, slots=True)
class Variable:
    """What is to be said about one environment variable."""

    name: str
    field: str
    default: str
    help: str


VARIABLES = tuple(
    Variable(one.metadata["variable"], one.name, one.metadata["default"], one.metadata["help"])
    for one in fields(Settings)
)
