"""Who answers on the Admin side's listeners, over the real rooms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest

from gateway.admin.relay import Relay
from gateway.entities import Config
from gateway.health_marks import HealthMarks
from gateway.metrics import Definition, Dump, family
from gateway.settings import Settings
from gateway.store import Store
from gateway.transport.handlers import handlers
from gateway.values import Fetch, Fetched, Reply, Request


class Control:
    """What handlers() asks of the control process."""

    def __init__(self, **environment: str) -> None:
        self.settings = Settings.from_env(environment)
        self.store = Store(Config())
        self.marks = HealthMarks.create(64, shared=False)
        self.node_id = "00000000-0000-4000-8000-000000000001"
        self.problem = ""
        self.level = ""
        self.requests = 0  # known once the workers were asked

    def unready(self) -> str:
        return self.problem

    def statistics(self) -> dict[str, dict[Any, int]]:
        return {"server": {"total_requests": self.requests}, "workers": {12: 1 << 20}}

    async def gather(self) -> Dump:
        self.requests = 7
        return family(Definition("counter", "kong_of_a_worker", "Counted."), [((), 3)])

    async def ask(self, fetch: Fetch) -> Fetched:
        return Fetched(200, [], b'{"data": [{"id": "m"}]}')

    async def recall(self, question: dict[str, Any]) -> list[Any]:
        return [[]] if question["what"] == "recent" else [{"cells": [], "last": {}}]

    def watch(self, bodies: bool) -> None:
        self.watched = bodies

    def resolve(self, reference: str) -> str:
        return "value"

    def set_log_level(self, level: str) -> None:
        self.level = level


def ask(control: Control, setting: str, method: str, target: str, host: str = "localhost:8001") -> Reply:
    fields = {b"host": host.encode()}
    request = Request(method.encode(), target.encode(), list(fields.items()), fields, port=8001)
    reply = handlers(control)[setting](request)  # type: ignore[arg-type]
    assert not isinstance(reply, Relay)
    return reply if isinstance(reply, Reply) else asyncio.run(_awaited(reply))


async def _awaited(reply: Awaitable[Reply]) -> Reply:
    return await reply


def test_the_admin_api_and_its_guard() -> None:
    control = Control()
    assert ask(control, "KONG_ADMIN_LISTEN", "GET", "/services").status == 200
    assert ask(control, "KONG_ADMIN_LISTEN", "GET", "/services", "evil.test").status == 403
    assert ask(control, "KONG_ADMIN_LISTEN", "GET", "/services", "10.0.0.5:8001").status == 403


def test_names_and_addresses_that_the_user_opened() -> None:
    opened = Control(KONG_ADMIN_LISTEN="0.0.0.0:8001", KONG_ADMIN_HOSTS="gateway.test")
    assert ask(opened, "KONG_ADMIN_LISTEN", "GET", "/services", "10.0.0.5:8001").status == 200
    assert ask(opened, "KONG_ADMIN_LISTEN", "GET", "/services", "gateway.test").status == 200


def test_readiness_follows_the_node() -> None:
    control = Control()
    assert ask(control, "KONG_STATUS_LISTEN", "GET", "/status/ready").status == 200
    control.problem = "draining"
    reply = ask(control, "KONG_STATUS_LISTEN", "GET", "/status/ready")
    assert (reply.status, json.loads(reply.body)) == (503, {"message": "draining"})


@pytest.mark.parametrize("setting", ["KONG_ADMIN_LISTEN", "KONG_STATUS_LISTEN"])
def test_numbers_of_the_workers_are_told(setting: str) -> None:
    body = json.loads(ask(Control(), setting, "GET", "/status").body)
    assert body["server"]["total_requests"] == 7
    assert body["memory"]["workers_lua_vms"][0]["pid"] == 12


@pytest.mark.parametrize("setting", ["KONG_ADMIN_LISTEN", "KONG_STATUS_LISTEN"])
def test_metrics_of_the_workers_are_told(setting: str) -> None:
    reply = ask(Control(), setting, "GET", "/metrics")
    assert b"Content-Type: text/plain; charset=UTF-8\r\n" in reply.block
    assert b"\nkong_of_a_worker 3\n" in reply.body
    assert b'subsystem="http"} 7\n' in reply.body


def test_the_log_level_is_handed_on() -> None:
    control = Control()
    assert ask(control, "KONG_ADMIN_LISTEN", "PUT", "/debug/node/log-level/debug").status == 200
    assert control.level == "debug"


def test_the_manager_is_served_with_what_its_pages_ask_for() -> None:
    control = Control()
    for target in ("/", "/api/services", "/manager/routes", "/manager/activity"):
        assert ask(control, "KONG_ADMIN_GUI_LISTEN", "GET", target).status == 200
        assert ask(control, "KONG_ADMIN_GUI_LISTEN", "GET", target, "evil.test").status == 403


def test_a_manager_that_was_opened_is_reached_by_address() -> None:
    opened = Control(KONG_ADMIN_GUI_LISTEN="0.0.0.0:8002")
    assert ask(opened, "KONG_ADMIN_GUI_LISTEN", "GET", "/api/services", "10.0.0.5:8002").status == 200
    assert ask(opened, "KONG_ADMIN_GUI_LISTEN", "GET", "/", "evil.test").status == 403


def test_the_portal_has_a_guard_of_its_own() -> None:
    opened = Control(KONG_PORTAL_GUI_LISTEN="0.0.0.0:8003")
    assert ask(opened, "KONG_PORTAL_GUI_LISTEN", "GET", "/", "10.0.0.5:8003").status == 200
    assert ask(opened, "KONG_PORTAL_GUI_LISTEN", "GET", "/", "evil.test").status == 403
    assert ask(opened, "KONG_ADMIN_GUI_LISTEN", "GET", "/", "10.0.0.5:8002").status == 403
