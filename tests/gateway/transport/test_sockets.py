"""Listening sockets: all or none, shared or alone, and a taken port is told."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from gateway.settings import Listener
from gateway.transport.sockets import ListenError, close_all, open_all, port_owner


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_one_socket_per_worker_on_one_port() -> None:
    opened = open_all(
        [("KONG_PROXY_LISTEN", Listener("127.0.0.1", 0), 3), ("KONG_ADMIN_LISTEN", Listener("::1", 0), 1)]
    )
    try:
        proxy, admin = opened
        assert {one.getsockname()[1] for one in proxy.sockets} == {proxy.port}
        assert len(proxy.sockets) == 3
        assert proxy.port > 0
        for _ in range(20):
            socket.create_connection(("127.0.0.1", proxy.port), 5).close()
        assert admin.sockets[0].family == socket.AF_INET6
        socket.create_connection(("::1", admin.port), 5).close()
    finally:
        close_all(opened)


@pytest.mark.parametrize("count", [1, 4])
def test_a_taken_port_names_port_setting_and_owner(taken: int, count: int) -> None:
    with pytest.raises(ListenError) as caught:
        open_all([("KONG_PROXY_LISTEN", Listener("127.0.0.1", taken), count)])
    text = str(caught.value)
    assert "KONG_PROXY_LISTEN" in text
    assert f"port {taken}" in text
    assert f"(pid {os.getpid()})" in text


def test_a_port_that_others_share_is_taken_all_the_same() -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(ListenError, match="already taken"):
            open_all([("KONG_PROXY_LISTEN", Listener("127.0.0.1", holder.getsockname()[1]), 2)])


def test_nothing_stays_open_when_one_cannot_be(taken: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for _ in range(2):
        with pytest.raises(ListenError):
            open_all(
                [
                    ("KONG_PROXY_LISTEN", Listener("127.0.0.1", port), 2),
                    ("KONG_ADMIN_LISTEN", Listener("127.0.0.1", taken), 1),
                ]
            )
        assert port_owner(port) == ""


@pytest.mark.parametrize("host", ["203.0.113.9", "no-such-host.invalid"])
def test_an_address_of_another_machine(host: str) -> None:
    with pytest.raises(ListenError, match="no address of this machine"):
        open_all([("KONG_STATUS_LISTEN", Listener(host, 8100), 1)])


def test_what_a_listener_cannot_do_is_told() -> None:
    with pytest.raises(ListenError, match="proxy_protocol"):
        open_all([("KONG_PROXY_LISTEN", Listener("127.0.0.1", 0, proxy_protocol=True), 1)])


def test_nobody_owns_a_free_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert port_owner(free.getsockname()[1]) == ""
