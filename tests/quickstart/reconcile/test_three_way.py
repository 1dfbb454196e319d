"""No edit is lost, and doing it twice changes nothing."""

from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from support.reconciling import RENDERED, configurations, edited, row_called, small, without

from gateway.entities import load
from quickstart.reconcile import deck_file
from quickstart.reconcile.difference import differences
from quickstart.reconcile.rows import Rows, parents, read
from quickstart.reconcile.three_way import MISSING, Conflict, Side, keep_ours, keep_theirs, merge


def never(conflict: Conflict) -> Side:
    raise AssertionError(f"nothing was to be decided: {conflict}")


def test_both_sides_change_other_fields_of_one_row() -> None:
    ours = edited(small(), "plugins", "ai-proxy", config__model__name="gpt-b")
    theirs = edited(small(), "plugins", "ai-proxy", config__model__options={"max_tokens": 256})
    merged = merge(small(), ours, theirs, never).rows
    model = row_called(merged, "plugins", "ai-proxy")["config"]["model"]
    assert (model["name"], model["options"]["max_tokens"]) == ("gpt-b", 256)


def test_the_same_field_is_decided_and_told() -> None:
    ours = edited(small(), "plugins", "ai-proxy", config__model__name="gpt-b")
    theirs = edited(small(), "plugins", "ai-proxy", config__model__name="gpt-c")
    for choose, name in ((keep_ours, "gpt-b"), (keep_theirs, "gpt-c")):
        merged = merge(small(), ours, theirs, choose)
        assert row_called(merged.rows, "plugins", "ai-proxy")["config"]["model"]["name"] == name
        [(conflict, side)] = merged.conflicts
        assert (conflict.path, conflict.ours, conflict.theirs) == (("config", "model", "name"), "gpt-b", "gpt-c")
        assert side == choose(conflict)


def test_members_of_sets_come_and_go_one_by_one() -> None:
    base = edited(small(), "routes", "openai-chat", methods=["POST", "PUT"])
    ours = edited(base, "routes", "openai-chat", methods=["POST", "PUT", "GET"])
    theirs = edited(base, "routes", "openai-chat", methods=["POST", "HEAD"])
    merged = merge(base, ours, theirs, never).rows
    assert row_called(merged, "routes", "openai-chat")["methods"] == ["POST", "GET", "HEAD"]


def test_targets_of_one_balancer_are_merged_by_their_alias() -> None:
    base = read(RENDERED, "rendered")

    def targets(rows: Rows) -> list[dict[str, object]]:
        plugin = next(row for row in rows["plugins"].values() if row["name"] == "ai-proxy-advanced")
        found: list[dict[str, object]] = plugin["config"]["targets"]
        return found

    ours, theirs = copy.deepcopy(base), copy.deepcopy(base)
    added = copy.deepcopy(targets(ours)[0])
    added["model"]["model_alias"] = "new"  # type: ignore[index]
    targets(ours).append(added)
    targets(theirs)[0]["weight"] = 7
    merged = merge(base, ours, theirs, never).rows
    assert targets(merged)[0]["weight"] == 7
    assert targets(merged)[-1] == added
    assert len(targets(merged)) == len(targets(base)) + 1


def test_what_setup_never_made_stays() -> None:
    theirs = read(
        deck_file.text(small()) + "consumers:\n- username: ann\n  keyauth_credentials:\n  - key: k\n"
        "plugins:\n- name: key-auth\n",
        "edited",
    )
    ours = without(small(), "services", "mistral-api")
    merged = merge(small(), ours, theirs, never).rows
    assert row_called(merged, "consumers", "ann") and row_called(merged, "plugins", "key-auth")
    assert [row["key"] for row in merged["keyauth_credentials"].values()] == ["k"]
    assert [row["name"] for row in merged["services"].values()] == ["openai-api"]


def test_removing_what_somebody_edited_is_decided_once_for_all_that_hangs_on_it() -> None:
    ours = without(small(), "services", "openai-api")
    theirs = edited(small(), "plugins", "ai-proxy", config__model__options={"max_tokens": 256})
    kept = merge(small(), ours, theirs, keep_theirs)
    assert kept.rows == theirs | {kind: dict(rows) for kind, rows in kept.rows.items()}
    [(conflict, _)] = kept.conflicts
    assert conflict.key[0] == "services" and conflict.ours is MISSING
    assert merge(small(), ours, theirs, keep_ours).rows == ours


def test_removing_what_somebody_else_removed_is_no_news() -> None:
    gone = without(small(), "services", "openai-api")
    assert merge(small(), gone, gone, never).rows == gone
    assert merge(small(), small(), gone, never).rows == gone


def test_changing_what_somebody_removed_is_decided() -> None:
    ours = edited(small(), "plugins", "ai-proxy", config__model__name="gpt-b")
    theirs = without(small(), "services", "openai-api")
    assert merge(small(), ours, theirs, keep_theirs).rows == theirs
    assert merge(small(), ours, theirs, keep_ours).rows == ours


@given(configurations, configurations)
def test_one_side_alone_is_taken_as_it_is(base: Rows, other: Rows) -> None:
    assert merge(base, base, other, never).rows == other
    assert merge(base, other, base, never).rows == other
    assert merge(base, other, other, never).rows == other


@given(configurations, configurations, configurations)
@settings(max_examples=200)
def test_it_is_a_configuration_and_doing_it_again_changes_nothing(base: Rows, ours: Rows, theirs: Rows) -> None:
    for choose in (keep_theirs, keep_ours):
        merged = merge(base, ours, theirs, choose).rows
        for kind, rows in merged.items():
            for row in rows.values():
                assert all(id in merged[target] for target, id in parents(kind, row))
        load(deck_file.text(merged), deck=True)
        # the next run renders the same: what is in force by then stays
        assert merge(ours, ours, merged, never).rows == merged


@given(configurations, configurations, configurations)
@settings(max_examples=200)
def test_no_edit_is_lost_but_by_a_decision_against_it(base: Rows, ours: Rows, theirs: Rows) -> None:
    kept = merge(base, ours, theirs, keep_theirs)
    for edit in differences(base, theirs):
        kind, id = edit.key
        if edit.mark == "-":
            assert id not in kept.rows[kind]
        else:
            assert id in kept.rows[kind]
            if edit.field not in ("paths", "tags"):  # sets: both sides' members
                assert _at(kept.rows[kind][id], edit.field) == _at(theirs[kind][id], edit.field)
    for change in differences(base, ours):
        kind, id = change.key
        decided = any(conflict.key == change.key for conflict, _ in kept.conflicts)
        there = id in kept.rows[kind] and id in theirs[kind]
        if change.mark == "~" and there and not decided and change.field not in ("paths", "tags"):
            assert _at(kept.rows[kind][id], change.field) == _at(ours[kind][id], change.field)


def _at(row: dict[str, object], field: str) -> object:
    value: object = row
    for word in field.split(".") if field else ():
        assert isinstance(value, dict)
        value = value.get(word)
    return value if field else True


@given(configurations, configurations, configurations, st.booleans())
def test_it_does_not_matter_who_is_called_ours(base: Rows, ours: Rows, theirs: Rows, mine: bool) -> None:
    one = merge(base, ours, theirs, keep_ours if mine else keep_theirs).rows
    other = merge(base, theirs, ours, keep_theirs if mine else keep_ours).rows
    assert _unordered(one) == _unordered(other)


def _unordered(rows: Rows) -> Rows:
    out = copy.deepcopy(rows)
    for kind in out.values():
        for row in kind.values():
            for field in ("paths", "tags"):
                if isinstance(row.get(field), list):
                    row[field] = sorted(row[field])
    return out
