"""A limit on money needs prices: they are asked for where there are none, and every model of the scope gets them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.setups import a_plan, a_route

from quickstart.changing.limits import Scope, limited, parse, scope
from quickstart.changing.prices import Price, priced, require
from quickstart.changing.prices import parse as parse_price
from quickstart.errors import UsageError
from quickstart.reconcile.difference import differences
from quickstart.reconcile.rows import Rows, read
from quickstart.render import render


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    routes = [
        replace(a_route(1000), name=f"{name}-api_{name}-chat", service=f"{name}-api", public=name, provider=name)
        for name in ("openai", "cohere")
    ]
    return read(render(a_plan(tmp_path, *routes)).kong_yml, "rendered")


def everything(provider: str) -> Scope:
    return Scope((provider,), provider)


@pytest.mark.parametrize(
    ("given", "price"),
    [("0.25/2", Price(0.25, 2)), ("0/2", Price(0, 2)), (" $1 / $2 ", Price(1, 2)), ("3/0", Price(3, 0))],
)
def test_prices_as_people_write_them(given: str, price: Price) -> None:
    assert parse_price(given) == price


@pytest.mark.parametrize("given", ["", "1", "0/0", "-1/2", "a/b", "1/2/3", "nan/1", "inf/1"])
def test_anything_else_is_refused_with_the_form(given: str) -> None:
    with pytest.raises(UsageError, match="is not a price") as refused:
        parse_price(given)
    assert "0.25/2" in refused.value.hint


def test_money_without_prices_is_refused_and_tokens_are_not(rows: Rows) -> None:
    tokens = limited(rows, everything("openai"), [parse("100/60s")])
    require(tokens, everything("openai"), "openai 100/60s")
    money = limited(rows, everything("openai"), [parse("2.5/1d")], "cost")
    with pytest.raises(UsageError, match="would never be reached") as refused:
        require(money, everything("openai"), "openai 2.5/1d")
    assert "limit openai 2.5/1d --by cost --price" in refused.value.hint
    require(rows, everything("openai"), "openai")


def test_every_model_of_the_scope_gets_its_price(rows: Rows) -> None:
    where = everything("openai")
    after, names = priced(limited(rows, where, [parse("2.5/1d")], "cost"), where, Price(0.25, 0))
    assert len(names) == 1
    require(after, where, "openai 2.5/1d")
    told = [change.text for change in differences(rows, after)]
    assert any("openai" in line and "config.model.options.input_cost = 0.25" in line for line in told)
    assert not any("cohere" in line or "output_cost" in line for line in told)


def test_one_route_alone(rows: Rows, tmp_path: Path) -> None:
    plan = a_plan(tmp_path, *[replace(a_route(1000), public="cohere", provider="cohere")])
    where = scope("cohere-api_cohere-chat", plan, rows)
    after, _ = priced(limited(rows, where, [parse("1/1h")], "cost"), where, Price(1, 2))
    require(after, where, "/cohere/chat")
    with pytest.raises(UsageError):
        require(limited(after, everything("openai"), [parse("1/1h")], "cost"), everything("openai"), "openai")


def test_what_has_a_price_keeps_it_while_others_have_none(rows: Rows) -> None:
    both = Scope(("openai", "cohere"), "both")
    first, _ = priced(rows, everything("openai"), Price(1, 2))
    second, names = priced(first, both, Price(3, 4))
    models = {row["config"]["model"]["provider"]: row["config"]["model"]["options"] for row in proxies(second)}
    assert (models["openai"]["input_cost"], models["cohere"]["input_cost"]) == (1, 3) and names
    third, _ = priced(second, both, Price(5, 6))
    assert {row["config"]["model"]["options"]["output_cost"] for row in proxies(third)} == {6}


def test_a_model_that_requests_choose_is_told_so(rows: Rows) -> None:
    for row in proxies(rows):
        row["config"]["model"]["name"] = None
    assert "models that requests choose" in priced(rows, everything("openai"), Price(1, 1))[1]


def proxies(rows: Rows) -> list[dict[str, Any]]:
    return [row for row in rows["plugins"].values() if row["name"] == "ai-proxy"]
