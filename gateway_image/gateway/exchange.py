"""One request and its answer, as a state machine without I/O: calls come in, values go out, the transport acts on them.

start() -> Reply | Forward | Fetch | Consult;  resume(answer to those);  head(), data(), end() feed the upstream's
answer back;  fail() an upstream without one;  finish() after the last byte. Not for: sockets, matching routes, choosing
plugins, JSON of any provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.access_line import access_line
from gateway.amendments import Amendments
from gateway.errors import GatewayError
from gateway.headers import RESPONSE_DROPPED, Changes, NameTable, find, lines, parsed, replaced
from gateway.outbound import Target, forward
from gateway.partners import Attempts, Conversation, Runtime
from gateway.paths import BadTarget
from gateway.replies import ai_error, core_error, json_reply, message_of
from gateway.retries import Retries
from gateway.snapshot import failure_line
from gateway.values import (
    Asking,
    Consulted,
    Consulting,
    Fetched,
    Forward,
    Head,
    Headers,
    Reply,
    Request,
    Step,
    UpstreamError,
)

if TYPE_CHECKING:
    from gateway.plugins._base import Plugin
    from gateway.router import RouteMatch
    from gateway.snapshot import Chain, Snapshot

HELD_LIMIT = 64 << 20
"""Bytes of an answer that is held back until it is whole; more is an upstream error."""
_PLAIN = NameTable(RESPONSE_DROPPED)
_STATUS = {"refused": 502, "timeout": 504, "connect_timeout": 504, "dns": 503}


class Exchange(Amendments):
    """What most exchanges never touch stands on the class as a default: setting it on each would cost more than all the
    bookkeeping of a request."""

    match: RouteMatch | None = None
    chain: Chain | None = None
    address = ""  # of the upstream connection, where a new one was made
    block = b""  # the header lines that the client got, without framing
    length: int | None = None  # bytes of body announced to the client
    consumer: Mapping[str, Any] | None = None
    credential: Mapping[str, Any] | None = None
    target: Target | None = None
    conversation: Conversation | None = None
    attempts: Attempts | None = None  # where there is a choice of targets, or a failed one is tried again
    hold = False  # a plugin wants the whole answer before it is sent
    forwarded_at = 0.0
    first_byte_at = 0.0
    ended_at = 0.0
    status = 0
    upstream_status = 0
    replied = False  # the gateway itself answered
    sent_size = 0
    _unwanted = False  # the answer that comes in is not the client's: another target is asked
    _asking: Asking | Consulting | None = None
    _held: list[bytes] | None = None
    _held_size = 0
    _position = 0

    def __init__(self, snapshot: Snapshot, request: Request, runtime: Runtime, id: bytes | None = None) -> None:
        self.snapshot = snapshot
        self.request = request
        self.runtime = runtime
        self.started_at = runtime.now()
        self.id = id or runtime.request_id()
        self.body = request.body  # what goes upstream
        self.request_changes: Changes = {}
        self.response_changes: Changes = {}
        self.notes: dict[str, Any] = {}  # what plugins tell each other, by plugin name

    # -- the request on its way up ------------------------------------------------------------------------------

    def start(self) -> Step:
        try:
            match = self.match = self.snapshot.match(self.request)
        except BadTarget:
            self.chain = self.snapshot.unrouted
            return self.close(self.core_error(400, message_of(400)))
        if match is None:
            self.chain = self.snapshot.unrouted
            return self.close(self.core_error(404, "no Route matched with those values"))
        self.chain = self.snapshot.chain(match.route, None)
        return self._advance()

    def entered(self, chain: Chain) -> None:
        """The access hooks of `chain` have run elsewhere."""
        self.chain = chain
        self._position = len(chain.access)

    def lines_for_client(self) -> bytes:
        """The header lines of the answer, as far as they are known once the upstream's have been heard."""
        return self._block()

    def _advance(self) -> Step:
        """Runs access hooks from `_position` on."""
        chain = self.chain
        assert chain is not None
        while self._position < len(chain.access):
            plugin = chain.access[self._position]
            self._position += 1
            try:
                outcome = plugin.access(self)
            except Exception as error:
                return self.close(self._crashed(plugin, error))
            if outcome is not None:
                if isinstance(outcome, Reply):
                    return self.close(outcome)
                self._asking = outcome
                return self._ask(None)
            if plugin.authenticates and self.consumer is not None:
                chain = self._choose_again(plugin)
        return self._send()

    def _ask(self, answer: Fetched | Consulted | None) -> Step:
        asking: Any = self._asking
        try:
            step: Step = next(asking) if answer is None else asking.send(answer)
        except StopIteration as stop:
            self._asking = None
            return self.close(stop.value) if stop.value is not None else self._advance()
        except Exception as error:
            assert self.chain is not None
            return self.close(self._crashed(self.chain.access[self._position - 1], error))
        return step

    def resume(self, answer: Fetched | Consulted) -> Step:
        """Goes on after a Fetch or a Consult."""
        return self._ask(answer)

    def _choose_again(self, plugin: Plugin) -> Chain:
        """A consumer is known now: plugins scoped to it replace those that have not run yet."""
        assert self.match is not None and self.consumer is not None
        chain = self.snapshot.chain(self.match.route, str(self.consumer["id"]))
        if chain is not self.chain:
            self.chain = chain
            self._position = chain.after(plugin)
        return chain

    def _send(self) -> Step:
        step = self.outgoing()
        if type(step) is Reply:
            return self.close(step)
        self.forwarded_at = self.runtime.now()
        return step

    def outgoing(self) -> Forward | Reply:
        """The request as it goes upstream; a Reply where there is nobody to send it to."""
        target = self.target
        match = self.match
        assert match is not None
        if target is None:
            service = match.service
            if service is None:
                return self.core_error(503, "no Service found with those values")
            target = self.snapshot.target(service, match, self.request)
            if self.rewrite is not None:
                target = self.rewrite.aim(target)
            if service["host"] in self.snapshot.balancers:
                balanced = self.snapshot.balancers[service["host"]].start(self, target)
                if balanced is None:
                    return self.core_error(503, "failure to get a peer from the ring-balancer")
                target = balanced
            self.target = target
        return forward(self, target)

    def again(self, error: UpstreamError) -> Forward | None:
        """The request once more, elsewhere or not, where the rules allow that after `error`."""
        if self.attempts is None:
            if self.conversation is not None or self.match is None or self.match.service is None:
                return None
            self.attempts = Retries(self.match.service["retries"])
        target = self.attempts.next(self, error)
        if target is None:
            return None
        self.status = self.upstream_status = 0
        self.target = target
        return forward(self, target)

    @property
    def overfull(self) -> bool:
        """Whether more of an answer came than may be held back: the rest need not be waited for."""
        return self._held_size > HELD_LIMIT

    # -- the answer on its way down -----------------------------------------------------------------------------

    def connected(self, address: str, seconds: float) -> None:
        """The transport made an upstream connection; seconds it took. A kept one is not told."""
        self.address = address

    def head(self, status: int, reason: bytes, headers: Headers) -> Head | None:
        """The upstream's status and headers. None: the answer is held back until it is whole."""
        self.first_byte_at = self.runtime.now()
        self.status = self.upstream_status = status
        self.upstream_headers = headers
        if self.attempts is not None and self.attempts.heard(self, status):
            self._unwanted = True
            self._held = []
            return None
        conversation = self.conversation
        hold = conversation.head(self, status, headers) if conversation is not None else False
        if hold or self.hold:
            self._held = []
            return None
        self._filter_headers()
        if conversation is None and not self._filters_body():
            value = find(headers, b"content-length")
            self.length = int(value) if value is not None and value.isdigit() else None
        return Head(self.status, self._block(), self.length)

    def data(self, piece: bytes) -> bytes:
        """Bytes for the client out of bytes from the upstream."""
        held = self._held
        if held is not None:
            self._held_size += len(piece)
            if self._held_size <= HELD_LIMIT:
                held.append(piece)
            return b""
        conversation = self.conversation
        if conversation is not None:
            piece = conversation.data(piece)
        if piece and self.chain is not None and self.chain.body_filter:
            piece = self._filter_body(piece, last=False)
        return piece

    def passer(self) -> Callable[[bytes], bool] | None:
        """Who says whether events may go to the client in the upstream's own chunks, without data(); None: nobody."""
        if self.conversation is None or self._filters_body():
            return None
        return self.conversation.passer()

    def end(self) -> bytes | Reply | Forward:
        """The upstream's answer is complete. Forward: it was not good enough, another one is asked."""
        held = self._held
        if self._unwanted:
            outcome = self.fail(UpstreamError("status", f"it answered with status {self.status}", True))
            assert not isinstance(outcome, bytes) and outcome is not None
            return outcome
        if held is None:
            tail = self.conversation.end(self) if self.conversation is not None else b""
            return self._filter_body(tail, last=True) if self._filters_body() else tail
        if self._held_size > HELD_LIMIT:
            return self.close(self.core_error(502, message_of(502)))
        body = held[0] if len(held) == 1 else b"".join(held)
        if self.conversation is not None:
            outcome = self.conversation.whole(self, body)
            if isinstance(outcome, Reply):
                return self.close(outcome)
            body = outcome
        self._filter_headers()
        if self._filters_body():
            body = self._filter_body(body, last=True)
        self.length = len(body)
        return Reply(self.status, self._block(), body)

    def fail(self, error: UpstreamError) -> Forward | Reply | bytes | None:
        """The upstream gave no (whole) answer. A Reply when nothing was sent yet, last bytes for a stream that can say
        so itself, None to cut the connection."""
        if self.status and self._held is None:
            tail = self.conversation.broken(self, error) if self.conversation is not None else None
            return None if tail is None else tail
        self._held, self._held_size, self._unwanted = None, 0, False
        again = self.again(error)
        if again is not None:
            return again
        status = _STATUS.get(error.kind, 502)
        text = "name resolution failed" if error.kind == "dns" else message_of(status)
        self.upstream_status = 0
        reply = self.core_error(status, text)
        if self.conversation is not None:
            reply = self.conversation.refused(self, error, reply)
        self.notes["upstream_error"] = error
        return self.close(reply)

    # -- what plugins use, beside what stands in Amendments -----------------------------------------------------

    def core_error(self, status: int, message: str) -> Reply:
        return core_error(status, message, self.id, self.request.fields.get(b"accept", b""))

    def ai_error(self, status: int, message: str) -> Reply:
        return ai_error(status, message)

    # -- both ends ----------------------------------------------------------------------------------------------

    def close(self, reply: Reply) -> Reply:
        """An answer of the gateway itself: header filters run, then identity and latency are added."""
        self.replied = True
        self.status = reply.status
        self._held = None
        self.length = len(reply.body)
        if self.chain is not None and self.chain.header_filter:
            self.upstream_headers = parsed(reply.block)  # what the filters look at
            self._filter_headers()
        block = replaced(reply.block, self.response_changes) if self.response_changes else reply.block
        self.block = block + self._identity(upstream=self.forwarded_at > 0)
        return Reply(reply.status, self.block, reply.body)

    def finish(self, status: int, sent: int, aborted: bool) -> None:
        """After the last byte to the client, or when it went away."""
        self.sent_size = sent
        self.status = status or self.status
        if aborted:
            self.notes["aborted"] = True
            if self.conversation is not None and self.forwarded_at:
                self.conversation.left(self)
        if self._asking is not None:
            self._asking.close()
        if self.attempts is not None:
            self.attempts.done(self)
        if self.chain is not None:
            for plugin in self.chain.log:
                try:
                    plugin.log(self)
                except Exception as error:
                    self.runtime.log(failure_line(self.id, plugin.name, error))
        self.ended_at = self.runtime.now()
        self._remember()

    def _remember(self) -> None:
        """The last thing done for a request: it is logged."""
        if self.runtime.settings.access_log:
            self.runtime.log(access_line(self, self.runtime.wall()))

    def _filter_headers(self) -> None:
        if self.chain is not None:
            for plugin in self.chain.header_filter:
                plugin.header_filter(self)

    def _filters_body(self) -> bool:
        return self.chain is not None and bool(self.chain.body_filter)

    def _filter_body(self, piece: bytes, last: bool) -> bytes:
        assert self.chain is not None
        for plugin in self.chain.body_filter:
            piece = plugin.body_filter(self, piece, last)
        return piece

    def _block(self) -> bytes:
        conversation = self.conversation
        if conversation is None:
            pieces = lines(self.upstream_headers, _PLAIN, self.response_changes)
        else:
            pieces = lines(self.upstream_headers, conversation.names, self.response_changes)
            pieces.append(conversation.lines)
        if "server" not in self.snapshot.hidden and find(self.upstream_headers, b"server") is None:
            pieces.append(self.snapshot.server_line)
        pieces.append(self._identity(upstream=True))
        self.block = b"".join(pieces)
        return self.block

    def _identity(self, upstream: bool) -> bytes:
        """The X-Kong-*, Via and Server lines."""
        snapshot = self.snapshot
        now = self.runtime.now()
        if upstream:
            until = self.first_byte_at or now
            waited = until - self.forwarded_at
            own = now - self.started_at - waited
            if not self.replied and not snapshot.hidden:
                return b"X-Kong-Upstream-Latency: %d\r\nX-Kong-Proxy-Latency: %d\r\n%bX-Kong-Request-Id: %b\r\n" % (
                    waited * 1000,
                    own * 1000,
                    snapshot.via_line,
                    self.id,
                )
            return snapshot.identity(self.id, waited, own, own_answer=self.replied)
        return snapshot.identity(self.id, None, now - self.started_at, own_answer=True)

    def _crashed(self, plugin: Plugin, error: Exception) -> Reply:
        """A plugin's own failure fails closed: the request goes no further."""
        if isinstance(error, GatewayError):
            return json_reply(500, {"error": {"message": str(error)}})
        self.runtime.log(failure_line(self.id, plugin.name, error))
        return self.core_error(500, message_of(500))
