"""Pushing a configuration: sent whole, and the gateway's own words when it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.mock_server import Answer, Asked, MockServer, as_json
from support.setups import a_plan

from quickstart import admin_client
from quickstart.errors import QuickstartError


class Admin(MockServer):
    says = as_json({}, 201)

    def answer(self, asked: Asked) -> Answer:
        return self.says


def test_the_text_is_sent_as_the_config_field(tmp_path: Path) -> None:
    with Admin() as admin:
        admin_client.push(a_plan(tmp_path, ports={"admin": admin.port}), "_format_version: '3.0'\n")
        assert (admin.last.method, admin.last.path) == ("POST", "/config")
        assert admin.last.json == {"config": "_format_version: '3.0'\n"}


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (as_json({"message": "declarative config is invalid: {services={...}}"}, 400), "declarative config is invalid"),
        (Answer(502, b"oops"), r"\(502\): oops"),
    ],
)
def test_a_refusal_is_told_in_its_words(says: Answer, words: str, tmp_path: Path) -> None:
    with Admin() as admin:
        admin.says = says
        with pytest.raises(QuickstartError, match=words) as caught:
            admin_client.push(a_plan(tmp_path, ports={"admin": admin.port}), "x")
    assert "keeps serving the old one" in caught.value.hint


def test_no_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuickstartError, match="did not take the new configuration: nothing listens there"):
        admin_client.push(a_plan(tmp_path), "x")


def test_the_running_configuration_is_told_with_its_tag(tmp_path: Path) -> None:
    with Admin() as admin:
        admin.says = Answer(200, b'{"config": "a: b"}', headers={"ETag": '"1"'})
        found = admin_client.fetch(a_plan(tmp_path, ports={"admin": admin.port}))
    assert found == ("a: b", '"1"') and (admin.last.method, admin.last.path) == ("GET", "/config")


@pytest.mark.parametrize("says", [as_json({"message": "no"}, 500), Answer(200, b"oops"), as_json({"config": 1})])
def test_what_is_no_configuration_is_told(says: Answer, tmp_path: Path) -> None:
    with Admin() as admin:
        admin.says = says
        with pytest.raises(QuickstartError, match="did not tell its configuration"):
            admin_client.fetch(a_plan(tmp_path, ports={"admin": admin.port}))


def test_a_change_in_between_is_told_apart(tmp_path: Path) -> None:
    with Admin() as admin:
        plan = a_plan(tmp_path, ports={"admin": admin.port})
        admin_client.push(plan, "x", '"1"')
        assert admin.last.headers["if-match"] == '"1"'
        admin.says = as_json({"message": "somebody changed this meanwhile"}, 412)
        with pytest.raises(admin_client.ChangedMeanwhile):
            admin_client.push(plan, "x", '"1"')
    assert admin_client.tag_of("x") == '"9dd4e461268c8034f5c8564e155c67a6"'
