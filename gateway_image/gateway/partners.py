"""Who an exchange works with: the worker that lends it clocks and logs, and the conversation that reads an answer in
place of passing it on. Not for: implementations (transport/runtime.py, plugins/_conversation.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from gateway.headers import NameTable
from gateway.values import Count, Fetch, Headers, RedisStore, Reply, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.outbound import Target


class Runtime(Protocol):
    """What a worker lends to each exchange."""

    settings: Any

    def now(self) -> float: ...  # monotonic seconds

    def wall(self) -> float: ...  # seconds since the epoch

    def request_id(self) -> bytes: ...  # 32 hex digits

    def log(self, line: bytes) -> None: ...  # access log

    def log_all(self, lines: list[bytes]) -> None: ...  # several of them, in order

    def append(self, path: str, line: bytes, reopen: bool) -> None: ...  # to a file, soon; reopen: it may have moved

    def deliver(self, outbox: Outbox, entry: bytes) -> None: ...  # to a server, in batches; never fails or waits

    def charge(self, store: RedisStore, counts: Sequence[Count]) -> None: ...  # adds amounts; never fails or waits


class Outbox(Protocol):
    """How a log plugin's entries become requests. Entries of one key share a queue, also when the plugin's
    configuration changed in between. Times in seconds."""

    key: str
    batch_size: int  # most entries of one request
    delay: float  # how long an entry waits for others to fill a batch
    most_entries: int  # that wait; beyond it the oldest are lost
    most_bytes: int  # that wait
    first_retry: float  # before the second attempt; doubles with each
    longest_retry: float  # between two attempts
    give_up: float  # how long one batch is tried
    parallel: bool  # whether a batch may be sent while another is under way

    def request(self, entries: list[bytes]) -> Fetch: ...


class Conversation(Protocol):
    """Who reads the upstream's answer in place of passing it on: ai-proxy's half of an exchange."""

    names: NameTable  # which upstream headers pass
    lines: bytes  # ready lines that are added to them

    def head(self, exchange: Exchange, status: int, headers: Headers) -> bool: ...  # True: hold the body until whole

    def data(self, piece: bytes) -> bytes: ...

    def passer(self) -> Callable[[bytes], bool] | None: ...  # see Exchange

    def end(self, exchange: Exchange) -> bytes: ...

    def whole(self, exchange: Exchange, body: bytes) -> bytes | Reply: ...

    def broken(self, exchange: Exchange, error: UpstreamError) -> bytes | None: ...

    def left(self, exchange: Exchange) -> None: ...  # the client went away before the end

    def refused(self, exchange: Exchange, error: UpstreamError, reply: Reply) -> Reply: ...

    def summary(self) -> bytes: ...  # members of a JSON object, for the access log


class Attempts(Protocol):
    """Which targets one request is sent to, one after the other: a balancer's part of an exchange."""

    def next(self, exchange: Exchange, error: UpstreamError) -> Target | None: ...  # after one failed; None: no more

    def heard(self, exchange: Exchange, status: int) -> bool: ...  # an answer began; True: another target is to answer

    def done(self, exchange: Exchange) -> None: ...  # the exchange is over
