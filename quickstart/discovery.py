"""Model servers that listen on this machine, and what they serve. Loopback only, bounded in time and number.

The usual ports first, then every socket that listens already: that is how a server on an unusual port is found. Nothing
is sent to ports of well-known other protocols, nor to ports the caller says are ours. Not for: remote servers, choosing
a model (wizard_local.py), reaching a server from inside a container (preflight.py).
"""

from __future__ import annotations

import ipaddress
import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import psutil

from quickstart.answers import LOCAL_TITLES, LocalKind

USUAL_PORTS = (11434, 1234, 8080, 8000, 7999, 1337, 5000, 5001, 30000, 12434)
"""Ollama, LM Studio, llama.cpp and LocalAI, vLLM and llama-cpp-python, ours, Jan, oobabooga, KoboldCpp, SGLang,
Docker Model Runner."""

FOREIGN_PORTS = frozenset(
    (
        *(21, 22, 23, 25, 53, 110, 111, 139, 143, 389, 445, 465, 587, 631, 636, 873, 993, 995, 1433, 1521, 1883, 2049),
        *(
            2375,
            2376,
            3306,
            3389,
            4369,
            5060,
            5432,
            5671,
            5672,
            5900,
            6379,
            6380,
            6432,
            9092,
            9300,
            11211,
            26379,
            27017,
        ),
    )
)
"""Mail, databases, queues, remote shells: a stray HTTP request there ends up in somebody's log as an attack."""

MOST_SOCKETS = 64
MOST_BYTES = 1 << 20
TIMEOUT = 0.3
WHOLE_PROBE = 1.2
_NOT_CHAT = ("embed", "rerank", "whisper", "tts", "bge-", "clip")


class Server(NamedTuple):
    port: int
    kind: LocalKind
    models: tuple[str, ...]  # ids as the server names them, chat models only where the name tells
    loopback_only: bool = True  # not reachable over a Docker bridge
    locked: bool = False  # it wants a key

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def title(self) -> str:
        return LOCAL_TITLES[self.kind]


class Listening(NamedTuple):
    address: str
    port: int


def listening() -> list[Listening]:
    """TCP sockets in state LISTEN. Empty where the system does not let us see them (macOS without root)."""
    try:
        found = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError, RuntimeError):
        return []
    return [
        Listening(entry.laddr.ip, entry.laddr.port)
        for entry in found
        if entry.status == psutil.CONN_LISTEN and entry.laddr
    ]


def listens_on_loopback_only(port: int, sockets: Iterable[Listening] | None = None) -> bool:
    """True when something listens on `port` and only loopback reaches it; False when nothing is known."""
    addresses = [
        ipaddress.ip_address(s.address) for s in (listening() if sockets is None else sockets) if s.port == port
    ]
    return bool(addresses) and all(address.is_loopback for address in addresses)


def candidates(sockets: Collection[Listening], ours: Collection[int], usual: Iterable[int] = USUAL_PORTS) -> list[int]:
    """Ports worth asking, usual ones first, at most MOST_SOCKETS."""
    local = {s.port for s in sockets if _on_loopback(s.address)}
    ports = [port for port in usual if port in local or not sockets]
    ports += sorted(local - set(ports))
    return [port for port in ports if port not in ours and port not in FOREIGN_PORTS][:MOST_SOCKETS]


def discover(
    ours: Collection[int] = (),
    sockets: Callable[[], list[Listening]] = listening,
    usual: Iterable[int] = USUAL_PORTS,
    clock: Callable[[], float] = time.monotonic,
) -> list[Server]:
    """Every model server found, in the order of the ports asked. Never raises: what does not answer is not there."""
    seen = sockets()
    ports = candidates(seen, ours, usual)
    if not ports:
        return []
    with ThreadPoolExecutor(max_workers=min(16, len(ports))) as pool:
        probed = list(pool.map(lambda port: probe(_base(port, seen), clock), ports))
    return [
        Server(port, found.kind, found.models, listens_on_loopback_only(port, seen), found.locked)
        for port, found in zip(ports, probed, strict=True)
        if found is not None
    ]


def _base(port: int, sockets: Collection[Listening]) -> str:
    """A server on ::1 alone does not answer at 127.0.0.1."""
    addresses = {s.address for s in sockets if s.port == port and _on_loopback(s.address)}
    return f"http://[::1]:{port}" if addresses == {"::1"} else f"http://127.0.0.1:{port}"


class Probed(NamedTuple):
    kind: LocalKind
    models: tuple[str, ...]
    locked: bool = False


def speaks(host: str, port: int, timeout: float = TIMEOUT) -> bool:
    """Whether what listens there answers HTTP at all, whatever it says."""
    shown = f"[{host}]" if ":" in host else host
    try:
        with (
            httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False, verify=False) as client,  # noqa: S501
            _ended(client, max(WHOLE_PROBE, 2 * timeout)),
        ):
            client.head(f"http://{shown}:{port}/")
    except (httpx.HTTPError, OSError, RuntimeError):
        return False
    return True


def probe(
    base: str, clock: Callable[[], float] = time.monotonic, timeout: float = TIMEOUT, key: str = ""
) -> Probed | None:
    """What answers at `base` ("http://127.0.0.1:7999"); None when it is no model server or nothing. `key`: a complete
    Authorization header value, "" for none."""
    seconds = max(WHOLE_PROBE, 2 * timeout)
    deadline = clock() + seconds
    sent = {"Authorization": key} if key else {}
    tls = base.startswith(
        "https:"
    )  # else no authorities are read: that takes longer than asking a port of this machine
    with (
        httpx.Client(
            base_url=base, timeout=timeout, trust_env=False, follow_redirects=False, headers=sent, verify=tls
        ) as client,
        _ended(client, seconds),
    ):

        def get(path: str) -> tuple[int, httpx.Headers, Any] | None:
            return _get(client, path, clock, deadline)

        listed = get("/v1/models")
        if listed is None:
            return None
        status, headers, document = listed
        server = headers.get("server", "").lower()
        if server.startswith("kong") or "x-kong-request-id" in headers:
            return None  # a gateway, perhaps ours
        entries = document.get("data") if isinstance(document, dict) else None
        if status == 200 and isinstance(entries, list):
            rows = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
            if entries and not rows:
                return None
            owners = {str(entry.get("owned_by", "")) for entry in rows}
            return Probed(_kind(owners, server, get), _chat_models(entry["id"] for entry in rows))
        if status in (401, 403) and _looks_locked(server, document):
            return Probed("llama.cpp" if server.startswith("llama.cpp") else "other", (), True)
        tags = get("/api/tags")
        if tags and tags[0] == 200 and isinstance(tags[2], dict) and isinstance(tags[2].get("models"), list):
            names = [entry.get("name") for entry in tags[2]["models"] if isinstance(entry, dict)]
            return Probed("ollama", _chat_models(name for name in names if isinstance(name, str)))
    return None


def _kind(owners: set[str], server: str, get: Callable[[str], tuple[int, httpx.Headers, Any] | None]) -> LocalKind:
    if "vllm" in owners:
        return "vllm"
    if "llamacpp" in owners or server.startswith("llama.cpp"):
        return "llama.cpp"
    if owners & {"organization_owner", "organization-owner"}:
        return "lm-studio"
    version = get("/api/version")
    if version and version[0] == 200 and isinstance(version[2], dict) and "version" in version[2]:
        return "ollama"
    if owners == {"me"}:
        return "llama-cpp-python"
    props = get("/props")
    if props and props[0] == 200 and isinstance(props[2], dict) and "default_generation_settings" in props[2]:
        return "llama.cpp"
    return "other"


@contextmanager
def _ended(client: httpx.Client, seconds: float) -> Iterator[None]:
    """Closes the client when time is up: httpx's own limits are for each read, and a port that sends interim answers or
    header lines for ever would be listened to for ever."""
    timer = threading.Timer(seconds, client.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _get(
    client: httpx.Client, path: str, clock: Callable[[], float], deadline: float
) -> tuple[int, httpx.Headers, Any] | None:
    """Status, headers and decoded JSON (None when it is not JSON); None when there was no answer in time."""
    if clock() > deadline:
        return None
    body = bytearray()
    try:
        with client.stream("GET", path, headers={"Accept": "application/json"}) as answer:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES or clock() > deadline:
                    return None
            status, headers = answer.status_code, answer.headers
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError):
        return None  # RuntimeError: closed by _ended()
    try:
        return status, headers, json.loads(body)
    except (ValueError, RecursionError):
        return status, headers, None


def _looks_locked(server: str, document: Any) -> bool:
    if server.startswith("llama.cpp"):
        return True
    if not isinstance(document, dict):
        return False
    error = document.get("error")
    return "detail" in document or (isinstance(error, dict) and error.get("type") == "authentication_error")


def _chat_models(names: Iterable[str]) -> tuple[str, ...]:
    usable = [name for name in names if name and name.isprintable() and len(name) <= 300]
    chat = [name for name in usable if not any(word in name.lower() for word in _NOT_CHAT)]
    return tuple(dict.fromkeys(chat))


def _on_loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified
