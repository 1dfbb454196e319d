"""The Manager in this very process, on a real port: for tests that change what it is made of. Not for: streams."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from support.admin_api import Admin

from gateway.admin.manager import Manager
from gateway.admin.relay import Relay
from gateway.values import Fetch, Fetched, Reply, Request


async def nobody_answers(fetch: Fetch) -> Fetched:
    return Fetched(404, [], b"")


async def nothing_remembered(question: dict[str, Any]) -> list[Any]:
    return []


class ManagerServer:
    def __init__(self, admin: Admin) -> None:
        self.manager = Manager(
            admin.api,
            ask=nobody_answers,
            resolve=lambda reference: reference,
            recall=nothing_remembered,
            watch=lambda bodies: None,
            clock=lambda: 1.0,
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        manager = self.manager

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                lines = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
                fields = {name.lower(): value for name, value in lines}
                outcome = manager.handle(Request(self.command.encode(), self.path.encode(), lines, fields, body))
                assert not isinstance(outcome, Relay)

                async def later() -> Reply:
                    assert not isinstance(outcome, Reply)
                    return await outcome

                reply = outcome if isinstance(outcome, Reply) else asyncio.run(later())
                head = f"HTTP/1.0 {reply.status} x\r\nContent-Length: {len(reply.body)}\r\n".encode()
                self.wfile.write(head + reply.block + b"\r\n" + reply.body)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, format: str, *args: object) -> None:
                """Tests have their own output."""

        return Handler
