"""What one head of one client was seen to become, kept ready for the next request that has it: see express.py. Here
it is decided what may go the short way, by the same functions that decide on the general one. Not for: the course of a
request (express.py), finding the lane of a request (transport/lanes.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from gateway.access_line import routed, who
from gateway.codec import CodecError, decode
from gateway.express import LATENCY, Express
from gateway.headers import find
from gateway.plugins._conversation import LlmConversation
from gateway.plugins.ai_proxy import AiProxy, asks_usage
from gateway.providers._base import CHAT, Provider, ProviderError
from gateway.recorder import Raw, RecordedExchange
from gateway.values import Forward, Headers

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._ai_target import Aim

_LENGTH = b"Content-Length: "
_UNSET = msgspec.UNSET
_SHAPES = 16
"""Ways to write the same two members that are kept apart."""
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


class Shape(NamedTuple):
    """What the members of a request say about its answer, as the general way takes them."""

    aim: Aim
    prefix: bytes  # in place of the body's first brace
    counting: bool  # a stream's usage is asked for on the client's behalf
    shows_usage: bool


class Lane:
    """What one head of one client was seen to become."""

    __slots__ = (
        "_read",
        "_refused",
        "_seen",
        "_shapes",
        "_told",
        "_told_of",
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
        "usual",
        "via",
    )

    def __init__(self, exchange: RecordedExchange, forward: Forward, before: bytes, between: bytes) -> None:
        conversation: Any = exchange.conversation
        assert exchange.match is not None and exchange.chain is not None and exchange.target is not None
        self.plugin = conversation.plugin
        aim = conversation.aim
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
        self._shapes: dict[tuple[bytes, bytes], Shape | None] = {}
        self.usual = self._shape(_UNSET, _UNSET)
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
            and not (exchange.request_changes or exchange.snapshot.hidden)
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
        if not asked.model is asked.prompt is _UNSET:
            return None
        for name in self._refused:
            if getattr(asked, name) is not _UNSET:
                return None
        plain = asked.stream is asked.stream_options is _UNSET
        shape = self.usual if plain else self._shape(asked.stream, asked.stream_options)
        if shape is None:
            return None
        return Express(self, shape, shape.prefix + body[1:], len(body))

    def _shape(self, stream: Any, options: Any) -> Shape | None:
        """What these two members come to; None where the general way must look."""
        key = (_text(stream), _text(options))
        if key not in self._shapes and len(self._shapes) < _SHAPES:
            self._shapes[key] = self._judged(*key)
        return self._shapes.get(key)

    def _judged(self, stream: bytes, options: bytes) -> Shape | None:
        members = [b'"messages":[{}]']
        members += (b'"%b":%b' % pair for pair in ((b"stream", stream), (b"stream_options", options)) if pair[1])
        body = b"{" + b",".join(members) + b"}"
        try:
            document = decode(body)
            wanted = self.plugin.streams(document)
        except (CodecError, ProviderError):
            return None
        aim = self.plugin.aim(self.plugin.model, wanted)
        shows = asks_usage(document)
        counting = wanted and not shows and aim.provider.asks_usage(aim.call)
        spliced = aim.splice(body, document, wanted, counting)
        if spliced is None or not aim.passes or not aim.target.like(self._seen[3]):
            return None
        return Shape(aim, spliced[: 1 - len(body)], counting, shows)

    def exchange(self, express: Express) -> RecordedExchange:
        """The exchange that a short one would be, had it gone the general way from the start."""
        snapshot, match, chain, target = self._seen
        shape = express.shape
        asked = b"{" + express.body[len(shape.prefix) :] if express.body else b""
        exchange = RecordedExchange(snapshot, self.request.with_body(asked), self.runtime, self.recorder, express.id)
        exchange.body = express.body
        exchange.started_at = exchange.forwarded_at = express.started_at
        exchange.match, exchange.target = match, target
        exchange.conversation = LlmConversation(
            self.plugin, shape.aim, counting=shape.counting, shows_usage=shape.shows_usage
        )
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
        told, found, _ = exchange.lines_for_client().rpartition(LATENCY)
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
            express.shape.aim.provider.name,
            express.model,
            express.shape.aim.call,
            express.usage,
            express.cost,
            express.block(),
            None,
            False,
            chain,
            None,
        )


def _text(member: Any) -> bytes:
    return b"" if member is _UNSET else bytes(member)


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
        and not (aim.body_member or aim.signs)
        and type(provider).splices is Provider.splices
        and "prompt" not in provider.refused
    )
