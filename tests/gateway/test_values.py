"""The records that the exchange and the transport hand each other."""

from __future__ import annotations

from typing import Any

import pytest

from gateway import values

RECORDS: list[tuple[type[Any], tuple[Any, ...]]] = [
    (values.Request, (b"GET", b"/", [], {})),
    (values.Reply, (200,)),
    (values.Head, (200, b"", None)),
    (values.Forward, (values.Origin("http", "a", 80), b"", b"")),
    (values.Fetch, (values.Origin("http", "a", 80), b"", b"")),
    (values.Fetched, (200, [], b"")),
]


@pytest.mark.parametrize(("record", "arguments"), RECORDS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_record_has_all_its_slots_filled_and_no_others(record: type[Any], arguments: tuple[Any, ...]) -> None:
    made = record(*arguments)
    for slot in record.__slots__:
        getattr(made, slot)
    with pytest.raises(AttributeError):
        made.another = 1


def test_equal_origins_share_a_pool_and_different_ones_do_not() -> None:
    origin = values.Origin("https", "api.example.com", 443)
    pools = {origin: "pool"}
    assert pools[values.Origin("https", "api.example.com", 443)] == "pool"
    for other in (origin._replace(port=444), origin._replace(verify=False), origin._replace(server_name="b")):
        assert other not in pools


def test_a_request_counts_on_keeping_the_connection() -> None:
    request = values.Request(b"GET", b"/", [], {})
    assert (request.version, request.keep_alive, request.body) == ("1.1", True, b"")
