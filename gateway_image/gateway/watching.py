"""Exchanges that are watched: what each plugin changed, what the upstream got, when which piece came. Used only while
somebody looks; others pay nothing for it. A watched exchange sees a snapshot whose chains have a watcher around every
plugin, so that the exchange itself need not know.

Nothing kept here holds a key. Bodies are kept only when that was asked for. Not for: keeping (recorder.py).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from gateway.changes import body_changes, line_changes
from gateway.codec import encode
from gateway.headers import parsed
from gateway.log_entry import REDACTED, upstream_uri
from gateway.recollection import hidden_names, redacted
from gateway.recorder import RecordedExchange, Recorder
from gateway.values import Asking, Fetch, Forward, Head, Headers, Origin, Reply, Request, UpstreamError

if TYPE_CHECKING:
    from gateway.partners import Runtime
    from gateway.plugins._base import Plugin
    from gateway.snapshot import Chain, Snapshot

MOST_PIECES = 2000
"""Pieces of an answer whose moments are kept."""
LONGEST = 256 << 10
"""Bytes of one body that are kept."""
_OPEN = frozenset(("accept", "accept-encoding", "anthropic-version", "anthropic-beta", "content-type", "user-agent"))
"""Header lines of a provider's own that are no credential."""


class WatchedExchange(RecordedExchange):
    def __init__(self, snapshot: Snapshot, request: Request, runtime: Runtime, recorder: Recorder) -> None:
        watched: Any = recorder.lens
        if watched is None or watched.of is not snapshot:
            # one for all requests of a snapshot: its chains must stay the same ones while a request runs
            watched = recorder.lens = WatchedSnapshot(snapshot)
        super().__init__(watched, request, runtime, recorder)
        self._bodies = recorder.bodies
        self.steps: list[dict[str, Any]] = []
        self._sent: list[dict[str, Any]] = []
        self._pieces: list[tuple[float, int, int]] = []  # milliseconds, bytes that came, bytes for the client
        self._came: dict[str, Any] | None = None
        self._kept: dict[str, bytearray] = {}

    # -- what passes through ----------------------------------------------------------------------------------------

    def start(self) -> Any:
        self._keep("client", self.request.body)
        return self._note(super().start())

    def resume(self, answer: Any) -> Any:
        return self._note(super().resume(answer))

    def head(self, status: int, reason: bytes, headers: Headers) -> Head | None:
        head = super().head(status, reason, headers)
        self._came = {"ms": self.ms(), "status": status, "headers": redacted(headers, hidden_names(self.chain))}
        return head

    def data(self, piece: bytes) -> bytes:
        out = super().data(piece)
        self._piece(piece, out)
        return out

    def passer(self) -> None:
        """Every piece is watched."""

    def end(self) -> Any:
        tail = super().end()
        if isinstance(tail, bytes):
            self._piece(b"", tail)
            return tail
        return self._note(tail)

    def fail(self, error: UpstreamError) -> Any:
        self._sent.append({"ms": self.ms(), "failed": error.kind, "detail": error.detail})
        return self._note(super().fail(error))

    def details(self) -> dict[str, Any]:
        bodies = {name: bytes(kept).decode("utf-8", "replace") for name, kept in self._kept.items()}
        return {
            "steps": self.steps,
            "sent": self._sent,
            "came": self._came,
            "pieces": self._pieces,
            "bodies": bodies,
            "size": sum(map(len, self._kept.values())),
        }

    # -- notes ------------------------------------------------------------------------------------------------------

    def ms(self) -> float:
        return round((self.runtime.now() - self.started_at) * 1000, 2)

    def _note(self, step: Any) -> Any:
        if isinstance(step, Forward):
            self._sent.append(self._told(step))
            self._keep("upstream", self._covered(step.body))
        elif isinstance(step, Fetch):
            self._sent.append({"ms": self.ms(), "asked": _where(step.origin)})
        elif isinstance(step, Reply):
            self._keep("answer", step.body)
        return step

    def _told(self, forward: Forward) -> dict[str, Any]:
        """What went upstream, its credential covered wherever it is: by name, and all that a provider's own lines hold
        beyond what is known to be harmless."""
        hidden = hidden_names(self.chain)
        target = self.target
        if target is not None and target.block:
            hidden |= {name.decode("latin-1").lower() for name, _ in parsed(target.block)} - _OPEN
        line, _, rest = forward.head.partition(b"\r\n")
        return {
            "ms": self.ms(),
            "method": line.partition(b" ")[0].decode("latin-1"),
            "url": _where(forward.origin) + upstream_uri(self, hidden),
            "headers": redacted(parsed(rest), hidden),
            "size": len(forward.body),
        }

    def _covered(self, body: bytes) -> bytes:
        """A body without the key that is configured to go in it."""
        conversation: Any = self.conversation
        for secret in conversation.aim.body_member.values() if conversation is not None else ():
            body = body.replace(encode(secret)[1:-1], REDACTED.encode())
        return body

    def _piece(self, came: bytes, out: bytes) -> None:
        if len(self._pieces) < MOST_PIECES and (came or out):
            self._pieces.append((self.ms(), len(came), len(out)))
        if came:
            self._keep("came", came)
        if out:
            self._keep("answer", out)

    def _keep(self, name: str, piece: bytes) -> None:
        if self._bodies and piece:
            kept = self._kept.setdefault(name, bytearray())
            kept += piece[: max(0, LONGEST - len(kept))]

    def state(self) -> tuple[Any, ...]:
        """Everything that a plugin may change, as it is now."""
        rewrite = self.rewrite
        body = encode(self._document) if self.changed else self.body
        line = (rewrite.method, rewrite.path, rewrite.query, rewrite.host) if rewrite is not None else (None,) * 4
        return dict(self.request_changes), dict(self.response_changes), line, body, self.target, self.consumer

    def changes(self, before: tuple[Any, ...]) -> list[dict[str, Any]]:
        """What differs from an earlier state()."""
        after = self.state()
        hidden = hidden_names(self.chain)
        found = list(line_changes("request header", before[0], after[0], hidden))
        found += line_changes("answer header", before[1], after[1], hidden)
        for name, old, new in zip(("method", "path", "query", "host"), before[2], after[2], strict=True):
            if old != new:
                shown = REDACTED if name == "query" and new else (new or b"").decode("latin-1")
                found.append({"what": name, "after": shown})
        if before[3] != after[3]:
            found += body_changes(before[3], self._covered(after[3]), self._bodies)
        if after[4] is not None and before[4] is not after[4]:
            found.append({"what": "upstream", "after": _where(after[4].origin)})
        if after[5] is not None and before[5] is not after[5]:
            found.append({"what": "consumer", "after": after[5]["username"] or after[5]["id"]})
        return found


def _where(origin: Origin) -> str:
    return f"{origin.scheme}://{origin.host}:{origin.port}"


class Watcher:
    """Around one plugin: everything else about it is the plugin's own."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plugin, name)

    def access(self, exchange: WatchedExchange) -> Any:
        before, began = exchange.state(), exchange.ms()
        outcome = self.plugin.access(exchange)
        if isinstance(outcome, Generator):
            return self._followed(outcome, exchange, before, began)
        self._step(exchange, "access", before, began, outcome)
        return outcome

    def _followed(self, asking: Any, exchange: WatchedExchange, before: Any, began: float) -> Asking:
        outcome: Reply | None = yield from asking
        self._step(exchange, "access", before, began, outcome)
        return outcome

    def header_filter(self, exchange: WatchedExchange) -> None:
        before, began = exchange.state(), exchange.ms()
        self.plugin.header_filter(exchange)
        self._step(exchange, "header_filter", before, began, None)

    def _step(self, exchange: WatchedExchange, phase: str, before: Any, began: float, outcome: Any) -> None:
        told: dict[str, Any] = {
            "plugin": self.plugin.name,
            "phase": phase,
            "ms": began,
            "took_ms": round(exchange.ms() - began, 2),
            "changes": exchange.changes(before),
        }
        if isinstance(outcome, Reply):
            told["answered"] = outcome.status
        exchange.steps.append(told)


class WatchedChain:
    """A chain with a watcher around every plugin that has something to do on the way."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        watchers = {id(plugin): Watcher(plugin) for plugin in chain.plugins}
        self.plugins = chain.plugins
        self.access = tuple(watchers[id(plugin)] for plugin in chain.access)
        self.header_filter = tuple(watchers[id(plugin)] for plugin in chain.header_filter)
        self.body_filter = chain.body_filter
        self.log = chain.log

    def after(self, plugin: Any) -> int:
        return self._chain.after(plugin)


class WatchedSnapshot:
    """A snapshot that gives watched chains; in everything else it is that snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.of = snapshot
        self._chains: dict[int, tuple[Chain, WatchedChain]] = {}
        self.unrouted = WatchedChain(snapshot.unrouted)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)

    def chain(self, route: Any, consumer: str | None) -> WatchedChain:
        chain = self.of.chain(route, consumer)
        known = self._chains.get(id(chain))
        if known is None or known[0] is not chain:
            known = self._chains[id(chain)] = (chain, WatchedChain(chain))
        return known[1]
