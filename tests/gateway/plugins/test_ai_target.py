"""Where a model's calls go: URLs, credentials and bodies, compiled once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._ai_target import Aim
from gateway.providers import get
from gateway.providers._base import CHAT, Call, ProviderError


def aim(url: str = "http://up.test:8080/v1/chat/completions", stream: bool = False, **auth: str) -> Aim:
    return Aim(get("openai"), Call(CHAT, "m-1", {"upstream_url": url}, stream), auth)


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://a.test/v1/chat/completions", ("https", "a.test", 443), b"/v1/chat/completions"),
        ("http://a.test:81/x?y=1", ("http", "a.test", 81), b"/x?y=1"),
        ("http://[::1]:8080/x", ("http", "::1", 8080), b"/x"),
    ],
)
def test_an_upstream_url_is_taken_apart(url: str, origin: tuple[str, str, int], path: bytes) -> None:
    made = aim(url)
    assert (made.origin.scheme, made.origin.host, made.origin.port) == origin
    assert made.target.path == path


@pytest.mark.parametrize("url", ["ftp://a.test/", "http:///x", "gopher:x"])
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises((ProviderError, ValueError)):
        aim(url)


def test_the_credential_is_a_ready_line() -> None:
    made = aim(header_name="Authorization", header_value="Bearer k")
    assert b"Authorization: Bearer k\r\n" in made.target.block
    assert b"Authorization" not in made.without_credential.block
    assert made.target.names[b"AUTHORIZATION"] is None
    assert made.target.names[b"x-api-key"] is None, "a client's key for the gateway is not the provider's business"


def test_without_a_credential_the_clients_own_passes() -> None:
    assert aim().target.names[b"Authorization"] == b"Authorization: "


def test_a_compressed_answer_is_asked_for_only_on_demand() -> None:
    made = aim()
    assert b"Accept-Encoding: identity\r\n" in made.target.block
    assert b"Accept-Encoding: gzip, identity\r\n" in made.variant(made.target, b"", zipped=True).block


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["messages", "model", "stream", "stream_options", "n"]), values, min_size=1),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_spliced_bytes_say_what_was_meant_or_nothing_is_spliced(
    document: dict[str, object], stream: bool, counting: bool, indent: int | None
) -> None:
    body = json.dumps(document, indent=indent).encode()
    spliced = aim(stream=stream).splice(body, document, stream, counting)
    if spliced is None:
        return
    expected = dict(document)
    expected["model"] = "m-1"
    if stream:
        expected["stream"] = True
    if counting:
        expected["stream_options"] = {"include_usage": True}
    assert json.loads(spliced) == expected
    assert spliced.count(b'"model":') + spliced.count(b'"model" :') >= 1


def test_a_credential_with_a_line_break_is_refused_without_showing_it() -> None:
    with pytest.raises(ProviderError, match="line break") as caught:
        aim(header_name="Authorization", header_value="Bearer k\r\nX-Evil: 1")
    assert "Bearer" not in str(caught.value)


@pytest.mark.parametrize("path", ["/a b", "/\u00e9", "/\u2028a", "/a\x7f"])
def test_a_url_that_no_request_line_can_carry_is_refused(path: str) -> None:
    with pytest.raises(ProviderError, match="must be escaped"):
        aim("http://h.test" + path)
