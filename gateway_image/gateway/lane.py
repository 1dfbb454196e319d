"""What one head of one client was seen to become, kept ready for the next request that has it: see express.py. Here
it is decided which bodies may go the short way, by the same functions that decide on the general one. Not for: which
heads may (learning.py), the course of a request (express.py), finding its lane (transport/lanes.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from gateway.access_line import named, routed, who
from gateway.codec import CodecError, decode, encode, members, opened
from gateway.express import LATENCY, Express
from gateway.headers import find
from gateway.plugins._conversation import GZIPPED, LlmConversation, announce_gzip, takes_gzip
from gateway.plugins._repeat import OPEN, Message, Repeat, Talk, overriding
from gateway.plugins.ai_proxy import asks_usage
from gateway.providers._base import ProviderError
from gateway.recollection import Raw
from gateway.recorder import RecordedExchange
from gateway.values import Forward, Headers

if TYPE_CHECKING:
    from gateway.outbound import Target
    from gateway.plugins._ai_target import Aim

_UNSET = msgspec.UNSET
_SHAPES = 16
"""Ways to write the same two members that are kept apart."""
_NO_HEADERS: Headers = []
_WORDY = frozenset(("system", "instructions", "systemInstruction", "system_instruction", "contents", "input"))
"""Where words may stand beside `messages`: with one of these a plugin that looks at words must look itself."""
_read_turns = msgspec.json.Decoder(Annotated[list[Message], msgspec.Meta(min_length=1)]).decode


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
    target: Target
    between: bytes  # what of the upstream's head stands between the request's id and its length
    prefix: bytes  # in place of the body's first brace
    counting: bool  # a stream's usage is asked for on the client's behalf
    shows_usage: bool


def asked_target(aim: Aim, zipped: bool) -> Target:
    """Where a request without a query goes whose client takes answers packed, or not."""
    return aim.variant(aim.target, b"", True) if zipped and not aim.call.stream else aim.target


class Lane:
    """What one head of one client was seen to become."""

    __slots__ = (
        "_amended",
        "_base",
        "_between",
        "_block",
        "_changes",
        "_credential",
        "_judges",
        "_looks",
        "_odd",
        "_open",
        "_read",
        "_refused",
        "_seen",
        "_shapes",
        "_told",
        "_told_of",
        "after",
        "before",
        "coded",
        "consumer",
        "head",
        "limit",
        "named",
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
        "zipped",
    )

    def __init__(
        self, exchange: RecordedExchange, forward: Forward, before: bytes, between: bytes, repeats: list[Repeat]
    ) -> None:
        conversation: Any = exchange.conversation
        assert exchange.match is not None and exchange.chain is not None and exchange.target is not None
        self.plugin = conversation.plugin
        aim = conversation.aim
        self.limit = min(self.plugin.limit, *(each.most for each in repeats)) if repeats else self.plugin.limit
        self.runtime = exchange.runtime
        self.recorder = exchange.recorder
        self.request = request = exchange.request.with_body(b"")
        self.head = (request.method, request.target, request.headers, request.fields, request.version, True, 0)
        self._seen = (exchange.snapshot, exchange.match, exchange.chain)
        self.origin = forward.origin
        self.timeouts = (forward.connect_timeout, forward.write_timeout, forward.read_timeout)
        self.before, self._between = before, between
        self.zipped = takes_gzip(exchange)
        self._base = aim.target
        self._block = exchange.target.block
        self.route_id = str(exchange.match.route["id"])
        self.opening = who(exchange.request)
        self.consumer = exchange.consumer
        self.rest = routed(exchange.match.route) + b"," + aim.summary
        self.named = b"" if self.consumer is None else named(self.consumer)
        self._credential = exchange.credential
        self._changes = dict(exchange.request_changes)
        self.via = exchange.snapshot.via_line
        self._shapes: dict[tuple[bytes, bytes], Shape | None] = {}
        self.usual = self._shape(_UNSET, _UNSET)
        self._refused = tuple(sorted(aim.provider.refused))
        self._judges, self._amended, self.after = (
            overriding(repeats, method) for method in ("access", "amend", "over")
        )
        self._looks = any(each.looks for each in repeats)
        self._odd = {"prompt", "model"} | aim.provider.refused | _WORDY
        self._open = 0  # numbers in the client's lines that differ from answer to answer
        self._read = _reader(aim.provider.refused)
        self._told_of: Headers = _NO_HEADERS
        self._told: bytes | None = None
        self.coded = False  # whether what the upstream's last lines were told of is packed

    def begin(self, body: bytes, head_size: int) -> Express | None:
        """An exchange with this body, whose head had so many bytes; None for one that must go the general way."""
        if body[:1] != b"{" or len(body) > self.limit:
            return None
        try:
            if not body.isascii():
                body.decode()  # the readers pass over texts without a look at their bytes
            if self._looks:
                return self._overheard(body, head_size)
            asked = self._read(body)
        except (CodecError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
        express = Express(self, shape, opened(shape.prefix, body), len(body), head_size)
        if self._judges:
            talk = Talk()
            if not self._let_pass(talk):
                return None
            express.numbers = talk.numbers
        return express

    def _overheard(self, body: bytes, head_size: int) -> Express | None:
        """The same where plugins look at the words. Raises CodecError and DecodeError for what is no plain chat."""
        asked = members(body)
        written = asked.get("messages")
        if written is None or not self._odd.isdisjoint(asked):
            return None
        plain = "stream" not in asked and "stream_options" not in asked
        shape = self.usual if plain else self._shape(asked.get("stream", _UNSET), asked.get("stream_options", _UNSET))
        if shape is None:
            return None
        talk = Talk()
        talk.turns = _read_turns(written)
        talk.messages = written
        if not self._let_pass(talk):
            return None
        sent = body
        if talk.messages is not written:
            asked["messages"] = msgspec.Raw(talk.messages)
            sent = encode(asked)
        express = Express(self, shape, opened(shape.prefix, sent), len(body), head_size)
        express.asked = body
        express.numbers = talk.numbers
        return express

    def _let_pass(self, talk: Talk) -> bool:
        try:
            for judge in self._judges:
                if not judge.access(talk):
                    return False
        except Exception:
            return False  # on the general way it is told whose fault it is
        return True

    def _shape(self, stream: Any, options: Any) -> Shape | None:
        """What these two members come to; None where the general way must look."""
        key = (_text(stream), _text(options))
        if key not in self._shapes and len(self._shapes) < _SHAPES:
            self._shapes[key] = self._compiled(*key)
        return self._shapes.get(key)

    def _compiled(self, stream: bytes, options: bytes) -> Shape | None:
        written = [b'"messages":[{}]']
        written += (b'"%b":%b' % pair for pair in ((b"stream", stream), (b"stream_options", options)) if pair[1])
        body = b"{" + b",".join(written) + b"}"
        try:
            document = decode(body)
            wanted = self.plugin.streams(document)
        except (CodecError, ProviderError):
            return None
        aim = self.plugin.aim(self.plugin.model, wanted)
        shows = asks_usage(document)
        counting = wanted and not shows and aim.provider.asks_usage(aim.call)
        spliced = aim.splice(body, document, wanted, counting)
        if spliced is None or not aim.passes or not aim.target.like(self._base):
            return None
        target = asked_target(aim, self.zipped)
        between = self._between.replace(self._block, target.block)
        if not between.count(target.block) == 1 == self._between.count(self._block):
            return None
        return Shape(aim, target, between, spliced[: 1 - len(body)], counting, shows)

    def exchange(self, express: Express) -> RecordedExchange:
        """The exchange that a short one would be, had it gone the general way from the start."""
        snapshot, match, chain = self._seen
        shape = express.shape
        asked = express.asked
        if asked is None:
            asked = b"{" + express.body[len(shape.prefix) :] if express.body else b""
        request = self.request.with_body(asked)
        request.head_size = express.head_size
        exchange = RecordedExchange(snapshot, request, self.runtime, self.recorder, express.id)
        exchange.body = express.body
        exchange.started_at = exchange.forwarded_at = express.started_at
        exchange.match, exchange.target = match, shape.target
        exchange.conversation = LlmConversation(
            self.plugin, shape.aim, counting=shape.counting, shows_usage=shape.shows_usage
        )
        exchange.consumer, exchange.credential = self.consumer, self._credential
        exchange.request_changes = dict(self._changes)
        if self._amended:
            numbers = iter(express.numbers)
            for each in self._amended:
                each.amend(exchange, numbers)
        exchange.entered(chain)
        return exchange

    def told(self, express: Express, headers: Headers) -> bytes | None:
        """The client's lines for these lines of the upstream; None where the general way must look."""
        if headers is not self._told_of:
            self._told_of, self._told = headers, self._tell(express, headers)
        told = self._told
        return told % tuple(express.numbers) if self._open and told is not None else told

    def _tell(self, express: Express, headers: Headers) -> bytes | None:
        encoding = find(headers, b"content-encoding")
        self.coded = encoding is not None
        if find(headers, b"date") is None or (encoding is not None and not (self.zipped and encoding in GZIPPED)):
            return None
        if self._amended:
            numbers, express.numbers = express.numbers, [OPEN] * len(express.numbers)
            exchange = self.exchange(express)
            express.numbers = numbers
        else:
            exchange = self.exchange(express)
        if exchange.head(200, b"", headers) is not None:
            return None
        if self.zipped:
            announce_gzip(exchange)
        told, found, _ = exchange.lines_for_client().rpartition(LATENCY)
        self._open = told.count(OPEN)
        if self._open:
            if self._open != len(express.numbers):
                return None
            told = told.replace(b"%", b"%%").replace(OPEN, b"%b")
        return told if found else None

    def shown(self, express: Express, moment: float) -> Raw:
        """What is remembered of a short exchange."""
        request = self.request
        _, match, chain = self._seen
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
            self.consumer,
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
