"""One declaration per field: what is added to a plugin's file is validated, described and documented, and nothing else
had to be touched. Its place in the Manager's form: tests/browser/test_new_field.py."""

from __future__ import annotations

import pytest
from support.admin_api import Admin
from support.new_field import FIELD, HELP, LARGEST, PLUGIN, declare

from gateway.admin.describe import reference


def test_without_the_declaration_nobody_knows_the_field() -> None:
    assert Admin().ask("POST", "/plugins", {"name": PLUGIN, "config": {FIELD: 8}}).status == 400
    assert FIELD not in str(Admin().get(f"/schemas/plugins/{PLUGIN}").body) and HELP not in reference()


def test_validation_schema_and_reference_follow_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)
    admin = Admin()
    wrong = admin.ask("POST", "/plugins", {"name": PLUGIN, "config": {FIELD: LARGEST + 1}})
    assert wrong.status == 400
    assert wrong.body["fields"]["config"][FIELD] == f"value should be between 1 and {LARGEST}"
    assert admin.made("/plugins", {"name": PLUGIN})["config"][FIELD] == 7

    (config,) = [
        field["config"] for field in admin.get(f"/schemas/plugins/{PLUGIN}").body["fields"] if "config" in field
    ]
    (described,) = [field[FIELD] for field in config["fields"] if FIELD in field]
    wanted = {"type": "integer", "description": HELP, "required": False, "default": 7, "between": [1, LARGEST]}
    assert described == wanted

    line = next(line for line in reference().split("\n") if f"`config.{FIELD}`" in line)
    assert HELP in line and f"1 to {LARGEST}" in line and "`7`" in line
