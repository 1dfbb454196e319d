"""`ai-gateway start` as it is typed."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.shell import Shell, shell_in


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


def test_it_starts_once(shell: Shell) -> None:
    shell.runner.stop()
    done = json.loads(shell.type("start", "--json").stdout)
    assert done["started"] and done["proxy"] == f"http://127.0.0.1:{shell.plan.ports['proxy']}"
    assert not json.loads(shell.type("start", "--json").stdout)["started"]
    assert shell.ask().status == 200


def test_start_as_it_is_typed_needs_less_than_two_seconds(shell: Shell) -> None:
    """Of processor time, which does not depend on what else this machine does: the command's and the gateway's."""
    shell.runner.stop()
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    assert shell.type("start").returncode == 0
    command = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before
    gateway = sum(psutil.Process(int(shell.pid.removeprefix("pid "))).cpu_times()[:2])
    assert command + gateway < 2
