"""Names of certificates are rows of their own."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from support.admin_api import Admin

CERTIFICATE = (
    f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(b'not checked here').decode()}\n-----END CERTIFICATE-----"
)
KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"


@pytest.fixture
def admin() -> Admin:
    return Admin()


def pair(**more: Any) -> dict[str, Any]:
    return {"cert": CERTIFICATE, "key": KEY, **more}


def test_names_given_with_a_certificate(admin: Admin) -> None:
    made = admin.made("/certificates", pair(snis=["a.test", "b.test", "a.test"]))
    assert sorted(made["snis"]) == ["a.test", "b.test"]
    rows = admin.get("/snis").body["data"]
    assert {row["name"] for row in rows} == {"a.test", "b.test"}
    assert all(row["certificate"] == {"id": made["id"]} for row in rows)
    assert admin.get("/certificates/a.test").body["id"] == made["id"]
    assert admin.get("/snis/a.test/certificate").body["id"] == made["id"]


def test_a_change_replaces_the_names_it_gives_and_leaves_them_otherwise(admin: Admin) -> None:
    id = admin.made("/certificates", pair(snis=["a.test", "b.test"]))["id"]
    kept = admin.get("/snis/b.test").body["id"]
    assert admin.ask("PATCH", f"/certificates/{id}", {"tags": ["t"]}).body["snis"] == ["a.test", "b.test"]
    assert admin.ask("PATCH", f"/certificates/{id}", {"snis": ["b.test", "c.test"]}).body["snis"] == [
        "b.test",
        "c.test",
    ]
    assert admin.get("/snis/a.test").status == 404 and admin.get("/snis/b.test").body["id"] == kept


def test_a_name_belongs_to_one_certificate(admin: Admin) -> None:
    admin.made("/certificates", pair(snis=["a.test"]))
    answer = admin.ask("POST", "/certificates", pair(snis=["a.test"]))
    assert answer.status == 400 and "already associated" in answer.body["fields"]["snis"]
    assert len(admin.get("/certificates").body["data"]) == 1


def test_a_name_nobody_serves(admin: Admin) -> None:
    assert admin.get("/certificates/nosuch.test").body == {"message": "SNI not found"}
