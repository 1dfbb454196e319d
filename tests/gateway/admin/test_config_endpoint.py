"""The whole configuration at once."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import yaml
from support.admin_api import Admin

from gateway.entities import Config
from gateway.errors import ConfigError
from gateway.store import text_version

TEXT = '_format_version: "3.0"\nservices:\n- {name: new, url: "http://x.test/"}\n'
YAML = {"Content-Type": "application/yaml"}
MULTIPART = f'--B\r\nContent-Disposition: form-data; name="config"; filename="k.yml"\r\n\r\n{TEXT}\r\n--B--\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (TEXT, "application/yaml"),
        (TEXT, "text/yaml; charset=utf-8"),
        (TEXT, "text/plain"),
        (TEXT, None),
        (json.dumps({"config": TEXT}), "application/json"),
        (json.dumps(yaml.safe_load(TEXT)), "application/json"),
        ("config=" + TEXT.replace("\n", "%0A").replace("+", "%2B"), "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data; boundary=B"),
    ],
)
def test_every_way_to_send_it(body: str, kind: str | None) -> None:
    admin = Admin({"services": [{"name": "old", "host": "h.test"}]})
    answer = admin.ask("POST", "/config", body, {"Content-Type": kind} if kind else None)
    assert answer.status == 201
    assert [row["name"] for row in answer.body["services"].values()] == ["new"]
    assert [row["name"] for row in admin.get("/services").body["data"]] == ["new"]


def test_the_same_text_again_is_told_from_another() -> None:
    admin = Admin()
    assert admin.ask("POST", "/config?check_hash=1", TEXT, YAML).status == 201
    assert admin.store.version == hashlib.md5(TEXT.encode()).hexdigest()
    assert admin.ask("POST", "/config?check_hash=1", TEXT, YAML).status == 304
    assert admin.ask("POST", "/config", TEXT, YAML).status == 201
    admin.ask("DELETE", "/services/new")
    assert admin.ask("POST", "/config?check_hash=1", TEXT, YAML).status == 201


def test_an_error_names_every_field_and_changes_nothing() -> None:
    admin = Admin({"services": [{"name": "old", "host": "h.test"}]})
    text = '_format_version: "3.0"\nservices: [{name: a}, {name: b, host: h.test, routes: [{paths: [x]}]}]\n'
    answer = admin.ask("POST", "/config?flatten_errors=1", text, YAML)
    assert answer.status == 400 and answer.body["code"] == 14
    assert answer.body["fields"]["services"][0] == {"host": "required field missing"}
    assert {row["entity_type"] for row in answer.body["flattened_errors"]} == {"service", "route"}
    assert "flattened_errors" not in admin.ask("POST", "/config", text, YAML).body
    assert [row["name"] for row in admin.get("/services").body["data"]] == ["old"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("a: [", "application/yaml", 400),
        ("", "application/yaml", 400),
        ("nothing=1", "application/x-www-form-urlencoded", 400),
        (TEXT, "image/png", 415),
        ("_nonsense: 1", "text/yaml", 400),
    ],
)
def test_what_is_no_configuration(body: str, kind: str, status: int) -> None:
    answer = Admin().ask("POST", "/config", body, {"Content-Type": kind})
    assert answer.status == status and answer.body["message"]


def test_what_only_deck_understands_is_taken_from_deck_only() -> None:
    deck = '_format_version: "3.0"\n_info: {select_tags: [team]}\nservices: [{name: s, host: h.test}]\n'
    admin = Admin()
    assert admin.ask("POST", "/config", deck, YAML).status == 201
    assert admin.get("/services/s").body["tags"] == ["team"]
    assert admin.ask("POST", "/config", TEXT + "_plugin_configs: {}\n", YAML).status == 400


def test_a_configuration_that_no_worker_can_run_is_refused() -> None:
    admin = Admin()

    def refuse(config: Config) -> None:
        raise ConfigError({"plugins": ["no such reference"]}, "no such reference")

    admin.store.check = refuse
    answer = admin.ask("POST", "/config", TEXT, YAML)
    assert answer.status == 400 and answer.body["fields"] == {"plugins": ["no such reference"]}


def test_what_is_read_can_be_sent_back() -> None:
    admin = Admin({"services": [{"name": "s", "host": "h.test", "routes": [{"name": "é", "paths": ["/r"]}]}]})
    before = admin.store.config
    text = admin.get("/config").body["config"]
    shown: dict[str, Any] = yaml.safe_load(text)
    assert shown["_format_version"] == "3.0" and "é" in text
    assert admin.ask("POST", "/config", text, YAML).status == 201
    assert admin.store.config.collections == before.collections and admin.store.config is not before


def test_who_sends_back_what_it_made_of_an_answer_loses_nobodys_change() -> None:
    admin = Admin()
    told = admin.get("/config")
    tag = {"If-Match": told.headers["ETag"], **YAML}
    assert told.headers["ETag"] == f'"{admin.store.version}"'
    assert admin.ask("POST", "/services", {"host": "meanwhile"}).status == 201
    late = admin.ask("POST", "/config", TEXT, tag)
    assert late.status == 412 and "somebody changed this meanwhile" in late.body["message"]
    assert [row["host"] for row in admin.get("/services").body["data"]] == ["meanwhile"]
    tag = {"If-Match": admin.get("/config").headers["ETag"], **YAML}
    assert admin.ask("POST", "/config", TEXT, tag).status == 201
    assert admin.get("/config").headers["ETag"] == f'"{text_version(TEXT.encode())}"'
    assert admin.ask("POST", "/config", TEXT, {"If-Match": "*", **YAML}).status == 201


def test_rows_that_stay_as_they_were_keep_their_times() -> None:
    admin = Admin()
    both = TEXT + "- {name: other, host: a.test}\n"
    assert admin.ask("POST", "/config", both, YAML).status == 201
    made = admin.now
    admin.now += 100
    assert admin.ask("POST", "/config", both.replace("a.test", "b.test"), YAML).status == 201
    rows = {row["name"]: (row["created_at"], row["updated_at"]) for row in admin.get("/services").body["data"]}
    assert rows == {"new": (int(made), int(made)), "other": (int(made), int(made) + 100)}
    said = both.replace("host: a.test", "host: a.test, created_at: 7")
    assert admin.ask("POST", "/config", said, YAML).status == 201
    assert admin.get("/services/other").body["created_at"] == 7
