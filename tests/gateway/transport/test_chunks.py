"""The chunked coding, however it is cut into reads."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.chunks import ChunkError, ChunkReader


def encode(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


def feed(data: bytes, cuts: list[int]) -> tuple[bytes, bytes | None]:
    reader = ChunkReader()
    out = b""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        if reader.rest is not None:
            return out, reader.rest + data[start:]
        out += reader.feed(data[start:end])
    return out, reader.rest


@given(
    st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 10_000), max_size=8), st.binary(max_size=9)
)
def test_however_it_is_cut(pieces: list[bytes], cuts: list[int], after: bytes) -> None:
    out, rest = feed(encode(pieces) + after, cuts)
    assert out == b"".join(pieces)
    assert rest == after


@given(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from([b"", b";a=b", b" "]), st.sampled_from([b"x", b"\r\n"]))),
    st.sampled_from([b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\n\n"]),
    st.lists(st.integers(0, 100_000), max_size=3),
    st.sampled_from([b"", b"GET / HTTP/1.1\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"]),
)
def test_many_chunks_at_once(kinds: list[tuple[int, bytes, bytes]], last: bytes, cuts: list[int], after: bytes) -> None:
    """Whole ones, odd ones between them, one that is cut at the end: as one by one, the second time too."""
    bodies = [(b"data: " + fill * 200)[: 7 * size] for size, _, fill in kinds]
    data = b"".join(
        b"%x%b\r\n%b\r\n" % (len(body), extension, body) for body, (_, extension, _) in zip(bodies, kinds, strict=True)
    )
    for _ in range(2):
        assert feed(data + last + after, cuts) == (b"".join(bodies), after)


@pytest.mark.parametrize(
    "wrong", [b"4\r\nhello\r\n", b"7\r\nhello\r\n", b"\r\n", b"g\r\nhello\r\n", b"5\r\nhello\n\r\n"]
)
@pytest.mark.parametrize("at", [0, 1, 200, 399, 400])
def test_a_wrong_chunk_among_many(wrong: bytes, at: int) -> None:
    for chunk in (b"5\r\nhello\r\n", b"0\r\n\r\n"):
        ChunkReader().feed(chunk)  # their sizes are known
    chunks = [b"5\r\nhello\r\n"] * 400 + [b"0\r\n\r\n"]
    chunks.insert(at, wrong)
    with pytest.raises(ChunkError):
        ChunkReader().feed(b"".join(chunks))


def test_the_end_is_where_it_is_said_first() -> None:
    chunks = b"5\r\nhello\r\n" * 400 + b"0\r\n\r\n"
    for _ in range(2):
        assert feed(chunks + chunks, []) == (b"hello" * 400, chunks)


def test_extensions_are_skipped_and_trailers_dropped() -> None:
    assert feed(b"5;a=b\r\nhello\r\nA \r\nhellohello\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\nnext", []) == (
        b"hellohellohello",
        b"next",
    )


def test_bare_line_feeds() -> None:
    assert feed(b"5\nhello\n0\n\n", list(range(12))) == (b"hello", b"")


def test_an_unfinished_body_says_so() -> None:
    assert feed(b"5\r\nhel", []) == (b"hel", None)
    assert feed(b"5\r\nhello\r\n0\r\n", []) == (b"hello", None)


@pytest.mark.parametrize(
    "data",
    [
        b"zz\r\n",
        b"-5\r\n",
        b"0x5\r\n",
        b"+5\r\n",
        b"5_0\r\n",
        b"\r\n",
        b" 5\r\n",
        b"fffffffffffffffff\r\n",
        b"5\r\nhello!",
        b"5\r\nhellox\r\n",
        b"5;a=\0\r\n",
        b"1" * 5000,
        b"5;" + b"a" * 5000 + b"\r\n",
        b"0\r\n" + b"X-T: 1\r\n" * 5000,
        b"0\r\nX: " + b"a" * 40_000,
    ],
)
def test_what_is_no_chunk(data: bytes) -> None:
    with pytest.raises(ChunkError):
        ChunkReader().feed(data)
