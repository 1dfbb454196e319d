"""The real decK as people use it: the articles' dump and second file, tags, apply, reset, mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.deck import Deck, Refused, Summary
from support.deck_file import Row, count
from support.example_answers import EVERYTHING, SECRETS
from support.gateway_process import GatewayProcess

from quickstart.planning import make_plan
from quickstart.render import render

pytestmark = [pytest.mark.deck, pytest.mark.timeout(960)]
NOTHING = Summary(0, 0, 0)
Write = Callable[[str, Row], Path]


def chat(name: str, provider: str = "openai") -> Row:
    """A service as the quickstart leaves it."""
    config = {"route_type": "llm/v1/chat", "model": {"provider": provider, "name": "m"}}
    route = {
        "name": f"{name}-api_{name}-chat",
        "paths": [f"~/{name}/chat$"],
        "methods": ["POST"],
        "strip_path": False,
        "plugins": [{"name": "ai-proxy", "config": config}],
    }
    return {"name": f"{name}-api", "url": f"https://{name}.test/v1/chat", "routes": [route]}


def dumped(deck: Deck, tmp_path: Path, *words: str) -> Row:
    document: Row = yaml.safe_load(deck.dump(tmp_path / "again.yml", *words).read_text())
    return document


def test_what_setup_renders_is_valid_and_syncs(deck_binary: Path, write: Write, tmp_path: Path) -> None:
    file = tmp_path / "kong.yml"
    file.write_text(render(make_plan(EVERYTHING, lambda: False, lambda port: False, "Linux")).kong_yml)
    with GatewayProcess(write("start.yml", {}), {"KONG_NGINX_WORKER_PROCESSES": "1", **SECRETS}) as gateway:
        deck = Deck(deck_binary, f"http://127.0.0.1:{gateway.ports['ADMIN']}", tmp_path)
        assert deck.run("file", "validate", str(file)) == "" and deck.run("gateway", "validate", str(file)) == ""
        assert deck.sync(file) == Summary(count(yaml.safe_load(file.read_text())), 0, 0)
        assert deck.sync(file) == NOTHING
        again = deck.dump(tmp_path / "again.yml")
        assert deck.sync(again) == NOTHING
        assert "canary" not in again.read_text() and "{vault://env/openai-auth-header}" in again.read_text()


def test_a_gateway_that_setup_started_has_what_its_file_says(deck_binary: Path, write: Write, tmp_path: Path) -> None:
    file = tmp_path / "kong.yml"
    file.write_text(render(make_plan(EVERYTHING, lambda: False, lambda port: False, "Linux")).kong_yml)
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "1", **SECRETS}) as gateway:
        deck = Deck(deck_binary, f"http://127.0.0.1:{gateway.ports['ADMIN']}", tmp_path)
        assert deck.diff(file) == NOTHING
        dumped = deck.dump(tmp_path / "config.yaml")
        limit = {"name": "rate-limiting", "service": "cohere-api", "config": {"minute": 5, "policy": "local"}}
        second = write("limits.yaml", {"plugins": [limit]})
        assert deck.sync(dumped, second) == Summary(1, 0, 0)
        assert deck.sync(dumped, second) == NOTHING


def test_a_dump_and_a_second_file_are_synced_together(deck: Deck, write: Write, tmp_path: Path) -> None:
    deck.sync(write("start.yml", {"services": [chat("cohere"), chat("openai")]}))
    config = deck.dump(tmp_path / "config.yaml")
    limit = {"name": "rate-limiting", "service": "cohere-api", "config": {"minute": 5, "policy": "local"}}
    tokens = {
        "name": "ai-rate-limiting-advanced",
        "config": {"llm_providers": [{"name": "cohere", "limit": [100], "window_size": [60]}]},
    }
    second = write("limits.yaml", {"plugins": [limit, tokens]})
    assert deck.diff(config, second) == deck.sync(config, second) == Summary(2, 0, 0)
    assert deck.sync(config, second) == NOTHING
    again = dumped(deck, tmp_path)
    assert [row["name"] for row in again["plugins"]] == ["ai-rate-limiting-advanced"]
    (cohere,) = [row for row in again["services"] if row["name"] == "cohere-api"]
    assert [row["name"] for row in cohere["plugins"]] == ["rate-limiting"]
    second.write_text(second.read_text().replace("minute: 5", "minute: 9"))
    assert deck.sync(config, second) == Summary(0, 1, 0)
    assert deck.sync(config) == Summary(0, 0, 2), "without the second file its plugins go"


def test_tags_bound_what_is_touched(deck: Deck, write: Write, tmp_path: Path) -> None:
    theirs = write("theirs.yml", {"services": [chat("theirs")]})
    mine = write("mine.yml", {"services": [chat("mine")], "consumers": [{"username": "me"}]})
    deck.sync(theirs, tags="theirs")
    assert deck.sync(mine, tags="mine,too") == Summary(4, 0, 0)
    assert deck.sync(mine, tags="mine,too") == NOTHING
    assert [row["name"] for row in dumped(deck, tmp_path, "--select-tag", "mine,too")["services"]] == ["mine-api"]
    assert [row["name"] for row in dumped(deck, tmp_path, "--select-tag", "theirs")["services"]] == ["theirs-api"]
    deck.run("gateway", "reset", "--force", "--select-tag", "mine")
    left = dumped(deck, tmp_path)
    assert [row["name"] for row in left["services"]] == ["theirs-api"] and count(left) == 3


def test_apply_adds_and_removes_nothing(deck: Deck, write: Write, tmp_path: Path) -> None:
    deck.sync(write("start.yml", {"services": [chat("first")]}))
    more = write("more.yml", {"services": [chat("second")]})
    assert deck.apply(more) == Summary(3, 0, 0)
    assert deck.apply(more) == NOTHING
    assert {row["name"] for row in dumped(deck, tmp_path)["services"]} == {"first-api", "second-api"}
    deck.run("gateway", "reset", "--force")
    assert count(dumped(deck, tmp_path)) == 0


@pytest.mark.parametrize("command", ["validate", "sync"])
def test_a_wrong_plugin_is_refused_by_the_name_of_its_field(
    deck: Deck, write: Write, tmp_path: Path, command: str
) -> None:
    wrong = chat("wrong", provider="nobody")
    wrong["routes"][0]["plugins"][0]["config"]["model"]["options"] = {"max_tokens": "many"}
    file = write("wrong.yml", {"services": [wrong]})
    assert deck.run("file", "validate", str(file)) == "", "the file by itself is fine: fields are known to a gateway"
    with pytest.raises(Refused) as refused:
        deck.run("gateway", command, str(file))
    told = str(refused.value)
    assert "config.model.provider: expected one of: openai, " in told
    assert "config.model.options.max_tokens: expected an integer" in told
    assert "plugins" not in str(dumped(deck, tmp_path))


def test_a_plugin_that_nobody_has(deck: Deck, write: Write) -> None:
    file = write("nobody.yml", {"plugins": [{"name": "nosuch", "config": {"a": 1}}]})
    with pytest.raises(Refused, match="plugin 'nosuch' not enabled"):
        deck.run("gateway", "validate", str(file))
    with pytest.raises(Refused, match="No plugin named 'nosuch'"):
        deck.sync(file)


def test_a_file_that_is_no_configuration(deck: Deck, tmp_path: Path) -> None:
    file = tmp_path / "odd.yml"
    file.write_text('_format_version: "3.0"\nservices: 5\n')
    with pytest.raises(Refused, match="services"):
        deck.run("file", "validate", str(file))
