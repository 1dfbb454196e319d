"""decK and people make the same things under ids of their own; what runs wins."""

from __future__ import annotations

import yaml
from support.reconciling import SMALL, row_called, small

from quickstart.reconcile import deck_file
from quickstart.reconcile.alignment import aligned
from quickstart.reconcile.rows import parents, read

OTHER = "7a6c2c1e-1f7b-4d3a-9a55-0d3c9a1f0001"


def test_the_same_names_get_the_ids_that_run_and_references_follow() -> None:
    document = yaml.safe_load(SMALL)
    document["services"][0]["id"] = OTHER
    running = read(yaml.safe_dump(document), "what decK made")
    found = aligned(small(), running)
    assert row_called(found, "services", "openai-api")["id"] == OTHER
    assert row_called(found, "routes", "openai-chat")["service"] == {"id": OTHER}
    assert found == running


def test_plugins_are_the_same_by_what_they_hang_on() -> None:
    document = yaml.safe_load(SMALL)
    document["services"][0]["routes"][0]["plugins"][0]["id"] = OTHER
    running = read(yaml.safe_dump(document), "made in the Manager")
    assert list(aligned(small(), running)["plugins"]) == [OTHER]


def test_what_runs_under_its_own_id_already_stays() -> None:
    assert aligned(small(), small()) == small()
    found = aligned(small(), read('_format_version: "3.0"\n', "nothing"))
    assert found == small()
    assert all(parent in found[kind] for row in found["routes"].values() for kind, parent in parents("routes", row))
    assert deck_file.text(found) == deck_file.text(small())
