"""All formats: found by folder, secrets never in any of them, whatever stands in the configuration."""

from __future__ import annotations

import pytest
import yaml
from support.example_answers import SECRETS
from support.exported import CONSUMER_KEY, JWT_SECRET, OAUTH_SECRET, TYPED_KEY, a_source, edited, rendered

from quickstart.errors import QuickstartError
from quickstart.exports import Wish, format_of, formats
from quickstart.exports._source import source


def test_each_file_is_a_format() -> None:
    assert formats() == ("compose", "deck", "helm-values", "kongctl", "kubernetes", "terraform")
    assert all(format_of(name).TITLE for name in formats())
    with pytest.raises(KeyError):
        format_of("_source")


@pytest.mark.parametrize("name", formats())
def test_no_secret_is_in_any_file_or_note(name: str) -> None:
    made = a_source(edited())
    bundle = format_of(name).export(made, Wish())
    files = [
        content.decode("utf-8", "replace") if isinstance(content, bytes) else content
        for content in bundle.files.values()
    ]
    everything = "\n".join(
        [bundle.stream, *files, *(f"{note.message} {note.hint}" for note in (*made.notes, *bundle.notes))]
    )
    for value in (*SECRETS.values(), CONSUMER_KEY, TYPED_KEY, JWT_SECRET, OAUTH_SECRET):
        assert value not in everything and value.rsplit(" ", 1)[-1] not in everything


@pytest.mark.parametrize("name", formats())
def test_every_format_tells_where_keys_come_from(name: str) -> None:
    bundle = format_of(name).export(a_source(), Wish())
    assert any("OPENAI_AUTH_HEADER" in note.message for note in bundle.notes), bundle.notes


def test_part_of_a_secret_where_no_reference_can_be_stops_the_export() -> None:
    document = yaml.safe_load(rendered())
    key = SECRETS["OPENAI_AUTH_HEADER"].removeprefix("Bearer ")
    config = {"add": {"headers": [f"x-key:{key}"]}}
    document["plugins"] = [{"name": "request-transformer", "config": config}]
    with pytest.raises(QuickstartError, match="OPENAI_AUTH_HEADER") as refused:
        source(yaml.safe_dump(document), SECRETS)
    assert key not in str(refused.value)
