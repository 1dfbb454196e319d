"""A request's path taken apart."""

from __future__ import annotations

import pytest
from support.admin_api import request

from gateway.admin.answers import Refusal
from gateway.admin.call import Call


@pytest.mark.parametrize(
    ("target", "segments"),
    [
        ("/", ()),
        ("/services", ("services",)),
        ("/services/", ("services",)),
        ("/services/a%20b/routes?size=1", ("services", "a b", "routes")),
        ("/services/a%2Fb", ("services", "a/b")),
        ("http://h.test/services", ("services",)),
    ],
)
def test_segments(target: str, segments: tuple[str, ...]) -> None:
    call = Call(request("GET", target))
    assert call.segments == segments and not call.broken


@pytest.mark.parametrize("target", ["//services", "/services//", "/services//x", "/services/../x", "/a/%2e%2e/b", "*"])
def test_paths_that_nothing_has(target: str) -> None:
    assert Call(request("GET", target)).broken


def test_the_path_of_links_is_as_the_client_wrote_it() -> None:
    assert Call(request("GET", "/services/a%20b/routes?size=1")).path == "/services/a%20b/routes"


def test_the_gate() -> None:
    assert Call(request("GET", "/")).gate("GET, OPTIONS") is None
    reply = Call(request("OPTIONS", "/")).gate("GET, OPTIONS")
    assert reply is not None and reply.status == 204
    assert reply.block == b"Allow: GET, OPTIONS\r\nAccess-Control-Allow-Methods: GET, OPTIONS\r\n"
    with pytest.raises(Refusal) as refused:
        Call(request("PUT", "/")).gate("GET, OPTIONS")
    assert refused.value.status == 405 and refused.value.allow == "GET, OPTIONS"
