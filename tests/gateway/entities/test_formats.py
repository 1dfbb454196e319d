from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.entities.formats import (
    Address,
    Url,
    host_error,
    name_error,
    read_address,
    read_url,
    route_host_error,
    service_path_error,
    sni_error,
    tag_error,
)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://example.test", Url("http", "example.test", 80, None)),
        ("https://example.test/api/v1", Url("https", "example.test", 443, "/api/v1")),
        ("http://example.test:8080/x", Url("http", "example.test", 8080, "/x")),
        ("http://example.test/", Url("http", "example.test", 80, "/")),
        ("https://example.test:80", Url("https", "example.test", 80, None)),
        ("http://example.test/p?x=1#f", Url("http", "example.test", 80, "/p")),
        ("http://example.test?x=1", Url("http", "example.test", 80, None)),
        ("http://user:pw@example.test/p", Url("http", "example.test", 80, "/p")),
        ("http://example.test/p;a=1", Url("http", "example.test", 80, "/p")),
        ("grpc://example.test:50051", Url("grpc", "example.test", 50051, None)),
        ("grpcs://example.test", Url("grpcs", "example.test", None, None)),
        ("http://[::1]:8080/v", Url("http", "::1", 8080, "/v")),
        ("http://[::1]/v", Url("http", "::1", 80, "/v")),
        ("//example.test:443", Url("https", "example.test", 443, None)),
        ("HTTP://EXAMPLE.test/P", Url("HTTP", "EXAMPLE.test", None, "/P")),
        ("http://example.test/a%20b/%2e", Url("http", "example.test", 80, "/a%20b/%2e")),
        ("http://example.test:99999", Url("http", "example.test", 99999, None)),
        ("127.0.0.1:8965", Url("127.0.0.1", None, None, "8965")),
        ("example.test/p", Url(None, None, None, "example.test/p")),
        ("http://", Url("http", None, 80, None)),
    ],
)
def test_a_url_is_taken_apart_as_by_kong(url: str, parts: Url) -> None:
    assert read_url(url) == parts


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.test", Address("example.test", None, "name")),
        ("a.", Address("a.", None, "name")),
        ("my_host:80", Address("my_host", 80, "name")),
        ("127.0.0.1:0", Address("127.0.0.1", 0, "ipv4")),
        ("::1", Address("::1", None, "ipv6")),
        ("[::1]", Address("::1", None, "ipv6")),
        ("[::1]:80", Address("::1", 80, "ipv6")),
        ("a:99999", "invalid port number"),
        ("[::1]:99999", "invalid port number"),
        ("a:x", "invalid hostname: a:x"),
        ("a:", "invalid hostname: a:"),
        ("a b", "invalid hostname: a b"),
        ("a..b", "invalid hostname: a..b"),
        ("-a", "invalid hostname: -a"),
        ("", "invalid hostname: "),
        ("1.2.3", "invalid ipv4 address: 1.2.3"),
        ("1.2.3.400", "invalid ipv4 address: 1.2.3.400"),
        ("1::2::3", "invalid ipv6 address: 1::2::3"),
        ("[::1", "invalid ipv6 address: [::1"),
        ("[::1]x", "invalid ipv6 address: [::1]x"),
        ("a:\u0663", "invalid hostname: a:\u0663"),
    ],
)
def test_addresses(text: str, address: Address | str) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("example.test", None),
        ("EXAMPLE.Test", None),
        ("my_host", None),
        ("::1", None),
        ("a b", "invalid value: a b"),
        ("n.test:80", "must not have a port"),
        ("http://n.test", "invalid value: http://n.test"),
        ("n.test/p", "invalid value: n.test/p"),
    ],
)
def test_hosts_of_services(value: str, error: str | None) -> None:
    assert host_error(value) == error


@pytest.mark.parametrize("value", ["*.", "a.*", "a:0", "[::1]", "::1", "a.", "A.COM", "*.example.test:8443"])
def test_hosts_of_routes_that_kong_takes(value: str) -> None:
    assert route_host_error(value) is None


@pytest.mark.parametrize("value", ["a/b", "a:x", " a", "a..b"])
def test_hosts_of_routes_that_kong_refuses(value: str) -> None:
    assert route_host_error(value) == f"invalid hostname: {value}"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("a.test", None),
        ("*.a.test", None),
        ("1.2.3.4", "must not be an IP"),
        ("a.test:443", "must not have a port"),
        ("a b", "invalid hostname: a b"),
    ],
)
def test_server_names(value: str, error: str | None) -> None:
    assert sni_error(value) == error


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("/a/b%20c", None),
        ("/ünïcode", None),
        ("/a b", "invalid path: '/a b' (characters outside of the reserved list of RFC 3986 found)"),
        ("/a?x=1", "invalid path: '/a?x=1' (characters outside of the reserved list of RFC 3986 found)"),
        ("/a%zz", "invalid url-encoded value: '%zz'"),
        ("/a%4", "invalid url-encoded value: '%4'"),
    ],
)
def test_paths_of_services(value: str, error: str | None) -> None:
    assert service_path_error(value) == error


@pytest.mark.parametrize("name", ["a", "A-b_c.d~e1", "sérvice-日本"])
def test_names_that_kong_takes(name: str) -> None:
    assert name_error(name) is None


@given(
    st.text(
        alphabet=[chr(code) for code in range(128) if not chr(code).isalnum() and chr(code) not in "._~-"], min_size=1
    )
)
def test_other_ascii_is_refused_in_names(name: str) -> None:
    assert name_error(name) == (
        f"invalid value '{name}': the only accepted ascii characters are alphanumerics or ., -, _, and ~"
    )


@pytest.mark.parametrize("tag", ["a", "with space", "héllo", "日本", "a:b=c~"])
def test_tags_that_kong_takes(tag: str) -> None:
    assert tag_error(tag) is None


@pytest.mark.parametrize("tag", ["a,b", "a/b", "a\n", "\x7f"])
def test_tags_that_kong_refuses(tag: str) -> None:
    assert (
        tag_error(tag) == f"invalid tag '{tag}': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"
    )


@given(st.text(max_size=40))
def test_no_text_makes_the_readers_fail(text: str) -> None:
    read_url(text)
    read_address(text)
    service_path_error(text)
    name_error(text)
    tag_error(text)
