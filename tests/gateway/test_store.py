"""Changing the configuration: all or nothing, and what was acknowledged outlives a crash at any point."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from gateway.entities import EMPTY_HASH, Config
from gateway.errors import ConfigError, GatewayError
from gateway.settings import Settings
from gateway.store import Store, StoreError, text_version

FILE = """
_format_version: "3.0"
services:
- name: one
  url: http://127.0.0.1:1/
  routes: [{name: r, paths: [/r]}]
"""


def config(*names: str) -> Config:
    return Config.from_declarative(
        {"_format_version": "3.0", "services": [{"name": name, "host": "h.test"} for name in names]}
    )


def names(store: Store) -> list[str]:
    return [row["name"] for row in store.config.collections["services"].values()]


def opened(tmp_path: Path, text: str | None = None, prefix: bool = True) -> tuple[Store, list[str]]:
    if text is not None:
        (tmp_path / "kong.yml").write_text(text)
    log: list[str] = []
    file = tmp_path / "kong.yml"
    settings = Settings(
        declarative_config=file if file.exists() else None, prefix=tmp_path / "prefix" if prefix else None
    )
    return Store.open(settings, log=log.append), log


def change(store: Store, *to: str) -> None:
    asyncio.run(store.apply(config(*to)))


def test_without_a_file_it_begins_empty(tmp_path: Path) -> None:
    store, _ = opened(tmp_path)
    assert names(store) == [] and store.version == EMPTY_HASH


def test_the_version_is_the_hash_of_the_text(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    assert store.version == text_version(FILE.encode()) and re.fullmatch("[0-9a-f]{32}", store.version)
    change(store, "a")
    edited = store.version
    assert edited != text_version(FILE.encode())
    change(store, "b")
    assert store.version != edited


def test_without_a_prefix_the_file_is_the_truth_at_each_start(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE, prefix=False)
    change(store, "two")
    assert names(store) == ["two"]
    assert names(opened(tmp_path, prefix=False)[0]) == ["one"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kong.yml"]


def test_with_a_prefix_changes_outlive_a_restart(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    change(store, "two", "three")
    again, log = opened(tmp_path)
    assert names(again) == ["two", "three"]
    assert again.config.collections == store.config.collections and again.version == store.version
    assert "saved state" in log[0]


def test_a_changed_file_wins_and_says_so(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    change(store, "two")
    again, log = opened(tmp_path, FILE.replace("name: one", "name: uno"))
    assert names(again) == ["uno"]
    assert "changed since" in log[0]
    assert names(opened(tmp_path)[0]) == ["uno"]


def test_a_file_that_is_no_longer_named_does_not_count_as_changed(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    change(store, "two")
    (tmp_path / "kong.yml").rename(tmp_path / "away")
    assert names(opened(tmp_path)[0]) == ["two"]
    (tmp_path / "away").rename(tmp_path / "kong.yml")
    assert names(opened(tmp_path)[0]) == ["two"]


def test_the_state_is_for_its_owner_only(tmp_path: Path) -> None:
    opened(tmp_path, FILE)
    assert (tmp_path / "prefix" / "state.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "prefix").stat().st_mode & 0o777 == 0o700


def test_a_refused_check_changes_nothing(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    before = (tmp_path / "prefix" / "state.json").read_bytes()

    def refuse(config: Config) -> None:
        raise ConfigError({"plugins": ["no"]})

    store.check = refuse
    with pytest.raises(ConfigError):
        change(store, "two")
    assert names(store) == ["one"]
    assert (tmp_path / "prefix" / "state.json").read_bytes() == before


def test_a_worker_that_refuses_leaves_everything_as_it_was(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)

    async def refuse(config: Config) -> None:
        raise GatewayError("worker 2: no")

    store.publish = refuse
    with pytest.raises(GatewayError, match="worker 2"):
        change(store, "two")
    assert names(store) == ["one"] and names(opened(tmp_path)[0]) == ["one"]
    assert [path.name for path in (tmp_path / "prefix").iterdir()] == ["state.json"]


def test_the_new_state_is_on_the_disk_before_workers_hear_of_it_and_in_place_before_the_answer(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    seen: list[tuple[str, str]] = []

    async def look(config: Config) -> None:
        folder = tmp_path / "prefix"
        seen.append(((folder / "state.json").read_text(), (folder / "state.json.new").read_text()))

    store.publish = look
    change(store, "two")
    old, new = seen[0]
    assert '"one"' in old and '"two"' in new
    assert (tmp_path / "prefix" / "state.json").read_text() == new


@pytest.mark.parametrize("kept", [0, 1, 17, 100, -1])
def test_a_crash_while_writing_leaves_the_old_state(tmp_path: Path, kept: int) -> None:
    store, _ = opened(tmp_path, FILE)
    change(store, "two")
    folder = tmp_path / "prefix"
    whole = (folder / "state.json").read_text().replace("two", "three")
    (folder / "state.json.new").write_text(whole[:kept] if kept >= 0 else whole)
    again, _ = opened(tmp_path)
    assert names(again) == ["two"]
    change(again, "four")
    assert names(opened(tmp_path)[0]) == ["four"]


def test_a_failing_rename_sends_the_workers_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = opened(tmp_path, FILE)
    told: list[list[str]] = []

    async def hear(config: Config) -> None:
        told.append([row["name"] for row in config.collections["services"].values()])

    def fail(self: Path, target: Path) -> None:
        raise OSError(5, "Input/output error")

    store.publish = hear
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        change(store, "two")
    assert told == [["two"], ["one"]] and names(store) == ["one"]


def test_a_full_disk_is_told_before_any_worker_hears_of_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = opened(tmp_path, FILE)
    told: list[Config] = []

    async def hear(config: Config) -> None:
        told.append(config)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    store.publish = hear
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        change(store, "two")
    assert told == [] and names(store) == ["one"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 1, "collections": []}'])
def test_a_damaged_state_is_an_error_and_not_an_empty_configuration(tmp_path: Path, content: str) -> None:
    opened(tmp_path, FILE)
    (tmp_path / "prefix" / "state.json").write_text(content)
    with pytest.raises(StoreError, match="damaged"):
        opened(tmp_path)


def test_a_state_of_another_format_is_not_guessed_at(tmp_path: Path) -> None:
    opened(tmp_path, FILE)
    path = tmp_path / "prefix" / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(StoreError, match="another version"):
        opened(tmp_path)


def test_rows_of_another_release_are_validated_again(tmp_path: Path) -> None:
    opened(tmp_path, FILE)
    path = tmp_path / "prefix" / "state.json"
    state = json.loads(path.read_text())
    (row,) = state["collections"]["services"].values()
    del row["enabled"]
    path.write_text(json.dumps({**state, "gateway": "0.0.1"}))
    (found,) = opened(tmp_path)[0].config.collections["services"].values()
    assert found["enabled"] is True


def test_an_unreadable_file_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="KONG_DECLARATIVE_CONFIG"):
        Store.open(Settings(declarative_config=tmp_path / "absent.yml"), log=print)


def test_the_configuration_may_be_given_as_text() -> None:
    store = Store.open(Settings(declarative_config_string=FILE), log=print)
    assert names(store) == ["one"] and store.version == text_version(FILE.encode())


def test_an_invalid_file_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"services\[1\].*host: required field missing"):
        opened(tmp_path, '_format_version: "3.0"\nservices: [{name: x}]\n')
    assert not (tmp_path / "prefix").exists()


def test_edits_take_turns_and_none_is_lost(tmp_path: Path) -> None:
    store, _ = opened(tmp_path)

    async def slow(config: Config) -> None:
        await asyncio.sleep(0)

    def add(number: int) -> object:
        def edit(old: Config) -> Config:
            (row,) = config(f"s{number}").collections["services"].values()
            return old.replaced("services", {**old.collections["services"], row["id"]: row})

        return store.edit(edit)

    async def all_at_once() -> None:
        await asyncio.gather(*(add(number) for number in range(20)))  # type: ignore[call-overload]

    store.publish = slow
    asyncio.run(all_at_once())
    assert len(names(store)) == 20 and len(names(opened(tmp_path)[0])) == 20


def test_an_edit_that_changes_nothing_publishes_nothing(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, FILE)
    told: list[Config] = []

    async def hear(config: Config) -> None:
        told.append(config)

    store.publish = hear
    assert asyncio.run(store.edit(lambda old: old)) is store.config
    assert told == []
