"""Where a client reaches the node's listeners."""

from __future__ import annotations

from support.admin_api import request

from gateway.admin.address import address
from gateway.settings import Listener

PLAIN, TLS = Listener("0.0.0.0", 9000), Listener("0.0.0.0", 9443, ssl=True)


def test_the_host_that_the_client_used() -> None:
    assert address((TLS, PLAIN), request("GET", "/", host="localhost:8002")) == "http://localhost:9000"
    assert address((PLAIN,), request("GET", "/", host="[::1]:8002")) == "http://[::1]:9000"
    assert address((PLAIN,), request("GET", "/", host="gateway.test")) == "http://gateway.test:9000"


def test_the_listeners_own_host_where_it_has_one() -> None:
    assert address((Listener("::1", 9443, ssl=True),), request("GET", "/")) == "https://[::1]:9443"
    assert address((Listener("10.0.0.5", 9000),), request("GET", "/")) == "http://10.0.0.5:9000"


def test_no_listener_no_address() -> None:
    assert address((), request("GET", "/")) == ""
