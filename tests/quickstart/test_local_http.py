"""Requests to our own listeners: whole answers, or one of three reasons why not; never through a proxy."""

from __future__ import annotations

import socket
import threading

import pytest
from support.gateway_process import free_ports
from support.mock_server import Answer, Asked, MockServer

from quickstart.local_http import NoAnswer, authority, listens, reachable_host, request


class Echo(MockServer):
    def answer(self, asked: Asked) -> Answer:
        return Answer(
            201, asked.method.encode() + asked.body, headers={"X-Kind": asked.headers.get("content-type", "-")}
        )


def test_an_answer_comes_whole() -> None:
    with Echo() as server:
        answer = request("127.0.0.1", server.port, "POST", "/x?y=1", b"body", "text/plain")
    assert (answer.status, answer.headers["x-kind"], answer.body) == (201, "text/plain", b"POSTbody")
    assert (server.last.path, server.last.query) == ("/x", {"y": "1"})


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Echo() as server:
        assert request("127.0.0.1", server.port, "GET", "/").status == 201


def test_nobody_there_is_refused() -> None:
    with pytest.raises(NoAnswer) as caught:
        request("127.0.0.1", free_ports(1)[0], "GET", "/")
    assert caught.value.kind == "refused"


def test_silence_is_a_timeout_after_the_time_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NoAnswer) as caught:
        request("127.0.0.1", silent.getsockname()[1], "GET", "/", timeout=0.05)
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_something_else_than_a_whole_answer_is_broken(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def serve() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(NoAnswer) as caught:
            request("127.0.0.1", other.getsockname()[1], "GET", "/")
        thread.join()
    assert caught.value.kind == "broken"


@pytest.mark.parametrize(
    ("bind", "host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1:1"),
        ("0.0.0.0", "127.0.0.1", "127.0.0.1:1"),
        ("::", "::1", "[::1]:1"),
        ("10.0.0.5", "10.0.0.5", "10.0.0.5:1"),
    ],
)
def test_a_wildcard_address_is_reached_on_loopback(bind: str, host: str, shown: str) -> None:
    assert (reachable_host(bind), authority(bind, 1)) == (host, shown)


def test_whether_something_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens("127.0.0.1", port)
    assert not listens("127.0.0.1", port)
