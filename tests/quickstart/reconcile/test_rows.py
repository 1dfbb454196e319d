"""What is compared: rows without times, parents before children, and names that people know."""

from __future__ import annotations

import pytest
from support.reconciling import SMALL, row_called, small

from quickstart.errors import QuickstartError
from quickstart.reconcile.rows import children, keys, label, parents, read

WITH_KEY = SMALL + "consumers:\n- username: ann\n  keyauth_credentials:\n  - key: sk-canary\n"


def test_times_are_left_out() -> None:
    assert all("created_at" not in row for rows in small().values() for row in rows.values())


def test_parents_come_before_children() -> None:
    rows = small()
    seen = set()
    for kind, id in keys(rows):
        assert set(parents(kind, rows[kind][id])) <= seen
        seen.add((kind, id))
    service = row_called(rows, "services", "openai-api")["id"]
    route = row_called(rows, "routes", "openai-chat")["id"]
    assert children(rows)["services", service] == [("routes", route)]


def test_people_read_paths_and_never_a_key() -> None:
    rows = read(WITH_KEY, "a file")
    named = {label(rows, key) for key in keys(rows)}
    assert {"route /openai/chat", "ai-proxy on /openai/chat", "service openai-api", "consumer ann"} <= named
    assert "keyauth_credential of ann" in named
    assert "canary" not in repr(named)


def test_a_file_that_is_no_configuration_is_named() -> None:
    with pytest.raises(QuickstartError, match=r"(?s)^mine\.yml is not a configuration the gateway takes: .*hosst"):
        read('_format_version: "3.0"\nservices:\n- {name: a, hosst: b}\n', "mine.yml")
