"""The short way of a request that is like one before it: same head, same client, a plain chat to an upstream that
speaks the client's dialect, and no plugin but ai-proxy. What the general way (Exchange) made of that head is kept as
ready bytes, so that only what differs is worked out: the body, the request id, the times. Whole answers go down the
short way too; streams only up.

Nothing is decided here that the general way would not decide: whatever is out of the ordinary unfolds into an Exchange
in the same state, which goes on. Tests hold the two against each other. Not for: making heads, reading the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from gateway.access_line import LINE, TOKENS
from gateway.codec import CodecError, expand, pack
from gateway.plugins._answer_shapes import usual_usage
from gateway.plugins._conversation import EXPANDED_LIMIT
from gateway.recollection import Raw
from gateway.recorder import RecordedExchange
from gateway.snapshot import failure_line
from gateway.values import Forward, Headers, UpstreamError

if TYPE_CHECKING:
    from gateway.lane import Lane, Shape
    from gateway.partners import Runtime

_OK = b"HTTP/1.1 200 OK\r\n"
LATENCY = b"X-Kong-Upstream-Latency: "
_OWN = b"\r\nX-Kong-Proxy-Latency: 0\r\n"
_ID = b"X-Kong-Request-Id: "
_LINE = LINE.removesuffix(b"%b}") + TOKENS + b"}"


class Express(msgspec.Struct, gc=False, eq=False):
    """One request on the short way. To the transport it is an Exchange with one more way to hear an answer, whole()."""

    lane: Lane
    shape: Shape
    body: bytes  # what goes upstream
    received: int  # bytes of the client's body
    head_size: int
    asked: bytes | None = None  # the client's body, where more than the shape's prefix was put into it
    numbers: Sequence[bytes] = ()  # of plugins, for the client's header lines
    id: bytes = b""
    started_at: float = 0.0
    first_byte_at: float = 0.0
    ended_at: float = 0.0
    sent_size: int = 0
    usage: Any = None
    model: str = ""
    _told: bytes = b""
    _full: RecordedExchange | None = None

    status: ClassVar[int] = 200  # of those that are over

    @property
    def runtime(self) -> Runtime:
        return self.lane.runtime

    def start(self) -> Forward:
        lane = self.lane
        runtime = lane.runtime
        self.started_at = runtime.now()
        self.id = id = runtime.request_id()
        body = self.body
        connect, write, read = lane.timeouts
        head = b"%b%b%b%d\r\n\r\n" % (lane.before, id, self.shape.between, len(body))
        return Forward(lane.origin, head, body, connect, write, read)

    def whole(self, status: int, headers: Headers, body: bytes) -> bytes | None:
        """The client's answer on the wire, for an upstream's that came as a whole; None: it goes the general way."""
        lane = self.lane
        if status != 200 or self._full is not None or self.shape is not lane.usual:
            return None
        told = lane.told(self, headers)
        if told is None:
            return None
        if lane.zipped:
            came = body
            try:
                body = expand(came, "gzip", EXPANDED_LIMIT) if lane.coded else came
            except CodecError:
                return None
        used = usual_usage(body)
        if used is None:
            return None
        if lane.zipped:
            body = came if lane.coded else pack(body)
        self.usage, self.model = used
        self._told = told
        self.first_byte_at = now = lane.runtime.now()
        waited = (now - self.started_at) * 1000
        return b"%b%b%b%d%b%b%b%b\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b" % (
            _OK,
            told,
            LATENCY,
            waited,
            _OWN,
            lane.via,
            _ID,
            self.id,
            len(body),
            body,
        )

    def over(self, sent: int) -> None:
        """The answer of whole() is written."""
        self.sent_size = sent
        self.ended_at = self.first_byte_at
        lane = self.lane
        for repeat in lane.after:
            try:
                repeat.over(self)
            except Exception as error:
                lane.runtime.log(failure_line(self.id, repeat.name, error))
        self.body = b""
        self.asked = None
        lane.recorder.add(self, self.received)

    # -- the general way ----------------------------------------------------------------------------------------

    def full(self) -> RecordedExchange:
        if self._full is None:
            self._full = self.lane.exchange(self)
        return self._full

    def connected(self, address: str, seconds: float) -> None:
        """Nothing on the short way looks at the address; an exchange that has to unfold can do without."""

    def head(self, status: int, reason: bytes, headers: Headers) -> Any:
        return self.full().head(status, reason, headers)

    def data(self, piece: bytes) -> bytes:
        return self.full().data(piece)

    @property
    def overfull(self) -> bool:
        return self.full().overfull

    def passer(self) -> Any:
        return self.full().passer()

    def end(self) -> Any:
        return self.full().end()

    def fail(self, error: UpstreamError) -> Any:
        return self.full().fail(error)

    def finish(self, status: int, sent: int, aborted: bool) -> None:
        self.full().finish(status, sent, aborted)

    # -- what plugins and the recorder ask --------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Bytes that the client sent: request line, header lines, body."""
        return self.head_size + self.received

    @property
    def route_id(self) -> str:
        return self.lane.route_id

    @property
    def cost(self) -> float:
        cost: float = self.shape.aim.cost(self.usage)
        return cost

    @property
    def failure(self) -> str:
        return ""

    def block(self) -> bytes:
        """The header lines that the client got, without framing."""
        waited = (self.first_byte_at - self.started_at) * 1000
        return b"%b%b%d%b%b%b%b\r\n" % (self._told, LATENCY, waited, _OWN, self.lane.via, _ID, self.id)

    def access_line(self, moment: float) -> bytes:
        lane, usage = self.lane, self.usage
        return _LINE % (
            moment,
            lane.opening,
            200,
            self.sent_size,
            (self.ended_at - self.started_at) * 1000,
            self.id,
            lane.rest,
            usage.prompt_tokens,
            usage.completion_tokens,
            lane.named,
        )

    def row(self, moment: float) -> Raw:
        return self.lane.shown(self, moment)
