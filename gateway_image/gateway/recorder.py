"""What a worker remembers of the requests that it served: the last few hundred, and sums per minute and route. Kept as
bare tuples, because every request pays for it; they are put into words when somebody asks.

How a request came to be what it was (details) is only known of those that were watched: watching.py. Not for: logs and
metrics, which leave this process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gateway.access_line import access_line
from gateway.exchange import Exchange
from gateway.headers import parsed
from gateway.log_entry import REDACTED, safe_query, secret_names
from gateway.snapshot import failure_line

if TYPE_CHECKING:
    from gateway.chat import Usage
    from gateway.partners import Runtime
    from gateway.plugins._repeat import Repeat
    from gateway.snapshot import Snapshot
    from gateway.values import Headers, Request

MOST = 500
"""Requests that are remembered."""
MINUTES = 60
MOST_CELLS = 20_000
"""Minutes times routes that sums are kept of."""
MOST_BYTES = 32 << 20
"""Of all bodies that are remembered; then the oldest requests keep theirs no longer."""
_HIDDEN = frozenset(("cookie", "set-cookie"))
_LIMITS = (b"ratelimit-limit-", b"ratelimit-remaining-")
_UNROUTED = ""

Raw = tuple[Any, ...]
"""A Row without its names: a request pays for making one, and this is half as dear."""


class Row(NamedTuple):
    """One remembered request, for those who read it. Seconds; `sent_after` and `first_after` count from its start."""

    ended: float
    seconds: float
    id: bytes
    method: bytes
    target: bytes
    client: str
    headers: Headers
    received: int
    route: Mapping[str, Any] | None
    status: int
    upstream_status: int
    consumer: Mapping[str, Any] | None
    sent_after: float
    first_after: float
    sent: int
    provider: str | None
    model: str | None
    call: Any
    usage: Any
    cost: float
    block: bytes
    error: Any
    aborted: bool
    chain: Any
    details: dict[str, Any] | None


class Recorded(Protocol):
    """What is over and to be remembered: a RecordedExchange, or a short form of one."""

    id: bytes
    started_at: float
    ended_at: float

    @property
    def runtime(self) -> Runtime: ...

    @property
    def status(self) -> int: ...

    @property
    def route_id(self) -> str: ...  # "": no route took it

    @property
    def usage(self) -> Usage | None: ...

    @property
    def cost(self) -> float: ...  # USD

    @property
    def failure(self) -> str: ...  # the kind of upstream error, "" without one

    def access_line(self, moment: float) -> bytes: ...

    def row(self, moment: float) -> Raw: ...


_TOGETHER = 1024
"""Requests that are digested at once at the latest."""
_LARGE = 16 << 10
"""Bytes of a body that is not kept until others have come."""
_CELL = (0, 0, 0, 0, 0, 0, 0.0, 0.0)
"""Requests, failed (5xx and no answer), refused (4xx), limited (429), prompt and completion tokens, USD, seconds."""


class Recorder:
    """One per worker. `watching` says whether the next exchanges are to be watched, `bodies` whether with bodies."""

    def __init__(self, most: int = MOST) -> None:
        self.watching = False
        self.bodies = False
        self.lens: Any = None  # watching.py's; gone when nobody looks
        self._until = 0.0
        self._finished: list[Recorded] = []  # not digested yet
        self._waiting: list[Repeat] = []  # plugins that do something with many requests at once
        self._rows: deque[Raw] = deque(maxlen=most)
        self._cells: dict[int, dict[str, list[Any]]] = {}
        self._count = 0  # cells
        self._last: dict[str, tuple[float, int, str]] = {}

    # -- while requests run -----------------------------------------------------------------------------------------

    def add(self, exchange: Recorded, size: int) -> None:
        """A request is over; `size`: bytes of its body. Putting it into lines and sums waits until some have come
        together, which costs half as much as each on its own."""
        finished = self._finished
        finished.append(exchange)
        if size > _LARGE or len(finished) >= _TOGETHER:
            self.digest()

    def later(self, repeat: Repeat) -> None:
        """Calls digest() of `repeat` once, with the next digest."""
        self._waiting.append(repeat)

    def digest(self) -> None:
        """Puts what was added into the access log, the sums, the metrics and the last requests."""
        finished = self._finished
        if not finished:
            return
        self._finished = []
        runtime = finished[0].runtime
        offset = runtime.wall() - runtime.now()
        written: list[bytes] | None = [] if runtime.settings.access_log else None
        rows, last = self._rows, self._last
        unkept = len(finished) - (rows.maxlen or 0)
        minute, cells = -1, {}
        for exchange in finished:
            moment = exchange.ended_at + offset
            if written is not None:
                written.append(exchange.access_line(moment))
            if unkept > 0:
                unkept -= 1
            else:
                rows.append(exchange.row(moment))
            if minute != moment // 60:
                minute = int(moment // 60)
                cells = self._cells.get(minute) or self._new_minute(minute)
            name = exchange.route_id
            cell = cells.get(name)
            if cell is None:
                cell = cells[name] = list(_CELL)
                self._count += 1
            status = exchange.status
            cell[0] += 1
            if not 0 < status < 400:
                if status >= 500 or not status:
                    cell[1] += 1
                else:
                    cell[2] += 1
                    if status == 429:
                        cell[3] += 1
            usage = exchange.usage
            if usage is not None:
                cell[4] += usage.prompt_tokens
                cell[5] += usage.completion_tokens
                cell[6] += exchange.cost
            cell[7] += exchange.ended_at - exchange.started_at
            last[name] = (moment, status, exchange.failure)
        if written:
            runtime.log_all(written)
        waiting, self._waiting = self._waiting, []
        for repeat in waiting:
            try:
                repeat.digest()
            except Exception as error:
                runtime.log(failure_line(exchange.id, repeat.name, error))

    def _new_minute(self, minute: int) -> dict[str, list[Any]]:
        cells = self._cells[minute] = {}
        for old in sorted(self._cells):
            if old > minute - MINUTES and self._count <= MOST_CELLS:
                break
            if old != minute:
                self._count -= len(self._cells.pop(old))
        if len(self._last) > MOST_CELLS:
            self._last.clear()
        return cells

    # -- when somebody looks ----------------------------------------------------------------------------------------

    def watch(self, until: float, bodies: bool) -> None:
        """Exchanges that begin before `until` (the worker's monotonic clock) are watched."""
        self._until = until
        self.watching = True
        self.bodies = bodies

    def blink(self, now: float) -> None:
        """Stops watching when nobody asked for longer; called now and then."""
        if self.watching and now >= self._until:
            self.watching = self.bodies = False
            self.lens = None

    def recent(self, since: float = 0.0) -> list[dict[str, Any]]:
        """The remembered requests that ended at `since` (seconds since 1970) or later, in the order they ended."""
        self.digest()
        self._shed()
        return [_shown(Row._make(row)) for row in self._rows if row[0] >= since]

    def find(self, id: str) -> dict[str, Any] | None:
        """All that is known of one request."""
        self.digest()
        wanted = id.encode("latin-1", "replace")
        for row in reversed(self._rows):
            if row[2] == wanted:
                return _shown(Row._make(row)) | _full(Row._make(row))
        return None

    def activity(self, since: int = 0) -> dict[str, Any]:
        """{"cells": [[minute, route id, *sums]], "last": {route id: [moment, status, kind of error]}}; `since`: the
        first minute (of 1970) that is wanted. A route id of "" stands for requests that no route took."""
        self.digest()
        return {
            "cells": [
                [minute, name, *cell]
                for minute, cells in self._cells.items()
                if minute >= since
                for name, cell in cells.items()
            ],
            "last": {name: list(last) for name, last in self._last.items()},
        }

    def _shed(self) -> None:
        """Drops the bodies of the oldest requests when all bodies together are too many bytes."""
        left = MOST_BYTES
        for index in range(len(self._rows) - 1, -1, -1):
            details = self._rows[index][-1]
            if details is not None:
                left -= details["size"]
                if left < 0 and details["size"]:
                    self._rows[index] = (*self._rows[index][:-1], {**details, "bodies": {}, "size": 0})


class RecordedExchange(Exchange):
    """An exchange that is remembered when it is over."""

    def __init__(
        self, snapshot: Snapshot, request: Request, runtime: Runtime, recorder: Recorder, id: bytes | None = None
    ) -> None:
        super().__init__(snapshot, request, runtime, id)
        self.recorder = recorder

    def _remember(self) -> None:
        self.recorder.add(self, len(self.request.body))

    def access_line(self, moment: float) -> bytes:
        return access_line(self, moment)

    @property
    def route_id(self) -> str:
        return _UNROUTED if self.match is None else str(self.match.route["id"])

    @property
    def usage(self) -> Usage | None:
        conversation: Any = self.conversation
        return None if conversation is None else conversation.usage

    @property
    def cost(self) -> float:
        conversation: Any = self.conversation
        return 0.0 if conversation is None else float(conversation.cost())

    @property
    def failure(self) -> str:
        error = self.notes.get("upstream_error")
        return "" if error is None else str(error.kind)

    def row(self, moment: float) -> Raw:
        request, match, began = self.request, self.match, self.started_at
        conversation: Any = self.conversation
        known = conversation is not None
        return (
            moment,
            self.ended_at - began,
            self.id,
            request.method,
            request.target,
            request.client,
            request.headers,
            len(request.body),
            match.route if match is not None else None,
            self.status,
            self.upstream_status,
            self.consumer,
            self.forwarded_at - began,
            self.first_byte_at - began,
            self.sent_size,
            conversation.provider_name if known else None,
            conversation.response_model if known else None,
            conversation.call if known else None,
            conversation.usage if known else None,
            self.cost,
            self.block,
            self.notes.get("upstream_error"),
            "aborted" in self.notes,
            self.chain,
            self.details(),
        )

    def details(self) -> dict[str, Any] | None:
        return None


def _shown(row: Row) -> dict[str, Any]:
    consumer, error, call, usage = row.consumer, row.error, row.call, row.usage
    limits = [line for line in parsed(row.block) if any(word in line[0].lower() for word in _LIMITS)]
    told: dict[str, Any] = {
        "id": row.id.decode("latin-1"),
        "ended": row.ended,
        "started": row.ended - row.seconds,
        "ms": round(row.seconds * 1000, 1),
        "method": row.method.decode("latin-1"),
        "target": _target(row.target, row.chain),
        "client": row.client,
        "status": row.status,
        "upstream_status": row.upstream_status,
        "received": row.received,
        "sent": row.sent,
        "route": row.route["id"] if row.route is not None else None,
        "consumer": (consumer["username"] or consumer["custom_id"] or consumer["id"]) if consumer is not None else None,
        "error": f"{error.kind}: {error.detail}" if error is not None else "",
        "aborted": row.aborted,
        "details": row.details is not None,
        "forwarded_ms": round(row.sent_after * 1000, 1) if row.sent_after >= 0 else None,
        "first_byte_ms": round(row.first_after * 1000, 1) if row.first_after >= 0 else None,
        "limits": [[name.decode("latin-1").lower(), value.decode("latin-1")] for name, value in limits],
    }
    if call is not None:
        told |= {"provider": row.provider, "model": row.model or call.model, "stream": call.stream}
    if usage is not None:
        told |= {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "estimated": usage.estimated,
            "cost": row.cost,
        }
    return told


def _full(row: Row) -> dict[str, Any]:
    hidden = hidden_names(row.chain)
    return {
        "request_headers": redacted(row.headers, hidden),
        "response_headers": redacted(parsed(row.block), hidden),
        "plugins": [plugin.name for plugin in row.chain.plugins] if row.chain is not None else [],
        "watched": row.details,
    }


def _target(target: bytes, chain: Any) -> str:
    path, mark, query = target.partition(b"?")
    return (path + mark + safe_query(query, hidden_names(chain))).decode("latin-1")


class _Chained:
    """What secret_names() looks at."""

    def __init__(self, chain: Any) -> None:
        self.chain = chain


def hidden_names(chain: Any) -> frozenset[str]:
    """Lower-case names of headers and arguments whose values nobody is shown."""
    found: frozenset[str] = secret_names(_Chained(chain)) | _HIDDEN  # type: ignore[arg-type]
    return found


def redacted(headers: Headers, hidden: frozenset[str]) -> list[list[str]]:
    """[[name, value], ...] with the values of keys and cookies covered."""
    return [
        [name.decode("latin-1"), REDACTED if name.decode("latin-1").lower() in hidden else value.decode("latin-1")]
        for name, value in headers
    ]
