"""Runs the gateway as users do, `python -m gateway start`, and talks to it. Not for: the quickstart's own runtimes."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from support.house import ROOT

Json = Any
LISTENERS = ("PROXY", "ADMIN", "ADMIN_GUI", "PORTAL_GUI", "PORTAL_API", "STATUS")
START_SECONDS = 20.0


def _own_ports() -> tuple[int, int]:
    """The first port and the one after the last that this process may give away: below those that the kernel hands out
    by itself, so that no connection that happens to start takes one; and no other worker of these tests has them, who
    might start something there between the giving and the taking."""
    first, last = 20_000, 32_000
    worker, count = os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if not worker.startswith("gw"):
        return first, last
    share = (last - first) // count
    start = first + int(worker[2:]) * share
    return start, start + share


_FIRST, _LAST = _own_ports()
_next = itertools.count(os.getpid() * 97)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, all different; each is given once in a long time."""
    found: list[int] = []
    for number in itertools.islice(_next, _LAST - _FIRST):
        port = _FIRST + number % (_LAST - _FIRST)
        with contextlib.closing(socket.socket()) as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports between {_FIRST} and {_LAST}")


@dataclass(frozen=True)
class Got:
    """An answer. `headers` by lower-case name, the last one wins."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)

    @property
    def events(self) -> list[Json]:
        """The data of a stream's events, decoded, and the string "[DONE]" for the last."""
        lines = self.body.decode().replace("\r\n", "\n").split("\n")
        data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
        return [text if text == "[DONE]" else json.loads(text) for text in data]

    @property
    def streamed_text(self) -> str:
        choices = [event["choices"][0] for event in self.events if event != "[DONE]" and event.get("choices")]
        return "".join(choice.get("text") or choice.get("delta", {}).get("content") or "" for choice in choices)


def ask(
    port: int,
    method: str,
    path: str,
    body: Json = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 30.0,
) -> Got:
    """One request to loopback; a body that is not bytes is sent as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    with contextlib.closing(connection):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        extra = {} if data is None else {"Content-Type": "application/json"}
        connection.request(method, path, data, {**extra, **(headers or {})})
        answer = connection.getresponse()
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def answers(port: int, path: str = "/status") -> bool:
    try:
        return ask(port, "GET", path, seconds=5).status == 200
    except OSError:
        return False


@dataclass
class GatewayProcess:
    """One gateway with ports of its own. `environment` holds KONG_* settings beyond the listeners and the file."""

    file: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
        self.log = self.file.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def settings(self) -> dict[str, str]:
        listeners = {f"KONG_{name}_LISTEN": f"127.0.0.1:{port}" for name, port in self.ports.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KONG_")}
        path = {"PYTHONPATH": str(ROOT / "gateway_image"), "KONG_DECLARATIVE_CONFIG": str(self.file)}
        return {**kept, **listeners, **path, **self.environment}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of the gateway's other commands: check, health; or a start that is expected to fail."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            env=self.settings(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "start"],
                env=self.settings(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            eventually(lambda: self.died() or answers(self.ports["STATUS"]), f"the gateway to start; {self.log}")
            assert not self.died(), f"the gateway ended at once:\n{self.log.read_text()[-4000:]}"
        except BaseException:
            self.stop()
            raise
        return self

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def reload(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def post(self, path: str, body: Json = None, **headers: str) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.ports["PROXY"], "POST", path, body, named)

    def chat(self, path: str, text: str = "What is 1+1?", **more: Json) -> Got:
        return self.post(path, {"messages": [{"role": "user", "content": text}], **more})


def eventually(condition: Any, what: str, seconds: float = START_SECONDS) -> None:
    """Returns once `condition()` holds; fails with `what` after `seconds`. For processes: they send no events."""
    for _ in moments(seconds):
        if condition():
            return
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def moments(seconds: float, step: float = 0.05) -> Iterator[int]:
    waiting = threading.Event()
    for count in range(max(1, int(seconds / step))):
        yield count
        waiting.wait(step)
