"""Real servers on real loopback ports, of every kind; and what is not a model server is not taken for one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.mock_server import Answer, Asked, MockServer, as_json
from support.providers_mock import LlamaCpp, OpenAI
from support.providers_mock_own import Ollama

from quickstart import discovery
from quickstart.discovery import Listening, Server


class Listing(MockServer):
    """A server that lists models in somebody's manner."""

    def __init__(self, owner: str, models: list[str], other: dict[str, Any] | None = None, server: str = "") -> None:
        super().__init__()
        self.owner, self.models, self.other, self.server_name = owner, models, other or {}, server

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/models":
            rows = [{"id": name, "object": "model", "owned_by": self.owner} for name in self.models]
            answer = as_json({"object": "list", "data": rows})
        elif asked.path in self.other:
            answer = as_json(self.other[asked.path])
        else:
            answer = as_json({"detail": "Not Found"}, 404)
        if self.server_name:
            answer.headers["X-Kong-Request-Id"] = self.server_name
        return answer


@pytest.mark.parametrize(
    ("server", "kind", "models"),
    [
        (LlamaCpp(), "llama.cpp", ("mistral-7b-instruct-v0.1.Q4_K_M.gguf",)),
        (Ollama(), "ollama", ("llama2:latest", "mistral:latest")),
        (Listing("vllm", ["qwen"]), "vllm", ("qwen",)),
        (Listing("organization_owner", ["phi", "text-embedding-nomic"]), "lm-studio", ("phi",)),
        (Listing("me", ["./models/mistral.gguf"]), "llama-cpp-python", ("./models/mistral.gguf",)),
        (Listing("x", ["m"], {"/props": {"default_generation_settings": {}}}), "llama.cpp", ("m",)),
        (Listing("x", ["a", "b", "a"]), "other", ("a", "b")),
        (Listing("x", []), "other", ()),
    ],
)
def test_kinds_are_told_apart(server: MockServer, kind: str, models: tuple[str, ...]) -> None:
    with server:
        found = discovery.probe(server.url, timeout=5.0)
    assert found is not None and (found.kind, found.models, found.locked) == (kind, models, False)


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 50, b"x"],
    ids=["interim answers", "a head", "no HTTP"],
)
def test_a_port_that_says_something_for_ever_is_given_up(said: bytes) -> None:
    def talk() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=without_end, args=(client,), daemon=True).start()

    def without_end(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while not over.wait(0.001):
                client.sendall(said)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=talk, daemon=True).start()
        port = listener.getsockname()[1]
        try:
            assert discovery.probe(f"http://127.0.0.1:{port}") is None
            assert discovery.speaks("127.0.0.1", port) is False
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)


def test_an_old_ollama_is_known_by_its_tags() -> None:
    class Old(Ollama):
        def answer(self, asked: Asked) -> Answer:
            return (
                Answer(404, b"404 page not found", "text/plain")
                if asked.path == "/v1/models"
                else super().answer(asked)
            )

    with Old() as server:
        found = discovery.probe(server.url, timeout=5.0)
    assert found is not None and (found.kind, found.models) == ("ollama", ("llama2:latest", "mistral:latest"))


def test_a_server_that_wants_a_key() -> None:
    class Locked(LlamaCpp):
        def answer(self, asked: Asked) -> Answer:
            if asked.path == "/v1/models":
                raise self.refuse("invalid_key")
            return super().answer(asked)

    with Locked() as server:
        found = discovery.probe(server.url, timeout=5.0)
    assert found is not None and found.locked


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>hello</html>", "text/html"),
        Answer(200, b"[1,2]"),
        Answer(200, b'{"data": "x"}'),
        Answer(200, b'{"data": [1, {"id": 3}]}'),
        Answer(401, b"who are you", "text/plain"),
        Answer(500, b"{}"),
        Answer(200, b"{" * 100_000),
        Answer(302, b"", headers={"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_other_web_servers_are_none(answer: Answer) -> None:
    class Other(MockServer):
        def answer(self, asked: Asked) -> Answer:
            return answer

    with Other() as server:
        assert discovery.probe(server.url, timeout=5.0) is None


def test_a_gateway_is_no_model_server() -> None:
    with Listing("x", ["m"], server="abc") as server:
        assert discovery.probe(server.url, timeout=5.0) is None


@contextmanager
def bound(listen: bool = True) -> Iterator[int]:
    """A port that accepts and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listen:
            silent.listen()
        yield silent.getsockname()[1]


def test_silence_is_given_up_and_refusal_too() -> None:
    with bound() as port:
        assert discovery.probe(f"http://127.0.0.1:{port}", timeout=0.05) is None
    with bound(listen=False) as port:
        assert discovery.probe(f"http://127.0.0.1:{port}") is None


def test_servers_are_found_among_the_listening_sockets_and_ours_are_left_alone() -> None:
    with LlamaCpp() as llama, OpenAI(key="") as ours, bound() as silent:
        sockets = [Listening("127.0.0.1", port) for port in (llama.port, ours.port, silent, 22)]
        found = discovery.discover({ours.port}, lambda: sockets, usual=())
        assert found == [Server(llama.port, "llama.cpp", llama.models, True, False)]
        assert ours.asked == []


def test_the_real_socket_table_shows_a_new_server() -> None:
    with LlamaCpp() as llama:
        assert Listening("127.0.0.1", llama.port) in discovery.listening()
        assert discovery.listens_on_loopback_only(llama.port)


def test_candidates_are_loopback_bounded_and_the_usual_first() -> None:
    sockets = [Listening("192.168.1.5", 9000), Listening("0.0.0.0", 9001), Listening("::1", 11434)]
    assert discovery.candidates(sockets, set()) == [11434, 9001]
    assert 22 not in discovery.candidates([Listening("0.0.0.0", 22), Listening("::", 6379)], set())
    many = [Listening("127.0.0.1", port) for port in range(10000, 10500)]
    assert len(discovery.candidates(many, set())) == discovery.MOST_SOCKETS


def test_where_sockets_cannot_be_seen_the_usual_ports_are_tried() -> None:
    assert discovery.candidates([], {8000}) == [port for port in discovery.USUAL_PORTS if port != 8000]


@pytest.mark.parametrize(
    ("addresses", "closed"),
    [
        (["127.0.0.1"], True),
        (["::1", "127.0.0.1"], True),
        (["127.0.0.1", "172.17.0.1"], False),
        (["::"], False),
        ([], False),
    ],
)
def test_what_a_container_cannot_reach(addresses: list[str], closed: bool) -> None:
    assert discovery.listens_on_loopback_only(7999, [Listening(address, 7999) for address in addresses]) is closed


def test_a_server_on_ipv6_loopback_alone() -> None:
    sockets = [Listening("::1", 7999)]
    assert discovery._base(7999, sockets) == "http://[::1]:7999"
    assert Server(7999, "ollama", ()).url == "http://localhost:7999"


def test_a_key_opens_a_server_that_wants_one() -> None:
    class Locked(LlamaCpp):
        def answer(self, asked: Asked) -> Answer:
            self.check_credential(asked)
            return super().answer(asked)

    with Locked("right") as server:
        shut, opened = discovery.probe(server.url, timeout=5.0), discovery.probe(server.url, key="Bearer right")
    assert shut is not None and shut.locked
    assert opened is not None and not opened.locked and opened.models == server.models


def test_what_speaks_http_at_all() -> None:
    with LlamaCpp() as server, bound() as silent, bound(listen=False) as shut:
        assert discovery.speaks("127.0.0.1", server.port)
        assert not discovery.speaks("127.0.0.1", silent, 0.05)
        assert not discovery.speaks("127.0.0.1", shut)
