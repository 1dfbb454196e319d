"""The values that the exchange and the transport hand each other. Not for: behaviour; these are plain records.

Those that every request makes are msgspec Structs: making one costs a fraction of an ordinary object. Bytes on the wire
stay bytes: header names and values are latin-1 `bytes`, a body is `bytes`. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

Headers = list[tuple[bytes, bytes]]
"""Header lines in order, names as they came (case kept)."""


class Origin(NamedTuple):
    """Where an upstream connection goes; the key of the connection pool."""

    scheme: str  # "http" or "https"
    host: str  # a name or an address, an IPv6 address without brackets
    port: int
    verify: bool = True  # check the certificate (https)
    server_name: str = ""  # name sent as SNI and checked, "" = host
    proxy: tuple[str, int] | None = None  # a forward proxy that opens a tunnel; None: as the environment says


class Request(msgspec.Struct, gc=False):
    """One request as the listener read it. `body` is whole: the transport buffers it up to the configured limit."""

    method: bytes
    target: bytes  # raw request-target, query included
    headers: Headers
    fields: dict[bytes, bytes]  # lower-case name -> last value; for look-ups
    body: bytes = b""
    version: str = "1.1"  # or "1.0"
    client: str = "127.0.0.1"  # address of the peer
    port: int = 8000  # of the listener
    scheme: str = "http"
    keep_alive: bool = True
    head_size: int = 0  # bytes of request line and headers as they came; 0: not known

    def with_body(self, body: bytes) -> Request:
        """The same request with another body. Its headers are shared."""
        return Request(
            self.method,
            self.target,
            self.headers,
            self.fields,
            body,
            self.version,
            self.client,
            self.port,
            self.scheme,
            self.keep_alive,
            self.head_size,
        )

    @property
    def size(self) -> int:
        """Bytes that the client sent: request line, header lines, body."""
        head = self.head_size
        if not head:
            head = len(self.method) + len(self.target) + len(b"  HTTP/1.1\r\n") + len(b"\r\n")
            head += sum(len(name) + len(value) + 4 for name, value in self.headers)
        return head + len(self.body)


class Reply(msgspec.Struct, gc=False):
    """A complete answer made by the gateway itself or held back until it was whole.

    `block` is ready header lines (b"Name: value\\r\\n"...) without Content-Length, Transfer-Encoding and Connection,
    which the transport writes.
    """

    status: int
    block: bytes = b""
    body: bytes = b""


class Head(msgspec.Struct, gc=False):
    """The head of an answer whose body follows in pieces. `length` None: chunked (or until close for HTTP/1.0)."""

    status: int
    block: bytes
    length: int | None


class Forward(msgspec.Struct, gc=False):
    """Send this upstream and feed the answer to head(), data(), end(). `head` is the whole request head, ending in an
    empty line, Content-Length included. Timeouts in seconds."""

    origin: Origin
    head: bytes
    body: bytes
    connect_timeout: float = 60.0
    write_timeout: float = 60.0
    read_timeout: float = 60.0


class Fetch:
    """A plugin asks someone: the transport sends it, collects the whole answer and calls resume() with it."""

    __slots__ = ("body", "head", "limit", "origin", "timeout")

    def __init__(self, origin: Origin, head: bytes, body: bytes, timeout: float = 60.0, limit: int = 16 << 20) -> None:
        self.origin = origin
        self.head = head
        self.body = body
        self.timeout = timeout
        self.limit = limit  # bytes of answer body; more is an error


class Fetched:
    """The answer to a Fetch; `error` is set when there was none."""

    __slots__ = ("body", "error", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes, error: UpstreamError | None = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.error = error


class UpstreamError(NamedTuple):
    """Why an upstream gave no (whole) answer."""

    kind: str
    # "dns" | "refused" | "unreachable" | "connect_timeout" | "tls" | "timeout" | "closed" | "protocol" | "too_large"
    # | "status": it answered, but not well enough while another target may
    detail: str  # one line for logs and hints, without secrets
    sent: bool  # whether any byte of the request had gone out


@dataclass(frozen=True, slots=True)
class RedisStore:
    """A Redis that nodes count in together: one server, the master that Sentinels name, or a Cluster. Users of equal
    ones share a connection."""

    host: str = "127.0.0.1"
    port: int = 6379
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    verify: bool = False
    server_name: str = ""  # sent as SNI and checked, "" = host
    connect_timeout: float = 2.0
    send_timeout: float = 2.0
    read_timeout: float = 2.0
    sentinels: tuple[tuple[str, int], ...] = ()
    sentinel_master: str = ""
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)
    cluster: tuple[tuple[str, int], ...] = ()
    sync_rate: float = 0.0  # 0: asked with every request; else this node counts alone and compares notes so often


class Count(NamedTuple):
    """One limit as a request meets it. It is full when the current window and `weight` of the one before reach
    `limit`."""

    key: bytes  # whose; for counts that nodes share it starts with {...}, the same for all that are asked at once
    window: int  # which one: a number that grows by one from window to window
    amount: float  # what the request adds
    limit: float
    weight: float  # of the previous window, 0 to 1
    expires: float  # wall clock seconds: when neither window matters any more


class Consult:
    """A plugin asks a store: if none of the counts is full, all amounts are added. Where the store does not answer,
    this node counts alone; a request that is not `tolerant` of that is told instead."""

    __slots__ = ("counts", "store", "tolerant")

    def __init__(self, store: RedisStore, counts: Sequence[Count], tolerant: bool = True) -> None:
        self.store = store
        self.counts = counts
        self.tolerant = tolerant


class Consulted:
    """The answer to a Consult."""

    __slots__ = ("error", "found", "taken")

    def __init__(self, taken: bool, found: Sequence[tuple[float, float]], error: str = "") -> None:
        self.taken = taken  # whether the amounts were added
        self.found = found  # the current and the previous window of each count, before that
        self.error = error  # why nobody counted, for one that is not tolerant


Step = Reply | Forward | Fetch | Consult
Asking = Generator[Fetch, Fetched, Reply | None]
"""What a plugin's `access` may be: it yields Fetch and receives Fetched."""
Consulting = Generator[Consult, Consulted, Reply | None]
"""The same for one that asks what nodes count together."""
