"""ai-response-transformer: the upstream is asked, then a model rewrites what it said, body or whole answer. Not for:
asking the model (_ai_transformer).

Source: Kong's documentation and the observable behaviour of Kong 3.9.1. Deviations on purpose: the upstream sees the
request as it does without this plugin (forwarding headers, no headers named in Connection), and the service's read
timeout bounds its answer; http_timeout is for the model alone.
"""

from __future__ import annotations

import json
import string
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from gateway.codec import CodecError, encode, expand
from gateway.headers import RESPONSE_DROPPED, Changes, NameTable, find, lines, one_line, replaced
from gateway.plugins._ai_transformer import ANSWER_LIMIT, AiTransformer, cause, transformer_fields
from gateway.replies import message_of
from gateway.schema import Boolean
from gateway.values import Asking, Fetch, Fetched, Reply, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_NAMES = NameTable(RESPONSE_DROPPED | {b"content-encoding", b"server", b"date", b"etag", b"content-md5"})
_UNSENT = ("refused", "dns", "unreachable", "connect_timeout", "tls")
_BODILESS = (204, 304)
_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_BAD_INSTRUCTIONS = "failed to parse JSON response instructions from AI backend: "


class AiResponseTransformer(AiTransformer):
    name = "ai-response-transformer"
    priority = 768
    fields = transformer_fields(
        "A model rewrites answers.",
        {
            "parse_llm_response_json_instructions": Boolean(
                'Whether the model answers with {"headers": {...}, "status": 200, "body": "..."}.',
                required=True,
                default=False,
            )
        },
    )

    def access(self, exchange: Exchange) -> Reply | Asking | None:
        return self.too_large(exchange) or self._rewrite(exchange)

    def _rewrite(self, exchange: Exchange) -> Asking:
        fetched = yield from self._upstream(exchange)
        if isinstance(fetched, Reply):
            return fetched
        body = self._body(exchange, fetched)
        if isinstance(body, Reply):
            return body
        words = yield from self.ask(exchange, body.decode("utf-8", "replace"))
        if isinstance(words, Reply):
            return words
        block = b"".join(lines(fetched.headers, _NAMES))
        if self.config["parse_llm_response_json_instructions"]:
            return _instructed(exchange, block, words)
        return _reply(fetched.status, block, words.encode("utf-8", "replace"))

    def _upstream(self, exchange: Exchange) -> Generator[Fetch, Fetched, Fetched | Reply]:
        """The upstream's answer; another target is tried where the service has several."""
        step = exchange.outgoing()
        while not isinstance(step, Reply):
            fetched = yield Fetch(step.origin, step.head, step.body, step.read_timeout, ANSWER_LIMIT)
            error = fetched.error
            if error is None:
                if exchange.attempts is None or not exchange.attempts.heard(exchange, fetched.status):
                    return fetched
                error = UpstreamError("status", f"it answered with status {fetched.status}", True)
            again = exchange.again(error)
            if again is None:
                what = "failed to connect to upstream" if error.kind in _UNSENT else "subrequest failed"
                exchange.notes["upstream_error"] = error
                return exchange.ai_error(500, f"{what}: {cause(error)}")
            step = again
        return step

    def _body(self, exchange: Exchange, fetched: Fetched) -> bytes | Reply:
        """What the upstream said, as the client would have got it, not compressed."""
        body, coding = fetched.body, find(fetched.headers, b"content-encoding") or b""
        conversation = exchange.conversation
        try:
            if conversation is None:
                return expand(body, coding.decode("latin-1"), ANSWER_LIMIT)
            if conversation.head(exchange, fetched.status, fetched.headers):
                outcome = conversation.whole(exchange, body)
                if isinstance(outcome, Reply):
                    return outcome
                body = outcome
            else:
                body = conversation.data(body) + conversation.end(exchange)
            exchange.response_changes.pop(b"content-type", None)  # of a stream, which this is not any more
            packed = exchange.response_changes.pop(b"content-encoding", None)
            return expand(body, "gzip", ANSWER_LIMIT) if packed else body
        except CodecError as error:
            return exchange.ai_error(500, f"failed to read the upstream's answer: {error}")


def _instructed(exchange: Exchange, block: bytes, words: str) -> Reply:
    """The answer that a model's instructions ask for, laid over the upstream's headers."""
    try:
        told = json.loads(words)
    except json.JSONDecodeError as error:
        what = "invalid token" if words[error.pos :].strip() else "T_END"
        why = f"Expected value but found {what} at character {error.pos + 1}"
        return exchange.ai_error(500, _BAD_INSTRUCTIONS + why)
    except RecursionError:
        return exchange.ai_error(500, _BAD_INSTRUCTIONS + "nested too deeply")
    if not isinstance(told, dict | list):
        return exchange.ai_error(500, _BAD_INSTRUCTIONS + "input not table or string")
    wanted = told if isinstance(told, dict) else {}
    status = wanted.get("status", 200)
    if isinstance(status, bool) or not isinstance(status, int | float) or not 200 <= status < 600:
        return exchange.core_error(500, message_of(500))
    body = wanted.get("body", told)
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else encode(body)
    return _reply(int(status), replaced(block, _overlay(wanted.get("headers"))), raw)


def _overlay(headers: Any) -> Changes:
    """Header lines that a model asked for; what is no header is left out, and so is what only the gateway may say."""
    changes: Changes = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        key = name.lower().encode("ascii", "replace")
        if not name or not _TOKEN.issuperset(name) or _NAMES[key] is None:
            continue
        values = value if isinstance(value, list) else [value]
        told = (each if isinstance(each, str) else encode(each).decode() for each in values)
        changes[key] = b"".join(
            name.encode() + b": " + one_line(each.encode("utf-8", "replace")) + b"\r\n" for each in told
        )
    return changes


def _reply(status: int, block: bytes, body: bytes) -> Reply:
    return Reply(status, block, b"" if status in _BODILESS else body)


PLUGIN = AiResponseTransformer
