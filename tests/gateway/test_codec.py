"""JSON in and out, splicing, bounded decompression."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codec import CodecError, decode, encode, expand, opened, splice

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
OBJECTS = st.dictionaries(st.text(), JSON, max_size=5)


@given(JSON)
def test_what_is_encoded_decodes_to_the_same(value: object) -> None:
    assert decode(encode(value)) == value


def test_integers_keep_every_digit() -> None:
    assert decode(b"[12345678901234567, 123456789012345678901234567890]") == [
        12345678901234567,
        123456789012345678901234567890,
    ]


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[1,]", b"NaN", b"{'a':1}", b'"\xff"', b"nul", b"\xef\xbb\xbf{}", b"{} x", b"[" * 100_000],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_json_is_a_codec_error(text: bytes) -> None:
    with pytest.raises(CodecError, match="not JSON"):
        decode(text)


@given(st.binary(max_size=60))
def test_decoding_raises_nothing_but_codec_errors(data: bytes) -> None:
    try:
        decode(data)
    except CodecError as error:
        assert "JSON" in str(error)


@pytest.mark.parametrize("value", ["\ud800", {"a": object()}, [{1, object()}]])
def test_what_json_cannot_say_is_a_codec_error(value: object) -> None:
    with pytest.raises(CodecError, match="cannot be written"):
        encode(value)


# --- splice


ADDITIONS = {"model": "x", "stream": False}


@given(OBJECTS, st.text(" \t\r\n", max_size=3), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:")]))
def test_splice_adds_members_and_nothing_else(
    value: dict[str, object], space: str, separators: tuple[str, str]
) -> None:
    text = (space + json.dumps(value, separators=separators) + space).encode()
    spliced = splice(text, decode(text), ADDITIONS)
    if not value or "model" in value or "stream" in value:
        assert spliced is None
    else:
        assert spliced is not None
        assert decode(spliced) == {**ADDITIONS, **decode(text)}
        assert spliced.endswith(text.lstrip()[1:])


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b" { } ",
        b"[1]",
        b'"{"',
        b"3",
        b"null",
        b'{"model":null}',
        b'{"model":""}',
        b'{"a":1,"model":"y"}',
        b'{"model":"a","model":"b"}',
        b'{"mod\\u0065l":"a","b":1}',
        b'{"b":1,"stream":true}',
    ],
)
def test_splice_refuses_where_it_is_not_safe(text: bytes) -> None:
    assert splice(text, decode(text), ADDITIONS) is None


def test_a_name_only_inside_is_no_obstacle() -> None:
    text = b'{"messages":[{"model":"y","content":"\\"model\\":"}]}'
    assert splice(text, decode(text), {"model": "x"}) == b'{"model":"x",' + text[1:]


def test_splicing_nothing_keeps_the_bytes() -> None:
    text = b' {"a":1}'
    assert splice(text, decode(text), {}) is text


# --- expand


def deflate(data: bytes, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(data) + packer.flush()


@given(st.binary(max_size=2000))
def test_every_coding_is_undone(data: bytes) -> None:
    assert expand(gzip.compress(data), "gzip", 2000) == data
    assert expand(gzip.compress(data), " X-GZip ", 2000) == data
    assert expand(deflate(data, 15), "deflate", 2000) == data
    assert expand(deflate(data, -15), "deflate", 2000) == data
    assert expand(data, "identity", 0) == data
    assert expand(data, "", 0) == data


def test_gzip_members_in_a_row_are_one_body() -> None:
    assert expand(gzip.compress(b"one ") + gzip.compress(b"two"), "gzip", 100) == b"one two"


def test_the_limit_is_exact() -> None:
    assert len(expand(gzip.compress(b"x" * 1000), "gzip", 1000)) == 1000
    with pytest.raises(CodecError, match="more than 999 bytes"):
        expand(gzip.compress(b"x" * 1000), "gzip", 999)
    with pytest.raises(CodecError, match="more than 1500 bytes"):
        expand(gzip.compress(b"x" * 1000) * 2, "gzip", 1500)


def test_a_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20), 9)
    with pytest.raises(CodecError, match="more than 1000000 bytes"):
        expand(bomb, "gzip", 1_000_000)


@pytest.mark.parametrize(
    ("data", "coding", "text"),
    [
        (b"plain", "gzip", "damaged"),
        (b"", "gzip", "cut off"),
        (gzip.compress(b"abc", mtime=0)[:-3], "gzip", "cut off"),
        (gzip.compress(b"abc", mtime=0) + b"rest", "gzip", "damaged"),
        (b"\x78\x9cnonsense", "deflate", "damaged"),
        (b"abc", "br", "not supported"),
        (b"abc", "gzip, deflate", "not supported"),
    ],
)
def test_damaged_and_unknown_codings_are_told(data: bytes, coding: str, text: str) -> None:
    with pytest.raises(CodecError, match=text):
        expand(data, coding, 100)


@pytest.mark.parametrize("size", [1, 100, 8192, 8193, 100_000])
def test_another_beginning(size: int) -> None:
    assert opened(b"[1,", b"{" + b"x" * (size - 1)) == b"[1," + b"x" * (size - 1)
