"""URLs of model servers as people type them, made whole: `localhost:7999` -> `http://localhost:7999/v1/chat/completions`.

A Kong-compatible gateway takes an upstream URL as it stands, so one without path or port goes nowhere; here every form
becomes a full one, and a name of this machine is rewritten for where the gateway runs. Pure. Not for: asking whether
anything answers there (discovery.py, health.py).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from quickstart.errors import UsageError

Dialect = Literal["openai", "ollama"]
BRIDGE_HOST = "host.docker.internal"
CONTAINER_NAMES = frozenset((BRIDGE_HOST, "host.containers.internal", "host.lima.internal"))
"""By which containers of one engine or another know this machine."""
EXAMPLE = "Type it like this: http://localhost:11434"
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?")
_VERSIONED = re.compile(r"v\d+((alpha|beta)\d*)?|openai", re.IGNORECASE)
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class Address(NamedTuple):
    scheme: str
    host: str  # an IPv6 address without brackets
    port: int
    path: str = ""  # "" or "/..." without a slash at its end

    @property
    def authority(self) -> str:
        """`localhost:7999`; the usual port of the scheme is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, path: str | None = None) -> str:
        """The full URL, its port always written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path if path is None else path}"


def parse(text: str, origin: str = "The URL", scheme: str = "http") -> Address:
    """The parts of a URL; `scheme` where none was typed. Raises UsageError that shows a right one."""
    given = text.strip().strip("\u3000")
    shown = given if len(given) <= 100 else given[:97] + "..."
    if not given:
        raise UsageError(f"{origin} is empty.", EXAMPLE)
    if any(c.isspace() or not c.isprintable() for c in given):
        raise UsageError(f"{origin} has a space or a control character inside.", EXAMPLE)
    try:
        parts = urlsplit(given if "://" in given else f"{scheme}://{given}")
        port = parts.port
    except ValueError:
        raise UsageError(f"{origin} is {shown!r}, which is not a URL.", EXAMPLE) from None
    if parts.scheme not in _PORTS:
        raise UsageError(f"{origin} is {shown!r}; it must begin with http:// or https://.", EXAMPLE)
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{origin} has a user name or password inside.", "Give the key when it is asked for instead.")
    if parts.query or parts.fragment:
        raise UsageError(f"{origin} is {shown!r}; leave out what follows ? or #.", EXAMPLE)
    host = (parts.hostname or "").lower()
    if ":" in host:
        try:
            host = str(ipaddress.IPv6Address(host))
        except ValueError:
            raise UsageError(f"{origin} is {shown!r}; {host!r} is not an IPv6 address.", EXAMPLE) from None
    elif not _HOST.fullmatch(host) or len(host) > 253:
        raise UsageError(f"{origin} is {shown!r}, which names no host.", EXAMPLE)
    if port == 0:
        raise UsageError(f"{origin} is {shown!r}; port 0 cannot be reached.", EXAMPLE)
    if not _PATH.fullmatch(parts.path):
        raise UsageError(f"{origin} is {shown!r}; its path has a character that a URL cannot have.", EXAMPLE)
    return Address(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/"))


def base_path(path: str) -> str:
    """What is left of a path when a known operation at its end is taken away."""
    for known in ("/chat/completions", "/completions", "/models", "/api/chat", "/api/generate", "/api/tags", "/api"):
        if path.endswith(known):
            return path[: -len(known)]
    return path


def dialect_of(path: str) -> Dialect | None:
    """What a typed path says about the dialect; None when it says nothing."""
    if path.endswith(("/api/chat", "/api/generate", "/api/tags", "/api")):
        return "ollama"
    if path.endswith(("/chat/completions", "/completions", "/models")) or _is_versioned(path):
        return "openai"
    return None


def chat_path(path: str, dialect: Dialect = "openai") -> str:
    """The path of chat requests under whatever was typed."""
    base = base_path(path)
    if dialect == "ollama":
        return base + "/api/chat"
    return base + ("/chat/completions" if _is_versioned(base) else "/v1/chat/completions")


def models_path(path: str) -> str:
    """Where an OpenAI-compatible server at this path lists its models."""
    return chat_path(path).removesuffix("/chat/completions") + "/models"


def hosted(text: str, origin: str = "The URL") -> str:
    """The full URL of a service in the cloud: https, unless http was typed."""
    address = parse(text, origin, "https")
    return address.url(address.path)


def moved(url: str, endpoint: Address) -> str:
    """The same operation at another origin. A path that both have (`/v1`) is not doubled; a query stays."""
    parts = urlsplit(url)
    base = base_path(endpoint.path)
    path = parts.path if parts.path.startswith(base + "/") else base + parts.path
    return endpoint.url(path) + (f"?{parts.query}" if parts.query else "")


def root(address: Address) -> str:
    """The URL under which /v1/models and /api/tags are."""
    return address.url(base_path(address.path).removesuffix("/v1"))


def is_this_machine(host: str) -> bool:
    """True for every name by which a person means the machine they sit at, the container's name for it included."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name in CONTAINER_NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def as_seen_by_gateway(address: Address, bridged: bool) -> Address:
    """The same server from where the gateway runs: behind a Docker bridge this machine has another name."""
    if not is_this_machine(address.host):
        return address
    if bridged:
        return address._replace(host=BRIDGE_HOST)
    if address.host in {"localhost", "::1"} or address.host.startswith("127."):
        return address
    return address._replace(host="127.0.0.1")


def _is_versioned(path: str) -> bool:
    return bool(_VERSIONED.fullmatch(path.rsplit("/", 1)[-1])) if path else False
