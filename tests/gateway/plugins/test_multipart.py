"""Multipart forms: parts found and changed, others kept byte for byte, and what is no form."""

import time
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._multipart import Form, parsed

KIND = b"multipart/form-data; boundary=xyz"
BODY = (
    b"preamble\r\n--xyz\r\n"
    b'Content-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b"--xyz\r\n"
    b'content-disposition: form-data; name="file"; filename="a;b.bin"\r\nContent-Type: x/y\r\n\r\n\x00\r\n--xy\xff\r\n'
    b"--xyz  \r\n"
    b"Content-Disposition: form-data; name=b\r\n\r\n\r\n"
    b"--xyz--\r\nepilogue"
)


def form(body: bytes = BODY, kind: bytes = KIND) -> Form:
    found = parsed(body, kind)
    assert found is not None
    return found


def test_parts_by_name() -> None:
    found = form()
    assert [part.name for part in found.parts] == ["a", "file", "b"]
    assert found.get("a") == ["one"]
    assert found.get("b") == [""]
    assert found.parts[1].value == b"\x00\r\n--xy\xff"
    assert found.get("nope") == []


def test_a_file_that_is_not_touched_keeps_its_bytes() -> None:
    found = form()
    file = found.parts[1].raw
    found.remove("a")
    found.add("c", "three")
    again = form(found.encoded())
    assert [part.name for part in again.parts] == ["file", "b", "c"]
    assert again.parts[0].raw == file
    assert again.get("c") == ["three"]


def test_quoted_boundaries_and_more_parameters() -> None:
    assert form(BODY, b'multipart/form-data; charset=utf-8; boundary="xyz"').get("a") == ["one"]
    assert form(BODY, b"multipart/form-data;BOUNDARY=xyz; a=b").get("a") == ["one"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY, b"multipart/form-data"),
        (BODY, b"multipart/form-data; boundary="),
        (BODY, b"multipart/form-data; boundary=" + b"x" * 201),
        (BODY, b'multipart/form-data; boundary="xyz'),
        (BODY[:-14], KIND),
        (b"", KIND),
        (b"--xyz--", b"multipart/form-data; boundary=abc"),
        (b"--xyz\r\nno blank line\r\n--xyz--", KIND),
        (b"--xyzmore\r\n\r\n\r\n--xyz--", KIND),
        (b"--xyz\r\n\r\nx\r\n" * 1001 + b"--xyz--", KIND),
    ],
)
def test_what_is_no_form(body: bytes, kind: bytes) -> None:
    assert parsed(body, kind) is None


def test_a_value_cannot_smuggle_in_a_part() -> None:
    found = form()
    found.add("c", '\r\n--xyz\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1')
    found.add('d"\r\nX: y', "2")
    assert [part.name for part in form(found.encoded()).parts] == ["a", "file", "b", "d%22%0D%0AX: y"]


@given(st.dictionaries(st.from_regex(r"\A[a-w]{1,8}\Z"), st.text().filter(lambda text: "xyz" not in text)))
def test_others_read_what_is_written(values: dict[str, str]) -> None:
    found = Form(b"xyz", [])
    for name, value in values.items():
        found.add(name, value)
    if not values:
        return
    assert {part.name: part.value.decode() for part in form(found.encoded()).parts} == values
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + KIND + b"\r\n\r\n" + found.encoded())
    names = [part.get_param("name", header="content-disposition") for part in message.iter_parts()]
    assert names == list(values)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_any_bytes_are_a_form_or_none(body: bytes, kind: bytes) -> None:
    parsed(body, kind)
    parsed(body, b"multipart/form-data; boundary=" + kind)


def test_a_hostile_body_takes_linear_time() -> None:
    started = time.process_time()
    parsed(b"\r\n--xy" * 500_000, KIND)
    parsed(BODY, b"multipart/form-data" + b";a=b" * 10_000)
    assert time.process_time() - started < 6
