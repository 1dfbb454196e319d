"""Schemas as Kong's JSON, and checking without writing."""

from __future__ import annotations

import pytest
from support.admin_api import Admin

from gateway.entities import KINDS
from gateway.plugins import registry


def test_every_kind_and_every_plugin_is_described() -> None:
    admin = Admin()
    for name in KINDS:
        described = admin.get(f"/schemas/{name}").body
        fields = [next(iter(field)) for field in described["fields"]]
        assert fields == list(KINDS[name].record.fields)
    for name in registry():
        names = [next(iter(field)) for field in admin.get(f"/schemas/plugins/{name}").body["fields"]]
        assert names[-2:] == ["protocols", "config"]
        assert "fields" in admin.get(f"/plugins/schema/{name}").body


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/schemas/nosuch", "No entity named 'nosuch'"),
        ("/schemas/key-auths", "No entity named 'key-auths'"),
        ("/schemas/plugins/nosuch", "No plugin named 'nosuch'"),
        ("/plugins/schema/nosuch", "No plugin named 'nosuch'"),
        ("/schemas/vaults/nosuch", "No vault named 'nosuch'"),
        ("/schemas/filters/x", "Filter 'x' not found"),
        ("/schemas/a/b/c", "Not found"),
        ("/plugins/schema/a/b", "Not found"),
    ],
)
def test_what_is_not_there(target: str, message: str) -> None:
    answer = Admin().get(target)
    assert (answer.status, answer.body) == (404, {"message": message})


def test_checking_writes_nothing() -> None:
    admin = Admin()
    good = admin.ask("POST", "/schemas/services/validate", {"url": "http://x.test"})
    assert (good.status, good.body) == (200, {"message": "schema validation successful"})
    bad = admin.ask("POST", "/schemas/plugins/validate", {"name": "key-auth", "config": {"key_names": "x"}})
    assert bad.status == 400 and bad.body["fields"] == {"config": {"key_names": "expected an array"}}
    assert admin.get("/services").body["data"] == []
    assert admin.get("/schemas/services/validate").status == 405
    assert admin.ask("POST", "/schemas/nosuch/validate", {}).status == 404
