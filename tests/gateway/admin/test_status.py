"""The status listener."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from support.admin_api import Admin, Answer, read, request

from gateway.admin.status import StatusApi
from gateway.values import Reply


def ask(api: StatusApi, method: str, target: str) -> Answer:
    reply = api.handle(request(method, target, host="10.0.0.9:8100"))
    return read(reply if isinstance(reply, Reply) else asyncio.run(awaited(reply)))


async def awaited(reply: Awaitable[Reply]) -> Reply:
    return await reply


def test_readiness_follows_the_node() -> None:
    admin, problems = Admin(), ["worker 2 has not taken the configuration yet"]
    api = StatusApi(admin.store, admin.node, problem=lambda: problems[-1])
    unready = ask(api, "GET", "/status/ready")
    assert unready.status == 503 and unready.body == {"message": problems[0]}
    problems.append("")
    assert ask(api, "GET", "/status/ready").body == {"message": "ready"}


def test_it_tells_the_condition_and_metrics_and_nothing_else() -> None:
    admin = Admin()
    api = StatusApi(admin.store, admin.node, metrics=lambda: b"x 1\n")
    status = ask(api, "GET", "/status")
    assert status.status == 200 and status.body["configuration_hash"] == admin.store.version
    assert ask(api, "HEAD", "/status/ready").status == 200
    assert ask(api, "GET", "/metrics").body == "x 1\n"
    assert ask(api, "GET", "/services").status == 404
    assert ask(api, "POST", "/status").status == 405
    assert ask(StatusApi(admin.store, admin.node), "GET", "/metrics").status == 404


def test_numbers_are_asked_for_before_they_are_told() -> None:
    admin = Admin()
    asked: list[str] = []
    admin.node.statistics = lambda: {"server": {"total_requests": len(asked)}}

    async def refresh() -> None:
        asked.append("workers")

    admin.node.refresh = refresh
    api = StatusApi(admin.store, admin.node)
    status = ask(api, "GET", "/status")
    assert status.body["server"]["total_requests"] == 1
    assert status.headers["Server"].startswith("kong/")
    ask(api, "GET", "/status/ready")
    assert len(asked) == 1
