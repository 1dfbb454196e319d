"""Language and colour of any command: before it, after it, by variable, by locale; and as before when it has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.house import ROOT

from quickstart import cli, manner, messages
from quickstart.errors import UsageError

JAPANESE, ENGLISH = "端末", "no terminal"


def run(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """`ai-gateway WORDS` without a terminal: setup then says so, in its language."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": f"{ROOT}:{ROOT / 'gateway_image'}"}
    return subprocess.run(
        [sys.executable, "-m", "quickstart.cli", *words], env=environment | variables, capture_output=True,
        stdin=subprocess.DEVNULL, start_new_session=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "variables", "encoding", "expected"),
    [
        (["setup"], {}, "utf-8", ENGLISH),
        (["--lang", "ja", "setup"], {}, "utf-8", JAPANESE),
        (["setup", "--lang=ja"], {}, "utf-8", JAPANESE),
        (["--lang", "ja", "setup", "--lang", "en"], {}, "utf-8", ENGLISH),
        (["setup"], {"LANG": "ja_JP.UTF-8"}, "utf-8", JAPANESE),
        (["setup"], {"LANG": "ja_JP.UTF-8", "AI_GATEWAY_LANG": "en"}, "utf-8", ENGLISH),
        (["setup"], {"LANG": "ja_JP.eucJP", "PYTHONIOENCODING": "euc_jp"}, "euc_jp", JAPANESE),
        (["setup"], {"LANG": "ja_JP.SJIS", "PYTHONIOENCODING": "cp932"}, "cp932", JAPANESE),
        (["setup", "--lang", "ja"], {"PYTHONIOENCODING": "ascii"}, "ascii", ENGLISH),
    ],
)
def test_who_decides_the_language(
    tmp_path: Path, words: list[str], variables: dict[str, str], encoding: str, expected: str
) -> None:
    ended = run(tmp_path, *words, **variables)
    assert ended.returncode == 3
    assert expected in ended.stderr.decode(encoding)


def test_a_language_that_nobody_has(tmp_path: Path) -> None:
    assert b"'en', 'ja'" in run(tmp_path, "setup", "--lang", "fr").stderr
    ended = run(tmp_path, "setup", AI_GATEWAY_LANG="fr")
    assert ended.returncode == 2
    assert b"AI_GATEWAY_LANG is 'fr'" in ended.stderr and b"Traceback" not in ended.stderr


def test_colour_on_demand(tmp_path: Path) -> None:
    assert b"\x1b[" not in run(tmp_path, "setup").stderr
    assert b"\x1b[" in run(tmp_path, "setup", "--color", "always", NO_COLOR="1").stderr
    assert b"\x1b[" not in run(tmp_path, "--color", "never", "setup", FORCE_COLOR="1").stderr
    assert b"\x1b[" in run(tmp_path, "setup", "--color", "auto", FORCE_COLOR="1").stderr


def test_every_command_listens() -> None:
    context = click.Context(cli.program)
    for name in cli.program.list_commands(context):
        for command in below(cli.program.get_command(context, name)):
            known = [name for option in command.params for name in option.opts]
            assert known.count("--lang") == known.count("--color") == 1, command.name


def below(command: click.Command | None) -> list[click.Command]:
    assert command is not None
    inner = list(command.commands.values()) if isinstance(command, click.Group) else []
    return [command, *(deeper for one in inner for deeper in below(one))]


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv(messages.VARIABLE, "en")
    before = dict(os.environ)
    with manner.settled(os.environ):
        manner.colour(os.environ, "always")
        os.environ[messages.VARIABLE] = "ja"
        assert "NO_COLOR" not in os.environ and os.environ["FORCE_COLOR"] == "1"
    assert dict(os.environ) == before


def test_a_wrong_variable_leaves_english() -> None:
    with pytest.raises(UsageError, match="must be one of en, ja"):
        manner.speak({messages.VARIABLE: "xx"})
    assert messages.text("title") == "AI gateway setup"
