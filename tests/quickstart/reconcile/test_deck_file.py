"""A file that people can read, and that reads back to exactly the same."""

from __future__ import annotations

import yaml
from hypothesis import given
from support.reconciling import RENDERED, SMALL, configurations, edited, small

from quickstart.reconcile import deck_file
from quickstart.reconcile.rows import Rows, read

EVERYTHING = """
_format_version: "3.0"
services:
- {name: a, host: h, tags: [x], routes: [{paths: [/unnamed]}, {name: r, hosts: [a.test], methods: [GET]}]}
upstreams:
- {name: u, targets: [{target: "127.0.0.1:80", weight: 5}]}
consumers:
- username: ann
  acls: [{group: admins}]
  keyauth_credentials: [{key: k1}]
  plugins:
  - name: ai-rate-limiting-advanced
    route: r
    config: {llm_providers: [{name: openai, limit: 1, window_size: 60}]}
routes:
- {name: alone, paths: [/alone], strip_path: false}
plugins:
- {name: key-auth, config: {key_names: [x-key]}, enabled: false}
- {name: correlation-id, instance_name: mine}
vaults:
- {name: env, prefix: mine, config: {prefix: P_}}
"""


def test_everything_reads_back_to_the_same() -> None:
    for text in (RENDERED, SMALL, EVERYTHING):
        rows = read(text, "a file")
        assert read(deck_file.text(rows), "written") == rows


@given(configurations)
def test_generated_ones_too(rows: Rows) -> None:
    assert read(deck_file.text(rows), "written") == rows


def test_what_is_so_by_itself_is_not_written() -> None:
    document = deck_file.document(small())
    assert document["services"][1] == {
        "name": "mistral-api", "host": "localhost",
        "routes": [{"name": "mistral-chat", "paths": ["~/mistral/chat$"]}],
    }  # fmt: skip


def test_ids_that_follow_from_names_are_not_written_and_others_are() -> None:
    other = "7a6c2c1e-1f7b-4d3a-9a55-0d3c9a1f0001"
    document = yaml.safe_load(SMALL)
    document["services"][0]["id"] = other
    written = deck_file.document(read(yaml.safe_dump(document), "a file"))
    assert written["services"][0]["id"] == other and "id" not in written["services"][1]


def test_something_unset_where_the_schema_would_fill_in_is_written() -> None:
    rows = edited(small(), "services", "openai-api", retries=None)
    assert deck_file.document(rows)["services"][0]["retries"] is None
    assert read(deck_file.text(rows), "written") == rows


def test_the_head_says_what_it_is() -> None:
    assert deck_file.text(small()).startswith("# The AI gateway's configuration in decK's format.")
