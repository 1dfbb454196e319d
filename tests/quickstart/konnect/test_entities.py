from __future__ import annotations

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st
from support.konnect_parts import Office, konnect_plan

from quickstart.konnect import entities
from quickstart.konnect.product import MARK
from quickstart.render import render

HOME = "0b1f8f3e-1d6d-4f0a-9a53-6b0f3cbe4f7a"


def test_the_file_becomes_entities_that_refer_to_each_other(office: Office) -> None:
    made = entities.wanted(office.configuration, HOME)
    collections = [entity.collection for entity in made]
    assert collections == sorted(collections, key=entities.COLLECTIONS.index), "parents first"
    ids = {entity.id for entity in made}
    assert len(ids) == len(made)
    for entity in made:
        assert not {"routes", "plugins"} & set(entity.body)
        for parent in ("service", "route"):
            if isinstance(entity.body.get(parent), dict):
                assert entity.body[parent]["id"] in ids
    chat = next(entity for entity in made if entity.name == "openai-api_openai-chat")
    assert chat.body["paths"] == ["~/openai/chat$"]
    plugin = next(entity for entity in made if entity.name == "ai-proxy (openai-api_openai-chat)")
    assert plugin.body["route"] == {"id": chat.id} and not plugin.unique


def test_keys_are_references(office: Office) -> None:
    text = str([entity.body for entity in entities.wanted(office.configuration, HOME)])
    assert "{vault://env/openai-auth-header}" in text
    assert not [value for value in office.plan.secrets.values() if value in text]


@settings(max_examples=15)  # each renders four files
@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True), st.uuids())
def test_ids_follow_from_names_and_control_plane(names: list[str], home: uuid.UUID) -> None:
    from pathlib import Path

    configuration = render(konnect_plan(Path("/srv"), "gateway", *names)).kong_yml
    first = entities.wanted(configuration, str(home))
    assert [entity.id for entity in first] == [entity.id for entity in entities.wanted(configuration, str(home))]
    other = entities.wanted(configuration, str(uuid.UUID(int=home.int ^ 1)))
    assert not {entity.id for entity in first} & {entity.id for entity in other}


def test_owners_are_in_the_tags() -> None:
    item = {"id": "1", "name": "ai-proxy", "route": {"id": "2"}, "tags": [MARK, f"{MARK}:aa", f"{MARK}:bb", "mine"]}
    found = entities.existing("plugins", item)
    assert found.owners == {"aa", "bb"} and found.name == "ai-proxy (route 2)"
    assert entities.existing("services", {"id": "1", "name": "theirs", "tags": None}).owners == frozenset()


def test_what_is_sent_keeps_other_peoples_tags(office: Office) -> None:
    entity = entities.wanted(office.configuration, HOME)[0]
    earlier = entities.existing("services", {"id": entity.id, "name": entity.name, "tags": ["mine", f"{MARK}:bb"]})
    assert entities.marked(entity, earlier, "aa")["tags"] == sorted(["mine", MARK, f"{MARK}:aa", f"{MARK}:bb"])
    assert entities.marked(entity, None, "aa")["tags"] == [MARK, f"{MARK}:aa"]
