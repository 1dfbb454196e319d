"""Arguments of queries and forms: read leniently, kept byte for byte where nothing changes them."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins import _arguments


def pairs(text: bytes) -> list[tuple[str, str | None]]:
    return [(each.name, each.value) for each in _arguments.parsed(text)]


def test_order_doubles_and_names_without_a_value() -> None:
    assert pairs(b"a=1&b&a=&&=x") == [("a", "1"), ("b", None), ("a", ""), ("", "x")]


def test_escapes() -> None:
    assert pairs(b"a%20b+c=%26%3D&%zz=%") == [("a b c", "&="), ("%zz", "%")]
    assert pairs("é=%C3%A9".encode()) == [("é", "é")]


@given(st.binary())
def test_anything_is_read_and_kept(text: bytes) -> None:
    kept = _arguments.written(_arguments.parsed(text))
    assert kept == b"&".join(part for part in text.split(b"&") if part)


@given(st.text(), st.text())
def test_what_is_written_is_read_back_by_us_and_by_others(name: str, value: str) -> None:
    raw = _arguments.argument(name, value).raw
    assert pairs(raw) == [(name, value)]
    assert parse_qsl(raw.decode("ascii"), keep_blank_values=True) == [(name, value)]


@given(st.binary(max_size=20))
def test_bytes_that_are_no_utf8_survive_a_rename(value: bytes) -> None:
    given_value = _arguments.parsed(b"a=" + value.replace(b"&", b"").replace(b"+", b""))[0].value
    assert pairs(_arguments.argument("b", given_value).raw) == [("b", given_value)]


def test_some_are_left_out() -> None:
    assert _arguments.without(b"a=1&%61=2&b=3", "a".__eq__) == b"b=3"
    assert _arguments.without(b"a=1", "a".__eq__) == b""


def test_several_values_of_one_name_become_a_list() -> None:
    found: dict[str, object] = {}
    for name, value in (("a", "1"), ("b", True), ("a", "2"), ("a", "3")):
        _arguments.gather(found, name, value)
    assert found == {"a": ["1", "2", "3"], "b": True}


def test_what_is_no_utf_8_can_be_printed() -> None:
    (one,) = _arguments.parsed(b"a%ff=b")
    assert _arguments.printable(one.name) == "a\ufffd" and _arguments.printable("ä") == "ä"
