"""What a worker remembers of the requests that it served: the last few hundred, and sums per minute and route. Kept as
bare tuples, because every request pays for it; they are put into words when somebody asks.

How a request came to be what it was (details) is only known of those that were watched: watching.py. Not for: logs and
metrics, which leave this process.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from gateway.access_line import access_line
from gateway.exchange import Exchange
from gateway.recollection import Raw, Row, full, shown
from gateway.snapshot import failure_line

if TYPE_CHECKING:
    from gateway.chat import Usage
    from gateway.partners import Runtime
    from gateway.plugins._repeat import Repeat
    from gateway.snapshot import Snapshot
    from gateway.values import Request

MOST = 500
"""Requests that are remembered."""
MINUTES = 60
MOST_CELLS = 20_000
"""Minutes times routes that sums are kept of."""
MOST_BYTES = 32 << 20
"""Of all bodies that are remembered; then the oldest requests keep theirs no longer."""
_UNROUTED = ""


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
        self._most = most
        self._rows: deque[Raw] = deque(maxlen=most)
        self._unrowed: list[Recorded] = []  # digested, and not among the rows yet
        self._offset = 0.0  # of the wall clock, for these
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
        """Puts what was added into the access log, the sums and the metrics. Among the last requests it comes when
        there is time or somebody looks: of a worker that is busy most are never looked at."""
        finished = self._finished
        if not finished:
            self._remember()
            return
        self._finished = []
        if len(finished) < self._most:
            self._remember()
        runtime = finished[0].runtime
        offset = runtime.wall() - runtime.now()
        written: list[bytes] | None = [] if runtime.settings.access_log else None
        self._unrowed, self._offset = finished[-self._most :], offset
        last = self._last
        minute, cells = -1, {}
        name: str | None = None
        cell: list[Any] = []
        for exchange in finished:
            moment = exchange.ended_at + offset
            if written is not None:
                written.append(exchange.access_line(moment))
            if minute != moment // 60:
                minute = int(moment // 60)
                cells = self._cells.get(minute) or self._new_minute(minute)
                name = None
            if name is not exchange.route_id:
                name = exchange.route_id
                if name not in cells:
                    cells[name] = list(_CELL)
                    self._count += 1
                cell = cells[name]
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

    def _remember(self) -> None:
        unrowed, self._unrowed = self._unrowed, []
        for exchange in unrowed:
            self._rows.append(exchange.row(exchange.ended_at + self._offset))

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
        self._remember()
        self._shed()
        return [shown(Row._make(row)) for row in self._rows if row[0] >= since]

    def find(self, id: str) -> dict[str, Any] | None:
        """All that is known of one request."""
        self.digest()
        self._remember()
        wanted = id.encode("latin-1", "replace")
        for row in reversed(self._rows):
            if row[2] == wanted:
                return shown(Row._make(row)) | full(Row._make(row))
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
