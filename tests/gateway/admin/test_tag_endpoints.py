"""/tags: which rows carry which tags."""

from __future__ import annotations

import pytest
from support.admin_api import Admin

ROWS = {
    "services": [{"id": "aaaaaaaa-0000-4000-8000-000000000001", "name": "s", "host": "h.test", "tags": ["a", "b"]}],
    "consumers": [{"id": "bbbbbbbb-0000-4000-8000-000000000001", "username": "c", "tags": ["a", "é"]}],
}


@pytest.fixture
def admin() -> Admin:
    return Admin(ROWS)


def test_all_and_one(admin: Admin) -> None:
    data = admin.get("/tags").body["data"]
    assert [(row["entity_name"], row["tag"]) for row in data] == [
        ("services", "a"),
        ("services", "b"),
        ("consumers", "a"),
        ("consumers", "é"),
    ]
    assert [row["entity_name"] for row in admin.get("/tags/a").body["data"]] == ["services", "consumers"]
    assert len(admin.get("/tags/%C3%A9").body["data"]) == 1
    assert admin.get("/tags/none").body == {"data": [], "next": None}


@pytest.mark.parametrize("start", ["/tags?size=1", "/tags?size=3", "/tags/a?size=1"])
def test_pages(admin: Admin, start: str) -> None:
    seen, target, expected = [], start, admin.get(start.partition("?")[0]).body["data"]
    size = start.partition("?")[2]
    while target:
        page = admin.get(target).body
        seen += page["data"]
        target = page["next"]
        if target and "size" not in target:
            target += f"&{size}"
    assert seen == expected


def test_one_id_in_two_kinds() -> None:
    id = "aaaaaaaa-0000-4000-8000-000000000001"
    admin = Admin({
        "services": [{"id": id, "name": "s", "host": "h.test", "tags": ["a"]}],
        "consumers": [{"id": id, "username": "c", "tags": ["a"]}, {"username": "d", "tags": ["a"]}],
    })  # fmt: skip
    for path in ("/tags", "/tags/a"):
        assert len(admin.get(path).body["data"]) == 3
        first = admin.get(f"{path}?size=1").body
        second = admin.get(first["next"]).body if first["next"] else {"data": []}
        assert len(first["data"] + second["data"]) == 3


def test_tags_are_written_with_their_rows_only(admin: Admin) -> None:
    answer = admin.ask("POST", "/tags", {"tag": "x"})
    assert answer.status == 400 and answer.body["code"] == 2
    assert admin.get("/tags/a,b").body["code"] == 10
    assert admin.get("/tags/a/b").status == 404
