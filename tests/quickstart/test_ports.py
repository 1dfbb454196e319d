"""Which ports are free is found out as the gateway itself would: by taking them for a moment."""

from __future__ import annotations

import os
import socket

import pytest
from support.gateway_process import free_ports

from quickstart.errors import PortTaken
from quickstart.ports import is_free, next_free, owner


def test_a_port_that_something_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert f"(pid {os.getpid()})" in owner(port)
    assert is_free(port)
    assert owner(port) == ""


def test_a_listener_on_all_addresses_holds_loopback_too() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_connections_that_are_only_ending_do_not_hold_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps the port in TIME_WAIT
            client.recv(1)
    assert is_free(port)


def test_the_next_free_port_skips_taken_and_planned_ones() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        found = next_free(port, frozenset([port + 1]))
    assert found > port + 1
    assert next_free(found) == found


def test_there_may_be_none() -> None:
    with pytest.raises(PortTaken, match="No port from 65535 on"):
        next_free(65535, frozenset([65535]))
