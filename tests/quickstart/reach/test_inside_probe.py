"""The question that is asked inside a container: real sockets, and as its own program."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.mock_server import Answer, Asked, MockServer
from support.providers_mock import LlamaCpp
from support.providers_mock_own import Ollama

from quickstart.reach import inside_probe
from quickstart.reach.inside import PATHS, Target, command, parse


class Says(MockServer):
    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.says = answer

    def answer(self, asked: Asked) -> Answer:
        return self.says


@contextmanager
def a_port(listening: bool) -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        if listening:
            bound.listen()
        yield bound.getsockname()[1]


@pytest.mark.parametrize(("kind", "path"), [(LlamaCpp, PATHS[0]), (Ollama, PATHS[1])])
def test_a_model_server(kind: Callable[[], MockServer], path: str) -> None:
    with kind() as server:
        told = inside_probe.tell("127.0.0.1", server.port, path, 30)
    assert told == {"outcome": "answered", "address": "127.0.0.1", "status": 200, "models": True}
    assert server.last.headers["host"] == f"localhost:{server.port}"


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"data": 3}'])
def test_another_server(body: bytes) -> None:
    with Says(Answer(200, body)) as server:
        assert inside_probe.tell("127.0.0.1", server.port, "/v1/models", 30)["models"] is False


def test_refused_silent_and_unknown() -> None:
    with a_port(listening=False) as port:
        assert inside_probe.tell("127.0.0.1", port, "/", 30)["outcome"] == "refused"
    with a_port(listening=True) as port:
        assert inside_probe.tell("127.0.0.1", port, "/", 0.05)["outcome"] == "timeout"
    assert inside_probe.tell("no-such-name.invalid", 1, "/", 1) == {"outcome": "name", "address": ""}


def test_it_runs_as_a_text_of_its_own() -> None:
    with LlamaCpp() as server:
        words = command(Target("localhost:1", "127.0.0.1", server.port), "/v1/models")
        done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, timeout=30)
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["outcome"] == "answered" and parse(done.stdout).models
