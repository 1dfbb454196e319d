"""Whose requests are counted together, and that what is shared between nodes shows nobody's secret."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._limit_identity import Identity, shared_tag


def exchange(**about: Any) -> Any:
    request = SimpleNamespace(client="10.0.0.1", fields=about.pop("fields", {}))
    return SimpleNamespace(**{"request": request, "consumer": None, "credential": None, "match": None, **about})


def match(path: bytes = b"/a", service: Any = None) -> Any:
    return SimpleNamespace(path=path, service=service)


@pytest.mark.parametrize(
    ("kind", "about", "wanted"),
    [
        ("ip", {"consumer": {"id": "c"}}, b"ip:10.0.0.1"),
        ("consumer", {}, b"ip:10.0.0.1"),
        ("consumer", {"consumer": {"id": "c"}, "credential": {"id": "k"}}, b"consumer:c"),
        ("consumer", {"credential": {"id": "k"}}, b"consumer:k"),
        ("credential", {"consumer": {"id": "c"}, "credential": {"id": "k"}}, b"credential:k"),
        ("credential", {"consumer": {"id": "c"}}, b"ip:10.0.0.1"),
        ("service", {"match": match(service={"id": "s"})}, b"service:s"),
        ("service", {"match": match()}, b"ip:10.0.0.1"),
        ("header", {"fields": {b"x-team": b"red"}}, b"header:red"),
        ("header", {"fields": {b"x-other": b"red"}}, b"ip:10.0.0.1"),
        ("path", {"match": match(b"/only")}, b"path:/only"),
        ("path", {"match": match(b"/only/more")}, b"ip:10.0.0.1"),
        ("consumer-group", {"consumer": {"id": "c"}}, b"ip:10.0.0.1"),
    ],
)
def test_what_a_limit_goes_by(kind: str, about: Any, wanted: bytes) -> None:
    assert Identity(kind, "X-Team", "/only").of(exchange(**about)) == wanted


@given(namespace=st.binary(), who=st.binary())
def test_a_tag_is_short_plain_and_tells_nothing(namespace: bytes, who: bytes) -> None:
    tag = shared_tag(namespace, who)
    assert (tag[:1], tag[-2:], len(tag)) == (b"{", b"}:", 35)
    assert tag[1:-2].isalnum()
    assert len(who) < 8 or who not in tag


def test_tags_of_others_are_others() -> None:
    assert len({shared_tag(namespace, who) for namespace in (b"a", b"b") for who in (b"x", b"y")}) == 4
