"""kill -9 at any moment of writing through the Admin API: what was acknowledged is there after the next start.

KILLED_ROUNDS sets how many times; the moments come from the round's number.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import threading
from pathlib import Path

import pytest
from support.gateway_process import GatewayProcess, ask

ROUNDS = int(os.environ.get("KILLED_ROUNDS", "4"))
WRITERS = 3


class Writer(threading.Thread):
    """Makes services one after another, and removes every third again, until the gateway is gone. `acknowledged`
    counts what was answered; one more may have been done."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(daemon=True)
        self.prefix = name
        self.port = port
        self.acknowledged = 0
        self.refused = ""

    def request(self, number: int) -> tuple[str, str, bytes | None, int]:
        if number % 3 == 2:
            return "DELETE", f"/services/{self.prefix}-{number - 1}", None, 204
        body = {"name": f"{self.prefix}-{number}", "host": "h.test"}
        return "POST", "/services", json.dumps(body).encode(), 201

    def left(self, count: int) -> set[str]:
        """The names that there are after so many requests."""
        names: set[str] = set()
        for number in range(count):
            if number % 3 == 2:
                names.discard(f"{self.prefix}-{number - 1}")
            else:
                names.add(f"{self.prefix}-{number}")
        return names

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            while not self.refused:
                method, path, body, wanted = self.request(self.acknowledged)
                connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != wanted:
                    self.refused = f"{method} {path}: {answer.status} {content!r}"
                else:
                    self.acknowledged += 1


def services(port: int) -> list[str]:
    found: list[str] = []
    path = "/services?size=1000"
    while path:
        page = ask(port, "GET", path).json
        found += [row["name"] for row in page["data"]]
        path = page["next"]
    return found


@pytest.mark.parametrize("number", range(ROUNDS))
def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path, number: int) -> None:
    chance = random.Random(number)
    file = tmp_path / "kong.yml"
    file.write_text('_format_version: "3.0"\nservices: [{name: first, host: h.test}]\n')
    settings = {"KONG_PREFIX": str(tmp_path / "prefix"), "KONG_NGINX_WORKER_PROCESSES": "1"}
    with GatewayProcess(file, settings) as gateway:
        writers = [Writer(f"r{number}w{index}", gateway.ports["ADMIN"]) for index in range(WRITERS)]
        for writer in writers:
            writer.start()
        writers[0].join(chance.uniform(0.05, 0.8))  # no writer ends by itself: this is the moment of the kill
        assert gateway.process is not None
        gateway.process.kill()
        for writer in writers:
            writer.join(20)
        assert [writer.refused for writer in writers] == [""] * WRITERS
    with GatewayProcess(file, settings) as again:
        found = services(again.ports["ADMIN"])
    assert len(found) == len(set(found)) and "first" in found
    for writer in writers:
        own = {name for name in found if name.startswith(writer.prefix + "-")}
        assert own in (writer.left(writer.acknowledged), writer.left(writer.acknowledged + 1)), writer.acknowledged
    assert sum(writer.acknowledged for writer in writers) > 0
