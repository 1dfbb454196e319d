"""The node's settings, from environment variables with Kong's names. Not for: the configuration of routes and plugins,
variables that other programs read too (proxies.py), what a value means (parsing.py).

`VARIABLES` lists every variable with its default and help; REFERENCE.md is made of it. A wrong value is an error that
names the variable, what it was given and what is allowed; all wrong ones are told at once.
"""

# ruff: noqa: RUF009 - _said() makes a dataclass field, which the rule cannot see

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gateway import KONG_VERSION
from gateway.errors import SettingsError
from gateway.settings import parsing
from gateway.settings.parsing import Listener

LOG_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")


def _said(variable: str, default: str, parse: Callable[[str], Any], help: str, secret: bool = False) -> Any:
    told = {"variable": variable, "default": default, "parse": parse, "help": help, "secret": secret}
    return field(default=parse(default), metadata=told, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """Each field's variable, default and help stand beside it."""

    proxy_listen: tuple[Listener, ...] = _said(
        "KONG_PROXY_LISTEN", "127.0.0.1:8000", parsing.listeners, "Where clients of the gateway connect."
    )
    admin_listen: tuple[Listener, ...] = _said(
        "KONG_ADMIN_LISTEN", "127.0.0.1:8001", parsing.listeners, "Where the Admin API answers."
    )
    admin_gui_listen: tuple[Listener, ...] = _said(
        "KONG_ADMIN_GUI_LISTEN", "127.0.0.1:8002", parsing.listeners, "Where the Manager, the web page, answers."
    )
    portal_gui_listen: tuple[Listener, ...] = _said(
        "KONG_PORTAL_GUI_LISTEN", "127.0.0.1:8003", parsing.listeners, "Where the Dev Portal answers."
    )
    portal_api_listen: tuple[Listener, ...] = _said(
        "KONG_PORTAL_API_LISTEN", "127.0.0.1:8004", parsing.listeners, "Where the Files API of the Dev Portal answers."
    )
    status_listen: tuple[Listener, ...] = _said(
        "KONG_STATUS_LISTEN", "127.0.0.1:8100", parsing.listeners, "Where health and metrics are read."
    )
    database: str = _said("KONG_DATABASE", "off", parsing.database, "Only off: there is no database.")
    declarative_config: Path | None = _said(
        "KONG_DECLARATIVE_CONFIG", "", parsing.path, "The file with routes and plugins: decK's format or Kong's."
    )
    declarative_config_string: str = _said(
        "KONG_DECLARATIVE_CONFIG_STRING", "", str, "The same as text; used when there is no file.", secret=True
    )
    prefix: Path | None = _said(
        "KONG_PREFIX", "", parsing.path, "Where changes are kept; without it the file is the truth at each start."
    )
    worker_processes: int = _said(
        "KONG_NGINX_WORKER_PROCESSES", "auto", parsing.workers, "How many worker processes; auto is one per core."
    )
    drain_seconds: float = _said(
        "KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT",
        "10s",
        parsing.seconds,
        "How long requests under way may take to finish once the node is told to stop; then they are cut off.",
    )
    log_level: str = _said(
        "KONG_LOG_LEVEL", "notice", parsing.one_of(*LOG_LEVELS), "The least important messages to log."
    )
    access_log: str = _said(
        "KONG_PROXY_ACCESS_LOG", "/dev/stdout", parsing.log, "Where each request gets a line of JSON; off for nowhere."
    )
    vault_env_prefix: str = _said(
        "KONG_VAULT_ENV_PREFIX", "", str, "What the names of variables in {vault://env/NAME} start with."
    )
    vault_env_file: Path | None = _said(
        "KONG_VAULT_ENV_FILE",
        "",
        parsing.path,
        "A file of NAME='value' lines that is asked before the environment, also for HTTPS_PROXY and NO_PROXY.",
    )
    allow_debug_header: bool = _said(
        "KONG_ALLOW_DEBUG_HEADER",
        "off",
        parsing.switch,
        "Whether Kong-Debug: 1 makes an answer name route and service.",
    )
    hidden: frozenset[str] = _said(
        "KONG_HEADERS",
        "server_tokens, latency_tokens, X-Kong-Request-Id",
        parsing.hidden,
        "Which headers of its own the gateway adds to answers; off for none.",
    )
    headers_upstream: bool = _said(
        "KONG_HEADERS_UPSTREAM",
        "X-Kong-Request-Id",
        lambda text: parsing.one_of("x-kong-request-id", "off")(text) != "off",
        "Whether upstreams get X-Kong-Request-Id; off for no.",
    )
    compatible_version: tuple[int, ...] = _said(
        "KONG_COMPATIBLE_VERSION",
        ".".join(KONG_VERSION.split(".")[:2]),
        parsing.version,
        "The version of Kong whose words are used where versions differ; with 3.7 a refusal by token limits says "
        "'API rate limit exceeded...', not 'AI token rate limit exceeded...'.",
    )
    worker_connections: int = _said(
        "KONG_NGINX_EVENTS_WORKER_CONNECTIONS",
        "auto",
        parsing.connections,
        "How many clients may be connected to one worker; auto is 16384. Those beyond are turned away at once.",
    )
    client_max_body_size: int = _said(
        "KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE", "64m", parsing.size, "The longest request body; 0 for no limit."
    )
    ssl_cert: tuple[Path, ...] = _said(
        "KONG_SSL_CERT", "", parsing.paths, "The certificate of listeners with ssl, PEM."
    )
    ssl_cert_key: tuple[Path, ...] = _said("KONG_SSL_CERT_KEY", "", parsing.paths, "Its private key, PEM.")
    admin_gui_url: tuple[str, ...] = _said(
        "KONG_ADMIN_GUI_URL", "", parsing.words, "Where browsers reach the Manager, when that is not this node."
    )
    admin_hosts: tuple[str, ...] = _said(
        "KONG_ADMIN_HOSTS", "", parsing.words, "More host names by which the Admin API and the Manager may be called."
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
            except parsing.Wrong as problem:
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
