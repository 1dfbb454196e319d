"""An Admin API over a real store, asked without a socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

from gateway.admin.api import AdminApi
from gateway.admin.guard import Guard
from gateway.admin.node import Node
from gateway.entities import Config
from gateway.settings import Settings
from gateway.store import Store
from gateway.values import Reply, Request

NOW = 1_800_000_000.5
NOBODY = "99999999-9999-4999-8999-999999999999"


class Answer(NamedTuple):
    status: int
    body: Any  # decoded JSON, else text
    headers: dict[str, str]


def request(
    method: str,
    target: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    host: str = "127.0.0.1:8001",
) -> Request:
    """`body`: bytes or text as they are, anything else as JSON."""
    given = {"Host": host, **(headers or {})}
    if body is None or isinstance(body, bytes):
        content = body or b""
    elif isinstance(body, str):
        content = body.encode()
    else:
        content = json.dumps(body).encode()
        given.setdefault("Content-Type", "application/json")
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]
    fields = {name.lower(): value for name, value in lines}
    return Request(method.encode(), target.encode(), lines, fields, content)


def read(reply: Reply) -> Answer:
    headers = dict(line.split(": ", 1) for line in reply.block.decode("latin-1").split("\r\n") if line)
    text = reply.body.decode("utf-8", "replace")
    try:
        return Answer(reply.status, json.loads(text), headers)
    except ValueError:
        return Answer(reply.status, text, headers)


class Admin:
    """`log` collects what the API logs; `now` is its wall clock."""

    def __init__(self, document: dict[str, Any] | None = None, prefix: Path | None = None, **settings: Any) -> None:
        config = Config() if document is None else Config.from_declarative({"_format_version": "3.0", **document})
        self.settings = Settings(**settings)
        self.store = Store(config, prefix=prefix)
        self.log: list[str] = []
        self.now = NOW
        self.node = Node(self.settings, "node.test", 7, id="00000000-0000-4000-8000-000000000001")
        self.guard = Guard(ports=[8002])
        self.api = AdminApi(
            self.store, self.node, self.guard, wall=lambda: self.now, clock=lambda: 1.0, log=self.log.append
        )

    def ask(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        return self.handle(request(method, target, body, headers))

    def handle(self, asked: Request) -> Answer:
        outcome = self.api.handle(asked)
        if isinstance(outcome, Reply):
            return read(outcome)

        async def wait() -> Reply:
            return await outcome

        return read(asyncio.run(wait()))

    def get(self, target: str, **headers: str) -> Answer:
        return self.ask("GET", target, None, headers)

    def made(self, target: str, body: Any) -> dict[str, Any]:
        """A row that is created, which must succeed."""
        answer = self.ask("POST", target, body)
        assert answer.status == 201, answer
        assert isinstance(answer.body, dict)
        return answer.body
