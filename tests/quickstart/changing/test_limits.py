"""Limits as people write them, and as the plugin has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.setups import a_plan, a_route

from quickstart.changing.limits import Limit, limited, listing, parse, scope, unlimited
from quickstart.errors import QuickstartError, UsageError
from quickstart.plan import Plan
from quickstart.reconcile.difference import differences
from quickstart.reconcile.rows import Rows, read
from quickstart.render import render


def plan_of(tmp_path: Path, *names: tuple[str, str]) -> Plan:
    """Routes by (public name, provider)."""
    routes = [
        replace(
            a_route(1000 + number), name=f"{public}-api_{public}-chat", service=f"{public}-api", public=public,
            provider=provider,
        )
        for number, (public, provider) in enumerate(names)
    ]  # fmt: skip
    return a_plan(tmp_path, *routes)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_of(tmp_path, ("openai", "openai"), ("cohere", "cohere"))


@pytest.fixture
def rows(plan: Plan) -> Rows:
    return read(render(plan).kong_yml, "rendered")


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [
        ("1000/60s", 1000, 60), ("100/100s", 100, 100), ("5000/h", 5000, 3600), ("2.5/1d", 2.5, 86400),
        (" 7/5MIN ", 7, 300), ("1/s", 1, 1), ("3/2m", 3, 120),
    ],
)  # fmt: skip
def test_amounts_and_times(text: str, amount: float, seconds: float) -> None:
    assert parse(text) == Limit(amount, seconds)


@pytest.mark.parametrize(
    "text", ["", "1000", "1000/", "/60s", "0/60s", "1000/0s", "-1/60s", "1e3/60s", "1000/60w", "x"]
)
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(UsageError, match="is not a limit") as refused:
        parse(text)
    assert "1000/60s" in refused.value.hint


def test_a_provider_is_limited_on_all_routes(plan: Plan, rows: Rows) -> None:
    where = scope("openai", plan, rows)
    new = limited(rows, where, [Limit(100, 100), Limit(5000, 3600)])
    [row] = [row for row in new["plugins"].values() if row["name"] == "ai-rate-limiting-advanced"]
    assert (row["route"], row["service"], row["consumer"]) == (None, None, None)
    assert row["config"]["llm_providers"] == [{"name": "openai", "limit": [100, 5000], "window_size": [100, 3600]}]
    assert row["config"]["tokens_count_strategy"] == "total_tokens"
    assert [one.text for one in differences(rows, new)] == ["ai-rate-limiting-advanced on everything"]


def test_several_providers_share_one_plugin_and_go_one_by_one(plan: Plan, rows: Rows) -> None:
    both = limited(rows, scope("openai", plan, rows), [Limit(1, 60)], "prompt")
    both = limited(both, scope("cohere", plan, rows), [Limit(2, 60)])
    assert [(one.provider, one.by, one.where) for one in listing(both)] == [
        ("cohere", "prompt", ""), ("openai", "prompt", ""),
    ]  # fmt: skip
    one = unlimited(both, scope("openai", plan, both))
    assert [found.provider for found in listing(one)] == ["cohere"]
    assert unlimited(one, scope("cohere", plan, one)) == rows
    assert unlimited(rows, scope("cohere", plan, rows)) == rows


def test_another_way_to_count_is_refused_where_others_would_change_too(plan: Plan, rows: Rows) -> None:
    new = limited(rows, scope("openai", plan, rows), [Limit(1, 60)])
    changed = limited(new, scope("openai", plan, new), [Limit(1, 60)], "cost")
    assert [one.by for one in listing(changed)] == ["cost"]
    both = limited(new, scope("cohere", plan, new), [Limit(1, 60)])
    with pytest.raises(UsageError, match="openai count by total") as refused:
        limited(both, scope("cohere", plan, both), [Limit(1, 60)], "cost")
    assert "--by total" in refused.value.hint


def test_a_route_by_its_path_or_name(plan: Plan, rows: Rows) -> None:
    by_path = scope("/openai/chat", plan, rows)
    assert by_path.kind == "routes" and by_path.providers == ("openai",)
    assert replace(scope("openai-api_openai-chat", plan, rows), shown="") == replace(by_path, shown="")
    new = limited(rows, by_path, [Limit(2.5, 86400)], "cost")
    assert [(one.where, one.by, one.limits) for one in listing(new)] == [
        ("/openai/chat", "cost", (Limit(2.5, 86400),)),
    ]  # fmt: skip
    assert set(scope("/v1/chat/completions", plan, rows).providers) == {"openai", "cohere"}


def test_who_shares_a_dialect_is_counted_alone(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, ("openai", "openai"), ("lan", "openai"))
    rows = read(render(plan).kong_yml, "rendered")
    for name in ("openai", "lan"):
        where = scope(name, plan, rows)
        assert (where.kind, where.providers) == ("services", ("openai",))
        assert [one.where for one in listing(limited(rows, where, [Limit(1, 60)]))] == [f"{name}-api"]


def test_whom_nobody_knows_is_told_with_whom_there_is(plan: Plan, rows: Rows) -> None:
    with pytest.raises(UsageError, match="'grog' is neither") as refused:
        scope("grog", plan, rows)
    assert refused.value.hint == "There are: /cohere/chat, /openai/chat, cohere, openai"
    with pytest.raises(UsageError, match="calls no model"):
        scope("/v1/models", plan, rows)


def test_what_the_plugin_does_not_take_is_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, ("groq", "groq"))
    rows = read(render(plan).kong_yml, "rendered")
    with pytest.raises(QuickstartError, match="expected one of: openai, azure"):
        limited(rows, scope("groq", plan, rows), [Limit(1, 60)])
