"""The secrets file: what goes in comes out, a shell reads the same, and nobody else reads anything."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.vault import read_secrets
from quickstart import secret_file
from quickstart.errors import EnvironmentProblem

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=60)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_written_is_read(secrets: dict[str, str]) -> None:
    assert secret_file.parse(secret_file.render(secrets)) == secrets


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_the_gateway_reads_the_same(tmp_path_factory: pytest.TempPathFactory, secrets: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("secrets") / "secrets.env"
    secret_file.write(path, secrets)
    assert read_secrets(path) == secrets


@pytest.mark.parametrize("value", ["plain", "with space", "it's", "$(id) `id` $HOME", 'a"b', "a\\b", "''", "!#;&|"])
def test_a_shell_reads_the_same(value: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    secret_file.write(path, {"NAME": value})
    shown = subprocess.run(
        ["sh", "-c", '. "$1"; printf %s "$NAME"', "sh", str(path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout == value


def test_what_people_type_is_read_too() -> None:
    text = "# a comment\n\nexport A=\"x \\\"y\\\"\"\nB = no\nC=plain=with=equals\nnonsense\nC2='a'\nA='later'\n"
    assert secret_file.parse(text) == {"A": "later", "C": "plain=with=equals", "C2": "a"}


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_line_break_is_refused_without_repeating_the_value(value: str) -> None:
    with pytest.raises(EnvironmentProblem, match="OPENAI has a line break") as caught:
        secret_file.render({"OPENAI": value})
    assert value not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "É"])
def test_a_name_that_no_shell_knows_is_refused(name: str) -> None:
    with pytest.raises(EnvironmentProblem, match="name of a secret"):
        secret_file.render({name: "x"})


def test_the_file_and_its_directory_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "secrets.env"
    secret_file.write(path, {"A": "b"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_missing_file_holds_nothing(tmp_path: Path) -> None:
    assert secret_file.read(tmp_path / "secrets.env") == ({}, [])


def test_a_file_that_others_can_read_is_closed_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("A='b'\n")
    path.chmod(0o644)
    secrets, notes = secret_file.read(path)
    assert secrets == {"A": "b"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "0644" in notes[0] and "0600" in notes[0]
    assert secret_file.read(path) == ({"A": "b"}, [])


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("A='theirs'\n")
    (tmp_path / "secrets.env").symlink_to(tmp_path / "other")
    with pytest.raises(EnvironmentProblem, match="symbolic link"):
        secret_file.read(tmp_path / "secrets.env")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secrets.env")
    with pytest.raises(EnvironmentProblem, match="not a file"):
        secret_file.read(tmp_path / "secrets.env")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_another_users_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("A='theirs'\n")
    os.chown(path, 12345, 12345)
    with pytest.raises(EnvironmentProblem, match="another user"):
        secret_file.read(path)


def test_a_binary_file_is_told_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_bytes(b"A='\xff\xfe'\n")
    with pytest.raises(EnvironmentProblem, match="not text"):
        secret_file.read(tmp_path / "secrets.env")
