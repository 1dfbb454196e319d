"""What a node that starts would put into force, read without starting one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.entities import Config, at_rest
from gateway.entities.saved import STATE_NAME, Origin, read_saved
from gateway.errors import ConfigError
from gateway.settings import Settings
from gateway.store import Store

FILE = '_format_version: "3.0"\nservices:\n- {name: one, host: a.test}\n'
OTHER = FILE.replace("one", "other")


def hosts(config: Config | None) -> list[str]:
    return [] if config is None else [row["name"] for row in config.collections["services"].values()]


def kept(tmp_path: Path) -> Path:
    """The prefix of a node that started with FILE and was then given another service."""
    (tmp_path / "kong.yml").write_text(FILE)
    prefix = tmp_path / "prefix"
    store = Store.open(Settings(declarative_config=tmp_path / "kong.yml", prefix=prefix), log=print)
    asyncio.run(store.apply(Config.load(FILE + "- {name: edited, host: b.test}\n")))
    return prefix


def test_nothing_was_ever_there(tmp_path: Path) -> None:
    assert read_saved(tmp_path / STATE_NAME) is None
    assert at_rest(tmp_path, None) is None
    assert hosts(at_rest(tmp_path, FILE.encode())) == ["one"]


def test_the_state_goes_on_unless_the_file_is_another(tmp_path: Path) -> None:
    prefix = kept(tmp_path)
    assert hosts(at_rest(prefix, FILE.encode())) == ["one", "edited"] == hosts(at_rest(prefix, None))
    assert hosts(at_rest(prefix, OTHER.encode())) == ["other"]
    (tmp_path / "kong.yml").write_text(OTHER)  # and that is what a start does
    started = Store.open(Settings(declarative_config=tmp_path / "kong.yml", prefix=prefix), log=print)
    assert hosts(started.config) == ["other"]


def test_another_versions_rows_are_read_anew(tmp_path: Path) -> None:
    path = kept(tmp_path) / STATE_NAME
    text = path.read_text()
    found = read_saved(path)
    assert found is not None
    path.write_text(text.replace(f'"gateway":"{found.gateway}"', '"gateway":"0.0.1"'))
    other = read_saved(path)
    assert other is not None and other.gateway == "0.0.1"
    assert hosts(other.config()) == ["one", "edited"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format":1}', '{"format":99,"collections":{}}'])
def test_a_state_that_cannot_be_used_is_told_and_never_passed_over(content: str, tmp_path: Path) -> None:
    (tmp_path / STATE_NAME).write_text(content)
    with pytest.raises(ConfigError, match="move it away"):
        at_rest(tmp_path, FILE.encode())


def test_which_texts_are_no_news() -> None:
    one, two, three = b"1", b"2", b"3"
    start = Origin().after(one, one)
    assert start.includes(one) and not start.includes(two)
    applied = start.after(two, one)
    assert applied.includes(one) and applied.includes(two)
    assert applied.after(three, two).includes(two) and not applied.after(three, two).includes(one)
