"""Parameters, page sizes, offsets and tag filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admin.answers import Refusal
from gateway.admin.query import Query, decode_offset, encode_offset, next_link, plain_path, read_page


def test_parameters_are_unescaped_and_the_first_counts() -> None:
    query = Query(b"a=%C3%A9+b&a=2&flag&=x&b[]=1")
    assert query.one("a") == "é b" and query.count("a") == 2 and query.count("b") == 1
    assert query.has("flag") and query.one("flag") is None and query.one("none") is None
    assert Query(b"check_hash=1").flag("check_hash") and not query.flag("a")
    assert plain_path(b"a%2Fb+c") == "a/b+c"


@pytest.mark.parametrize(
    ("text", "size"), [(b"", 100), (b"size=1", 1), (b"size=1000", 1000), (b"size=1e1", 10), (b"size=0x2", 2)]
)
def test_sizes(text: bytes, size: int) -> None:
    assert read_page(Query(text)).size == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"size=0", "size must be an integer between 1 and 1000"),
        (b"size=1001", "size must be an integer between 1 and 1000"),
        (b"size=2.5", "size must be an integer between 1 and 1000"),
        (b"size=inf", "size must be an integer between 1 and 1000"),
        (b"size=nan", "size must be an integer between 1 and 1000"),
        (b"size=1_0", "size must be a number"),
        (b"size=abc", "size must be a number"),
        (b"size=", "size must be a number"),
        (b"size", "size must be a number"),
        (b"size=2&size=3", "size must be a number"),
        (b"size[]=2", "size must be a number"),
    ],
)
def test_sizes_that_are_none(text: bytes, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_page(Query(text))
    assert refused.value.body == {"code": 9, "name": "invalid size", "message": message}


def test_tags_together_or_either() -> None:
    both, either = read_page(Query(b"tags=a,b")).tags, read_page(Query(b"tags=a/b")).tags
    assert both is not None and either is not None
    assert both.fit({"tags": ["b", "a"]}) and not both.fit({"tags": ["a"]}) and not both.fit({"tags": None})
    assert either.fit({"tags": ["b"]}) and not either.fit({"tags": ["c"]})


@pytest.mark.parametrize("text", [b"tags=", b"tags", b"tags=a,b/c", b"tags=a,b,c,d,e,f", b"tags=%00"])
def test_tag_filters_that_are_none(text: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_page(Query(text))
    assert refused.value.body["code"] == 11


@given(st.lists(st.one_of(st.text(max_size=40), st.integers(-9, 9)), min_size=1, max_size=3))
def test_an_offset_comes_back_as_it_was(key: list[str | int]) -> None:
    assert decode_offset(encode_offset(key)) == key


def test_offsets_of_both_alphabets_are_read() -> None:
    assert decode_offset("Ij8_Ig") == decode_offset("Ij8/Ig") == "??"


@pytest.mark.parametrize("text", ["!!!", "junk", "", "aGVsbG8", "é"])
def test_offsets_that_are_none(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        decode_offset(text)
    assert refused.value.body["code"] == 7


def test_a_link_repeats_what_was_asked() -> None:
    assert next_link("/services", "abc", [("tags", "a/b"), ("size", "2")]) == "/services?offset=abc&tags=a%2Fb&size=2"
