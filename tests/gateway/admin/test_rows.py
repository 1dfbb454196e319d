"""Finding and listing rows."""

from __future__ import annotations

import pytest
from support.admin_api import NOBODY, NOW

from gateway.admin.answers import Refusal
from gateway.admin.query import Query, read_page
from gateway.admin.resources import place
from gateway.admin.rows import find, page, row_at, show
from gateway.entities import KINDS, Config
from gateway.plugins import registry
from gateway.plugins._base import Plugin
from gateway.schema import Record, Shorthand, String

CONFIG = Config.from_declarative(
    {
        "_format_version": "3.0",
        "services": [
            {
                "id": f"aaaaaaaa-0000-4000-8000-00000000000{n}",
                "name": f"s{n}",
                "host": "h.test",
                "tags": ["odd"] * (n % 2),
            }
            for n in range(1, 6)
        ],
        "consumers": [{"username": "al", "acls": [{"group": "g"}]}, {"username": "bo", "acls": [{"group": "g"}]}],
        "routes": [{"name": "r1", "paths": ["/1"], "service": "s1"}, {"name": "r2", "paths": ["/2"], "service": "s2"}],
    }
)
ROWS = CONFIG.collections


def ids(query: str, path: str = "services") -> list[str]:
    found = place(tuple(path.split("/")))
    assert found is not None
    data = page(ROWS, found, f"/{path}", read_page(Query(query.encode())), registry(), NOW)["data"]
    return [row["name"] for row in data]


def test_by_id_of_either_case_or_by_name() -> None:
    for key in ("s1", "aaaaaaaa-0000-4000-8000-000000000001", "AAAAAAAA-0000-4000-8000-000000000001"):
        row = find(ROWS, KINDS["services"], key)
        assert row is not None and row["name"] == "s1"
    assert find(ROWS, KINDS["services"], NOBODY) is None and find(ROWS, KINDS["services"], "none") is None


@pytest.mark.parametrize(
    ("kind", "key", "code"), [("services", "a b", 10), ("acls", "g", 1), ("ca_certificates", "x", 1)]
)
def test_texts_that_are_no_keys(kind: str, key: str, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        find(ROWS, KINDS[kind], key)
    assert refused.value.body["code"] == code


def test_pages_are_in_the_order_of_ids_and_begin_behind_the_offset() -> None:
    assert ids("") == ["s1", "s2", "s3", "s4", "s5"]
    assert ids("size=2") == ["s1", "s2"]
    assert ids("offset=WyJhYWFhYWFhYS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDMiXQ") == ["s4", "s5"]
    assert ids("tags=odd") == ["s1", "s3", "s5"]
    assert ids("offset=W10") == [] == ids("offset=ImhlbGxvIg")


def test_a_page_that_ends_with_the_list_leads_nowhere() -> None:
    found = place(("services",))
    assert found is not None
    last = page(ROWS, found, "/services", read_page(Query(b"size=5")), registry(), NOW)
    assert last["next"] is None and "offset" not in last


def test_nested_lists_hold_the_parents_rows_only() -> None:
    assert ids("", "services/s1/routes") == ["r1"]
    assert ids("tags=none", "services/s1/routes") == ["r1"]


def test_a_group_is_a_name_within_its_consumer() -> None:
    rows = [row_at(ROWS, found) for key in ("al", "bo") if (found := place(("consumers", key, "acls", "g")))]
    assert None not in rows and rows[0] != rows[1]


def test_a_plugin_is_shown_with_the_old_names_of_its_fields() -> None:
    class Renamed(Plugin):
        name = "renamed"
        fields = Record(
            fields={"redis": Record(fields={"host": String()})},
            shorthands={"redis_host": Shorthand(String(), ("redis", "host"))},
        )

    row = {"name": "renamed", "config": {"redis": {"host": "h.test"}}}
    shown = show(ROWS, KINDS["plugins"], row, {"renamed": Renamed}, NOW)
    assert shown["config"] == {"redis": {"host": "h.test"}, "redis_host": "h.test"}
    assert row["config"] == {"redis": {"host": "h.test"}}
