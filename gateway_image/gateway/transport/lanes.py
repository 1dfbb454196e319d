"""Finds the short way (gateway/express.py) for the bytes of a request, by its head without the value of Content-Length.
Not for: what is done on it, parsing heads (wire.py): a head is only known here after it was parsed once.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.exchange import Exchange
from gateway.lane import Lane
from gateway.learning import learned
from gateway.recorder import Recorder
from gateway.snapshot import Snapshot
from gateway.values import Forward

_MOST = 1024
"""Heads that are known at most; then all are forgotten, because those in use are learned again at once."""
_LONGEST = 4096
_NAME = b"\r\nContent-Length: "
_SMALL_NAME = b"\r\ncontent-length: "
_DIGITS = 10

Key = tuple[str, bytes]


class Again(NamedTuple):
    """A known head around the value of Content-Length, for connections that send it again and again. It does not hold
    the lane: an idle connection must not keep a configuration alive."""

    key: Key
    before: bytes
    after: bytes


class Lanes:
    """What one listener's requests taught, for one configuration. `find` sets what it found beside the lane: `missed`,
    the key under which to learn; `end`, where the body begins; `length`, how long it is; `again`, how to find the same
    head sooner."""

    __slots__ = ("_lanes", "_recorder", "_snapshot", "again", "end", "length", "missed")

    def __init__(self, recorder: Recorder, snapshot: Snapshot | None = None) -> None:
        """`snapshot`: the configuration, None to learn of any."""
        self._recorder = recorder
        self._snapshot = snapshot
        self._lanes: dict[Key, tuple[Lane, Again] | None] = {}
        self.missed: Key | None = None
        self.again: Again | None = None
        self.end = 0
        self.length = 0

    def find(self, data: bytes, client: str, again: Again | None = None) -> Lane | None:
        """The lane of the request that `data` begins with. `again`: what was found for the same client before."""
        self.missed = None
        if again is not None and data.startswith(again.before):
            at = len(again.before)
            stop = data.find(b"\r", at, at + _DIGITS + 1)
            if stop > at and data.startswith(again.after, stop) and not self._recorder.watching:
                digits = data[at:stop]
                known = self._lanes.get(again.key)
                if known is not None and digits.isdigit():
                    self.again = again
                    self.end = stop + len(again.after)
                    self.length = int(digits)
                    return known[0]
        end = data.find(b"\r\n\r\n")
        if not 0 < end <= _LONGEST or self._recorder.watching:
            return None
        at = _value(data, end)
        if at < 0:
            return None
        stop = data.find(b"\r\n", at, end + 2)
        key = (client, data[:at] + data[stop:end])
        try:
            known = self._lanes[key]
        except KeyError:
            self.missed = key
            return None
        if known is None:
            return None
        digits = data[at:stop]
        if len(digits) > _DIGITS or not digits.isdigit():
            return None
        self.end = end + 4
        self.length = int(digits)
        lane, self.again = known
        return lane

    def learn(self, key: Key, exchange: Exchange, forward: Forward) -> None:
        """`exchange` is over and went well; its request came under `key`. One that began before a change says nothing
        about how things are after it."""
        if self._snapshot is not None and exchange.snapshot is not self._snapshot:
            return
        if len(self._lanes) >= _MOST:
            self._lanes.clear()
        lane = learned(exchange, forward)
        head = key[1]
        at = _value(head, len(head))
        self._lanes[key] = None if lane is None else (lane, Again(key, head[:at], head[at:] + b"\r\n\r\n"))


def _value(head: bytes, end: int) -> int:
    """Where the value of Content-Length begins, -1 where there is none."""
    at = head.find(_NAME, 0, end)
    if at < 0:
        at = head.find(_SMALL_NAME, 0, end)
        if at < 0:
            return -1
    return at + len(_NAME)
