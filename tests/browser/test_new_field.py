"""One declaration per field: what is added to a plugin's file appears in the Manager's form, with its help, its default
and its bounds, and is saved. Validation, schema and reference: tests/gateway/admin/test_describe_new_field.py."""

from __future__ import annotations

from typing import Any

import pytest
from support import chromium
from support.admin_api import Admin
from support.manager_server import ManagerServer
from support.new_field import FIELD, HELP, LARGEST, PLUGIN, declare


def test_the_form_follows_the_declaration(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)
    admin = Admin({"plugins": [{"name": PLUGIN}]})
    (row,) = admin.get("/plugins").body["data"]
    with ManagerServer(admin) as server, chromium.opened(browser, server.url) as (page, watch):
        watch.expected.append("status of 400")
        page.goto(f"{server.url}/#/plugins/{row['id']}")
        page.get_by_text("All other settings").click()
        field = page.locator(f"[data-path='config.{FIELD}']")
        assert HELP in field.inner_text() and f"From 1 to {LARGEST}." in field.inner_text()
        box = page.get_by_label("Smallest number", exact=True)
        assert box.input_value() == "7"
        box.fill(str(LARGEST + 1))
        page.get_by_role("button", name="Save changes").click()
        field.locator(".error").wait_for()
        assert f"between 1 and {LARGEST}" in field.locator(".error").inner_text()
        box.fill("8")
        page.get_by_role("button", name="Save changes").click()
        page.get_by_role("region", name="Unsaved changes").wait_for(state="detached")
        assert admin.get(f"/plugins/{row['id']}").body["config"][FIELD] == 8


def test_without_the_declaration_the_form_has_no_such_field(browser: Any) -> None:
    admin = Admin({"plugins": [{"name": PLUGIN}]})
    (row,) = admin.get("/plugins").body["data"]
    with ManagerServer(admin) as server, chromium.opened(browser, f"{server.url}/") as (page, _):
        page.goto(f"{server.url}/#/plugins/{row['id']}")
        page.get_by_text("All other settings").click()
        page.locator("[data-path='config.header_name']").wait_for()
        assert page.locator(f"[data-path='config.{FIELD}']").count() == 0
