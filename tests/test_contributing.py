"""docs/contributing.md is what a stranger follows: its examples work as they stand there, and its files exist."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.exchange import Gateway, proxied
from support.house import ROOT, text_files

from gateway import plugins, providers
from gateway.providers._base import CHAT, Call
from quickstart import commands, messages

PAGE = (ROOT / "docs" / "contributing.md").read_text("utf-8")


def example(language: str, beginning: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(beginning)]
    return str(found)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What is written here is in each of the folders that are searched."""
    before = set(sys.modules)
    for package in (plugins, providers, commands):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    forget()
    yield tmp_path
    forget()
    for name in set(sys.modules) - before:
        if name.endswith((".acme", ".answer_label", ".hello")):
            del sys.modules[name]


def forget() -> None:
    importlib.invalidate_caches()
    plugins.registry.cache_clear()
    providers.providers.cache_clear()
    providers._in_file.cache_clear()
    commands.modules.cache_clear()


def test_the_provider_is_found_and_complete(folders: Path) -> None:
    (folders / "acme.py").write_text(example("python", '"""Acme'))
    acme = providers.get("acme")
    assert acme.url(Call(CHAT, "acme-1")) == "https://api.acme.example/v1/chat/completions"
    assert acme.passes(Call(CHAT, "acme-1")) and acme.environment == ("ACME_API_KEY",)


def test_the_plugin_does_what_it_says(folders: Path) -> None:
    (folders / "answer_label.py").write_text(example("python", '"""answer-label'))
    assert "answer-label" in plugins.registry()
    said: dict[str, object] = {"Gateway": Gateway, "proxied": proxied}
    exec(example("python", "gateway = Gateway("), said)
    assert said["gateway"]


def test_the_command_is_typed(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tomllib.loads(example("toml", '["hello.said"]'))
    assert set(texts["hello.said"]) == set(messages.LANGUAGES)
    monkeypatch.setitem(messages.catalogue(), "hello.said", texts["hello.said"])
    (folders / "hello.py").write_text(example("python", '"""`ai-gateway hello`'))
    with pytest.raises(SystemExit) as ended:
        commands.command("hello").main([], prog_name="hello")
    assert ended.value.code in (0, None) and "Hello" in capsys.readouterr().out


def test_what_the_page_names_exists() -> None:
    made_up = {
        "acme.py",
        "test_acme.py",
        "answer_label.py",
        "test_answer_label.py",
        "hello.py",
        "test_hello.py",
        "_x.py",
    }
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|toml|md))`", prose))
    there = [f"/{path.relative_to(ROOT)}" for path in text_files()]
    missing = {name for name in named if not any(path.endswith(f"/{name}") for path in there)}
    assert {Path(name).name for name in missing} <= made_up, missing
    assert len(named) > len(made_up)
