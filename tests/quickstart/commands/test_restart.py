"""`ai-gateway restart` as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell, shell_in


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


def test_another_process_serves_afterwards(shell: Shell) -> None:
    before = shell.pid
    assert shell.type("restart").returncode == 0
    assert shell.pid != before and shell.ask().status == 200
