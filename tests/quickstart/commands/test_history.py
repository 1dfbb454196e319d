"""`ai-gateway history`: what was applied when, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell, shell_in

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("history")) as made:
        yield made


def test_every_apply_has_its_number_and_its_reason(shell: Shell) -> None:
    shell.type("limit", "mock", "1000000/h", "--yes")
    shell.type("limit", "mock", "1000000/h", "--yes")  # nothing new: no generation
    shell.type("undo", "--yes", "--no-test")
    done = shell.type("history")
    rows = [line.split() for line in done.stdout.splitlines()[1:4]]
    assert [(row[0], row[3]) for row in rows] == [("1", "setup"), ("2", "limit"), ("3", "undo")]
    assert "first configuration" in done.stdout and "back to 1" in done.stdout
    told = json.loads(shell.type("history", "--json").stdout)["generations"]
    assert [(one["number"], one["by"], one["restores"]) for one in told] == [
        (1, "setup", None), (2, "limit mock 1000000/h", None), (3, "undo", 1),
    ]  # fmt: skip
    assert told[1]["changes"] == ["ai-rate-limiting-advanced on everything"]


def test_before_anything_was_applied(tmp_path: Path) -> None:
    done = Shell(tmp_path).type("history")
    assert done.returncode == 0 and "Nothing has been applied yet" in done.stdout
    assert json.loads(Shell(tmp_path).type("history", "--json").stdout) == {"generations": []}
