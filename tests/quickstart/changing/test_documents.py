"""A file is put into what runs: what it names becomes as it says, what it does not name stays."""

from __future__ import annotations

import pytest
from support.reconciling import SMALL, edited, row_called, small

from quickstart.changing.documents import wanting
from quickstart.errors import UsageError
from quickstart.reconcile.proposal import Proposal, propose
from quickstart.reconcile.rows import Rows
from quickstart.reconcile.situation import Situation

FILE = """
_format_version: "3.0"
services:
- name: openai-api
  host: other.test
  routes:
  - {name: new, paths: [/new]}
"""


def proposed(text: str, running: Rows | None, replace: bool = False) -> tuple[Proposal, dict[str, str]]:
    now = Situation(running, True, base=small())
    wanted = wanting(text, "mine.yml", replace)(now)
    return propose(now, wanted.wish.configuration, wanted.wish), wanted.secrets


def test_what_is_named_becomes_so_and_the_rest_stays() -> None:
    running = edited(small(), "services", "openai-api", retries=2)
    found, _ = proposed(FILE, running)
    service = row_called(found.rows, "services", "openai-api")
    assert (service["host"], service["retries"]) == ("other.test", 5), "the file says what the whole row is"
    assert {row["name"] for row in found.rows["routes"].values()} == {"openai-chat", "mistral-chat", "new"}


def test_replacing_leaves_only_what_is_named() -> None:
    found, _ = proposed(FILE, small(), replace=True)
    assert [row["name"] for row in found.rows["routes"].values()] == ["new"]
    assert found.rows["plugins"] == {}


def test_a_secret_in_the_file_goes_behind_a_reference() -> None:
    text = SMALL.replace('"{vault://env/openai-auth-header}"', "Bearer sk-canary")
    found, secrets = proposed(text, small())
    assert list(secrets.values()) == ["Bearer sk-canary"]
    assert "canary" not in found.text + repr(found)


def test_the_same_again_changes_nothing() -> None:
    once, _ = proposed(FILE, small())
    again, _ = proposed(FILE, once.rows)
    assert once.changes and not again.changes


def test_before_anything_runs_the_file_is_all_there_is() -> None:
    found, _ = proposed(SMALL, None)
    assert found.rows == small()


def test_a_file_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match=r"mine\.yml is not a configuration"):
        proposed("- a", None)


PLUGIN = """
_format_version: "3.0"
plugins:
- {name: correlation-id, route: openai-chat}
- {name: correlation-id, service: {name: openai-api}}
"""


def test_what_it_hangs_on_may_be_there_already() -> None:
    running = edited(small(), "services", "openai-api", retries=2)
    found, _ = proposed(PLUGIN, running)
    added = [change.text for change in found.differences()]
    assert sorted(added) == ["correlation-id on /openai/chat", "correlation-id on openai-api"], "and nothing else"
    with pytest.raises(UsageError, match="openai-chat"):
        proposed(PLUGIN, running, replace=True)
    with pytest.raises(UsageError, match="no such entry"):
        proposed(PLUGIN.replace("openai-chat", "nobody"), running)


@pytest.mark.parametrize("text", ["[", "plugins: [1, {route: 7}]", "plugins: {}", "services: [{routes: x}]"])
def test_files_that_are_none_are_left_to_who_reads_them(text: str) -> None:
    with pytest.raises(UsageError):
        proposed(text, small())
