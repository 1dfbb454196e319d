"""`ai-gateway doctor` as it is typed: while all is well, when something is wrong, and where nothing was set up."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import CANARY
from support.shell import Shell, shell_in


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("doctor")) as made:
        yield made


def test_all_is_well(shell: Shell) -> None:
    done = shell.type("doctor")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("This machine\n") and done.stdout.endswith("\nNothing is in the way.\n")
    for words in ("Gateway\n", "the gateway runs (pid ", "is what runs", "yours alone (0600)", "no upstream error"):
        assert words in done.stdout.replace("\n    ", " ")
    assert CANARY not in done.stdout + done.stderr


def test_for_programs_with_an_archive(shell: Shell) -> None:
    done = shell.type("doctor", "mock", "--json", "--bundle")
    told = json.loads(done.stdout)
    assert (done.returncode, told["bad"]) == (0, 0)
    assert {"gateway_running", "config_ok", "secrets_ok", "ok"} <= {one["code"] for one in told["findings"]}
    archive = Path(told["bundle"])
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600 and CANARY.encode() not in archive.read_bytes()


def test_plain_words_where_marks_cannot_be_read(shell: Shell) -> None:
    done = shell.type("doctor", "--plain")
    assert "  ok: the gateway runs" in done.stdout and "\x1b" not in done.stdout


def test_narrow_terminals(shell: Shell) -> None:
    for line in shell.type("doctor", COLUMNS="44").stdout.splitlines():
        assert len(line) < 44 or len(max(line.split(), key=len)) > 30, line  # a path is not broken


def test_a_key_that_stopped_working_is_the_first_thing_to_put_right(shell: Shell) -> None:
    shell.upstream.key = "another"
    try:
        done = shell.type("doctor")
    finally:
        shell.upstream.key = CANARY
    assert done.returncode == 1
    assert "mock: key rejected (401 invalid_api_key)" in done.stdout
    first = done.stdout.rstrip().splitlines()
    assert first[-2].startswith("In the way: 1.") and "Keys are shown only once" in first[-1]
    assert CANARY not in done.stdout + done.stderr


def test_where_nothing_was_set_up_and_no_engine_answers(shell: Shell, tmp_path: Path) -> None:
    done = shell.type("doctor", HOME=str(tmp_path))
    assert done.returncode == 0 and "ai-gateway setup" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_route_that_there_is_not(shell: Shell) -> None:
    assert shell.type("doctor", "nope").returncode == 2
