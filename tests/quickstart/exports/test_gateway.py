"""What our own gateway needs elsewhere."""

from __future__ import annotations

from dataclasses import replace

from support.exported import a_source, edited

from gateway.settings import Settings
from quickstart import __version__
from quickstart.exports import compose, kubernetes
from quickstart.exports._bundle import Wish
from quickstart.exports._gateway import DRAIN_SECONDS, configuration, image_of, keys_of, settings


def test_its_settings_are_those_of_the_gateway() -> None:
    environment = settings(a_source(), "/run/keys")
    read = Settings.from_env(environment)
    assert read.drain_seconds == DRAIN_SECONDS
    assert str(read.vault_env_file) == "/run/keys" and read.prefix is None
    assert read.admin_listen == read.admin_gui_listen == read.portal_gui_listen == ()
    assert "KONG_VAULT_ENV_FILE" not in settings(a_source(), "")


def test_the_way_out_goes_along() -> None:
    behind = replace(a_source(), proxied=True, no_proxy=".example.com")
    assert settings(behind, "/run/keys")["NO_PROXY"] == ".example.com"
    assert "NO_PROXY" not in settings(a_source(), "/run/keys")
    assert keys_of(behind, ["A"]) == ["A", "HTTPS_PROXY"] and keys_of(a_source(), ["A"]) == ["A"]
    for export in (compose.export, kubernetes.export):
        named = [note.message for note in export(behind, Wish()).notes]
        assert any("HTTPS_PROXY" in message for message in named)


def test_the_image_is_the_wished_one_or_this_version() -> None:
    assert image_of(Wish()) == f"ai-gateway:{__version__}"
    assert image_of(Wish(image="r.test/x:1")) == "r.test/x:1"


def test_the_configuration_says_what_it_could_not_hold() -> None:
    text, needed, notes = configuration(a_source(edited()).document)
    assert "keyauth_credentials" not in text and "alice" in text
    assert "alice" in notes[0].message and "keyauth_credentials" in notes[0].hint
    assert "OPENAI_AUTH_HEADER" in needed and not [name for name in needed if "KEYAUTH" in name]
