"""The short way of a request that is like one before it: same head, same client, a plain chat to an upstream that
speaks the client's dialect, and no plugin but ai-proxy. What the general way (Exchange) made of that head is kept as
ready bytes, so that only what differs is worked out: the body, the request id, the times.

Nothing is decided here that the general way would not decide: whatever is out of the ordinary unfolds into an Exchange
in the same state, which goes on. Tests hold the two against each other. Not for: making heads, reading the wire.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from gateway.access_line import line, routed, who
from gateway.headers import find
from gateway.plugins._answer_shapes import usual_usage
from gateway.plugins._conversation import LlmConversation
from gateway.plugins.ai_proxy import AiProxy
from gateway.providers._base import CHAT, Provider
from gateway.recorder import Raw, RecordedExchange
from gateway.values import Forward, Headers, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.partners import Runtime
    from gateway.plugins._ai_target import Aim

_LENGTH = b"Content-Length: "
_OK = b"HTTP/1.1 200 OK\r\n"
_LATENCY = b"X-Kong-Upstream-Latency: "
_OWN = b"\r\nX-Kong-Proxy-Latency: 0\r\n"
_ID = b"X-Kong-Request-Id: "
_UNSET = msgspec.UNSET
_NO_HEADERS: Headers = []


@cache
def _reader(refused: frozenset[str]) -> Any:
    """Reads the members of a request that decide whether its bytes may pass with the model put in front: any of them
    but `messages` sends it the general way. Raises msgspec.DecodeError for what is no chat at all."""
    members: list[Any] = [("messages", Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1)])]
    for name in sorted({"prompt", "model", "stream", "stream_options"} | refused):
        members.append((name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET))
    shape = msgspec.defstruct("Asked", members, gc=False)
    return msgspec.json.Decoder(shape).decode


class Lane:
    """What one head of one client was seen to become."""

    __slots__ = (
        "_prefix",
        "_read",
        "_refused",
        "_seen",
        "_told",
        "_told_of",
        "aim",
        "before",
        "between",
        "head",
        "limit",
        "opening",
        "origin",
        "plugin",
        "recorder",
        "request",
        "rest",
        "route_id",
        "runtime",
        "timeouts",
        "via",
    )

    def __init__(self, exchange: RecordedExchange, forward: Forward, before: bytes, between: bytes) -> None:
        conversation: Any = exchange.conversation
        assert exchange.match is not None and exchange.chain is not None and exchange.target is not None
        self.plugin = conversation.plugin
        self.aim = aim = conversation.aim
        self.limit = self.plugin.limit
        self.runtime = exchange.runtime
        self.recorder = exchange.recorder
        self.request = request = exchange.request.with_body(b"")
        self.head = (request.method, request.target, request.headers, request.fields, request.version, True, 0)
        self._seen = (exchange.snapshot, exchange.match, exchange.chain, exchange.target)
        self.origin = forward.origin
        self.timeouts = (forward.connect_timeout, forward.write_timeout, forward.read_timeout)
        self.before, self.between = before, between
        self.route_id = str(exchange.match.route["id"])
        self.opening = who(exchange.request)
        self.rest = routed(exchange.match.route) + b"," + aim.summary
        self.via = exchange.snapshot.via_line
        self._prefix = aim.beginning()
        self._refused = tuple(sorted(aim.provider.refused))
        self._read = _reader(aim.provider.refused)
        self._told_of: Headers = _NO_HEADERS
        self._told: bytes | None = None

    @classmethod
    def of(cls, exchange: Exchange, forward: Forward) -> Lane | None:
        """What can be learned from an exchange that is over; None where its head or route is none for short ways."""
        chain, match, conversation = exchange.chain, exchange.match, exchange.conversation
        if type(exchange) is not RecordedExchange or type(conversation) is not LlmConversation:
            return None
        plugin, aim, request = conversation.plugin, conversation.aim, exchange.request
        usual = (
            chain is not None
            and match is not None
            and chain.access == (plugin,)
            and not (chain.header_filter or chain.body_filter or chain.log)
            and not (exchange.request_changes or exchange.response_changes or exchange.snapshot.hidden)
            and exchange.attempts is None
            and exchange.rewrite is None
            and exchange.target is aim.target
            and request.keep_alive
            and request.method == b"POST"
        )
        if not (usual and _plain(plugin) and _plain_aim(aim)):
            return None
        head = forward.head
        at = head.find(exchange.id)
        end = head.rfind(_LENGTH)
        if at < 0 or end < at or head.count(exchange.id) != 1 or head.count(b"\r\n", end) != 2:
            return None
        return cls(exchange, forward, head[:at], head[at + len(exchange.id) : end + len(_LENGTH)])

    def begin(self, body: bytes) -> Express | None:
        """An exchange with this body; None for one that must go the general way."""
        if body[:1] != b"{" or len(body) > self.limit:
            return None
        try:
            if not body.isascii():
                body.decode()  # the reader passes over texts without a look at their bytes
            asked = self._read(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if not (asked.model is asked.stream is asked.prompt is asked.stream_options is _UNSET):
            return None
        for name in self._refused:
            if getattr(asked, name) is not _UNSET:
                return None
        return Express(self, self._prefix + body[1:], len(body))

    def exchange(self, express: Express) -> RecordedExchange:
        """The exchange that a short one would be, had it gone the general way from the start."""
        snapshot, match, chain, target = self._seen
        asked = b"{" + express.body[len(self._prefix) :] if express.body else b""
        exchange = RecordedExchange(snapshot, self.request.with_body(asked), self.runtime, self.recorder, express.id)
        exchange.body = express.body
        exchange.started_at = exchange.forwarded_at = express.started_at
        exchange.match, exchange.target = match, target
        exchange.conversation = LlmConversation(self.plugin, self.aim)
        exchange.entered(chain)
        return exchange

    def told(self, express: Express, headers: Headers) -> bytes | None:
        """The client's lines for these lines of the upstream; None where the general way must look."""
        if headers is not self._told_of:
            self._told_of, self._told = headers, self._tell(express, headers)
        return self._told

    def _tell(self, express: Express, headers: Headers) -> bytes | None:
        if find(headers, b"content-encoding") is not None or find(headers, b"date") is None:
            return None
        exchange = self.exchange(express)
        if exchange.head(200, b"", headers) is not None:
            return None
        told, found, _ = exchange.lines_for_client().rpartition(_LATENCY)
        return told if found else None

    def shown(self, express: Express, moment: float) -> Raw:
        """What is remembered of a short exchange."""
        request = self.request
        _, match, chain, _ = self._seen
        return (
            moment,
            express.ended_at - express.started_at,
            express.id,
            request.method,
            request.target,
            request.client,
            request.headers,
            express.received,
            match.route,
            200,
            200,
            None,
            0.0,
            express.first_byte_at - express.started_at,
            express.sent_size,
            self.aim.provider.name,
            express.model,
            self.aim.call,
            express.usage,
            express.cost,
            express.block(),
            None,
            False,
            chain,
            None,
        )


def _plain(plugin: AiProxy) -> bool:
    """Whether what a plugin does to a request is told by its model alone."""
    return (
        type(plugin) is AiProxy
        and plugin.route_type == CHAT
        and plugin.client is None
        and plugin.template is None
        and plugin.model is not None
        and plugin.streaming != "always"
        and not plugin.tuned
    )


def _plain_aim(aim: Aim) -> bool:
    provider = aim.provider
    return (
        aim.passes
        and not (aim.call.stream or aim.body_member or aim.signs)
        and type(provider).splices is Provider.splices
        and "prompt" not in provider.refused
    )


class Express:
    """One request on the short way. To the transport it is an Exchange with one more way to hear an answer, whole()."""

    __slots__ = (
        "_full",
        "_told",
        "body",
        "ended_at",
        "first_byte_at",
        "id",
        "lane",
        "model",
        "received",
        "runtime",
        "sent_size",
        "started_at",
        "usage",
    )
    status = 200  # of those that are over

    def __init__(self, lane: Lane, body: bytes, received: int) -> None:
        self.lane = lane
        self.body = body
        self.received = received
        self.runtime: Runtime = lane.runtime
        self._full: RecordedExchange | None = None

    def start(self) -> Forward:
        lane = self.lane
        runtime = lane.runtime
        self.started_at = runtime.now()
        self.id = id = runtime.request_id()
        body = self.body
        connect, write, read = lane.timeouts
        head = b"%b%b%b%d\r\n\r\n" % (lane.before, id, lane.between, len(body))
        return Forward(lane.origin, head, body, connect, write, read)

    def whole(self, status: int, headers: Headers, body: bytes) -> bytes | None:
        """The client's answer on the wire, for an upstream's that came as a whole; None: it goes the general way."""
        if status != 200 or self._full is not None:
            return None
        lane = self.lane
        told = lane.told(self, headers)
        if told is None:
            return None
        used = usual_usage(body)
        if used is None:
            return None
        self.usage, self.model = used
        self._told = told
        self.first_byte_at = now = lane.runtime.now()
        waited = (now - self.started_at) * 1000
        return b"%b%b%b%d%b%b%b%b\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b" % (
            _OK,
            told,
            _LATENCY,
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
        self.body = b""
        self.lane.recorder.add(self, self.received)

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

    def end(self) -> Any:
        return self.full().end()

    def fail(self, error: UpstreamError) -> Any:
        return self.full().fail(error)

    def finish(self, status: int, sent: int, aborted: bool) -> None:
        self.full().finish(status, sent, aborted)

    # -- what the recorder asks ---------------------------------------------------------------------------------

    @property
    def route_id(self) -> str:
        return self.lane.route_id

    @property
    def cost(self) -> float:
        cost: float = self.lane.aim.cost(self.usage)
        return cost

    @property
    def failure(self) -> str:
        return ""

    def block(self) -> bytes:
        """The header lines that the client got, without framing."""
        waited = (self.first_byte_at - self.started_at) * 1000
        return b"%b%b%d%b%b%b%b\r\n" % (self._told, _LATENCY, waited, _OWN, self.lane.via, _ID, self.id)

    def access_line(self, moment: float) -> bytes:
        lane, usage = self.lane, self.usage
        tokens = (lane.rest, usage.prompt_tokens, usage.completion_tokens)
        rest = b'%b,"prompt_tokens":%d,"completion_tokens":%d' % tokens
        return line(moment, lane.opening, 200, self.sent_size, self.ended_at - self.started_at, self.id, rest)

    def row(self, moment: float) -> Raw:
        return self.lane.shown(self, moment)
