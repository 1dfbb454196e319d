"""Header blocks taken apart, changed and put together: what a plugin adds can never end its own line."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.headers import changed, lines_of, one_line, parsed, replaced

NAMES = st.from_regex(rb"\A[A-Za-z][A-Za-z-]{0,8}\Z")
VALUES = st.from_regex(rb"\A[!-~\x80-\xff]{0,12}\Z")


def block(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


@given(st.lists(st.tuples(NAMES, VALUES)))
def test_a_block_is_taken_apart_and_stays_the_same(headers: list[tuple[bytes, bytes]]) -> None:
    assert parsed(block(headers)) == headers
    assert replaced(block(headers), {}) == block(headers)
    assert changed(headers, {}) is headers


def test_names_are_replaced_whole() -> None:
    given_block = b"A: 1\r\nB: 2\r\na: 3\r\n"
    assert replaced(given_block, {b"a": b"A: x\r\nA: y\r\n", b"c": b""}) == b"B: 2\r\nA: x\r\nA: y\r\n"
    given_lines = [(b"A", b"1"), (b"B", b"2"), (b"a", b"3")]
    assert changed(given_lines, {b"a": b"", b"c": b"C: 4\r\n"}) == [(b"B", b"2"), (b"C", b"4")]
    assert lines_of(given_lines, b"a") == b"A: 1\r\na: 3\r\n"


@given(st.binary())
def test_a_value_is_one_line(value: bytes) -> None:
    safe = one_line(value)
    assert not {0, 10, 13} & set(safe)
    if not {0, 10, 13} & set(value):
        assert safe is value
