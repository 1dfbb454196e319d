"""The real decK and a file of two hundred entities: what it writes it reads again, and then has nothing more to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.certificates import make_authority, make_certificate
from support.deck import Deck, Refused, Summary
from support.deck_file import Row, count, document
from support.gateway_process import GatewayProcess, ask

pytestmark = [pytest.mark.deck, pytest.mark.timeout(960)]
NOTHING = Summary(0, 0, 0)
Write = Callable[[str, Row], Path]


@pytest.fixture
def large(tmp_path: Path, write: Write) -> Path:
    authority = make_authority(tmp_path)
    return write("large.yml", document(make_certificate(tmp_path, authority), authority))


def test_ping(deck: Deck) -> None:
    told = deck.run("gateway", "ping")
    assert "Successfully connected to Kong!" in told and "3.9" in told


def test_two_hundred_entities(deck: Deck, large: Path, tmp_path: Path) -> None:
    wanted = yaml.safe_load(large.read_text())
    total = count(wanted)
    assert total >= 200
    assert deck.run("file", "validate", str(large)) == "" and deck.run("gateway", "validate", str(large)) == ""

    assert deck.sync(large) == Summary(total, 0, 0)
    assert deck.sync(large) == NOTHING, "schemas and answers agree about every default"
    dumped = deck.dump(tmp_path / "dumped.yml")
    assert count(yaml.safe_load(dumped.read_text())) == total
    assert deck.diff(dumped) == NOTHING and deck.sync(dumped) == NOTHING
    with_ids = deck.dump(tmp_path / "with-ids.yml", "--with-id")
    assert deck.sync(with_ids) == NOTHING

    moved = yaml.safe_load(dumped.read_text())
    moved["services"][0]["host"] = "moved.test"
    moved["upstreams"][0]["targets"].pop()
    moved["consumers"][0]["keyauth_credentials"][0]["tags"] = ["rotated"]
    dumped.write_text(yaml.safe_dump(moved))
    assert deck.diff(dumped) == deck.sync(dumped) == Summary(0, 2, 1)
    assert deck.sync(dumped) == NOTHING
    assert deck.sync(large) == Summary(1, 2, 0)

    deck.run("gateway", "reset", "--force")
    assert count(yaml.safe_load(deck.dump(tmp_path / "empty.yml").read_text())) == 0
    assert deck.sync(with_ids) == Summary(total, 0, 0), "what was dumped with ids can be brought back"
    assert deck.sync(large) == NOTHING


def test_a_dump_as_json(deck: Deck, large: Path, tmp_path: Path) -> None:
    deck.sync(large)
    as_json = deck.dump(tmp_path / "dumped.json", "--format", "json")
    assert deck.sync(as_json) == NOTHING


def test_keys_in_sets(deck: Deck, write: Write, tmp_path: Path) -> None:
    file = write(
        "keys.yml",
        {
            "key_sets": [{"name": "set"}],
            "keys": [{"name": "one", "kid": "1", "set": {"name": "set"}, "jwk": '{"kid":"1","kty":"oct","k":"x"}'}],
        },
    )
    assert deck.sync(file) == Summary(2, 0, 0)
    assert deck.sync(file) == NOTHING
    assert deck.sync(deck.dump(tmp_path / "dumped.yml")) == NOTHING


def test_through_tls(deck_binary: Path, tmp_path: Path, write: Write) -> None:
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority)
    file = write("start.yml", {})
    gateway = GatewayProcess(file, {"KONG_SSL_CERT": str(pair.certificate), "KONG_SSL_CERT_KEY": str(pair.key)})
    port = gateway.ports["ADMIN"]
    gateway.environment["KONG_ADMIN_LISTEN"] = f"127.0.0.1:{port} ssl"
    with gateway:
        deck = Deck(deck_binary, f"https://127.0.0.1:{port}", tmp_path)
        with pytest.raises(Refused, match="certificate signed by unknown authority"):
            deck.run("gateway", "ping")
        trusted = {"DECK_CA_CERT_FILE": str(authority.certificate)}
        assert "Successfully connected" in deck.run("gateway", "ping", more=trusted)
        chat = write("chat.yml", {"services": [{"name": "a", "url": "http://a.test"}]})
        assert "Created: 1" in deck.run("gateway", "sync", str(chat), more=trusted)


def test_with_a_token(deck_binary: Path, tmp_path: Path, write: Write) -> None:
    with GatewayProcess(write("start.yml", {}), {"KONG_ADMIN_TOKEN": "of-the-tests"}) as gateway:
        deck = Deck(deck_binary, f"http://127.0.0.1:{gateway.ports['ADMIN']}", tmp_path)
        with pytest.raises(Refused, match="401"):
            deck.run("gateway", "ping")
        told = deck.run("gateway", "ping", "--headers", "Kong-Admin-Token:of-the-tests")
        assert "Successfully connected" in told


def test_what_was_synced_answers_at_once(deck: Deck, empty_gateway: GatewayProcess, write: Write) -> None:
    stop = {"name": "request-termination", "config": {"status_code": 418, "message": "by decK"}}
    route = {"name": "r", "paths": ["/stop"], "plugins": [stop]}
    file = write("stop.yml", {"services": [{"name": "s", "url": "http://127.0.0.1:1", "routes": [route]}]})
    deck.sync(file)
    answer = ask(empty_gateway.ports["PROXY"], "GET", "/stop")
    assert (answer.status, answer.json["message"]) == (418, "by decK")
