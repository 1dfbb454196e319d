"""What a write makes of the collections; the ones that came in are never touched."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.admin_api import NOBODY, NOW

from gateway.admin.answers import Refusal
from gateway.admin.resources import Place, place
from gateway.admin.writes import Writer, Written, new_key
from gateway.entities import Config
from gateway.plugins import registry

SERVICE = "aaaaaaaa-0000-4000-8000-000000000001"
CONFIG = Config.from_declarative(
    {
        "_format_version": "3.0",
        "services": [
            {"id": SERVICE, "name": "s", "host": "h.test", "routes": [{"name": "r", "paths": ["/r"]}]},
            {"name": "free", "host": "h.test", "plugins": [{"name": "key-auth"}]},
        ],
        "consumers": [{"username": "al", "keyauth_credentials": [{"key": "k"}], "acls": [{"group": "g"}]}],
        "upstreams": [{"name": "u", "targets": [{"target": "127.0.0.1:1"}]}],
    }
)


def at(path: str) -> Place:
    found = place(tuple(part for part in path.split("/") if part))
    assert found is not None
    return found


def writer(config: Config = CONFIG, now: float = NOW) -> Writer:
    return Writer(config.collections, registry(), now, new_id=lambda: NOBODY, new_key=lambda: "made-key")


def code(refused: pytest.ExceptionInfo[Refusal]) -> object:
    return refused.value.body.get("code")


def test_nothing_that_came_in_is_changed() -> None:
    before = copy.deepcopy(CONFIG.collections)
    writer().create(at("/services"), {"host": "h.test"})
    writer().change(at("/routes/r"), {"paths": ["/other"], "tags": ["t"]})
    writer().replace(at("/services/s"), {"host": "h.test"})
    writer().remove(at("/consumers/al"))
    assert before == CONFIG.collections


def test_untouched_rows_stay_the_same_objects() -> None:
    """What was compiled of them can be kept."""
    after = writer().change(at("/services/free"), {"port": 81}).collections
    assert after["routes"] is CONFIG.collections["routes"]
    assert after["services"][SERVICE] is CONFIG.collections["services"][SERVICE]


def test_ids_are_made_or_kept_in_lower_case() -> None:
    assert writer().create(at("/services"), {"host": "h.test"}).row["id"] == NOBODY
    upper = "AAAAAAAA-0000-4000-8000-0000000000FF"
    assert writer().create(at("/services"), {"host": "h.test", "id": upper}).row["id"] == upper.lower()


def test_the_path_wins_over_the_body() -> None:
    row = writer().replace(at("/services/byname"), {"name": "other", "host": "h.test"}).row
    assert row["name"] == "byname"
    row = writer().replace(at(f"/services/{NOBODY}"), {"id": SERVICE, "host": "h.test"}).row
    assert row["id"] == NOBODY
    row = writer().create(at("/services/s/routes"), {"paths": ["/x"], "service": {"name": "free"}}).row
    assert row["service"] == {"id": SERVICE}


def test_times() -> None:
    made = writer().create(at("/services"), {"host": "h.test", "created_at": 5, "updated_at": 6}).row
    assert (made["created_at"], made["updated_at"]) == (5, int(NOW))
    target = writer().create(at("/upstreams/u/targets"), {"target": "127.0.0.1:2"}).row
    assert target["created_at"] == NOW
    first = writer().create(at("/services"), {"host": "h.test", "name": "x"})
    later = Writer(first.collections, registry(), NOW + 60).replace(at("/services/x"), {"host": "i.test"}).row
    assert (later["created_at"], later["updated_at"]) == (int(NOW), int(NOW) + 60)


def test_null_is_not_absent() -> None:
    row = writer().change(at("/services/s"), {"retries": None}).row
    assert row["retries"] is None
    with pytest.raises(Refusal) as refused:
        writer().change(at("/services/s"), {"port": None})
    assert refused.value.body["fields"] == {"port": "required field missing"}


def test_lists_and_maps_are_replaced_and_records_merged() -> None:
    first = writer().change(at("/routes/r"), {"headers": {"a": ["1"], "b": ["2"]}})
    after = Writer(first.collections, registry(), NOW).change(at("/routes/r"), {"headers": {"c": ["3"]}}).row
    assert after["headers"] == {"c": ["3"]} and after["paths"] == ["/r"]
    deep = writer().change(at("/upstreams/u"), {"healthchecks": {"active": {"healthy": {"interval": 9}}}}).row
    assert deep["healthchecks"]["active"]["healthy"]["interval"] == 9
    assert deep["healthchecks"]["active"]["http_path"] == "/"


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ("/services/nosuch", {}, {"name": "nosuch"}),
        (f"/services/{NOBODY}", {}, {"id": NOBODY}),
        ("/services/s", {"id": NOBODY}, {"id": SERVICE}),
    ],
)
def test_a_change_of_what_is_not_there(path: str, body: dict[str, Any], wanted: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        writer().change(at(path), body)
    assert code(refused) == 6 and refused.value.body["fields"] == wanted


def test_unique_together() -> None:
    with pytest.raises(Refusal) as refused:
        writer().create(at("/services/free/plugins"), {"name": "key-auth"})
    assert code(refused) == 5
    assert refused.value.body["message"].startswith(
        'UNIQUE violation detected on \'{consumer=null,name="key-auth",route=null,service={id='
    )
    assert writer().create(at("/services/s/plugins"), {"name": "key-auth"}).row["name"] == "key-auth"


def test_a_row_may_keep_its_own_unique_values() -> None:
    assert writer().change(at("/services/s"), {"name": "s", "port": 81}).row["port"] == 81
    assert writer().replace(at("/consumers/al/key-auth/k"), {"key": "k", "tags": ["t"]}).row["tags"] == ["t"]


def test_keys_are_made_unless_null_was_meant() -> None:
    assert writer().create(at("/consumers/al/key-auth"), {}).row["key"] == "made-key"
    assert writer().create(at("/consumers/al/key-auth"), {"key": None}).row["key"] is None
    made = {new_key() for _ in range(50)}
    assert len(made) == 50 and all(re.fullmatch("[A-Za-z0-9]{32}", key) for key in made)


def test_a_key_may_expire() -> None:
    assert "ttl" not in writer().create(at("/consumers/al/key-auth"), {"ttl": None}).row
    assert writer().change(at("/consumers/al/key-auth/k"), {"ttl": 0, "tags": ["t"]}).row["tags"] == ["t"]
    first = writer()
    made = first.create(at("/consumers/al/key-auth"), {"key": "short", "ttl": 60})
    assert made.row["ttl"] == round(first.now + 60, 3)
    later = replace(first, collections=made.collections, now=first.now + 10)
    place = at("/consumers/al/key-auth/short")
    assert later.change(place, {"tags": ["t"]}).row["ttl"] == made.row["ttl"], (
        "a change of something else prolongs nothing"
    )
    assert later.change(place, {"ttl": 60}).row["ttl"] == round(later.now + 60, 3)
    assert "ttl" not in later.change(place, {"ttl": 0}).row
    assert "ttl" not in later.replace(place, {}).row
    for ttl in (-1, "abc", True, 1.5, 100_000_001):
        with pytest.raises(Refusal, match="must be an integer between 0 and 100000000"):
            writer().create(at("/consumers/al/key-auth"), {"ttl": ttl})


def test_a_group_is_put_by_its_name() -> None:
    row = writer().replace(at("/consumers/al/acls/new"), {}).row
    assert row["group"] == "new"


def test_what_hangs_on_a_row_goes_with_it() -> None:
    left = writer().remove(at("/consumers/al"))
    assert not left["consumers"] and not left["keyauth_credentials"] and not left["acls"]
    assert left["services"] is CONFIG.collections["services"]
    with pytest.raises(Refusal) as refused:
        writer().remove(at("/services/s"))
    assert code(refused) == 4
    left = writer().remove(at("/services/free"))
    assert not left["plugins"]


def test_what_is_gone_already() -> None:
    assert writer().remove(at("/services/nosuch")) is CONFIG.collections
    with pytest.raises(Refusal) as refused:
        writer().remove(at("/services/s/routes/nosuch"))
    assert refused.value.status == 404


BODIES = st.dictionaries(
    st.sampled_from(["host", "name", "port", "path", "protocol", "retries", "tags", "url", "id", "enabled", "nope"]),
    st.one_of(
        st.none(), st.booleans(), st.integers(-1, 70000), st.sampled_from(["s", "h.test", "/p", "https", "http://x/"]),
        st.lists(st.text(max_size=3), max_size=2),
    ),
    max_size=6,
)  # fmt: skip


@given(BODIES, st.sampled_from(["create", "replace", "change"]))
def test_any_body_is_written_whole_or_refused_with_a_code(body: dict[str, Any], act: str) -> None:
    target = at("/services") if act == "create" else at("/services/s")
    try:
        written: Written = getattr(writer(), act)(target, body)
    except Refusal as refused:
        assert 400 <= refused.status < 500 and refused.body["message"]
        return
    assert set(written.row) == set(CONFIG.collections["services"][SERVICE])
    assert Config.from_declarative(Config(written.collections).render()).collections == written.collections
