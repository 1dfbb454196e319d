from __future__ import annotations

from gateway.entities.deck import without_deck


def test_decks_select_tags_reach_every_entity() -> None:
    found = without_deck(
        {
            "_format_version": "3.0",
            "_info": {"select_tags": ["team", "x"]},
            "_workspace": "default",
            "services": [{"name": "s", "tags": ["x"], "routes": [{"name": "r", "headers": {"a": ["b"]}}]}],
            "consumers": [{"username": "a", "acls": [{"group": "g"}]}],
        }
    )
    assert found == {
        "_format_version": "3.0",
        "services": [
            {
                "name": "s",
                "tags": ["x", "team"],
                "routes": [{"name": "r", "headers": {"a": ["b"]}, "tags": ["team", "x"]}],
            }
        ],
        "consumers": [{"username": "a", "acls": [{"group": "g", "tags": ["team", "x"]}], "tags": ["team", "x"]}],
    }


def test_decks_defaults_fill_what_is_left_out() -> None:
    found = without_deck(
        {
            "_info": {"defaults": {"route": {"strip_path": False}, "service": {"retries": 1}, "nope": {"x": 1}}},
            "services": [{"name": "s", "retries": 9, "routes": [{"name": "r"}]}],
            "routes": [{"name": "q", "strip_path": True}],
        }
    )
    assert found["services"][0]["retries"] == 9
    assert found["services"][0]["routes"][0] == {"name": "r", "strip_path": False}
    assert found["routes"][0]["strip_path"] is True


def test_plugin_configuration_is_no_entity() -> None:
    plugin = {"name": "p", "config": {"prompts": [{"role": "x"}]}}
    found = without_deck({"_info": {"select_tags": ["t"]}, "plugins": [plugin]})
    assert found["plugins"] == [{**plugin, "tags": ["t"]}]
    source = [{"ip": "1.2.3.4"}]
    found = without_deck({"_info": {"select_tags": ["t"]}, "routes": [{"name": "r", "sources": source}]})
    assert found["routes"][0]["sources"] == source


def test_without_info_nothing_changes() -> None:
    assert without_deck({"services": [{"name": "s"}], "_info": None}) == {"services": [{"name": "s"}]}
