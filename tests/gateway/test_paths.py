"""Targets, the normal form and the joining of paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.paths import (
    BadTarget,
    escape,
    header_text,
    normal_form,
    normalise,
    split_target,
    target_host,
    upstream_path,
)

PIECES = st.sampled_from(
    [
        b"/",
        b"//",
        b".",
        b"..",
        b"a",
        b"b%20",
        b"%2F",
        b"%2f",
        b"%2e",
        b"%2E%2e",
        b"%C3%A9",
        b"%25",
        b"%3Ab",
        b"\xc3\xa9",
        b"~",
    ]
)
PATHS = st.lists(PIECES, max_size=12).map(lambda pieces: b"/" + b"".join(pieces))


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        (b"/", b"/"),
        (b"/a/b", b"/a/b"),
        (b"/a/", b"/a/"),
        (b"//a///b", b"/a/b"),
        (b"/a/./b", b"/a/b"),
        (b"/a/../b", b"/b"),
        (b"/a/..", b"/"),
        (b"/a/b/..", b"/a/"),
        (b"/a/.", b"/a/"),
        (b"/a//..", b"/"),
        (b"/...", b"/..."),
        (b"/.well-known/x", b"/.well-known/x"),
        (b"/a/%2e%2e/b", b"/b"),
        (b"/a%20b", b"/a b"),
        (b"/caf%c3%a9", "/café".encode()),
        (b"/a%2fb", b"/a%2Fb"),
        (b"/%2525", b"/%2525"),
        (b"/a%7Eb", b"/a~b"),
    ],
)
def test_normal_form(raw: bytes, normal: bytes) -> None:
    assert normalise(raw) == normal


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"*",
        b"a/b",
        b"/%",
        b"/%4",
        b"/%zz",
        b"/%%41",
        b"/a%00",
        b"/..",
        b"/a/../../b",
        b"//%2e%2e/b",
        b"/a%2F..%2F..",
    ],
)
def test_what_no_route_may_see_is_refused(raw: bytes) -> None:
    with pytest.raises(BadTarget):
        normalise(raw)


@given(PATHS)
def test_the_normal_form_is_stable_and_has_nothing_left_to_resolve(raw: bytes) -> None:
    try:
        path = normalise(raw)
    except BadTarget:
        return
    assert normalise(path) == path == normal_form(path)
    assert b"//" not in path
    assert not {b".", b".."} & set(path.split(b"/"))


@given(PATHS)
def test_escaping_and_normalising_undo_each_other(raw: bytes) -> None:
    path = normal_form(raw)
    sent = escape(path)
    assert sent.isascii() and b" " not in sent
    assert normal_form(sent) == path


@given(st.binary(max_size=40))
def test_any_bytes_are_either_refused_or_normal(raw: bytes) -> None:
    try:
        path = normalise(raw)
    except BadTarget:
        return
    assert path.startswith(b"/")
    assert escape(path).isascii()


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/a?b?c", (b"/a", b"?b?c")),
        (b"/a?", (b"/a", b"?")),
        (b"/a", (b"/a", b"")),
        (b"http://h.test/a?q", (b"/a", b"?q")),
        (b"HTTP://h.test:99", (b"/", b"")),
        (b"http://h.test?q", (b"/", b"?q")),
        (b"h.test:443", (b"h.test:443", b"")),
    ],
)
def test_targets_are_taken_apart(target: bytes, parts: tuple[bytes, bytes]) -> None:
    assert split_target(target) == parts


def test_only_an_absolute_target_names_a_host() -> None:
    assert target_host(b"http://h.test:99/a") == b"h.test:99"
    assert target_host(b"/http://h.test/") is None


@given(
    base=st.sampled_from([b"", b"/", b"/s", b"/s/", b"/s/t", b"/s%20p"]),
    prefix=st.sampled_from([None, b"", b"/", b"/q", b"/q/"]),
    tail=st.sampled_from([b"", b"/", b"x", b"/x", b"/x/"]),
)
def test_exactly_one_slash_joins_the_service_path_and_the_rest(base: bytes, prefix: bytes | None, tail: bytes) -> None:
    path = normal_form(b"/" + (prefix or b"") + tail)
    if prefix and not path.startswith(prefix):
        return
    rest = path[len(prefix) :] if prefix else path[1:]
    joined = upstream_path(base, path, prefix, rest)
    assert joined.startswith(b"/") and b"//" not in joined
    assert joined.startswith(base.rstrip(b"/"))


def test_control_characters_cannot_end_a_header_line() -> None:
    assert header_text(b"/a\r\nX: y\tz \xc3\xa9") == b"/a%0D%0AX: y\tz \xc3\xa9"


def test_what_may_not_stand_in_a_path_is_escaped_upper_case() -> None:
    assert escape(b'/a b{}|"<>^`\\\xc3\xa9') == b"/a%20b%7B%7D%7C%22%3C%3E%5E%60%5C%C3%A9"
    assert escape(b"/!#$&'()*+,:;=?@[]-_.~%2F") == b"/!#$&'()*+,:;=?@[]-_.~%2F"
