"""Which header lines pass, and what replaces them."""

from gateway.headers import REQUEST_DROPPED, NameTable, find, lines, without_listed


def test_names_are_judged_without_case_and_kept_as_they_came() -> None:
    table = NameTable(REQUEST_DROPPED)
    kept = lines([(b"X-One", b"1"), (b"CONNECTION", b"x"), (b"Via", b"y"), (b"accept", b"*/*")], table)
    assert b"".join(kept) == b"X-One: 1\r\naccept: */*\r\n"


def test_changes_replace_all_lines_of_a_name_or_remove_them() -> None:
    given = [(b"X-One", b"1"), (b"x-one", b"2"), (b"X-Two", b"3"), (b"X-Three", b"4")]
    kept = lines(given, NameTable(frozenset()), {b"x-one": b"X-One: new\r\n", b"x-two": b""})
    assert b"".join(kept) == b"X-Three: 4\r\nX-One: new\r\n"


def test_a_table_does_not_grow_with_what_strangers_send() -> None:
    table = NameTable(frozenset())
    for number in range(5000):
        assert table[b"x-%d" % number] == b"x-%d: " % number
    assert len(table) <= 2048


def test_headers_named_in_connection_are_dropped_but_never_host() -> None:
    given = [(b"Host", b"a"), (b"X-Hop", b"1"), (b"Keep", b"2")]
    assert without_listed(given, b"close, x-hop, host") == [(b"Host", b"a"), (b"Keep", b"2")]


def test_find_takes_the_first() -> None:
    assert find([(b"Content-Type", b"a"), (b"content-type", b"b")], b"content-type") == b"a"
    assert find([], b"content-type") is None
