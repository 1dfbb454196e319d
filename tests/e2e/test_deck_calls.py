"""What decK does to a gateway: a second sync has nothing to do, tags bound what is touched, errors name fields.

The calls are decK's, made by support/deck_calls.py; the program itself takes no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.deck_calls import DeckCalls, Refused, Row, State, Summary, id_of
from support.gateway_process import GatewayProcess

PLUGINS: tuple[Row, ...] = (
    {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "Authorization", "header_value": "Bearer x"},
            "model": {"provider": "openai", "name": "gpt-4o", "options": {"max_tokens": 5}},
        },
    },
    {"name": "key-auth", "config": {"key_names": ["apikey"]}},
    {"name": "acl", "config": {"allow": ["staff"]}},
    {"name": "rate-limiting", "config": {"minute": 5, "policy": "local"}},
    {"name": "request-transformer", "config": {"add": {"headers": ["x-a:1"]}}},
    {"name": "response-transformer", "config": {"remove": {"headers": ["x-b"]}}},
    {"name": "prometheus", "config": {}},
    {"name": "correlation-id", "config": {}},
    {"name": "ai-prompt-guard", "config": {"deny_patterns": ["secret"]}},
)


def add(state: State, kind: str, **row: object) -> dict[str, str]:
    name = str(row.get("name") or row.get("username") or row.get("target") or row.get("key") or row.get("group"))
    id = id_of(kind, name, str(row.get("route") or row.get("consumer") or ""))
    state.setdefault(kind, {})[id] = {"id": id, **row}
    return {"id": id}


def entities() -> State:
    """Two hundred rows of every kind that needs no certificate."""
    state: State = {}
    for number in range(30):
        service = add(state, "services", name=f"s{number}", host=f"s{number}.test", tags=["file"])
        for inner in range(2):
            paths = [f"/s{number}/{inner}", f"~/re{number}/(?<x>[0-9]+)/{inner}$"]
            route = add(state, "routes", name=f"r{number}-{inner}", paths=paths, methods=["GET"], service=service)
            if inner == 0:
                add(state, "plugins", **PLUGINS[number % len(PLUGINS)], route=route)
    for number in range(25):
        consumer = add(state, "consumers", username=f"c{number}", custom_id=f"id{number}")
        add(state, "keyauth_credentials", key=f"key-{number}", consumer=consumer)
        if number % 3 == 0:
            add(state, "acls", group="staff", consumer=consumer)
    for number in range(5):
        checks = {"active": {"http_path": "/up"}} if number else {}
        upstream = add(state, "upstreams", name=f"u{number}.test", slots=100, healthchecks=checks)
        for inner in range(2):
            add(state, "targets", target=f"10.0.{number}.{inner}:80", weight=10, upstream=upstream)
    add(state, "vaults", name="env", prefix="mine", config={"prefix": "X_"})
    keys = add(state, "key_sets", name="set")
    add(state, "keys", name="k", kid="1", jwk='{"kid":"1","kty":"oct"}', set=keys)
    return state


def count(state: State) -> int:
    return sum(map(len, state.values()))


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[DeckCalls]:
    file = tmp_path / "kong.yml"
    file.write_text('_format_version: "3.0"\n')
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "1"}) as gateway:
        yield DeckCalls(gateway.ports["ADMIN"])


def test_a_file_of_two_hundred_rows(deck: DeckCalls) -> None:
    assert re.match(r"3\.", deck.ping())
    wanted = entities()
    assert count(wanted) >= 195
    assert deck.validate(wanted) == []
    assert deck.sync(wanted) == Summary(created=count(wanted))
    assert deck.sync(wanted) == Summary()  # schemas and answers agree about every default
    dumped = deck.dump()
    assert {kind: set(rows) for kind, rows in dumped.items() if rows} == {
        kind: set(rows) for kind, rows in wanted.items()
    }
    assert deck.sync(dumped) == Summary()
    first = next(iter(wanted["services"]))
    wanted["services"][first]["host"] = "moved.test"
    gone = next(iter(wanted["keyauth_credentials"]))
    del wanted["keyauth_credentials"][gone]
    assert deck.sync(wanted) == Summary(updated=1, deleted=1)
    assert deck.dump()["services"][first]["host"] == "moved.test"
    assert deck.sync({}) == Summary(deleted=count(wanted))  # reset
    assert count(deck.dump()) == 0


def test_a_dump_and_a_second_file_are_synced_together(deck: DeckCalls) -> None:
    chat: State = {}
    service = add(chat, "services", name="chat", host="chat.test")
    route = add(chat, "routes", name="chat", paths=["~/chat$"], service=service)
    add(chat, "plugins", **PLUGINS[0], route=route)
    deck.sync(chat)
    limits: State = {}
    add(limits, "plugins", **PLUGINS[3], route=route)
    both = deck.dump()
    both["plugins"] |= limits["plugins"]
    assert deck.sync(both) == Summary(created=1)
    assert sorted(row["name"] for row in deck.dump()["plugins"].values()) == ["ai-proxy", "rate-limiting"]


def test_tags_bound_what_is_touched(deck: DeckCalls) -> None:
    mine: State = {}
    theirs: State = {}
    add(theirs, "services", name="theirs", host="a.test", tags=["theirs"])
    service = add(mine, "services", name="mine", host="b.test")
    add(mine, "routes", name="mine", paths=["/m"], service=service)
    deck.sync(theirs, "theirs")
    assert deck.sync(mine, "mine", "too") == Summary(created=2)
    assert deck.sync(mine, "mine", "too") == Summary()
    assert [row["name"] for row in deck.dump("mine", "too")["services"].values()] == ["mine"]
    assert deck.sync({}, "mine", "too") == Summary(deleted=2)
    assert [row["name"] for row in deck.dump()["services"].values()] == ["theirs"]


def test_a_wrong_plugin_is_refused_by_the_name_of_its_field(deck: DeckCalls) -> None:
    state: State = {}
    add(state, "plugins", name="ai-proxy", config={"route_type": "llm/v1/chat", "model": {"provider": "nobody"}})
    (wrong,) = deck.validate(state)
    assert "config.model.provider: expected one of: " in wrong
    with pytest.raises(Refused, match=r"config\.model\.provider: expected one of: "):
        deck.sync(state)
    assert count(deck.dump()) == 0
    unknown: State = {}
    add(unknown, "plugins", name="nosuch", config={})
    with pytest.raises(Refused, match="plugin 'nosuch' not enabled"):
        deck.sync(unknown)
