"""The Admin API: one request in, one reply out. Finds who answers and puts Kong's headers on; the answers themselves
are made in the rooms beside it. Not for: sockets, validation, persistence.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from gateway.admin import (
    answers,
    config_endpoint,
    entity_endpoints,
    metrics_endpoint,
    node,
    schemas,
    self_description,
    tag_endpoints,
    target_health,
)
from gateway.admin.answers import Refusal, not_found
from gateway.admin.bodies import Unsupported
from gateway.admin.call import Call
from gateway.admin.guard import Guard
from gateway.admin.token import token_fits, unauthorized
from gateway.errors import ConfigError, GatewayError
from gateway.health_marks import HealthMarks
from gateway.store import Store
from gateway.values import Reply, Request

Answer = Reply | Awaitable[Reply]
Handler = Callable[["AdminApi", Call], Answer]


class AdminApi:
    """`handle` is what the Admin listener calls. `node`: who we are and how we run, for GET / and GET /status."""

    def __init__(
        self,
        store: Store,
        node: node.Node,
        guard: Guard,
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = lambda line: None,
        metrics: metrics_endpoint.Metrics | None = None,
        marks: HealthMarks | None = None,
    ) -> None:
        self.store = store
        self.node = node
        self.guard = guard
        self.wall = wall
        self.metrics = metrics
        self.marks = HealthMarks.create(1024, shared=False) if marks is None else marks
        self._clock = clock
        self._log = log

    def handle(self, request: Request) -> Answer:
        """Never raises: what goes wrong inside is a 500 and a line in the log."""
        started = self._clock()
        refusal = self.guard.refusal(request)
        if refusal is not None:
            return self._dressed(request, answers.message(403, refusal).reply(), started, foreign=True)
        # A preflight cannot carry the token; it changes and tells nothing.
        if request.method != b"OPTIONS" and not token_fits(request, self.node.settings.admin_token):
            return self._dressed(request, unauthorized(), started)
        try:
            answer = self._answer(Call(request))
        except Exception as problem:
            return self._dressed(request, self._failed(problem), started)
        if isinstance(answer, Reply):
            return self._dressed(request, answer, started)
        return self._awaited(request, answer, started)

    async def _awaited(self, request: Request, answer: Awaitable[Reply], started: float) -> Reply:
        try:
            reply = await answer
        except Exception as problem:
            reply = self._failed(problem)
        return self._dressed(request, reply, started)

    def _failed(self, problem: Exception) -> Reply:
        if isinstance(problem, Refusal):
            return problem.reply()
        if isinstance(problem, Unsupported):
            return answers.unsupported_media_type()
        if isinstance(problem, ConfigError):
            # A row was fine by itself but the whole does not run with it.
            return answers.coded(400, 2, "schema violation", problem.message, fields=problem.fields).reply()
        if isinstance(problem, GatewayError):
            self._log(f"admin: {problem}")
            return answers.message(500, str(problem)).reply()
        self._log(f"admin: unexpected {type(problem).__name__} in {_where(problem)}")
        return answers.message(500, "An unexpected error occurred").reply()

    def _answer(self, call: Call) -> Answer:
        if call.broken:
            raise not_found()
        handler = find(call.segments)
        if handler is not None:
            return handler(self, call)
        raise not_found()

    def _dressed(self, request: Request, reply: Reply, started: float, foreign: bool = False) -> Reply:
        """The reply with the headers that every answer has."""
        block = reply.block + answers.SERVER_LINE
        block += b"X-Kong-Admin-Latency: %d\r\n" % ((self._clock() - started) * 1000)
        block += b"X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
        origin = request.fields.get(b"origin")
        if origin is not None and not foreign:  # the guard let it in
            block += b"Access-Control-Allow-Origin: " + origin + b"\r\n"
            block += b"Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n"
            if request.method == b"OPTIONS" and reply.status == 204:
                asked = request.fields.get(b"access-control-request-headers", b"Content-Type")
                block += b"Access-Control-Allow-Headers: " + asked + b"\r\n"
        return Reply(reply.status, block, reply.body)


def find(segments: tuple[str, ...]) -> Handler | None:
    """Who answers for a path."""
    found = _FIXED.get(segments)
    if found is not None:
        return found
    for first, handler in _UNDER.items():
        if segments[: len(first)] == first and len(segments) > len(first):
            return handler
    if target_health.serves(segments):
        return target_health.answer
    return entity_endpoints.answer if entity_endpoints.serves(segments) else None


def _where(problem: Exception) -> str:
    """The line that raised, for the log: a file name and a number, nothing of the values."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "an unknown place"


_FIXED: Mapping[tuple[str, ...], Handler] = {
    (): node.root,
    ("status",): node.status,
    ("config",): config_endpoint.answer,
    ("endpoints",): node.endpoints,
    ("openapi.json",): self_description.answer,
    ("metrics",): metrics_endpoint.answer,
    ("robots.txt",): node.robots,
    ("plugins", "enabled"): node.enabled_plugins,
    ("tags",): tag_endpoints.answer,
    ("cache",): node.cache,
    ("debug", "node", "log-level"): node.log_level,
    **dict.fromkeys(node.ABSENT, node.absent),
    **dict.fromkeys(node.EMPTY, node.nothing),
}
_UNDER: Mapping[tuple[str, ...], Handler] = {
    ("cache",): node.cache,
    ("debug", "node", "log-level"): node.log_level,
    ("schemas",): schemas.answer,
    ("plugins", "schema"): schemas.deprecated,
    ("tags",): tag_endpoints.answer,
}
