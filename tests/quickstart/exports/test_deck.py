"""A decK file of the export; that decK itself takes it is in tests/e2e/test_exports_deck.py."""

from __future__ import annotations

from pathlib import Path

import yaml
from support.exported import a_source, edited
from support.golden import check_golden

from gateway.entities import load
from quickstart.exports._bundle import Wish
from quickstart.exports._kong_versions import OSS
from quickstart.exports.deck import export

SMALL = """
services:
- name: openai-api
  url: https://api.openai.com/v1
  routes:
  - name: chat
    paths: [/openai/chat]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/openai-auth-header}"}
        model: {provider: openai, name: gpt-6-luna, model_alias: openai}
consumers:
- username: alice
  keyauth_credentials: [{key: alice-key-1}]
"""


def test_it_reads_as_people_write() -> None:
    bundle = export(a_source(yaml.safe_load('_format_version: "3.0"' + SMALL)), Wish())
    check_golden(Path(__file__).parent / "golden" / "deck.yaml", bundle.stream)


def test_the_gateway_takes_it_back() -> None:
    text = export(a_source(edited()), Wish()).stream
    config = load(text.replace("${{ env ", "env").replace(" }}", ""), deck=True)
    assert len(config.collections["services"]) == len(edited()["services"]) and config.collections["plugins"]


def test_a_consumers_key_is_asked_of_decks_environment() -> None:
    bundle = export(a_source(edited()), Wish())
    alice, bob = yaml.safe_load(bundle.stream)["consumers"]
    assert bob["jwt_secrets"] == [{"algorithm": "HS256", "key": "issuer-b", "secret": '${{ env "DECK_BOB_SECRET" }}'}]
    assert alice["keyauth_credentials"][0]["key"].startswith('${{ env "DECK_ALICE_KEY')
    assert any("DECK_ALICE_KEY" in note.message for note in bundle.notes)


def test_for_an_older_kong_it_says_what_is_missing() -> None:
    bundle = export(a_source(edited()), Wish(OSS))
    told = "\n".join(note.message for note in bundle.notes)
    assert "ai-rate-limiting-advanced" in told and "ai-proxy-advanced" in told and "kong-oss-3.9" in told
    assert "ai-rate-limiting-advanced" not in bundle.stream and "ai-proxy-advanced" not in bundle.stream
