"""A plugin whose declaration gets one more field, as a developer would add it: in one place. Not for: judging."""

from __future__ import annotations

import pytest

from gateway.entities import plugins as rows
from gateway.plugins import registry
from gateway.schema import Integer, Record

PLUGIN = "correlation-id"
FIELD = "smallest_number"
HELP = "The number that counting begins with, so says one declaration."
LARGEST = 9000


def declare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds FIELD to PLUGIN's fields, for one test."""
    plugin = registry()[PLUGIN]
    old = plugin.fields
    new = Integer(HELP, between=(1, LARGEST), default=7)
    more = Record(old.help, required=old.required, fields={**old.fields, FIELD: new}, checks=old.checks)
    monkeypatch.setattr(plugin, "fields", more)
    monkeypatch.setattr(rows, "_RECORDS", {})
