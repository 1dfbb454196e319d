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
