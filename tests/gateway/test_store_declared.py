"""The declarative file and the Admin API change the same configuration: neither loses what the other was told."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.entities import Config
from gateway.errors import ConfigError, GatewayError
from gateway.settings import Settings
from gateway.store import Store, StoreError, text_version


def text_of(*names: str) -> str:
    return '_format_version: "3.0"\nservices: ' + str([{"name": name, "host": "h.test"} for name in names]) + "\n"


class Node:
    """A gateway's store over a folder, and what people do to it."""

    def __init__(self, folder: Path, first: str, prefix: bool = True) -> None:
        self.folder = folder
        self.file = folder / "kong.yml"
        self.file.write_text(first)
        self.settings = Settings(declarative_config=self.file, prefix=folder / "prefix" if prefix else None)
        self.restart()

    def restart(self) -> None:
        """As after kill -9: nothing but the files is left."""
        self.log: list[str] = []
        self.store = Store.open(self.settings, log=self.log.append)

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def post(self, text: str) -> None:
        asyncio.run(self.store.apply(Config.load(text), text.encode()))

    def add(self, name: str) -> None:
        (row,) = Config.load(text_of(name)).collections["services"].values()
        rows = {**self.store.config.collections["services"], row["id"]: row}
        asyncio.run(self.store.edit(lambda old: old.replaced("services", rows)))

    def hang_up(self) -> None:
        asyncio.run(self.store.refresh())

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.store.config.collections["services"].values()]


OLD, NEW, OTHER = text_of("old"), text_of("new"), text_of("other")
Again = Callable[[Node], None]
both = pytest.mark.parametrize("again", [Node.restart, Node.hang_up], ids=["restart", "hang-up"])


@both
def test_written_then_posted(tmp_path: Path, again: Again) -> None:
    node = Node(tmp_path, OLD)
    node.write(NEW)
    node.post(NEW)
    node.add("mine")
    again(node)
    assert node.names == ["new", "mine"]


@both
def test_posted_then_written(tmp_path: Path, again: Again) -> None:
    node = Node(tmp_path, OLD)
    node.post(NEW)
    node.add("mine")
    again(node)
    assert node.names == ["new", "mine"]  # the file still holds what the state began with
    node.write(NEW)
    again(node)
    assert node.names == ["new", "mine"]


@both
def test_posted_after_a_written_one_and_never_written(tmp_path: Path, again: Again) -> None:
    node = Node(tmp_path, OLD)
    node.post(NEW)
    node.write(NEW)
    node.post(OTHER)
    node.add("mine")
    again(node)
    assert node.names == ["other", "mine"]


@both
def test_a_text_that_nobody_posted_wins_and_is_remembered(tmp_path: Path, again: Again) -> None:
    node = Node(tmp_path, OLD)
    node.write(NEW)
    node.post(NEW)
    node.add("mine")
    node.write(OTHER)
    again(node)
    assert node.names == ["other"] and node.store.version == text_version(OTHER.encode())
    node.add("mine")
    again(node)
    assert node.names == ["other", "mine"]


@both
def test_going_back_to_the_file_before_the_last_is_news(tmp_path: Path, again: Again) -> None:
    node = Node(tmp_path, OLD)
    node.post(NEW)
    node.write(NEW)
    again(node)
    node.write(OLD)
    again(node)
    assert node.names == ["old"]


def test_after_a_hang_up_a_restart_keeps_what_was_changed(tmp_path: Path) -> None:
    node = Node(tmp_path, OLD)
    node.write(NEW)
    node.hang_up()
    node.add("mine")
    node.restart()
    assert node.names == ["new", "mine"] and "saved state" in node.log[0]


def test_without_a_prefix_a_hang_up_keeps_what_was_changed(tmp_path: Path) -> None:
    node = Node(tmp_path, OLD, prefix=False)
    node.write(NEW)
    node.post(NEW)
    node.add("mine")
    node.hang_up()
    assert node.names == ["new", "mine"]


def test_a_hang_up_reads_secrets_again_and_keeps_the_version(tmp_path: Path) -> None:
    node = Node(tmp_path, OLD)
    node.add("mine")
    version, told = node.store.version, []

    async def hear(config: Config) -> None:
        told.append(config)

    node.store.publish = hear
    node.hang_up()
    assert told == [node.store.config] and node.store.version == version


def test_a_hang_up_with_a_bad_or_absent_file_changes_nothing(tmp_path: Path) -> None:
    node = Node(tmp_path, OLD)
    node.write("services: 5")
    with pytest.raises(ConfigError):
        node.hang_up()
    node.file.unlink()
    with pytest.raises(StoreError, match="KONG_DECLARATIVE_CONFIG"):
        node.hang_up()
    node.post(NEW)  # the file's absence is no reason to refuse this
    assert node.names == ["new"]


def test_a_refused_text_is_not_taken_for_what_is_in_force(tmp_path: Path) -> None:
    node = Node(tmp_path, OLD)

    async def refuse(config: Config) -> None:
        raise GatewayError("worker 1: no")

    node.write(NEW)
    node.store.publish = refuse
    with pytest.raises(GatewayError, match="worker 1"):
        node.post(NEW)
    node.restart()
    assert node.names == ["new"] and "changed since" in node.log[0]


def test_whatever_a_kill_leaves_it_is_one_of_the_two(tmp_path: Path) -> None:
    """The disk as it was at every step of applying NEW, with the file written before: each copy is started from."""
    live = tmp_path / "live"
    live.mkdir()
    node = Node(live, OLD)
    node.write(NEW)
    copies: list[Path] = []

    async def copy(config: Config) -> None:
        copies.append(Path(shutil.copytree(node.folder, tmp_path / f"copy{len(copies)}")))

    node.store.publish = copy
    node.post(NEW)
    node.add("mine")
    asyncio.run(copy(node.store.config))
    found = []
    for folder in copies:
        settings = Settings(declarative_config=folder / "kong.yml", prefix=folder / "prefix")
        rows = Store.open(settings, log=print).config.collections["services"].values()
        found.append([row["name"] for row in rows])
    # killed before NEW was acknowledged: the file has it; before `mine` was: not there; after: there
    assert found == [["new"], ["new"], ["new", "mine"]]


def test_a_state_of_before_this_was_remembered_is_read(tmp_path: Path) -> None:
    node = Node(tmp_path, OLD)
    node.add("mine")
    path = tmp_path / "prefix" / "state.json"
    content = path.read_text()
    start = content.index('"applied":')
    path.write_text(content[:start] + content[content.index('"collections"') :])
    node.restart()
    assert node.names == ["old", "mine"]
