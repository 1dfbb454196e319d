"""The status listener: what a load balancer, Kubernetes or Prometheus asks. It tells no secrets and so has no guard.

Not for: changing anything, entities.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway.admin import answers, metrics_endpoint
from gateway.admin.answers import Refusal, not_found
from gateway.admin.call import Call
from gateway.admin.node import Node, tell_condition
from gateway.store import Store
from gateway.values import Reply, Request


class StatusApi:
    """`problem()`: why the node cannot take requests, "" when it can. `metrics()`: Prometheus text."""

    def __init__(
        self,
        store: Store,
        node: Node,
        *,
        problem: Callable[[], str] = lambda: "",
        metrics: metrics_endpoint.Metrics | None = None,
    ) -> None:
        self._store = store
        self._node = node
        self._problem = problem
        self._metrics = metrics

    def handle(self, request: Request) -> Reply | Awaitable[Reply]:
        try:
            reply = self._answer(Call(request))
        except Refusal as refusal:
            reply = refusal.reply()
        return _dressed(reply) if isinstance(reply, Reply) else _later(reply)

    def _answer(self, call: Call) -> Reply | Awaitable[Reply]:
        if call.segments in (("status",), ("status", "ready"), ("metrics",)):
            call.gate("GET, HEAD")
        if call.segments == ("status",):
            return tell_condition(self._node, self._store.version)
        if call.segments == ("status", "ready"):
            problem = self._problem()
            return answers.json(503, {"message": problem}) if problem else answers.json(200, {"message": "ready"})
        if call.segments == ("metrics",) and self._metrics is not None:
            return metrics_endpoint.reply(self._metrics)
        raise not_found()


async def _later(reply: Awaitable[Reply]) -> Reply:
    return _dressed(await reply)


def _dressed(reply: Reply) -> Reply:
    return Reply(reply.status, reply.block + answers.SERVER_LINE, reply.body)
