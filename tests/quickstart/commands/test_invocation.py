"""What commands have in common: the console and the places of one run."""

from __future__ import annotations

import pytest

from quickstart import layout
from quickstart.commands._invocation import open_console, user_places


def test_plain_words_take_the_place_of_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACCESSIBLE", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert open_console("status", plain=True).glyphs.ok == "ok:"
    assert open_console("status").glyphs in (layout.UNICODE, layout.ASCII)


def test_json_prints_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    console = open_console("status", as_json=True)
    console.answer(["for people"])
    console.result({"for": "programs"})
    assert capsys.readouterr().out == '{\n  "for": "programs"\n}\n'


def test_places_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent/home")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert str(user_places().config) == "/nonexistent/home/.config/ai-gateway"
