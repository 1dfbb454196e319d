"""`ai-gateway stop` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell, shell_in


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


def test_it_stops_and_says_when_nothing_ran(shell: Shell) -> None:
    assert json.loads(shell.type("stop", "--json").stdout) == {"running": False, "stopped": True}
    assert not shell.runner.status().running
    assert "It did not run." in shell.type("stop").stdout
